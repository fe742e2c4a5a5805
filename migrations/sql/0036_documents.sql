-- Documents: what a customer brought, scanned or photographed. Its files are those of an internal
-- message in the contact; the row says what it is, and of which case.

ALTER TABLE document ENABLE ROW LEVEL SECURITY;
CREATE POLICY gateway ON document FOR SELECT TO crm_gateway USING (true);
GRANT SELECT ON document TO crm_gateway;
SELECT app.audit_table('document');

CREATE POLICY no_documents_by_hand ON event AS RESTRICTIVE FOR INSERT TO crm_staff
    WITH CHECK (kind NOT LIKE 'document.%' AND kind NOT LIKE 'text.%');

-- As the policy on cases has it.
CREATE FUNCTION app.may_read_case(p_case bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me bigint := app.me(); mine bigint[] := app.my_queues(); closed bigint[] := app.closed_services();
BEGIN
    RETURN EXISTS (SELECT 1 FROM cases k WHERE k.id = p_case AND (k.queue_id = ANY (mine)
                   OR k.opened_by_id = me AND k.service_id <> ALL (closed)));
END $$;

-- p: message (this person's own, just written), case (of its contact, or null), kind, source.
CREATE FUNCTION app.document_add(p jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE m message; of_case bigint := (p ->> 'case')::bigint;
BEGIN
    SELECT * INTO m FROM message WHERE id = (p ->> 'message')::bigint AND author_id = app.me()
        AND visibility = 'internal' AND at > now() - interval '60 seconds';
    IF m.id IS NULL OR NOT app.may_read(m.contact_id) THEN
        PERFORM app.refuse('CRM01', 'no such message of yours');
    END IF;
    IF of_case IS NOT NULL AND NOT (app.may_read_case(of_case) AND EXISTS (
        SELECT 1 FROM case_contact x WHERE x.case_id = of_case AND x.contact_id = m.contact_id)) THEN
        PERFORM app.refuse('CRM01', 'no such case of this contact');
    END IF;
    IF NOT coalesce(length(p ->> 'kind') BETWEEN 1 AND 80
                    AND p ->> 'source' = ANY (ARRAY['file', 'clipboard', 'scanner', 'camera'])
                    AND EXISTS (SELECT 1 FROM attachment a WHERE a.message_id = m.id), false) THEN
        PERFORM app.refuse('CRM04', 'this is no document');
    END IF;
    INSERT INTO document (message_id, case_id, customer_id, kind, source)
    VALUES (m.id, of_case, (SELECT customer_id FROM contact WHERE id = m.contact_id),
            p ->> 'kind', p ->> 'source');
    INSERT INTO event (kind, actor_id, contact_id, case_id, data)
    VALUES ('document.added', app.me(), m.contact_id, of_case,
            jsonb_build_object('message', m.id, 'title', p ->> 'kind', 'source', p ->> 'source'));
END $$;

-- Takes a document of one's own back, with its bytes, while that is offered: [contact, case].
CREATE FUNCTION app.document_undo(p_message bigint) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE d record; files text[];
BEGIN
    SELECT m.contact_id, m.at, x.case_id, x.kind INTO d
    FROM document x JOIN message m ON m.id = x.message_id
    WHERE m.id = p_message AND m.author_id = app.me() FOR UPDATE OF m;
    IF d.contact_id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such document of yours');
    END IF;
    IF d.at < now() - interval '60 seconds' THEN
        PERFORM app.refuse('CRM04', 'the document was added too long ago');
    END IF;
    DELETE FROM document WHERE message_id = p_message;
    WITH gone AS (DELETE FROM attachment WHERE message_id = p_message RETURNING sha256)
    SELECT array_agg(sha256) INTO files FROM gone;
    DELETE FROM message WHERE id = p_message;
    -- Only what this document brought: the same bytes may be somebody else's file.
    files := ARRAY(SELECT b.sha256 FROM blob b WHERE b.sha256 = ANY (files)
                   AND b.stored_at > d.at - interval '10 minutes'
                   AND NOT EXISTS (SELECT 1 FROM attachment a WHERE a.sha256 = b.sha256)
                   FOR UPDATE);
    DELETE FROM blob_chunk WHERE sha256 = ANY (files);
    DELETE FROM blob WHERE sha256 = ANY (files);
    INSERT INTO event (kind, actor_id, contact_id, case_id, data)
    VALUES ('document.removed', app.me(), d.contact_id, d.case_id,
            jsonb_build_object('message', p_message, 'title', d.kind));
    RETURN json_build_array(d.contact_id, d.case_id);
END $$;

-- The files of cases' documents, the newest first, for who reads the case.
CREATE FUNCTION app.case_documents(p_cases bigint[])
RETURNS TABLE (id bigint, case_id bigint, kind text, words text, name text, content_type text,
               size integer, at timestamptz, by_name text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE me bigint; mine bigint[]; closed bigint[];
BEGIN
    -- Most cases have none: then nobody is asked for their queues.
    IF NOT EXISTS (SELECT 1 FROM document d WHERE d.case_id = ANY (p_cases)) THEN
        RETURN;
    END IF;
    me := app.me();
    mine := app.my_queues();
    closed := app.closed_services();
    RETURN QUERY SELECT a.id, d.case_id, d.kind, m.body_text, a.name, a.content_type, a.size, m.at,
                        coalesce(s.name, '')
    FROM document d JOIN cases k ON k.id = d.case_id JOIN message m ON m.id = d.message_id
    JOIN attachment a ON a.message_id = m.id LEFT JOIN staff s ON s.id = m.author_id
    WHERE d.case_id = ANY (p_cases)
      AND (k.queue_id = ANY (mine) OR k.opened_by_id = me AND k.service_id <> ALL (closed))
    ORDER BY m.at DESC, a.id;
END $$;

-- As before; a document is also opened by who reads its case.
CREATE OR REPLACE FUNCTION app.open_attachment(p_attachment bigint)
RETURNS TABLE (name text, content_type text, content bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a attachment;
BEGIN
    SELECT x.* INTO a FROM attachment x JOIN message m ON m.id = x.message_id
    WHERE x.id = p_attachment AND (app.may_read(m.contact_id) OR EXISTS (
        SELECT 1 FROM document d WHERE d.message_id = m.id AND app.may_read_case(d.case_id)));
    IF a.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such file');
    END IF;
    PERFORM app.trace('attachment', p_attachment);
    RETURN QUERY SELECT a.name, a.content_type,
        coalesce((SELECT string_agg(b.data, ''::bytea ORDER BY b.n) FROM blob_chunk b
                  WHERE b.sha256 = a.sha256), ''::bytea);
END $$;

REVOKE ALL ON FUNCTION app.may_read_case(bigint), app.document_add(jsonb), app.document_undo(bigint),
    app.case_documents(bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.may_read_case(bigint), app.document_add(jsonb),
    app.document_undo(bigint), app.case_documents(bigint[]) TO crm_staff;

-- As before, with the documents of its cases.
CREATE OR REPLACE FUNCTION app.workspace(p_contact bigint, p_history integer) RETURNS json
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
            c.priority, c.needs_checking, c.owner_id, coalesce(o.name, ''),
            c.boost_reason)
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
    'documents', (SELECT json_agg(json_build_array(
            d.id, d.case_id, d.kind, d.words, d.name, d.content_type, d.size, d.at, d.by_name))
        FROM app.case_documents(ARRAY(SELECT k.id FROM k)) d),
    'events', (SELECT json_agg(json_build_array(e.at, e.kind, e.actor, e.data))
        FROM app.events(p_contact) e)
    )
    );
END $$;
