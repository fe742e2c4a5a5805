"""SQLite's statement of `workspace`: a JSON object of the parts of one contact.

It says itself who sees what, by `:me` and `:mine` (a JSON list of queues); on PostgreSQL the row
policies do.
"""

from __future__ import annotations

from sqlalchemy import text

STATEMENT = text("""
WITH mine AS (SELECT value AS id FROM json_each(:mine)),
closed AS (SELECT id FROM service WHERE restricted AND queue_id NOT IN (SELECT id FROM mine)),
known AS (SELECT id FROM queue WHERE NOT restricted OR id IN (SELECT id FROM mine)),
c AS MATERIALIZED (
    SELECT * FROM contact
    WHERE id = :contact AND (queue_id IN (SELECT id FROM mine) OR owner_id = :me)),
m AS MATERIALIZED (
    SELECT * FROM message WHERE contact_id IN (
        SELECT id FROM c
        -- No join: SQLite would make a Bloom filter of all contacts for it.
        UNION SELECT id FROM contact WHERE thread_id = (SELECT thread_id FROM c)
        AND (queue_id IN (SELECT id FROM mine) OR owner_id = :me))),
k AS MATERIALIZED (
    SELECT k.*, x.linked_at FROM case_contact x JOIN cases k ON k.id = x.case_id
    WHERE x.contact_id = :contact
      AND (k.queue_id IN (SELECT id FROM mine)
           OR (k.opened_by_id = :me AND k.service_id NOT IN (SELECT id FROM closed))))
SELECT json_object(
'row', (SELECT json_array(
        c.id, c.channel, c.state, c.who, c.subject, c.queue_id, q.name, c.service_id,
        coalesce(s.name, ''), c.received_at, c.due_at, c.parked_until, c.parked_for_reply,
        c.priority, c.needs_checking, c.owner_id, coalesce(o.name, ''), c.boost_reason)
    FROM queue q LEFT JOIN service s ON s.id = c.service_id
    LEFT JOIN staff o ON o.id = c.owner_id WHERE q.id = c.queue_id),
'detail', json_array(c.check_reason, c.auto_generated, c.completed_at, c.resolution),
'looking', (SELECT json_group_array(name) FROM (
    SELECT s.name FROM looking l JOIN staff s ON s.id = l.staff_id
    WHERE l.contact_id = :contact AND l.staff_id <> :me
      AND l.seen_at > strftime('%Y-%m-%d %H\\:%M\\:%f', 'now', '-60 seconds')
    ORDER BY s.name)),
'messages', (SELECT json_group_array(json_array(
        contact_id, id, direction, visibility, state, author, sender_name, sender_address,
        json(recipients), subject, body_text, reply_text, body_html, at, sent_at, json(problems),
        json(findings), failure))
    FROM (SELECT m.*, coalesce(a.name, '') AS author
          FROM m LEFT JOIN staff a ON a.id = m.author_id ORDER BY m.at, m.id)),
'files', (SELECT json_group_array(json_array(
        message_id, id, name, content_type, size, inline, content_id))
    FROM (SELECT * FROM attachment WHERE message_id IN (SELECT id FROM m) ORDER BY id)),
'leaving', (SELECT json_group_array(json_array(o.message_id, o.not_before))
    FROM outbox o WHERE o.message_id IN (SELECT id FROM m WHERE m.state = 'pending')
      AND o.state = 'pending' AND o.attempts = 0),
'customer', (SELECT json_array(
        p.id, p.kind, p.name, p.since, p.prefers,
        (SELECT count(*) FROM cases y
         WHERE y.customer_id = p.id AND y.state NOT IN ('resolved', 'closed')
           AND y.queue_id IN (SELECT id FROM mine)),
        (SELECT count(*) FROM contact y
         WHERE y.customer_id = p.id
           AND y.received_at > strftime('%Y-%m-%d %H\\:%M\\:%f', 'now', '-365 days')
           AND y.queue_id IN (SELECT id FROM mine)))
    FROM customer p WHERE p.id = c.customer_id),
'identifiers', (SELECT json_group_array(json_array(id, kind, value, flag))
    FROM (SELECT * FROM identifier WHERE customer_id = c.customer_id ORDER BY id)),
'addresses', (SELECT json_group_array(json_array(lines, postcode))
    FROM (SELECT * FROM address WHERE customer_id = c.customer_id ORDER BY id)),
'adjustments', (SELECT json_group_array(json_array(words, recorded_at, review_on))
    FROM (SELECT * FROM adjustment WHERE customer_id = c.customer_id ORDER BY id)),
'markers', (SELECT json_group_array(json_array(state, words, review_on))
    FROM (SELECT * FROM safety_marker WHERE customer_id = c.customer_id
          AND state IN ('proposed', 'active', 'review_due') ORDER BY id)),
'history', (SELECT json_group_array(json_array(
        kind, id, channel, state, service, title, at, who, readable)) FROM (
    SELECT * FROM (SELECT 'contact' AS kind, y.id, y.channel, y.state,
            coalesce(s.name, '') AS service, y.received_at AS at, coalesce(o.name, '') AS who,
            y.queue_id IN (SELECT id FROM mine) OR y.owner_id IS :me AS readable,
            CASE WHEN y.queue_id IN (SELECT id FROM mine) OR y.owner_id IS :me
                 THEN y.subject ELSE '' END AS title
        FROM contact y LEFT JOIN service s ON s.id = y.service_id
        LEFT JOIN staff o ON o.id = y.owner_id
        WHERE y.customer_id = c.customer_id AND y.queue_id IN (SELECT id FROM known)
          AND (y.service_id IS NULL OR y.service_id NOT IN (SELECT id FROM closed)
               OR y.queue_id IN (SELECT id FROM mine) OR y.owner_id IS :me)
        ORDER BY y.received_at DESC LIMIT :history)
    UNION ALL
    SELECT * FROM (SELECT 'case', y.id, '', y.state, s.name, y.opened_at, coalesce(o.name, ''),
            y.queue_id IN (SELECT id FROM mine),
            CASE WHEN y.queue_id IN (SELECT id FROM mine) THEN coalesce(y.reference, '')
                 ELSE '' END
        FROM cases y JOIN service s ON s.id = y.service_id
        LEFT JOIN staff o ON o.id = y.opened_by_id
        WHERE y.customer_id = c.customer_id AND y.queue_id IN (SELECT id FROM known)
          AND (y.service_id NOT IN (SELECT id FROM closed) OR y.queue_id IN (SELECT id FROM mine))
        ORDER BY y.opened_at DESC LIMIT :history)
    ORDER BY at DESC LIMIT :history)),
'cases', (SELECT json_group_array(json_array(
        id, coalesce(reference, ''), service_id, service, state, title, json(answers),
        form_version_id, json(schema), opened_at, due_at, paused_at IS NOT NULL, version))
    FROM (SELECT k.*, s.name AS service, v.schema
          FROM k JOIN service s ON s.id = k.service_id
          LEFT JOIN form_version v ON v.id = k.form_version_id
          ORDER BY k.linked_at DESC, k.id DESC)),
'handoffs', (SELECT json_group_array(json_array(
        id, case_id, target, state, state_since, external_id, words, json(notes), due_at,
        expected_at, coalesce(last_error, ''), coalesce(attempts, 0), dead))
    FROM (SELECT h.*, t.name AS target, o.last_error, o.attempts,
                 coalesce(o.state = 'dead', 0) AS dead
          FROM handoff h JOIN channel_account t ON t.id = h.account_id
          LEFT JOIN outbox o ON o.id = (
              SELECT max(x.id) FROM outbox x WHERE x.handoff_id = h.id)
          WHERE h.case_id IN (SELECT id FROM k) ORDER BY h.id)),
'drafts', (SELECT json_group_array(json_array(
        kind, author_id, author, json(content), updated_at))
    FROM (SELECT d.*, a.name AS author FROM draft d JOIN staff a ON a.id = d.author_id
          WHERE d.contact_id = :contact ORDER BY d.updated_at)),
'documents', (SELECT json_group_array(json_array(
        id, case_id, kind, body_text, name, content_type, size, at, author))
    FROM (SELECT f.id, d.case_id, d.kind, x.body_text, f.name, f.content_type, f.size, x.at,
                 coalesce(a.name, '') AS author
          FROM document d JOIN message x ON x.id = d.message_id
          JOIN attachment f ON f.message_id = x.id LEFT JOIN staff a ON a.id = x.author_id
          WHERE d.case_id IN (SELECT id FROM k) ORDER BY x.at DESC, f.id)),
'events', (SELECT json_group_array(json_array(at, kind, actor, json(data)))
    FROM (SELECT e.*, coalesce(a.name, '') AS actor
          FROM event e LEFT JOIN staff a ON a.id = e.actor_id
          WHERE e.contact_id = :contact AND (e.case_id IS NULL OR NOT EXISTS (
              SELECT 1 FROM cases y WHERE y.id = e.case_id
              AND y.service_id IN (SELECT id FROM closed)
              AND y.queue_id NOT IN (SELECT id FROM mine)))
          ORDER BY e.id))
) FROM c
""")
