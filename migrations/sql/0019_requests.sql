-- A customer asks for a recording: found by number and time, held at once, written down, released.

-- The gateway must know that something is held, and no more.
GRANT SELECT (id, recording_id, released_at, closed_at) ON recording_request TO crm_gateway;
CREATE POLICY gateway ON recording_request FOR SELECT TO crm_gateway USING (true);
GRANT SELECT (id, recording_id, asked_by, opened_by_id, opened_at, version, released_at,
              released_by_id, closed_at, closed_why) ON recording_request TO crm_staff;
CREATE POLICY seen ON recording_request FOR SELECT TO crm_staff
    USING ((SELECT app.leads()) AND EXISTS (
        SELECT 1 FROM recording r JOIN contact c ON c.id = r.contact_id
        WHERE r.id = recording_id AND c.queue_id = ANY ((SELECT app.my_queues())::bigint[])));

-- What was recorded with a number (p_norm, as E.164) in a time, in the caller's queues. It is
-- written down that somebody looked.
CREATE FUNCTION app.recordings_find(p_norm text, p_from timestamptz, p_to timestamptz)
RETURNS TABLE (id bigint, number text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE mine bigint[] := app.my_queues();
BEGIN
    IF NOT app.leads() THEN
        PERFORM app.refuse('CRM02', 'a team leader does that');
    END IF;
    IF coalesce(p_norm, '') = '' OR p_from IS NULL OR p_to IS NULL OR p_to <= p_from
       OR p_to - p_from > interval '400 days' THEN
        PERFORM app.refuse('CRM05', 'a number, and a time of up to 400 days');
    END IF;
    INSERT INTO event (kind, actor_id, data) VALUES ('recording.searched', app.me(),
        jsonb_build_object('from', p_from, 'to', p_to));
    RETURN QUERY
        SELECT r.id, coalesce(nullif(k.number, ''), p_norm)
        FROM recording r JOIN contact c ON c.id = r.contact_id
        LEFT JOIN "call" k ON k.contact_id = c.id
        WHERE r.started_at >= p_from AND r.started_at < p_to AND c.queue_id = ANY (mine)
          AND (k.number = p_norm OR EXISTS (
              SELECT 1 FROM identifier i WHERE i.customer_id = c.customer_id
              AND i.kind = 'phone' AND i.norm = p_norm))
        ORDER BY r.started_at DESC LIMIT 200;
END $$;

CREATE FUNCTION app.request_open(p_recording bigint, p_asked_by text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r recording := app.recording_led(p_recording); made bigint;
BEGIN
    IF coalesce(trim(p_asked_by), '') = '' OR length(p_asked_by) > 500 THEN
        PERFORM app.refuse('CRM05', 'who asks, in up to 500 letters');
    END IF;
    IF r.destroying_at IS NOT NULL OR r.lost <> '' THEN
        PERFORM app.refuse('CRM04', 'there is no sound any more');
    END IF;
    IF EXISTS (SELECT 1 FROM recording_request WHERE recording_id = p_recording
               AND released_at IS NULL AND closed_at IS NULL) THEN
        PERFORM app.refuse('CRM04', 'a request for it is open');
    END IF;
    INSERT INTO recording_request (recording_id, asked_by, opened_by_id)
    VALUES (p_recording, trim(p_asked_by), app.me()) RETURNING id INTO made;
    PERFORM app.log('recording.requested', r.contact_id,
                    jsonb_build_object('recording', p_recording, 'request', made));
    RETURN made;
END $$;

-- The request, for a leader of its queue; kept from others' changes until the transaction ends.
CREATE FUNCTION app.request_led(p_request bigint) RETURNS recording_request
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE q recording_request; r recording;
BEGIN
    SELECT * INTO q FROM recording_request WHERE id = p_request FOR UPDATE;
    IF q.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such request');
    END IF;
    r := app.recording_led(q.recording_id);
    RETURN q;
END $$;

-- What was written down of the call; reading it leaves a trace.
CREATE FUNCTION app.request_read(p_request bigint)
RETURNS TABLE (transcript text, redacted jsonb, released text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE q recording_request := app.request_led(p_request);
BEGIN
    PERFORM app.trace('recording_request', p_request);
    RETURN QUERY SELECT q.transcript, q.redacted, q.released;
END $$;

CREATE FUNCTION app.request_write(p_request bigint, p_version integer, p_transcript text,
                                  p_redacted jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE q recording_request := app.request_led(p_request);
BEGIN
    IF q.released_at IS NOT NULL OR q.closed_at IS NOT NULL THEN
        PERFORM app.refuse('CRM04', 'the request is over');
    END IF;
    IF q.version IS DISTINCT FROM p_version THEN
        PERFORM app.refuse('CRM04', 'a colleague changed it meanwhile');
    END IF;
    IF p_transcript IS NULL OR length(p_transcript) > 200000
       OR jsonb_typeof(p_redacted) IS DISTINCT FROM 'array' THEN
        PERFORM app.refuse('CRM05', 'a transcript of up to 200000 letters');
    END IF;
    UPDATE recording_request SET transcript = p_transcript, redacted = p_redacted,
        version = version + 1 WHERE id = p_request;
    PERFORM app.log('recording.transcribed', (SELECT contact_id FROM recording
                                              WHERE id = q.recording_id),
                    jsonb_build_object('request', p_request));
    RETURN q.version + 1;
END $$;

-- Released as p_text, which the program made of the transcript without its redacted stretches.
CREATE FUNCTION app.request_release(p_request bigint, p_version integer, p_text text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE q recording_request := app.request_led(p_request);
BEGIN
    IF q.released_at IS NOT NULL OR q.closed_at IS NOT NULL THEN
        PERFORM app.refuse('CRM04', 'the request is over');
    END IF;
    IF q.version IS DISTINCT FROM p_version THEN
        PERFORM app.refuse('CRM04', 'a colleague changed it meanwhile');
    END IF;
    IF coalesce(trim(p_text), '') = '' THEN
        PERFORM app.refuse('CRM05', 'there is nothing to release');
    END IF;
    UPDATE recording_request SET released = p_text, released_at = now(), released_by_id = app.me()
    WHERE id = p_request;
    PERFORM app.log('recording.released', (SELECT contact_id FROM recording
                                           WHERE id = q.recording_id),
                    jsonb_build_object('request', p_request, 'redacted',
                                       jsonb_array_length(q.redacted)));
END $$;

CREATE FUNCTION app.request_close(p_request bigint, p_why text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE q recording_request := app.request_led(p_request);
BEGIN
    IF q.released_at IS NOT NULL OR q.closed_at IS NOT NULL THEN
        PERFORM app.refuse('CRM04', 'the request is over');
    END IF;
    IF coalesce(trim(p_why), '') = '' OR length(p_why) > 500 THEN
        PERFORM app.refuse('CRM05', 'a reason of up to 500 letters');
    END IF;
    UPDATE recording_request SET closed_at = now(), closed_why = trim(p_why) WHERE id = p_request;
    PERFORM app.log('recording.refused', (SELECT contact_id FROM recording
                                          WHERE id = q.recording_id),
                    jsonb_build_object('request', p_request, 'reason', trim(p_why)));
END $$;

REVOKE ALL ON FUNCTION app.recordings_find(text, timestamptz, timestamptz),
    app.request_open(bigint, text), app.request_led(bigint), app.request_read(bigint),
    app.request_write(bigint, integer, text, jsonb), app.request_release(bigint, integer, text),
    app.request_close(bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.recordings_find(text, timestamptz, timestamptz),
    app.request_open(bigint, text), app.request_read(bigint),
    app.request_write(bigint, integer, text, jsonb), app.request_release(bigint, integer, text),
    app.request_close(bigint, text) TO crm_staff;
