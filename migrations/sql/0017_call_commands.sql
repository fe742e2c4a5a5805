-- What desktops ask of the PBX. A row is written by app.call_ask alone, in the name of whoever asks;
-- the gateway says what became of it, and changes nothing else of it.
REVOKE INSERT, UPDATE ON call_command FROM crm_gateway;
GRANT UPDATE (contact_id, state, words, done_at) ON call_command TO crm_gateway;

-- What is said with a verb is what it takes: no longer, and with no sign that means anything to a
-- dial plan. The same as domain/call_asking.py.
CREATE FUNCTION app.call_says(p_verb text, p_args jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    keys text[] := ARRAY(SELECT jsonb_object_keys(p_args) ORDER BY 1);
    dest jsonb := p_args -> 'to';
    kind text;
BEGIN
    IF length(p_args::text) > 2000 THEN
        RETURN false;
    END IF;
    IF p_verb = 'dtmf' THEN
        RETURN keys = ARRAY['digits'] AND jsonb_typeof(p_args -> 'digits') = 'string'
               AND p_args ->> 'digits' ~ '^[0-9*#]{1,32}$';
    ELSIF p_verb IN ('consult', 'transfer') THEN
        IF NOT (keys = ARRAY['to'] OR p_verb = 'transfer' AND keys = ARRAY['note', 'to']
                AND jsonb_typeof(p_args -> 'note') = 'string'
                AND length(p_args ->> 'note') <= 200)
           OR jsonb_typeof(dest) <> 'object'
           OR (SELECT count(*) FROM jsonb_object_keys(dest)) <> 1 THEN
            RETURN false;
        END IF;
        kind := (SELECT jsonb_object_keys(dest));
        RETURN kind = 'number' AND app.call_number(dest -> 'number')
               OR (kind = 'staff' OR kind = 'queue' AND p_verb = 'transfer')
               AND app.whole(dest -> kind, 1, 9223372036854775807);
    ELSIF p_verb = 'hang_up' THEN
        RETURN p_args = '{}' OR keys = ARRAY['reason', 'words'] AND p_args ->> 'reason' = 'warned'
               AND jsonb_typeof(p_args -> 'words') = 'string'
               AND length(p_args ->> 'words') <= 200 AND trim(p_args ->> 'words') <> '';
    ELSIF p_verb = 'dial' THEN
        RETURN p_args - 'customer' - 'case' - 'number' = '{}' AND app.call_number(p_args -> 'number')
               AND (coalesce(jsonb_typeof(p_args -> 'customer'), 'null') = 'null'
                    OR app.whole(p_args -> 'customer', 1, 9223372036854775807))
               AND (coalesce(jsonb_typeof(p_args -> 'case'), 'null') = 'null'
                    OR app.whole(p_args -> 'case', 1, 9223372036854775807));
    END IF;
    RETURN p_args = '{}';
END $$;

CREATE FUNCTION app.call_number(p_number jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT jsonb_typeof(p_number) = 'string' AND p_number #>> '{}' ~ '^\+?[0-9]{3,15}$'
$$;

-- Whether somebody's telephone is in use: a call of theirs that rings, is dialled or stands, or one
-- that they were asked into or listen to.
CREATE FUNCTION app.call_busy(p_staff bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM contact c JOIN call k ON k.contact_id = c.id
                   WHERE c.owner_id = p_staff AND k.ended_at IS NULL
                     AND c.state IN ('offered', 'active', 'held', 'dialling')
                     AND k.state NOT IN ('waiting', 'callback', 'voicemail'))
        OR EXISTS (SELECT 1 FROM call_leg l WHERE l.staff_id = p_staff AND l.ended_at IS NULL);
END $$;

-- Somebody the call may be passed to, or who may be asked: with a telephone that is free, and where
-- the queue is restricted a member of it.
CREATE FUNCTION app.call_takes(p_staff bigint, p_queue bigint) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE s staff;
BEGIN
    SELECT * INTO s FROM staff WHERE id = p_staff AND active AND id <> app.me();
    IF s.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such colleague');
    END IF;
    IF EXISTS (SELECT 1 FROM queue WHERE id = p_queue AND restricted)
       AND NOT EXISTS (SELECT 1 FROM membership WHERE staff_id = p_staff AND queue_id = p_queue
                       AND (until IS NULL OR until > now())) THEN
        PERFORM app.refuse('CRM02', 'only a member of its queue may have this contact');
    END IF;
    IF coalesce(s.extension, '') = '' THEN
        PERFORM app.refuse('CRM04', 'no telephone of theirs is known');
    END IF;
    IF app.call_busy(p_staff) THEN
        PERFORM app.refuse('CRM04', 'they are on the telephone');
    END IF;
END $$;

-- Of a call that goes on: its holder asks for what is said and done in it.
CREATE FUNCTION app.call_holder(p_verb text, c contact, p_args jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE wanted text[] := CASE p_verb WHEN 'answer' THEN ARRAY['offered']
                         WHEN 'hang_up' THEN ARRAY['active', 'held', 'dialling']
                         ELSE ARRAY['active', 'held'] END;
BEGIN
    IF c.owner_id IS DISTINCT FROM app.me() THEN
        IF c.owner_id IS NULL THEN
            PERFORM app.refuse('CRM02', 'take the contact first');
        END IF;
        PERFORM app.refuse('CRM03', 'the call is with somebody else',
                           (SELECT name FROM staff WHERE id = c.owner_id));
    END IF;
    IF NOT c.state = ANY (wanted) THEN
        PERFORM app.refuse('CRM04', 'the contact is ' || c.state);
    END IF;
    IF p_args #> '{to,staff}' IS NOT NULL THEN
        PERFORM app.call_takes((p_args #>> '{to,staff}')::numeric::bigint, c.queue_id);
    END IF;
    IF p_args #> '{to,queue}' IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM queue WHERE id = (p_args #>> '{to,queue}')::numeric::bigint) THEN
        PERFORM app.refuse('CRM01', 'no such queue');
    END IF;
END $$;

-- A team leader of the contact's queue listens to what somebody else says, and leaves a trace even
-- when nothing comes of it.
CREATE FUNCTION app.call_ear(p_verb text, c contact, p_call text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE me staff;
BEGIN
    SELECT * INTO me FROM staff WHERE id = app.me();
    IF NOT (app.leads() AND c.queue_id = ANY (app.my_queues())) THEN
        PERFORM app.refuse('CRM02', 'a team leader of its queue listens to a call');
    END IF;
    IF p_verb = 'stop_listening' THEN
        RETURN;
    END IF;
    IF c.owner_id = me.id THEN
        PERFORM app.refuse('CRM04', 'it is your own call');
    END IF;
    IF NOT p_call = ANY (ARRAY['talking', 'held', 'consulting', 'conference']) THEN
        PERFORM app.refuse('CRM04', 'nobody is talking');
    END IF;
    IF coalesce(me.extension, '') = '' THEN
        PERFORM app.refuse('CRM04', 'no telephone of yours is known');
    END IF;
    IF app.call_busy(me.id) AND NOT EXISTS (
            SELECT 1 FROM call_leg l WHERE l.staff_id = me.id AND l.ended_at IS NULL
            AND l.contact_id = c.id AND l.role = 'listener') THEN
        PERFORM app.refuse('CRM04', 'you are on the telephone');
    END IF;
    PERFORM app.trace('call', c.id);
END $$;

-- A new call: from one's own telephone, while it is free, for a queue of one's own. Gives what is
-- asked with the queue and the PBX.
CREATE FUNCTION app.call_out(p_args jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    me staff;
    mine bigint[] := app.my_queues();
    chosen bigint;
    pbx bigint := (SELECT id FROM channel_account WHERE kind = 'asterisk' AND active
                   ORDER BY id LIMIT 1);
BEGIN
    SELECT * INTO me FROM staff WHERE id = app.me();
    IF pbx IS NULL THEN
        PERFORM app.refuse('CRM04', 'no telephone system is set up');
    END IF;
    IF coalesce(me.extension, '') = '' THEN
        PERFORM app.refuse('CRM04', 'no telephone of yours is known');
    END IF;
    IF app.call_busy(me.id) OR EXISTS (
            SELECT 1 FROM call_command WHERE staff_id = me.id AND verb = 'dial'
            AND (state = 'asked' AND expires_at > now()
                 OR state = 'doing' AND asked_at > now() - interval '10 seconds')) THEN
        PERFORM app.refuse('CRM04', 'you are on the telephone');
    END IF;
    IF p_args ->> 'customer' IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM customer WHERE id = (p_args ->> 'customer')::numeric::bigint
            AND merged_into_id IS NULL) THEN
        PERFORM app.refuse('CRM01', 'no such customer');
    END IF;
    IF p_args ->> 'case' IS NOT NULL THEN
        SELECT k.queue_id INTO chosen FROM cases k
        WHERE k.id = (p_args ->> 'case')::numeric::bigint AND k.queue_id = ANY (mine);
        IF chosen IS NULL THEN
            PERFORM app.refuse('CRM01', 'no such case');
        END IF;
    ELSE
        SELECT q.id INTO chosen FROM queue q WHERE q.id = ANY (mine)
        ORDER BY q.restricted, q.code <> 'general', q.id LIMIT 1;
    END IF;
    IF chosen IS NULL THEN
        PERFORM app.refuse('CRM02', 'a member of no queue calls nobody');
    END IF;
    RETURN p_args || jsonb_build_object('queue', chosen, 'account', pbx);
END $$;

-- Asks the PBX for something, in one's own name, and wakes the gateway. By the database's clock it
-- is done within two seconds or not at all. Gives [id, when it was asked].
CREATE FUNCTION app.call_ask(p_verb text, p_contact bigint, p_args jsonb) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me bigint := app.me();
    c contact;
    k call;
    said jsonb := p_args;
    made bigint;
BEGIN
    IF me IS NULL THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
    IF NOT coalesce(p_verb = ANY (ARRAY['answer', 'hold', 'resume', 'mute', 'unmute', 'dtmf',
            'consult', 'end_consult', 'conference', 'hand_over', 'transfer', 'hang_up', 'dial',
            'pause_recording', 'resume_recording', 'listen', 'whisper', 'barge',
            'stop_listening']) AND jsonb_typeof(p_args) = 'object'
            AND (p_contact IS NULL) = (p_verb = 'dial'), false) THEN
        PERFORM app.refuse('CRM05', 'no such thing can be asked of a call');
    END IF;
    IF NOT coalesce(app.call_says(p_verb, p_args), false) THEN
        PERFORM app.refuse('CRM05', 'this verb does not take that');
    END IF;
    -- Those of one person wait for each other, so that none slips past what is counted.
    PERFORM pg_advisory_xact_lock(hashtextextended('call command ' || me, 0));
    IF (SELECT count(*) FILTER (WHERE state IN ('asked', 'doing') AND expires_at > now()) >= 10
               OR count(*) >= 200
        FROM call_command WHERE staff_id = me AND asked_at > now() - interval '1 minute') THEN
        PERFORM app.refuse('CRM04', 'too much is asked at once');
    END IF;
    IF p_verb = 'dial' THEN
        said := app.call_out(p_args);
    ELSE
        SELECT * INTO c FROM contact WHERE id = p_contact;
        SELECT * INTO k FROM call WHERE contact_id = p_contact;
        IF k.contact_id IS NULL OR NOT (c.queue_id = ANY (app.my_queues())
                                        OR c.owner_id IS NOT DISTINCT FROM me) THEN
            PERFORM app.refuse('CRM01', 'no such call');
        END IF;
        IF k.ended_at IS NOT NULL THEN
            PERFORM app.refuse('CRM04', 'the call has ended');
        END IF;
        IF p_verb IN ('listen', 'whisper', 'barge', 'stop_listening') THEN
            PERFORM app.call_ear(p_verb, c, k.state);
        ELSE
            PERFORM app.call_holder(p_verb, c, p_args);
        END IF;
    END IF;
    INSERT INTO call_command (contact_id, staff_id, verb, args, expires_at)
    VALUES (p_contact, me, p_verb, said, now() + interval '2 seconds') RETURNING id INTO made;
    PERFORM pg_notify('crm', 'call_command:' || made);
    RETURN json_build_array(made, now());
END $$;

-- What became of the newest thing that this person asked; what is past its time and was not begun
-- is late, whether a gateway is there to say so or not.
CREATE FUNCTION app.call_asked() RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT json_build_array(id, contact_id, verb,
                            CASE WHEN state = 'asked' AND expires_at <= now() THEN 'late'
                                 ELSE state END, words, asked_at)
    FROM call_command WHERE staff_id = app.me() ORDER BY asked_at DESC, id DESC LIMIT 1
$$;

-- As before; why a call ended, as the telephone had it, is kept unless the answers say more.
CREATE OR REPLACE FUNCTION app.complete(p_contact bigint, p_service bigint, p_resolution text,
                                        p_avoidable boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact;
BEGIN
    c := app.in_hand(p_contact, ARRAY['active', 'held', 'wrap_up']);
    IF NOT p_resolution = ANY (ARRAY['resolved', 'handed_off', 'transferred_out',
        'signposted_council', 'signposted_outside', 'callback', 'warned_ended', 'no_action']) THEN
        PERFORM app.refuse('CRM04', 'no such resolution');
    END IF;
    UPDATE contact SET state = 'completed', state_since = now(), completed_at = now(),
                       service_id = coalesce(p_service, service_id), resolution = p_resolution,
                       avoidable = p_avoidable,
                       end_reason = CASE p_resolution WHEN 'warned_ended' THEN 'warned and ended'
                                    WHEN 'transferred_out' THEN 'transferred out'
                                    ELSE coalesce(end_reason, 'normal') END
    WHERE id = p_contact;
    PERFORM app.end_assignment(p_contact, 'completed');
    PERFORM app.log('contact.completed', p_contact, jsonb_build_object(
        'resolution', p_resolution, 'avoidable', p_avoidable, 'service', p_service));
END $$;

-- What only the gateway says of a call is never said by hand.
CREATE POLICY no_calls_by_hand ON event AS RESTRICTIVE FOR INSERT TO crm_staff
    WITH CHECK (kind NOT LIKE 'call.%');

REVOKE ALL ON FUNCTION app.call_says(text, jsonb), app.call_number(jsonb), app.call_busy(bigint),
    app.call_takes(bigint, bigint), app.call_holder(text, contact, jsonb),
    app.call_ear(text, contact, text), app.call_out(jsonb), app.call_ask(text, bigint, jsonb),
    app.call_asked() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.call_ask(text, bigint, jsonb), app.call_asked() TO crm_staff;
