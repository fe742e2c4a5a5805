-- Calls that are going on: a phone rings before somebody has one, and it moves as the PBX says.
-- Whoever changes a call locks in one order: activity, contact, assignment, call, call_leg.

-- Whether somebody is at the other end now; not who is to be called back.
CREATE FUNCTION app.is_live(p_contact bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM call WHERE contact_id = p_contact AND ended_at IS NULL
                   AND state <> 'callback');
END $$;

-- Nobody lays a conversation aside or passes it on but by the telephone: its gateway moves it.
CREATE FUNCTION app.live_call_kept() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF app.me() IS NOT NULL AND app.is_live(OLD.id) THEN
        PERFORM app.refuse('CRM04', 'the call is going on');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER live_call BEFORE UPDATE OF state, owner_id ON contact FOR EACH ROW
    WHEN (OLD.channel = 'call'
          AND (OLD.state IN ('active', 'held')
               AND (NEW.state <> OLD.state OR NEW.owner_id IS DISTINCT FROM OLD.owner_id)
               OR NEW.state = 'parked' AND OLD.state <> 'parked'))
    EXECUTE FUNCTION app.live_call_kept();

-- The endpoint at which this person can be rung now, NULL when they have none or are on a call.
CREATE FUNCTION app.free_phone(p_staff bigint, p_contact bigint) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (SELECT nullif(s.extension, '') FROM staff s WHERE s.id = p_staff AND NOT EXISTS (
        SELECT 1 FROM assignment a WHERE a.staff_id = p_staff AND a.ended_at IS NULL
          AND a.channel = 'call' AND a.contact_id <> p_contact AND a.state <> 'wrapping'
          AND app.is_live(a.contact_id)));
END $$;

-- Somebody takes a call that waits: it is offered to themselves, and theirs when they pick up.
CREATE FUNCTION app.ring_me(p_contact bigint, p_me bigint, p_how text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact;
BEGIN
    IF EXISTS (SELECT 1 FROM contact WHERE id = p_contact AND state = 'offered'
               AND owner_id = p_me) THEN
        RETURN true;
    END IF;
    IF app.free_phone(p_me, p_contact) IS NULL THEN
        PERFORM app.refuse('CRM04', CASE
            WHEN EXISTS (SELECT 1 FROM staff WHERE id = p_me AND coalesce(extension, '') <> '')
            THEN 'you are on a call' ELSE 'you have no telephone here' END);
    END IF;
    UPDATE contact SET state = 'offered', state_since = now(), owner_id = p_me
    WHERE id = p_contact AND state = 'queued' RETURNING * INTO c;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO assignment (contact_id, staff_id, state, note, how, expires_at)
    SELECT p_contact, p_me, 'offered', '', p_how, now() + make_interval(secs => q.offer_seconds)
    FROM queue q WHERE q.id = c.queue_id;
    INSERT INTO event (kind, actor_id, contact_id, data)
    VALUES ('contact.offered', p_me, p_contact, jsonb_build_object('staff', p_me, 'by', p_how));
    RETURN true;
END $$;

-- As before; a call that waits is rung for.
CREATE OR REPLACE FUNCTION app.claim(p_contact bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint; mine bigint[]; c contact; holder text;
BEGIN
    SELECT s.id, coalesce((SELECT array_agg(m.queue_id) FROM membership m
                           WHERE m.staff_id = s.id
                             AND (m.until IS NULL OR m.until > now())), '{}')
    INTO me, mine FROM staff s WHERE s.login = session_user AND s.active;
    -- One conditional UPDATE decides; its row count is the answer.
    UPDATE contact SET state = 'active', state_since = now(), owner_id = me,
                       first_taken_at = coalesce(first_taken_at, now())
    WHERE id = p_contact
      AND ((state = 'queued' AND queue_id = ANY (mine))
           OR (state = 'offered' AND owner_id = me))
      AND (channel <> 'call' OR NOT app.is_live(id));
    IF NOT FOUND THEN
        SELECT * INTO c FROM contact WHERE id = p_contact;
        IF c.id IS NULL OR mine IS NULL OR NOT c.queue_id = ANY (mine) THEN
            PERFORM app.refuse('CRM01', 'no such contact');
        END IF;
        IF c.channel = 'call' AND app.is_live(p_contact) AND app.ring_me(p_contact, me, 'taken') THEN
            RETURN;
        END IF;
        SELECT s.name INTO holder FROM contact x JOIN staff s ON s.id = x.owner_id
        WHERE x.id = p_contact;
        PERFORM app.refuse('CRM03', 'somebody was faster', holder);
    END IF;
    UPDATE assignment SET state = 'accepted', accepted_at = now()
    WHERE contact_id = p_contact AND ended_at IS NULL;
    IF NOT FOUND THEN
        INSERT INTO assignment (contact_id, staff_id, state, accepted_at, note)
        VALUES (p_contact, me, 'accepted', now(), '');
    END IF;
    INSERT INTO event (kind, actor_id, contact_id, data)
    VALUES ('contact.taken', me, p_contact, '{}');
END $$;

CREATE OR REPLACE FUNCTION app.claim_next(p_channels text[], p_queue bigint, p_service bigint,
                                          p_overdue boolean) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint; mine bigint[]; found_id bigint; is_call boolean;
BEGIN
    SELECT s.id, coalesce((SELECT array_agg(m.queue_id) FROM membership m
                           WHERE m.staff_id = s.id
                             AND (m.until IS NULL OR m.until > now())
                             AND (m.off_until IS NULL OR m.off_until <= now())), '{}')
    INTO me, mine FROM staff s WHERE s.login = session_user AND s.active;
    IF me IS NULL THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
    -- Whose phone cannot ring gets what needs none.
    SELECT c.id, c.channel = 'call' AND app.is_live(c.id) INTO found_id, is_call FROM contact c
    WHERE c.state = 'queued' AND c.queue_id = ANY (mine)
      AND (p_channels IS NULL OR c.channel = ANY (p_channels))
      AND (p_queue IS NULL OR c.queue_id = p_queue)
      AND (p_service IS NULL OR c.service_id = p_service)
      AND (NOT p_overdue OR c.due_at < now())
      AND (c.channel <> 'call' OR NOT app.is_live(c.id) OR app.free_phone(me, c.id) IS NOT NULL)
    ORDER BY c.due_at, c.id LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF is_call THEN
        PERFORM app.ring_me(found_id, me, 'next');
    ELSIF found_id IS NOT NULL THEN
        UPDATE contact SET state = 'active', state_since = now(), owner_id = me,
                           first_taken_at = coalesce(first_taken_at, now())
        WHERE id = found_id;
        INSERT INTO assignment (contact_id, staff_id, state, accepted_at, note, how)
        VALUES (found_id, me, 'accepted', now(), '', 'next');
        INSERT INTO event (kind, actor_id, contact_id, data)
        VALUES ('contact.taken', me, found_id, '{"by": "next"}');
    END IF;
    RETURN found_id;
END $$;

-- Nobody picked up: the call waits in its old place, the person is not responding, and `p_reason`
-- (no_answer, busy, rejected, unreachable) is kept for them. False when the offer was over already.
CREATE FUNCTION app.call_unanswered(p_contact bigint, p_assignment bigint, p_reason text,
                                    p_cause integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE person bigint; place bigint;
BEGIN
    SELECT staff_id INTO person FROM assignment
    WHERE id = p_assignment AND contact_id = p_contact AND state = 'offered' AND ended_at IS NULL;
    -- Before the contact, as whoever signs somebody out does.
    PERFORM 1 FROM activity WHERE staff_id = person FOR NO KEY UPDATE;
    UPDATE contact SET state = 'queued', state_since = now(), owner_id = NULL
    WHERE id = p_contact AND state = 'offered' AND owner_id = person RETURNING queue_id INTO place;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE assignment SET state = 'timed_out', ended_at = now(), reason = p_reason
    WHERE id = p_assignment;
    UPDATE activity SET not_responding_since = now() WHERE staff_id = person;
    INSERT INTO routing_decision (contact_id, queue_id, staff_id, kind, considered)
    VALUES (p_contact, place, person, 'timed_out', '{}');
    INSERT INTO event (kind, contact_id, data)
    VALUES ('contact.offer_timed_out', p_contact,
            jsonb_build_object('staff', person, 'reason', p_reason, 'cause', p_cause));
    RETURN true;
END $$;

-- As before; whoever has no telephone at a centre that has them is offered no calls.
CREATE OR REPLACE FUNCTION app.hands() RETURNS SETOF app.hand
LANGUAGE plpgsql STABLE ROWS 200 SET search_path = public, pg_temp AS $$
DECLARE telephones boolean := EXISTS (SELECT 1 FROM channel_account WHERE kind = 'asterisk' AND active);
BEGIN
    RETURN QUERY
    SELECT s.id::bigint,
           CASE WHEN s.presence <> 'available' THEN 'away'
                WHEN coalesce(s.next_presence, 'available') <> 'available' THEN 'leaving'
                WHEN a.locked THEN 'locked'
                WHEN a.idle_since IS NOT NULL THEN 'idle'
                WHEN a.seen_at IS NULL OR a.seen_at < now() - interval '90 seconds' THEN 'silent'
                WHEN a.not_responding_since IS NOT NULL THEN 'not_responding' END,
           s.capacity, coalesce(l.busy, 0)::integer, coalesce(l.laid, 0)::integer,
           coalesce(l.offered, false), coalesce(l.called, false), a.last_given_at,
           m.queues, k.skills,
           CASE WHEN telephones AND coalesce(s.extension, '') = ''
                THEN a.off_channels || '["call"]' ELSE a.off_channels END
    FROM activity a
    JOIN staff s ON s.id = a.staff_id AND s.active
    JOIN (SELECT m.staff_id, array_agg(m.queue_id::bigint) AS queues FROM membership m
          WHERE (m.until IS NULL OR m.until > now())
            AND (m.off_until IS NULL OR m.off_until <= now())
          GROUP BY m.staff_id) m ON m.staff_id = s.id
    LEFT JOIN (SELECT x.staff_id, sum(w.weight) FILTER (WHERE NOT w.interruptible) AS busy,
                      sum(w.weight) FILTER (WHERE w.interruptible) AS laid,
                      bool_or(x.state = 'offered' AND x.expires_at IS NOT NULL) AS offered,
                      bool_or(x.state = 'offered' AND x.expires_at IS NOT NULL
                              AND NOT w.interruptible) AS called
               FROM assignment x LEFT JOIN channel_weight w ON w.channel = x.channel
               WHERE x.ended_at IS NULL
               GROUP BY x.staff_id) l ON l.staff_id = s.id
    LEFT JOIN (SELECT k.staff_id, jsonb_object_agg(k.skill_id, k.level) AS skills
               FROM staff_skill k WHERE k.until IS NULL OR k.until > now()
               GROUP BY k.staff_id) k ON k.staff_id = s.id
    WHERE a.signed_in_at IS NOT NULL;
END $$;

-- As before; never what somebody is talking about at this moment.
CREATE OR REPLACE FUNCTION app.return_work(p_staff bigint, p_why text) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me bigint := app.me();
    held contact[] := ARRAY(
        SELECT c FROM contact c WHERE c.owner_id = p_staff
            AND c.state IN ('offered', 'active', 'held', 'wrap_up', 'parked')
            AND NOT (c.channel = 'call' AND c.state IN ('active', 'held') AND app.is_live(c.id))
        ORDER BY c.id FOR UPDATE);
    parked bigint[] := ARRAY(SELECT id FROM unnest(held) WHERE state = 'parked');
    given bigint[] := ARRAY(SELECT id FROM unnest(held) WHERE state <> 'parked');
BEGIN
    UPDATE contact SET owner_id = NULL WHERE id = ANY (parked);
    UPDATE contact SET state = 'queued', state_since = now(), owner_id = NULL
    WHERE id = ANY (given);
    UPDATE assignment SET state = CASE state WHEN 'offered' THEN 'rescinded' ELSE 'returned' END,
                          ended_at = now(), note = p_why
    WHERE contact_id = ANY (given) AND ended_at IS NULL;
    INSERT INTO routing_decision (contact_id, queue_id, staff_id, kind, considered)
    SELECT id, queue_id, p_staff, 'returned', '{}' FROM unnest(held)
    WHERE state <> 'parked' ORDER BY id;
    INSERT INTO event (kind, actor_id, contact_id, data)
    SELECT CASE state WHEN 'parked' THEN 'contact.let_go' ELSE 'contact.returned' END, me, id,
           jsonb_build_object('reason', p_why, 'staff', p_staff)
    FROM unnest(held) ORDER BY id;
    RETURN ARRAY(SELECT id FROM unnest(held) ORDER BY id);
END $$;

-- As before; whoever talks on the phone touches no keys, and is there.
CREATE OR REPLACE FUNCTION app.presence_here(p_desktop text, p_idle boolean, p_locked boolean)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); a activity;
BEGIN
    IF me IS NULL THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
    p_idle := p_idle AND NOT EXISTS (
        SELECT 1 FROM call_leg WHERE staff_id = me AND ended_at IS NULL AND up_at IS NOT NULL);
    SELECT * INTO a FROM activity WHERE staff_id = me FOR UPDATE;
    IF a.signed_in_at IS NULL OR NOT (
        a.desktop = p_desktop OR a.seen_at < now() - interval '90 seconds'
        OR (a.idle_since IS NOT NULL AND NOT (p_idle OR p_locked))) THEN
        RETURN false;
    END IF;
    IF a.locked = p_locked AND (a.idle_since IS NOT NULL) = (p_idle OR p_locked) THEN
        -- It may be lost with the server: the next one comes in half a minute.
        PERFORM set_config('synchronous_commit', 'off', true);
        UPDATE activity SET seen_at = now(), desktop = p_desktop WHERE staff_id = me;
        RETURN false;
    END IF;
    UPDATE activity SET seen_at = now(), desktop = p_desktop, locked = p_locked,
        idle_since = CASE WHEN p_idle OR p_locked THEN coalesce(idle_since, now()) END
    WHERE staff_id = me;
    INSERT INTO event (kind, actor_id, data) VALUES ('staff.activity', me, jsonb_build_object(
        'staff', me, 'seen', CASE WHEN p_locked THEN 'locked' WHEN p_idle THEN 'idle'
                             ELSE 'there' END));
    PERFORM pg_notify('crm', 'staff:' || me);
    RETURN true;
END $$;

-- As before; a conversation is passed on by the telephone alone, and nobody parks who waits in line.
CREATE OR REPLACE FUNCTION app.move_begin(p_kind text, p_seen jsonb, p_states text[],
                               p_batch bigint DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); mine bigint[] := app.my_queues(); batch bigint := p_batch;
BEGIN
    IF NOT app.leads() THEN
        PERFORM app.refuse('CRM02', 'only a team leader moves many');
    END IF;
    IF jsonb_typeof(p_seen) IS DISTINCT FROM 'array'
       OR jsonb_array_length(p_seen) NOT BETWEEN 1 AND 10000 THEN
        PERFORM app.refuse('CRM04', 'one to ten thousand contacts');
    END IF;
    IF batch IS NULL THEN
        INSERT INTO move_batch (leader_id, kind) VALUES (me, p_kind) RETURNING id INTO batch;
    ELSIF NOT EXISTS (SELECT 1 FROM move_batch WHERE id = batch AND leader_id = me
                      AND kind = p_kind AND undone_at IS NULL) THEN
        PERFORM app.refuse('CRM01', 'no such batch');
    END IF;
    -- In one order: two who choose the same never wait crosswise.
    PERFORM 1 FROM contact WHERE queue_id = ANY (mine)
        AND id IN (SELECT (each ->> 'id')::bigint FROM jsonb_array_elements(p_seen) each)
        ORDER BY id FOR UPDATE;
    INSERT INTO move_item (batch_id, contact_id, staff_id, why, who, before, assignment_id,
                           assignment_state)
    SELECT batch, s.id, s."to", w.why,
           CASE WHEN w.why = 'changed' THEN app.last_hand(c.id, c.owner_id) ELSE '' END,
           CASE WHEN w.why = '' THEN app.standing(c) END, a.id, a.state
    FROM jsonb_to_recordset(p_seen) AS s(id bigint, state text, owner bigint, queue bigint,
                                         since timestamptz, "to" bigint)
    LEFT JOIN contact c ON c.id = s.id AND c.queue_id = ANY (mine)
    LEFT JOIN LATERAL (SELECT x.id, x.state FROM assignment x
                       WHERE x.contact_id = c.id AND x.ended_at IS NULL
                       ORDER BY x.id DESC LIMIT 1) a ON true
    CROSS JOIN LATERAL (SELECT CASE
        WHEN c.id IS NULL THEN 'gone'
        WHEN (c.state, c.owner_id::bigint, c.queue_id::bigint, c.state_since)
             IS DISTINCT FROM (s.state, s.owner, s.queue, s.since) THEN 'changed'
        WHEN NOT c.state = ANY (p_states) OR (
            c.channel = 'call' AND (p_kind IN ('answered', 'parked')
                OR p_kind IN ('given', 'spam') AND c.state IN ('active', 'held'))
            AND app.is_live(c.id)) THEN 'not_now'
        ELSE '' END AS why) w
    WHERE s.id IS NOT NULL
    ON CONFLICT DO NOTHING;
    RETURN batch;
END $$;

-- One call as its bar shows it, [call, legs, command]; who may know of it asks the caller. Of what
-- was asked only one's own, and of who listens only oneself, unless one leads.
CREATE FUNCTION app.call_shown(p_contact bigint, p_me bigint, p_leads boolean) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
BEGIN
    RETURN (SELECT json_build_array(
        json_build_array(
            k.contact_id, k.state, k.state_since, k.number, k.number_said, c.who,
            coalesce(l.name, ''), k.choice, k.callback, k.after_id, k.muted, k.recording,
            k.started_at, k.answered_at, k.ended_at, k.ended_by, k.cut_off, k.talk_seconds,
            k.hold_seconds, k.lost_since, c.owner_id),
        (SELECT json_agg(json_build_array(
                g.id, g.role, g.state, g.staff_id, coalesce(nullif(g.name, ''), s.name, ''),
                g.number, g.mode, g.up_at) ORDER BY g.id)
         FROM call_leg g LEFT JOIN staff s ON s.id = g.staff_id
         WHERE g.contact_id = p_contact AND g.ended_at IS NULL
           AND (g.role <> 'listener' OR g.mode <> 'listen' OR g.staff_id = p_me OR p_leads)),
        (SELECT json_build_array(m.id, m.verb, m.state, m.words, m.asked_at) FROM call_command m
         WHERE m.contact_id = p_contact AND m.staff_id = p_me ORDER BY m.id DESC LIMIT 1))
    FROM call k JOIN contact c ON c.id = k.contact_id
    LEFT JOIN telephone_line l ON l.id = k.line_id
    WHERE k.contact_id = p_contact);
END $$;

-- The calls that one has, is offered or has not wrapped up, and those in which one's phone is.
CREATE FUNCTION app.my_calls() RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); leads boolean := app.leads();
BEGIN
    RETURN (SELECT json_agg(app.call_shown(k.contact_id, me, leads) ORDER BY k.contact_id)
    FROM (SELECT c.id AS contact_id FROM contact c JOIN call x ON x.contact_id = c.id
          WHERE c.owner_id = me AND c.state <> 'completed'
            AND c.state IN ('offered', 'active', 'held', 'wrap_up', 'dialling')
          UNION
          SELECT g.contact_id FROM call_leg g WHERE g.staff_id = me AND g.ended_at IS NULL) k);
END $$;

CREATE FUNCTION app.call_of(p_contact bigint) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF app.me() IS NULL OR NOT app.may_read(p_contact) THEN
        PERFORM app.refuse('CRM01', 'no such contact');
    END IF;
    RETURN app.call_shown(p_contact, app.me(), app.leads());
END $$;

-- Whose number it is, by name, for whoever has the call before them; a trace as of any customer's.
CREATE FUNCTION app.call_candidates(p_contact bigint) RETURNS TABLE (customer_id bigint, name text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF app.me() IS NULL OR NOT EXISTS (
        SELECT 1 FROM contact WHERE id = p_contact AND owner_id = app.me()) THEN
        PERFORM app.refuse('CRM01', 'no such contact');
    END IF;
    RETURN QUERY SELECT DISTINCT s.id::bigint, s.name
    FROM call k JOIN identifier i ON i.kind = 'phone' AND i.norm = k.number
    JOIN customer c ON c.id = i.customer_id
    JOIN customer s ON s.id = coalesce(c.merged_into_id, c.id)
    WHERE k.contact_id = p_contact AND k.number <> '' ORDER BY 2, 1;
END $$;

REVOKE ALL ON FUNCTION app.is_live(bigint), app.live_call_kept(), app.free_phone(bigint, bigint),
    app.ring_me(bigint, bigint, text), app.call_unanswered(bigint, bigint, text, integer),
    app.call_shown(bigint, bigint, boolean), app.my_calls(), app.call_of(bigint),
    app.call_candidates(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.call_unanswered(bigint, bigint, text, integer) TO crm_gateway;
GRANT EXECUTE ON FUNCTION app.my_calls(), app.call_of(bigint), app.call_candidates(bigint)
    TO crm_staff;
