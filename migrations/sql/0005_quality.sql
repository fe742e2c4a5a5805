-- Safety markers, quality assessments and recordings: who reads, and who decides.

-- Everybody is told of a danger and may tell of one; a team leader decides.
CREATE FUNCTION app.marker_log(p_kind text, p_marker safety_marker) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO event (kind, actor_id, customer_id, data)
    VALUES (p_kind, app.me(), p_marker.customer_id, jsonb_build_object('marker', p_marker.id));
END $$;

CREATE FUNCTION app.marker_propose(p_customer bigint, p_words text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE m safety_marker;
BEGIN
    IF app.me() IS NULL THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
    IF coalesce(trim(p_words), '') = '' THEN
        PERFORM app.refuse('CRM05', 'say what colleagues must know');
    END IF;
    IF NOT EXISTS (SELECT 1 FROM customer WHERE id = p_customer) THEN
        PERFORM app.refuse('CRM01', 'no such customer');
    END IF;
    INSERT INTO safety_marker (customer_id, state, words)
    VALUES (p_customer, 'proposed', trim(p_words)) RETURNING * INTO m;
    PERFORM app.marker_log('marker.proposed', m);
    RETURN m.id;
END $$;

CREATE FUNCTION app.marker_decided(p_marker bigint, p_states text[]) RETURNS safety_marker
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE m safety_marker;
BEGIN
    IF NOT app.is_team_leader() THEN
        PERFORM app.refuse('CRM02', 'a team leader decides that');
    END IF;
    SELECT * INTO m FROM safety_marker WHERE id = p_marker FOR UPDATE;
    IF m.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such marker');
    END IF;
    IF NOT m.state = ANY (p_states) THEN
        PERFORM app.refuse('CRM04', 'the marker is ' || m.state);
    END IF;
    RETURN m;
END $$;

CREATE FUNCTION app.marker_activate(p_marker bigint, p_review_on date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE m safety_marker := app.marker_decided(p_marker, ARRAY['proposed', 'review_due']);
BEGIN
    IF p_review_on IS NULL OR p_review_on <= current_date THEN
        PERFORM app.refuse('CRM05', 'a day to come on which it is reviewed');
    END IF;
    UPDATE safety_marker SET state = 'active', review_on = p_review_on WHERE id = p_marker;
    PERFORM app.marker_log('marker.activated', m);
END $$;

CREATE FUNCTION app.marker_end(p_marker bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE m safety_marker := app.marker_decided(p_marker, ARRAY['proposed', 'active', 'review_due']);
BEGIN
    UPDATE safety_marker SET state = 'removed' WHERE id = p_marker;
    PERFORM app.marker_log('marker.ended', m);
END $$;

-- An assessment is its author's, once released the assessed person's too, and the team leaders' of
-- the contact's queue (but nobody leads their own). The gateway has no right to it at all.
ALTER TABLE assessment ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON assessment TO crm_staff;
GRANT INSERT (contact_id, author_id, staff_id, state, scores, words) ON assessment TO crm_staff;
GRANT UPDATE (state, scores, words, released_at) ON assessment TO crm_staff;
CREATE POLICY seen ON assessment FOR SELECT TO crm_staff
    USING (author_id = (SELECT app.me())
           OR (staff_id = (SELECT app.me()) AND state <> 'draft')
           OR (staff_id <> (SELECT app.me()) AND (SELECT app.is_team_leader())
               AND EXISTS (SELECT 1 FROM contact c WHERE c.id = contact_id
                           AND c.queue_id = ANY ((SELECT app.my_queues())::bigint[]))));
CREATE POLICY assess ON assessment FOR INSERT TO crm_staff
    WITH CHECK (author_id = (SELECT app.me()) AND staff_id <> (SELECT app.me())
                AND state = 'draft' AND (SELECT app.is_team_leader())
                AND EXISTS (SELECT 1 FROM contact c WHERE c.id = contact_id
                            AND c.queue_id = ANY ((SELECT app.my_queues())::bigint[])));
CREATE POLICY own_draft ON assessment FOR UPDATE TO crm_staff
    USING (author_id = (SELECT app.me()) AND state = 'draft')
    WITH CHECK (author_id = (SELECT app.me()) AND state IN ('draft', 'released'));

-- A recording goes with its contact; its sound is opened with a trace.
ALTER TABLE recording ENABLE ROW LEVEL SECURITY;
GRANT SELECT (id, contact_id, content_type, started_at, seconds, legal_hold) ON recording
    TO crm_staff;
GRANT SELECT, INSERT ON recording TO crm_gateway;
CREATE POLICY gateway ON recording TO crm_gateway USING (true) WITH CHECK (true);
CREATE POLICY seen ON recording FOR SELECT TO crm_staff
    USING (EXISTS (SELECT 1 FROM contact c WHERE c.id = contact_id));
CREATE FUNCTION app.open_recording(p_recording bigint)
RETURNS TABLE (content_type text, content bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE r recording;
BEGIN
    SELECT * INTO r FROM recording WHERE id = p_recording AND app.may_read(contact_id);
    IF r.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such recording');
    END IF;
    PERFORM app.trace('recording', p_recording);
    RETURN QUERY SELECT r.content_type,
        coalesce((SELECT string_agg(b.data, ''::bytea ORDER BY b.n) FROM blob_chunk b
                  WHERE b.sha256 = r.sha256), ''::bytea);
END $$;

REVOKE ALL ON FUNCTION app.marker_log(text, safety_marker), app.marker_propose(bigint, text),
    app.marker_decided(bigint, text[]), app.marker_activate(bigint, date),
    app.marker_end(bigint), app.open_recording(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.marker_propose(bigint, text), app.marker_activate(bigint, date),
    app.marker_end(bigint), app.open_recording(bigint) TO crm_staff;
