-- Recordings: the register goes with its contact, the sound is asked for and read once, with a
-- trace; a legal hold is a team leader's.
ALTER TABLE recording ENABLE ROW LEVEL SECURITY;
ALTER TABLE playback ENABLE ROW LEVEL SECURITY;
ALTER TABLE recording_request ENABLE ROW LEVEL SECURITY;

-- Where a sound is, and what it is called at the PBX, is the gateway's alone.
GRANT SELECT (id, contact_id, kind, started_at, ended_at, seconds, content_type, peaks, kept_at,
              lost, keep_until, destroying_at, destroyed_at, legal_hold, hold_reason, hold_by_id,
              held_at) ON recording TO crm_staff;
CREATE POLICY seen ON recording FOR SELECT TO crm_staff
    USING (EXISTS (SELECT 1 FROM contact c WHERE c.id = contact_id
                   AND (c.queue_id = ANY ((SELECT app.my_queues())::bigint[])
                        OR c.owner_id = (SELECT app.me()))));
GRANT SELECT, INSERT ON recording TO crm_gateway;
GRANT UPDATE (ended_at, store, file, content_type, seconds, size, peaks, sealed_sha256,
              sound_sha256, kept_at, cleared_at, lost, keep_until, destroying_at, destroyed_at)
    ON recording TO crm_gateway;
CREATE POLICY gateway ON recording TO crm_gateway USING (true) WITH CHECK (NOT legal_hold
    OR destroying_at IS NULL);

GRANT SELECT (id, recording_id, staff_id, state, words, asked_at, expires_at) ON playback
    TO crm_staff;
CREATE POLICY own ON playback FOR SELECT TO crm_staff USING (staff_id = (SELECT app.me()));
GRANT SELECT, DELETE ON playback TO crm_gateway;
GRANT UPDATE (state, words, sound) ON playback TO crm_gateway;
CREATE POLICY gateway ON playback TO crm_gateway USING (true) WITH CHECK (true);

-- The recording, for whom may hear it; kept from others' changes until the transaction ends.
CREATE FUNCTION app.recording_of(p_recording bigint) RETURNS recording
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r recording;
BEGIN
    SELECT * INTO r FROM recording WHERE id = p_recording AND app.may_read(contact_id)
    FOR NO KEY UPDATE;
    IF r.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such recording');
    END IF;
    RETURN r;
END $$;

-- "I want to hear this": p_key is the public key that this person's desktop made for it.
CREATE FUNCTION app.recording_listen(p_recording bigint, p_key bytea) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r recording := app.recording_of(p_recording); made bigint;
BEGIN
    IF p_key IS NULL OR length(p_key) <> 32 THEN
        PERFORM app.refuse('CRM05', 'a key of 32 bytes');
    END IF;
    IF r.kept_at IS NULL OR r.destroying_at IS NOT NULL THEN
        PERFORM app.refuse('CRM04', 'there is no sound');
    END IF;
    -- Those of one person wait for each other, so that none slips past what is counted.
    PERFORM pg_advisory_xact_lock(hashtextextended('playback ' || app.me(), 0));
    IF (SELECT count(*) FROM playback WHERE staff_id = app.me() AND state IN ('asked', 'ready')
        AND expires_at > now()) >= 10 THEN
        PERFORM app.refuse('CRM04', 'too many sounds are asked for at once');
    END IF;
    INSERT INTO playback (recording_id, staff_id, public_key, expires_at)
    VALUES (p_recording, app.me(), p_key, now() + interval '10 minutes') RETURNING id INTO made;
    RETURN made;
END $$;

-- The sound, encrypted to that key, once and to them alone; whoever got it has listened.
CREATE FUNCTION app.playback_read(p_playback bigint) RETURNS bytea
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p playback;
BEGIN
    SELECT * INTO p FROM playback
    WHERE id = p_playback AND staff_id = app.me() AND state = 'ready' AND expires_at > now()
    FOR UPDATE;
    IF p.id IS NULL OR NOT EXISTS (SELECT 1 FROM recording r WHERE r.id = p.recording_id
                                   AND app.may_read(r.contact_id)) THEN
        PERFORM app.refuse('CRM01', 'no such sound');
    END IF;
    UPDATE playback SET state = 'read', sound = NULL WHERE id = p_playback;
    PERFORM app.trace('recording', p.recording_id);
    RETURN p.sound;
END $$;

CREATE FUNCTION app.recording_led(p_recording bigint) RETURNS recording
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT app.leads() THEN
        PERFORM app.refuse('CRM02', 'a team leader does that');
    END IF;
    RETURN app.recording_of(p_recording);
END $$;

CREATE FUNCTION app.recording_hold(p_recording bigint, p_reason text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r recording := app.recording_led(p_recording);
BEGIN
    IF coalesce(trim(p_reason), '') = '' OR length(p_reason) > 500 THEN
        PERFORM app.refuse('CRM05', 'a reason of up to 500 letters');
    END IF;
    IF r.destroying_at IS NOT NULL OR r.lost <> '' THEN
        PERFORM app.refuse('CRM04', 'there is no sound any more');
    END IF;
    UPDATE recording SET legal_hold = true, hold_reason = trim(p_reason), hold_by_id = app.me(),
        held_at = now() WHERE id = p_recording;
    PERFORM app.log('recording.held', r.contact_id,
                    jsonb_build_object('recording', p_recording, 'reason', trim(p_reason)));
    RETURN r.contact_id;
END $$;

CREATE FUNCTION app.recording_let_go(p_recording bigint, p_reason text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r recording := app.recording_led(p_recording);
BEGIN
    IF coalesce(trim(p_reason), '') = '' OR length(p_reason) > 500 THEN
        PERFORM app.refuse('CRM05', 'a reason of up to 500 letters');
    END IF;
    IF NOT r.legal_hold THEN
        PERFORM app.refuse('CRM04', 'it is not held');
    END IF;
    UPDATE recording SET legal_hold = false, hold_reason = '', hold_by_id = NULL, held_at = NULL
    WHERE id = p_recording;
    PERFORM app.log('recording.let_go', r.contact_id, jsonb_build_object(
        'recording', p_recording, 'reason', trim(p_reason), 'was', r.hold_reason));
    RETURN r.contact_id;
END $$;

-- Who listened, newest first: a team leader's question.
CREATE FUNCTION app.recording_heard(p_recording bigint) RETURNS TABLE (name text, at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r recording := app.recording_led(p_recording);
BEGIN
    RETURN QUERY SELECT coalesce(s.name, ''), a.at FROM read_audit a
        LEFT JOIN staff s ON s.id = a.staff_id
        WHERE a.what = 'recording' AND a.ref_id = p_recording ORDER BY a.id DESC LIMIT 500;
END $$;

REVOKE ALL ON FUNCTION app.recording_of(bigint), app.recording_led(bigint),
    app.recording_listen(bigint, bytea), app.playback_read(bigint),
    app.recording_hold(bigint, text), app.recording_let_go(bigint, text),
    app.recording_heard(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.recording_listen(bigint, bytea), app.playback_read(bigint),
    app.recording_hold(bigint, text), app.recording_let_go(bigint, text),
    app.recording_heard(bigint) TO crm_staff;

-- What became of a recording is said by these functions and the gateway alone.
CREATE POLICY no_recordings_by_hand ON event AS RESTRICTIVE FOR INSERT TO crm_staff
    WITH CHECK (kind NOT LIKE 'recording.%');

SELECT app.audit_table('recording', '{peaks}');
SELECT app.audit_table('recording_request', '{transcript,redacted,released}');
