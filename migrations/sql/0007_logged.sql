-- A contact that a person logs by hand: a call on another phone, a visit, or what happened while
-- the database was away. They say when it happened; the database says when it was entered, in
-- whose name, and into which queue. Nobody waited for it: what a wait is counted from and to is
-- the moment at which it happened.

-- The queue for a service, for this person: the service's own when it is one of theirs, else their
-- general one. What is restricted and not theirs is not there.
CREATE FUNCTION app.logging_queue(p_service bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE mine bigint[] := app.my_queues(); s record;
BEGIN
    SELECT v.queue_id, v.restricted OR q.restricted AS hidden INTO s
    FROM service v JOIN queue q ON q.id = v.queue_id WHERE v.id = p_service AND v.active;
    IF s.queue_id IS NULL OR (s.hidden AND NOT s.queue_id = ANY (mine)) THEN
        PERFORM app.refuse('CRM01', 'no such service');
    END IF;
    IF s.queue_id = ANY (mine) THEN
        RETURN s.queue_id;
    END IF;
    RETURN (SELECT q.id FROM queue q WHERE q.id = ANY (mine) AND NOT q.restricted
            ORDER BY q.code <> 'general', q.id LIMIT 1);
END $$;

CREATE FUNCTION app.log_contact(
    p_key text, p_channel text, p_direction text, p_happened timestamptz, p_service bigint,
    p_customer bigint, p_who text, p_about text, p_done text, p_folded text, p_doubt text,
    p_resolution text, p_avoidable boolean, p_due timestamptz, p_away boolean)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); found_id bigint; queue bigint; ended boolean;
        happened timestamptz := least(p_happened, now());
BEGIN
    IF me IS NULL THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
    IF p_key IS NULL OR p_key !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
        PERFORM app.refuse('CRM04', 'a key is a UUID');
    END IF;
    -- Two tries of the same wait for each other: the second finds what the first has made.
    PERFORM pg_advisory_xact_lock(hashtextextended('logged ' || p_key, 0));
    SELECT c.id INTO found_id FROM contact c WHERE c.logged_key = p_key;
    IF found_id IS NOT NULL THEN
        IF NOT EXISTS (SELECT 1 FROM event e WHERE e.contact_id = found_id
                       AND e.kind = 'contact.logged' AND e.actor_id = me) THEN
            PERFORM app.refuse('CRM02', 'somebody else has logged this');
        END IF;
        RETURN found_id;
    END IF;
    IF p_happened IS NULL OR p_happened > now() + interval '1 minute'
       OR p_happened < now() - interval '31 days' THEN
        PERFORM app.refuse('CRM04', 'it did not happen in the last 31 days');
    END IF;
    IF NOT coalesce(p_channel = ANY (ARRAY['call', 'voicemail', 'email', 'chat', 'social',
                                           'visit', 'letter', 'sms'])
                    AND p_direction = ANY (ARRAY['inbound', 'outbound'])
                    AND (p_resolution IS NULL OR p_resolution = ANY (ARRAY['resolved',
                        'handed_off', 'transferred_out', 'signposted_council',
                        'signposted_outside', 'callback', 'warned_ended', 'no_action']))
                    AND length(p_who) BETWEEN 1 AND 200 AND length(p_about) BETWEEN 1 AND 200
                    AND length(p_done) <= 20000 AND length(p_folded) <= 25000
                    AND length(p_doubt) <= 500 AND p_away IS NOT NULL, false) THEN
        PERFORM app.refuse('CRM04', 'this cannot be logged');
    END IF;
    ended := p_resolution IS NOT NULL;
    IF NOT ended AND (p_due IS NULL OR p_due < happened OR p_due > now() + interval '60 days') THEN
        PERFORM app.refuse('CRM04', 'a follow-up is due within 60 days');
    END IF;
    IF p_customer IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM customer x WHERE x.id = p_customer AND x.merged_into_id IS NULL) THEN
        PERFORM app.refuse('CRM01', 'no such customer');
    END IF;
    queue := app.logging_queue(p_service);
    IF queue IS NULL THEN
        PERFORM app.refuse('CRM02', 'a member of no queue logs nothing');
    END IF;
    INSERT INTO contact (channel, direction, state, state_since, queue_id, service_id, customer_id,
                         owner_id, priority, who, subject, preview, folded, received_at, queued_at,
                         due_at, parked_for_reply, needs_checking, check_reason, auto_generated,
                         first_taken_at, completed_at, resolution, avoidable, end_reason,
                         logged_key, entered_at, while_away)
    VALUES (p_channel, p_direction, CASE WHEN ended THEN 'completed' ELSE 'active' END,
            CASE WHEN ended THEN happened ELSE now() END, queue, p_service, p_customer, me, 0,
            p_who, p_about, left(p_done, 160), p_folded, happened, happened,
            CASE WHEN NOT ended THEN p_due END, false, p_doubt <> '', p_doubt, false,
            happened, CASE WHEN ended THEN happened END, p_resolution,
            CASE WHEN ended THEN p_avoidable END,
            CASE p_resolution WHEN 'warned_ended' THEN 'warned and ended'
                              WHEN 'transferred_out' THEN 'transferred out'
                              ELSE CASE WHEN ended THEN 'normal' END END,
            p_key, now(), p_away)
    RETURNING id INTO found_id;
    UPDATE contact SET thread_id = found_id WHERE id = found_id;
    INSERT INTO assignment (contact_id, staff_id, state, offered_at, accepted_at, ended_at, note)
    VALUES (found_id, me, CASE WHEN ended THEN 'completed' ELSE 'accepted' END, happened, happened,
            CASE WHEN ended THEN happened END, '');
    IF p_done <> '' THEN
        INSERT INTO message (contact_id, direction, visibility, state, author_id, sender_name,
                             sender_address, recipients, subject, body_text, reply_text, body_html,
                             in_reply_to, reference_ids, problems, findings, auto_generated,
                             failure, at)
        VALUES (found_id, 'outbound', 'internal', 'sent', me, '', '', '{}', '', p_done, p_done,
                '', '', '[]', '[]', '[]', false, '', happened);
    END IF;
    INSERT INTO event (kind, actor_id, contact_id, customer_id, data)
    VALUES ('contact.logged', me, found_id, p_customer, jsonb_build_object(
        'happened', happened, 'entered', now(), 'while_away', p_away, 'channel', p_channel,
        'direction', p_direction, 'service', p_service, 'queue', queue));
    IF ended THEN
        PERFORM app.log('contact.completed', found_id, jsonb_build_object(
            'resolution', p_resolution, 'avoidable', p_avoidable, 'service', p_service,
            'at', happened));
    END IF;
    RETURN found_id;
END $$;

REVOKE ALL ON FUNCTION app.logging_queue(bigint),
    app.log_contact(text, text, text, timestamptz, bigint, bigint, text, text, text, text, text,
                    text, boolean, timestamptz, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    app.log_contact(text, text, text, timestamptz, bigint, bigint, text, text, text, text, text,
                    text, boolean, timestamptz, boolean) TO crm_staff;
