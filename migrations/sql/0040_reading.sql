-- What a person waits for, once more: who asks is worked out once and not by each part.

-- As before; one plan with one scan in it, where a value that is a query was two. Half the time of
-- what every policy asks for.
CREATE OR REPLACE FUNCTION app.me() RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint;
BEGIN
    SELECT id INTO me FROM staff WHERE login = session_user AND active;
    RETURN me;
END $$;

-- What app.me, app.leads, app.my_queues, app.known_queues and app.closed_services say, in one look;
-- no row for nobody. Whoever uses it has it in their own statement's plan: it is not called.
CREATE FUNCTION app.asking() RETURNS TABLE (me bigint, leads boolean, mine bigint[],
                                            known bigint[], closed bigint[])
LANGUAGE sql STABLE AS $$
    SELECT s.me, s.leads, s.mine,
        (SELECT coalesce(array_agg(q.id), '{}')::bigint[] FROM queue q
         WHERE NOT q.restricted OR q.id = ANY (s.mine)),
        (SELECT coalesce(array_agg(v.id), '{}')::bigint[] FROM service v
         WHERE v.restricted AND v.queue_id <> ALL (s.mine))
    FROM (SELECT p.id::bigint AS me, p.role IN ('team_leader', 'admin') AS leads,
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

-- As before, saying itself who sees the contact and who looks at it.
CREATE OR REPLACE FUNCTION app.listed(p_contact bigint) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a record; listed json;
BEGIN
    SELECT me, mine INTO a FROM app.asking();
    SELECT json_build_array(json_build_array(
            c.id, c.channel, c.state, c.who, c.subject, c.queue_id, q.name, c.service_id,
            coalesce(s.name, ''), c.received_at, c.due_at, c.parked_until, c.parked_for_reply,
            c.priority, c.needs_checking, c.owner_id, coalesce(o.name, ''),
            c.boost_reason),
        (SELECT json_agg(p.name ORDER BY p.name)
         FROM looking l JOIN staff p ON p.id = l.staff_id
         WHERE l.contact_id = p_contact AND l.staff_id <> a.me
           AND l.seen_at > now() - interval '60 seconds'))
    INTO listed
    FROM contact c JOIN queue q ON q.id = c.queue_id LEFT JOIN service s ON s.id = c.service_id
    LEFT JOIN staff o ON o.id = c.owner_id
    WHERE c.id = p_contact AND (c.queue_id = ANY (a.mine) OR c.owner_id = a.me);
    RETURN listed;
END $$;

-- As before; what was said and the customer's identifiers are for the contact's holder alone, and
-- leave their traces.
CREATE OR REPLACE FUNCTION app.answering(p_contact bigint) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a record; c contact; is_holder boolean;
BEGIN
    SELECT me, mine, closed INTO a FROM app.asking();
    SELECT * INTO c FROM contact WHERE id = p_contact
        AND (queue_id = ANY (a.mine) OR owner_id = a.me);
    is_holder := coalesce(c.owner_id = a.me, false);
    IF is_holder THEN
        INSERT INTO read_audit (staff_id, what, ref_id)
        SELECT a.me, t.what, t.id
        FROM (VALUES ('contact', p_contact), ('customer', c.customer_id)) AS t (what, id)
        WHERE t.id IS NOT NULL;
    END IF;
    RETURN (SELECT json_build_object(
    'now', now(),
    'contact', CASE WHEN c.id IS NOT NULL THEN json_build_array(
            c.id, c.state, c.owner_id, coalesce((SELECT name FROM staff WHERE id = c.owner_id), ''),
            c.subject, coalesce((SELECT name FROM service WHERE id = c.service_id), ''),
            c.customer_id, coalesce((SELECT name FROM customer WHERE id = c.customer_id), ''),
            c.who, c.account_id) END,
    'references', (SELECT json_agg(json_build_array(k.id, coalesce(k.reference, '')) ORDER BY k.id)
        FROM case_contact x JOIN cases k ON k.id = x.case_id
        WHERE x.contact_id = c.id
          AND (k.queue_id = ANY (a.mine)
               OR (k.opened_by_id = a.me AND k.service_id <> ALL (a.closed)))),
    'centre', (SELECT value FROM setting WHERE key = 'centre'),
    'identifiers', CASE WHEN is_holder THEN
        (SELECT coalesce(jsonb_agg(jsonb_build_array(i.kind, i.value) ORDER BY i.id), '[]')
         FROM identifier i WHERE i.customer_id = c.customer_id)
        || CASE c.channel WHEN 'chat' THEN app.chat_address(p_contact) ELSE '[]'::jsonb END END,
    'said', CASE WHEN is_holder THEN (
        SELECT json_agg(json_build_array(m.sender_address, m.subject, m.body_text, m.recipients)
            ORDER BY m.at, m.id)
        FROM message m
        WHERE m.contact_id = p_contact AND m.direction = 'inbound' AND m.visibility = 'public')
        END));
END $$;

-- As before; who asks is asked where it matters.
CREATE OR REPLACE FUNCTION app.owners(p_kind text, p_norms text[])
RETURNS TABLE (norm text, customer_id bigint, name text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE a record;
BEGIN
    IF p_kind = 'reference' THEN
        SELECT * INTO a FROM app.asking();
        RETURN QUERY SELECT k.reference, CASE WHEN x.open THEN c.id ELSE 0 END,
                            CASE WHEN x.open THEN c.name ELSE '' END
            FROM cases k JOIN customer c ON c.id = k.customer_id
            CROSS JOIN LATERAL (SELECT k.queue_id = ANY (a.mine)
                OR (k.queue_id = ANY (a.known) AND k.service_id <> ALL (a.closed)) AS open) x
            WHERE k.reference = ANY (p_norms) AND a.me IS NOT NULL;
    ELSIF app.me() IS NULL THEN
        RETURN;
    ELSIF p_kind IN ('email', 'phone') THEN
        RETURN QUERY SELECT i.norm, c.id, c.name
            FROM identifier i JOIN customer c ON c.id = i.customer_id
            WHERE i.kind = p_kind AND i.norm = ANY (p_norms);
    ELSIF p_kind = 'name' THEN
        RETURN QUERY SELECT c.folded, c.id, c.name FROM customer c
            WHERE c.folded = ANY (p_norms);
    END IF;
END $$;

-- As before. It asks once whether the contact is in the caller's hands, or a team leader's of its
-- queue, where the policies of four tables asked for each.
CREATE OR REPLACE FUNCTION app.reply(p_contact bigint, p_stopped boolean, p_template bigint,
                          p_recipients jsonb, p_subject text, p_text text, p_rfc_id text,
                          p_findings jsonb, p_undo double precision) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE by_whom bigint; written bigint;
BEGIN
    SELECT a.me INTO by_whom FROM app.asking() a JOIN contact c
        ON c.owner_id = a.me OR (a.leads AND c.queue_id = ANY (a.mine))
    WHERE c.id = p_contact;
    IF by_whom IS NULL THEN
        PERFORM app.refuse('CRM02', 'take the contact first');
    END IF;
    INSERT INTO message (contact_id, direction, visibility, state, author_id, template_id,
                         sender_name, sender_address, recipients, subject, body_text, reply_text,
                         body_html, rfc_id, in_reply_to, reference_ids, problems, findings,
                         auto_generated, failure, at)
    VALUES (p_contact, 'outbound', 'public', CASE WHEN p_stopped THEN 'stopped' ELSE 'pending' END,
            by_whom, p_template, '', '', p_recipients, p_subject, p_text, p_text, '', p_rfc_id, '',
            '[]', '[]', p_findings, false, '', now())
    RETURNING id INTO written;
    INSERT INTO outbox (lane, message_id, state, not_before, attempts, unknown_fate, last_error,
                        created_by_id)
    VALUES ('email', written, CASE WHEN p_stopped THEN 'held' ELSE 'pending' END,
            now() + make_interval(secs => p_undo), 0, false, '', by_whom);
    DELETE FROM draft WHERE contact_id = p_contact AND author_id = by_whom AND kind = 'reply';
    INSERT INTO event (kind, actor_id, contact_id, data)
    VALUES (CASE WHEN p_stopped THEN 'message.stopped' ELSE 'message.written' END, by_whom,
            p_contact,
            jsonb_build_object('message', written, 'findings', jsonb_array_length(p_findings)));
    PERFORM pg_notify('crm', 'contact:' || p_contact || ',outbox:0');
    RETURN written;
END $$;

REVOKE ALL ON FUNCTION app.asking(), app.opened(bigint, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.opened(bigint, integer) TO crm_staff;
