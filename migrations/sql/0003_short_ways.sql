-- A contact that begins a thread names itself: the gateway draws its number before it writes it.
GRANT USAGE ON SEQUENCE contact_id_seq TO crm_gateway;

-- The next contact in one function, whose plans are kept: a SQL function is planned at every call.
CREATE OR REPLACE FUNCTION app.claim_next(p_channels text[], p_queue bigint, p_service bigint,
                                          p_overdue boolean) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint; mine bigint[]; found_id bigint;
BEGIN
    SELECT s.id, coalesce((SELECT array_agg(m.queue_id) FROM membership m
                           WHERE m.staff_id = s.id), '{}')
    INTO me, mine FROM staff s WHERE s.login = session_user AND s.active;
    IF me IS NULL THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
    UPDATE contact SET state = 'active', state_since = now(), owner_id = me,
                       first_taken_at = coalesce(first_taken_at, now())
    WHERE id = (
        SELECT id FROM contact
        WHERE state = 'queued' AND queue_id = ANY (mine)
          AND (p_channels IS NULL OR channel = ANY (p_channels))
          AND (p_queue IS NULL OR queue_id = p_queue)
          AND (p_service IS NULL OR service_id = p_service)
          AND (NOT p_overdue OR due_at < now())
        ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id INTO found_id;
    IF found_id IS NOT NULL THEN
        INSERT INTO assignment (contact_id, staff_id, state, accepted_at, note)
        VALUES (found_id, me, 'accepted', now(), '');
        INSERT INTO event (kind, actor_id, contact_id, data)
        VALUES ('contact.taken', me, found_id, '{"by": "next"}');
    END IF;
    RETURN found_id;
END $$;
