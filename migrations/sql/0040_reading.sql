-- Opening a contact, once more: who asks is worked out once and not by each part, which took more
-- of its time than the parts themselves.

-- What app.me, app.my_queues, app.known_queues and app.closed_services say, in one look; no row for
-- nobody. Not to be called: whoever uses it has it in their own statement's plan.
CREATE FUNCTION app.asking() RETURNS TABLE (me bigint, mine bigint[], known bigint[],
                                            closed bigint[])
LANGUAGE sql STABLE AS $$
    SELECT s.me, s.mine,
        (SELECT coalesce(array_agg(q.id), '{}')::bigint[] FROM queue q
         WHERE NOT q.restricted OR q.id = ANY (s.mine)),
        (SELECT coalesce(array_agg(v.id), '{}')::bigint[] FROM service v
         WHERE v.restricted AND v.queue_id <> ALL (s.mine))
    FROM (SELECT p.id::bigint AS me,
                 (SELECT coalesce(array_agg(m.queue_id), '{}')::bigint[] FROM membership m
                  WHERE m.staff_id = p.id AND (m.until IS NULL OR m.until > now())) AS mine
          FROM staff p WHERE p.login = session_user AND p.active
          OFFSET 0) s  -- or the queues would be looked up for each that names them
$$;

-- A contact that is opened, with its traces: all that follows from seeing it, its customer and its
-- cases. `leaving` are its messages that wait to leave, `of_cases` its cases that the caller sees;
-- NULL for none. What has policies of its own beyond that is not in it, see app.workspace. Of no
-- contact (NULL) nothing is opened and no trace is left, but the plans are made for the next one.
CREATE FUNCTION app.opened(p_contact bigint, p_history integer,
                           OUT content json, OUT leaving bigint[], OUT of_cases bigint[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a record; c contact; work json;
BEGIN
    SELECT * INTO a FROM app.asking();
    SELECT * INTO c FROM contact WHERE id = p_contact
        AND (queue_id = ANY (a.mine) OR owner_id = a.me);
    IF c.id IS NULL AND p_contact IS NOT NULL THEN
        PERFORM app.refuse('CRM01', 'no such contact');
    END IF;
    INSERT INTO read_audit (staff_id, what, ref_id)
    SELECT a.me, t.what, t.id
    FROM (VALUES ('contact', p_contact), ('customer', c.customer_id)) AS t (what, id)
    WHERE t.id IS NOT NULL;
    SELECT array_agg(k.id), json_agg(json_build_array(
            k.id, coalesce(k.reference, ''), k.service_id, s.name, k.state, k.title, k.answers,
            k.form_version_id, v.schema, k.opened_at, k.due_at, k.paused_at IS NOT NULL, k.version)
            ORDER BY x.linked_at DESC, k.id DESC)
    INTO of_cases, work
    FROM case_contact x JOIN cases k ON k.id = x.case_id JOIN service s ON s.id = k.service_id
    LEFT JOIN form_version v ON v.id = k.form_version_id
    WHERE x.contact_id = p_contact
      AND (k.queue_id = ANY (a.mine)
           OR (k.opened_by_id = a.me AND k.service_id <> ALL (a.closed)));
    WITH m AS MATERIALIZED (
        SELECT * FROM message WHERE contact_id IN (
            SELECT x.id FROM contact x WHERE (x.id = p_contact OR x.thread_id = c.thread_id)
              AND (x.queue_id = ANY (a.mine) OR x.owner_id = a.me)))
    SELECT (SELECT array_agg(m.id) FROM m WHERE m.state = 'pending'), json_build_object(
    'row', (SELECT json_build_array(
            c.id, c.channel, c.state, c.who, c.subject, c.queue_id, q.name, c.service_id,
            coalesce((SELECT name FROM service WHERE id = c.service_id), ''), c.received_at,
            c.due_at, c.parked_until, c.parked_for_reply, c.priority, c.needs_checking, c.owner_id,
            coalesce((SELECT name FROM staff WHERE id = c.owner_id), ''), c.boost_reason)
        FROM queue q WHERE q.id = c.queue_id),
    'detail', json_build_array(
            c.check_reason, c.auto_generated, c.completed_at, c.resolution),
    'looking', (SELECT json_agg(s.name ORDER BY s.name)
        FROM looking l JOIN staff s ON s.id = l.staff_id
        WHERE l.contact_id = p_contact AND l.staff_id <> a.me
          AND l.seen_at > now() - interval '60 seconds'),
    'messages', (SELECT json_agg(json_build_array(
            m.contact_id, m.id, m.direction, m.visibility, m.state, coalesce(s.name, ''),
            m.sender_name, m.sender_address, m.recipients, m.subject, m.body_text, m.reply_text,
            m.body_html, m.at, m.sent_at, m.problems, m.findings, m.failure) ORDER BY m.at, m.id)
        FROM m LEFT JOIN staff s ON s.id = m.author_id),
    'files', (SELECT json_agg(json_build_array(
            f.message_id, f.id, f.name, f.content_type, f.size, f.inline, f.content_id)
            ORDER BY f.id)
        FROM attachment f WHERE f.message_id = ANY (ARRAY(SELECT m.id FROM m))),
    'customer', (SELECT json_build_array(
            p.id, p.kind, p.name, p.since, p.prefers,
            (SELECT count(*) FROM cases y
             WHERE y.customer_id = p.id AND y.state NOT IN ('resolved', 'closed')
               AND (y.queue_id = ANY (a.mine)
                    OR (y.opened_by_id = a.me AND y.service_id <> ALL (a.closed)))),
            (SELECT count(*) FROM contact y
             WHERE y.customer_id = p.id AND y.received_at > now() - interval '365 days'
               AND (y.queue_id = ANY (a.mine) OR y.owner_id = a.me)))
        FROM customer p WHERE p.id = c.customer_id),
    'identifiers', (SELECT json_agg(json_build_array(i.id, i.kind, i.value, i.flag) ORDER BY i.id)
        FROM identifier i WHERE i.customer_id = c.customer_id),
    'addresses', (SELECT json_agg(json_build_array(d.lines, d.postcode) ORDER BY d.id)
        FROM address d WHERE d.customer_id = c.customer_id),
    'adjustments', (SELECT json_agg(json_build_array(d.words, d.recorded_at, d.review_on)
            ORDER BY d.id)
        FROM adjustment d WHERE d.customer_id = c.customer_id),
    'markers', (SELECT json_agg(json_build_array(d.state, d.words, d.review_on) ORDER BY d.id)
        FROM safety_marker d WHERE d.customer_id = c.customer_id
          AND d.state IN ('proposed', 'active', 'review_due')),
    'history', (SELECT json_agg(json_build_array(
            h.kind, h.id, h.channel, h.state, coalesce(s.name, ''),
            CASE WHEN h.readable THEN h.title ELSE '' END, h.at, coalesce(o.name, ''), h.readable)
            ORDER BY h.at DESC, h.kind DESC)
        FROM (
            (SELECT 'contact' AS kind, x.id, x.channel, x.state, x.service_id, x.subject AS title,
                    x.received_at AS at, x.owner_id AS who,
                    (x.queue_id = ANY (a.mine) OR x.owner_id IS NOT DISTINCT FROM a.me) AS readable
             FROM contact x WHERE x.customer_id = c.customer_id AND x.queue_id = ANY (a.known)
               AND (x.service_id IS NULL OR x.service_id <> ALL (a.closed)
                    OR x.queue_id = ANY (a.mine) OR x.owner_id = a.me)
             ORDER BY x.received_at DESC LIMIT p_history)
            UNION ALL
            (SELECT 'case', k.id, '', k.state, k.service_id, coalesce(k.reference, ''),
                    k.opened_at, k.opened_by_id, k.queue_id = ANY (a.mine)
             FROM cases k WHERE k.customer_id = c.customer_id AND k.queue_id = ANY (a.known)
               AND (k.service_id <> ALL (a.closed) OR k.queue_id = ANY (a.mine))
             ORDER BY k.opened_at DESC LIMIT p_history)
            ORDER BY at DESC LIMIT p_history) h
        LEFT JOIN service s ON s.id = h.service_id LEFT JOIN staff o ON o.id = h.who),
    'cases', work,
    'events', (SELECT json_agg(json_build_array(e.at, e.kind, coalesce(s.name, ''), e.data)
            ORDER BY e.id)
        FROM event e LEFT JOIN staff s ON s.id = e.actor_id
        WHERE e.contact_id = p_contact
          AND (e.case_id IS NULL OR a.closed = '{}' OR NOT EXISTS (
              SELECT 1 FROM cases k WHERE k.id = e.case_id
              AND k.service_id = ANY (a.closed) AND k.queue_id <> ALL (a.mine))))
    )
    INTO leaving, content;
END $$;

-- The rest with the caller's own rights: who sees it is for policies of its own to say.
CREATE OR REPLACE FUNCTION app.workspace(p_contact bigint, p_history integer) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE it record; leaving json; handoffs json; documents json; drafts json;
BEGIN
    SELECT * INTO it FROM app.opened(p_contact, p_history);
    IF it.leaving IS NOT NULL THEN
        SELECT json_agg(json_build_array(o.message_id, o.not_before)) INTO leaving
        FROM outbox o WHERE o.message_id = ANY (it.leaving)
          AND o.state = 'pending' AND o.attempts = 0;
    END IF;
    IF it.of_cases IS NOT NULL THEN
        SELECT json_agg(json_build_array(
            h.id, h.case_id, t.name, h.state, h.state_since, h.external_id, h.words, h.notes,
            h.due_at, h.expected_at, coalesce(o.last_error, ''), coalesce(o.attempts, 0),
            coalesce(o.state = 'dead', false)) ORDER BY h.id) INTO handoffs
        FROM handoff h JOIN channel_account t ON t.id = h.account_id
        LEFT JOIN outbox o ON o.id = (
            SELECT max(x.id) FROM outbox x WHERE x.handoff_id = h.id)
        WHERE h.case_id = ANY (it.of_cases);
        SELECT json_agg(json_build_array(
            d.id, d.case_id, d.kind, d.words, d.name, d.content_type, d.size, d.at, d.by_name))
        INTO documents FROM app.case_documents(it.of_cases) d;
    END IF;
    SELECT json_agg(json_build_array(d.kind, d.author_id, s.name, d.content, d.updated_at)
        ORDER BY d.updated_at) INTO drafts
    FROM draft d JOIN staff s ON s.id = d.author_id WHERE d.contact_id = p_contact;
    RETURN json_build_object('opened', it.content, 'leaving', leaving, 'handoffs', handoffs,
                             'documents', documents, 'drafts', drafts);
END $$;

REVOKE ALL ON FUNCTION app.asking(), app.opened(bigint, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.opened(bigint, integer) TO crm_staff;
