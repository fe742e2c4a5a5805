-- What waits for a team leader's decision, in one call; each part by an index of its own, so that
-- it costs the same however much there is besides.

-- p_complaints: complaints (cases of services with the national number 353) due before this.
CREATE FUNCTION app.decisions(p_complaints timestamptz, p_limit integer)
RETURNS TABLE (kind text, ref bigint, at timestamptz, due timestamptz, message_id bigint,
               contact_id bigint, case_id bigint, customer_id bigint, who text, about text,
               by_name text, place text, findings integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    mine bigint[] := app.my_queues();
    decides boolean := app.is_team_leader();
BEGIN
    IF NOT app.leads() THEN
        PERFORM app.refuse('CRM02', 'a team leader decides that');
    END IF;
    RETURN QUERY (
        SELECT 'marker'::text, m.id, m.proposed_at, NULL::timestamptz, NULL::bigint, NULL::bigint,
               NULL::bigint, c.id, c.name, m.words, coalesce(p.name, ''), m.state, 0
        FROM safety_marker m JOIN customer c ON c.id = m.customer_id
        LEFT JOIN LATERAL (
            SELECT s.name FROM event e JOIN staff s ON s.id = e.actor_id
            WHERE e.kind = 'marker.proposed' AND e.at = m.proposed_at
              AND e.data = jsonb_build_object('marker', m.id) LIMIT 1) p ON true
        WHERE decides AND m.state IN ('proposed', 'review_due')
        ORDER BY m.proposed_at LIMIT p_limit);
    RETURN QUERY (
        SELECT CASE WHEN o.state = 'held' THEN 'stopped'
                    WHEN o.last_error LIKE 'Could not be delivered%' THEN 'returned'
                    ELSE 'dead' END,
               o.id, coalesce(o.done_at, o.created_at), NULL::timestamptz, m.id, k.id,
               NULL::bigint, k.customer_id, k.who, k.subject, coalesce(s.name, ''), o.last_error,
               jsonb_array_length(m.findings)
        FROM outbox o JOIN message m ON m.id = o.message_id JOIN contact k ON k.id = m.contact_id
        LEFT JOIN staff s ON s.id = m.author_id
        WHERE o.state IN ('held', 'dead') AND k.queue_id = ANY (mine)
        ORDER BY o.id LIMIT p_limit);
    RETURN QUERY (
        SELECT 'dead'::text, o.id, coalesce(o.done_at, o.created_at), NULL::timestamptz,
               NULL::bigint, h.contact_id, k.id, k.customer_id, coalesce(k.reference, ''), v.name,
               coalesce(s.name, ''), o.last_error, 0
        FROM outbox o JOIN handoff h ON h.id = o.handoff_id JOIN cases k ON k.id = h.case_id
        JOIN service v ON v.id = k.service_id LEFT JOIN staff s ON s.id = h.requested_by_id
        WHERE o.state IN ('held', 'dead') AND h.queue_id = ANY (mine)
          AND k.state IN ('new', 'open', 'waiting_customer', 'waiting_back_office')
        ORDER BY o.id LIMIT p_limit);
    -- A hand-off that came back waits until the case is handed off anew or ends.
    RETURN QUERY (
        SELECT h.state, h.id, h.state_since, h.due_at, NULL::bigint, h.contact_id, k.id,
               k.customer_id, coalesce(k.reference, ''), v.name, coalesce(s.name, ''), h.words, 0
        FROM handoff h JOIN cases k ON k.id = h.case_id JOIN service v ON v.id = k.service_id
        LEFT JOIN staff s ON s.id = h.requested_by_id
        WHERE h.state IN ('overdue', 'bounced') AND h.queue_id = ANY (mine)
          AND k.state IN ('new', 'open', 'waiting_customer', 'waiting_back_office')
          AND NOT EXISTS (SELECT 1 FROM handoff later
                          WHERE later.case_id = h.case_id AND later.id > h.id)
        ORDER BY h.state_since LIMIT p_limit);
    RETURN QUERY (
        SELECT 'complaint'::text, k.id, k.opened_at, k.due_at, NULL::bigint,
               (SELECT max(x.contact_id) FROM case_contact x WHERE x.case_id = k.id), k.id,
               k.customer_id, coalesce(k.reference, ''), v.name, coalesce(c.name, ''), k.state, 0
        FROM service v JOIN cases k ON k.service_id = v.id
        LEFT JOIN customer c ON c.id = k.customer_id
        WHERE v.lgsl = 353 AND k.queue_id = ANY (mine) AND k.due_at < p_complaints
          AND k.state IN ('new', 'open', 'waiting_customer', 'waiting_back_office')
        ORDER BY k.due_at LIMIT p_limit);
    RETURN QUERY (
        SELECT 'callback'::text, k.id, k.state_since, k.due_at, NULL::bigint, k.id, NULL::bigint,
               k.customer_id, k.who, k.subject, coalesce(s.name, ''), q.name, 0
        FROM contact k JOIN queue q ON q.id = k.queue_id LEFT JOIN staff s ON s.id = k.owner_id
        WHERE k.state = 'callback_due' AND k.due_at < now() AND k.queue_id = ANY (mine)
        ORDER BY k.due_at LIMIT p_limit);
END $$;

-- Outgoing work that stopped or gave up is given up for good: nobody tries it any more.
CREATE FUNCTION app.let_be(p_outbox bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE item outbox; of_contact bigint; of_case bigint; of_queue bigint;
BEGIN
    SELECT * INTO item FROM outbox WHERE id = p_outbox AND state IN ('held', 'dead') FOR UPDATE;
    IF item.message_id IS NOT NULL THEN
        SELECT k.id, k.queue_id INTO of_contact, of_queue
        FROM message m JOIN contact k ON k.id = m.contact_id WHERE m.id = item.message_id;
    ELSE
        SELECT h.contact_id, h.case_id, h.queue_id INTO of_contact, of_case, of_queue
        FROM handoff h WHERE h.id = item.handoff_id;
    END IF;
    IF item.id IS NULL OR NOT app.leads() OR NOT coalesce(of_queue = ANY (app.my_queues()), false) THEN
        PERFORM app.refuse('CRM01', 'no such outgoing work');
    END IF;
    UPDATE outbox SET state = 'withdrawn', done_at = now() WHERE id = p_outbox;
    UPDATE message SET state = 'withdrawn' WHERE id = item.message_id AND state = 'stopped';
    INSERT INTO event (kind, actor_id, contact_id, case_id, data)
    VALUES ('outbox.let_be', app.me(), of_contact, of_case,
            jsonb_build_object('outbox', p_outbox, 'was', item.state));
END $$;

REVOKE ALL ON FUNCTION app.decisions(timestamptz, integer), app.let_be(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.decisions(timestamptz, integer), app.let_be(bigint) TO crm_staff;
