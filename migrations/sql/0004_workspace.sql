-- The workspace of a contact in one call, and the functions under it with plans that are kept:
-- a function of LANGUAGE sql that runs with its owner's rights is planned anew at every call.

CREATE OR REPLACE FUNCTION app.me() RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (SELECT id::bigint FROM staff WHERE login = session_user AND active);
END $$;

CREATE OR REPLACE FUNCTION app.my_queues() RETURNS bigint[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (SELECT coalesce(array_agg(m.queue_id), '{}')::bigint[]
            FROM membership m JOIN staff s ON s.id = m.staff_id
            WHERE s.login = session_user AND s.active);
END $$;

CREATE OR REPLACE FUNCTION app.known_queues() RETURNS bigint[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); mine bigint[] := app.my_queues();
BEGIN
    RETURN (SELECT coalesce(array_agg(id), '{}')::bigint[] FROM queue
            WHERE me IS NOT NULL AND (NOT restricted OR id = ANY (mine)));
END $$;

CREATE OR REPLACE FUNCTION app.leads() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM staff WHERE login = session_user AND active
                   AND role IN ('team_leader', 'admin'));
END $$;

CREATE OR REPLACE FUNCTION app.may_read(p_contact bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); mine bigint[] := app.my_queues();
BEGIN
    RETURN EXISTS (SELECT 1 FROM contact WHERE id = p_contact
                   AND (queue_id = ANY (mine) OR owner_id = me));
END $$;

CREATE OR REPLACE FUNCTION app.holds(p_contact bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); led bigint[] := CASE WHEN app.leads() THEN app.my_queues() END;
BEGIN
    RETURN EXISTS (SELECT 1 FROM contact WHERE id = p_contact
                   AND (owner_id = me OR queue_id = ANY (led)));
END $$;

CREATE OR REPLACE FUNCTION app.authored(p_message bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me();
BEGIN
    RETURN EXISTS (SELECT 1 FROM message WHERE id = p_message AND author_id = me);
END $$;

CREATE OR REPLACE FUNCTION app.trace(p_what text, p_ref bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO read_audit (staff_id, what, ref_id) VALUES (app.me(), p_what, p_ref);
END $$;

CREATE OR REPLACE FUNCTION app.log(p_kind text, p_contact bigint, p_data jsonb DEFAULT '{}')
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO event (kind, actor_id, contact_id, data)
    VALUES (p_kind, app.me(), p_contact, p_data);
END $$;

CREATE OR REPLACE FUNCTION app.give(p_contact bigint, p_staff bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO assignment (contact_id, staff_id, state, accepted_at, note)
    VALUES (p_contact, p_staff, 'accepted', now(), '');
END $$;

CREATE OR REPLACE FUNCTION app.end_assignment(p_contact bigint, p_state text,
                                              p_note text DEFAULT '') RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE assignment SET state = p_state, ended_at = now(), note = p_note
    WHERE contact_id = p_contact AND ended_at IS NULL;
END $$;

CREATE OR REPLACE FUNCTION app.open_contact(p_contact bigint) RETURNS SETOF message
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); mine bigint[] := app.my_queues(); c contact;
BEGIN
    SELECT * INTO c FROM contact WHERE id = p_contact AND (queue_id = ANY (mine) OR owner_id = me);
    IF c.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such contact');
    END IF;
    INSERT INTO read_audit (staff_id, what, ref_id) VALUES (me, 'contact', p_contact);
    RETURN QUERY
        SELECT m.* FROM message m WHERE m.contact_id IN (
            SELECT x.id FROM contact x
            WHERE (x.id = p_contact OR x.thread_id = c.thread_id)
              AND (x.queue_id = ANY (mine) OR x.owner_id = me))
        ORDER BY m.at, m.id;
END $$;

CREATE OR REPLACE FUNCTION app.attachments(p_messages bigint[]) RETURNS SETOF attachment
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); mine bigint[] := app.my_queues();
BEGIN
    RETURN QUERY SELECT a.* FROM attachment a
        JOIN message m ON m.id = a.message_id JOIN contact c ON c.id = m.contact_id
        WHERE a.message_id = ANY (p_messages)
          AND (c.queue_id = ANY (mine) OR c.owner_id = me)
        ORDER BY a.id;
END $$;

CREATE OR REPLACE FUNCTION app.history(p_customer bigint, p_limit integer)
RETURNS TABLE (kind text, id bigint, channel text, state text, service_name text, title text,
               at timestamptz, who text, readable boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE me bigint := app.me();
        mine bigint[] := app.my_queues();
        known bigint[] := app.known_queues();
BEGIN
    IF me IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
        WITH contacts AS (
            SELECT 'contact'::text AS kind, c.id, c.channel, c.state, s.name AS service_name,
                   c.subject AS title, c.received_at AS at, coalesce(o.name, '') AS who,
                   (c.queue_id = ANY (mine) OR c.owner_id IS NOT DISTINCT FROM me) AS readable
            FROM contact c LEFT JOIN service s ON s.id = c.service_id
            LEFT JOIN staff o ON o.id = c.owner_id
            WHERE c.customer_id = p_customer AND c.queue_id = ANY (known)
            ORDER BY c.received_at DESC LIMIT p_limit),
        matters AS (
            SELECT 'case'::text, k.id, ''::text, k.state, s.name, coalesce(k.reference, ''),
                   k.opened_at, coalesce(o.name, ''), k.queue_id = ANY (mine)
            FROM cases k JOIN service s ON s.id = k.service_id
            LEFT JOIN staff o ON o.id = k.opened_by_id
            WHERE k.customer_id = p_customer AND k.queue_id = ANY (known)
            ORDER BY k.opened_at DESC LIMIT p_limit)
        SELECT t.kind, t.id, t.channel, t.state, coalesce(t.service_name, ''),
               CASE WHEN t.readable THEN t.title ELSE '' END, t.at, t.who, t.readable
        FROM (SELECT * FROM contacts UNION ALL SELECT * FROM matters) t
        ORDER BY t.at DESC LIMIT p_limit;
END $$;

CREATE OR REPLACE FUNCTION app.events(p_contact bigint)
RETURNS TABLE (at timestamptz, kind text, actor text, data jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF app.may_read(p_contact) THEN
        RETURN QUERY SELECT e.at, e.kind, coalesce(s.name, ''), e.data
            FROM event e LEFT JOIN staff s ON s.id = e.actor_id
            WHERE e.contact_id = p_contact ORDER BY e.id;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION app.owners(p_kind text, p_norms text[])
RETURNS TABLE (norm text, customer_id bigint, name text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF app.me() IS NULL THEN
        RETURN;
    ELSIF p_kind IN ('email', 'phone') THEN
        RETURN QUERY SELECT i.norm, c.id, c.name
            FROM identifier i JOIN customer c ON c.id = i.customer_id
            WHERE i.kind = p_kind AND i.norm = ANY (p_norms);
    ELSIF p_kind = 'reference' THEN
        RETURN QUERY SELECT k.reference, c.id, c.name
            FROM cases k JOIN customer c ON c.id = k.customer_id
            WHERE k.reference = ANY (p_norms);
    ELSIF p_kind = 'name' THEN
        RETURN QUERY SELECT c.folded, c.id, c.name FROM customer c
            WHERE c.folded = ANY (p_norms);
    END IF;
END $$;

-- With the caller's own rights: policies and the functions above say what is in it. Its plan is
-- kept and not made anew for each contact, which would take longer than running it.
CREATE FUNCTION app.workspace(p_contact bigint, p_history integer) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN (
    WITH c AS MATERIALIZED (SELECT * FROM contact WHERE id = p_contact),
    m AS MATERIALIZED (SELECT * FROM app.open_contact(p_contact)),
    k AS MATERIALIZED (
        SELECT k.*, x.linked_at FROM case_contact x JOIN cases k ON k.id = x.case_id
        WHERE x.contact_id = p_contact)
    SELECT json_build_object(
    'row', (SELECT json_build_array(
            c.id, c.channel, c.state, c.who, c.subject, c.queue_id, q.name, c.service_id,
            coalesce(s.name, ''), c.received_at, c.due_at, c.parked_until, c.parked_for_reply,
            c.priority, c.needs_checking, c.owner_id, coalesce(o.name, ''))
        FROM c JOIN queue q ON q.id = c.queue_id LEFT JOIN service s ON s.id = c.service_id
        LEFT JOIN staff o ON o.id = c.owner_id),
    'detail', (SELECT json_build_array(
            c.check_reason, c.auto_generated, c.completed_at, c.resolution) FROM c),
    'looking', (SELECT json_agg(s.name ORDER BY s.name)
        FROM looking l JOIN staff s ON s.id = l.staff_id
        WHERE l.contact_id = p_contact AND l.staff_id <> (SELECT app.me())
          AND l.seen_at > now() - interval '60 seconds'),
    'messages', (SELECT json_agg(json_build_array(
            m.contact_id, m.id, m.direction, m.visibility, m.state, coalesce(a.name, ''),
            m.sender_name, m.sender_address, m.recipients, m.subject, m.body_text, m.reply_text,
            m.body_html, m.at, m.sent_at, m.problems, m.findings, m.failure) ORDER BY m.at, m.id)
        FROM m LEFT JOIN staff a ON a.id = m.author_id),
    'files', (SELECT json_agg(json_build_array(
            f.message_id, f.id, f.name, f.content_type, f.size, f.inline, f.content_id)
            ORDER BY f.id)
        FROM app.attachments(ARRAY(SELECT m.id FROM m)) f),
    'leaving', (SELECT json_agg(json_build_array(o.message_id, o.not_before))
        FROM outbox o WHERE o.message_id = ANY (ARRAY(SELECT m.id FROM m WHERE m.state = 'pending'))
          AND o.state = 'pending' AND o.attempts = 0),
    'customer', (SELECT json_build_array(
            p.id, p.kind, p.name, p.since, p.prefers,
            (SELECT count(*) FROM cases y
             WHERE y.customer_id = p.id AND y.state NOT IN ('resolved', 'closed')),
            (SELECT count(*) FROM contact y
             WHERE y.customer_id = p.id AND y.received_at > now() - interval '365 days'))
        FROM c JOIN customer p ON p.id = c.customer_id),
    'identifiers', (SELECT json_agg(json_build_array(i.id, i.kind, i.value, i.flag) ORDER BY i.id)
        FROM c CROSS JOIN LATERAL app.open_customer(c.customer_id) i
        WHERE c.customer_id IS NOT NULL),
    'addresses', (SELECT json_agg(json_build_array(a.lines, a.postcode) ORDER BY a.id)
        FROM c JOIN address a ON a.customer_id = c.customer_id),
    'adjustments', (SELECT json_agg(json_build_array(a.words, a.recorded_at, a.review_on)
            ORDER BY a.id)
        FROM c JOIN adjustment a ON a.customer_id = c.customer_id),
    'markers', (SELECT json_agg(json_build_array(a.state, a.words, a.review_on) ORDER BY a.id)
        FROM c JOIN safety_marker a ON a.customer_id = c.customer_id
        WHERE a.state IN ('proposed', 'active', 'review_due')),
    'history', (SELECT json_agg(json_build_array(
            h.kind, h.id, h.channel, h.state, h.service_name, h.title, h.at, h.who, h.readable)
            ORDER BY h.at DESC)
        FROM c CROSS JOIN LATERAL app.history(c.customer_id, p_history) h),
    'cases', (SELECT json_agg(json_build_array(
            k.id, coalesce(k.reference, ''), k.service_id, s.name, k.state, k.title, k.answers,
            k.form_version_id, v.schema, k.opened_at, k.due_at, k.paused_at IS NOT NULL, k.version)
            ORDER BY k.linked_at DESC, k.id DESC)
        FROM k JOIN service s ON s.id = k.service_id
        LEFT JOIN form_version v ON v.id = k.form_version_id),
    'handoffs', (SELECT json_agg(json_build_array(
            h.id, h.case_id, t.name, h.state, h.state_since, h.external_id, h.words, h.notes,
            h.due_at, h.expected_at, coalesce(o.last_error, ''), coalesce(o.attempts, 0),
            coalesce(o.state = 'dead', false)) ORDER BY h.id)
        FROM handoff h JOIN channel_account t ON t.id = h.account_id
        LEFT JOIN outbox o ON o.id = (
            SELECT max(x.id) FROM outbox x WHERE x.handoff_id = h.id)
        WHERE h.case_id = ANY (ARRAY(SELECT k.id FROM k))),
    'drafts', (SELECT json_agg(json_build_array(d.kind, d.author_id, a.name, d.content, d.updated_at)
            ORDER BY d.updated_at)
        FROM draft d JOIN staff a ON a.id = d.author_id
        WHERE d.contact_id = p_contact),
    'events', (SELECT json_agg(json_build_array(e.at, e.kind, e.actor, e.data))
        FROM app.events(p_contact) e)
    )
    );
END $$;
REVOKE ALL ON FUNCTION app.workspace(bigint, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.workspace(bigint, integer) TO crm_staff;
