-- How a call's wrap-up ends: by its three answers, without them where the queue leaves them out, or
-- by its time. The rules of 0014 with both; otherwise as before.

CREATE OR REPLACE FUNCTION app.queue_settings(p_queue bigint) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT jsonb_build_object(
        'push', q.push, 'offer_seconds', q.offer_seconds, 'ageing_seconds', q.ageing_seconds,
        'last_advisor_seconds', q.last_advisor_seconds,
        'overflow_queue_id', q.overflow_queue_id, 'overflow_seconds', q.overflow_seconds,
        'wrap_up', q.wrap_up, 'wrap_up_seconds', q.wrap_up_seconds,
        'targets', (
            SELECT coalesce(jsonb_object_agg(t.channel, jsonb_build_object(
                'seconds', t.seconds, 'in_opening_hours', t.in_opening_hours, 'goal', t.goal,
                'short_seconds', t.short_seconds, 'variant', t.variant)), '{}')
            FROM queue_target t WHERE t.queue_id = q.id),
        'skills', (
            SELECT coalesce(jsonb_object_agg(s.skill_id::text, jsonb_build_object(
                'level', s.level, 'relax_seconds', s.relax_seconds)), '{}')
            FROM queue_skill s WHERE s.queue_id = q.id))
    FROM queue q WHERE q.id = p_queue
$$;

CREATE OR REPLACE FUNCTION app.queue_fits(p_queue queue, p_wanted jsonb) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    other queue;
    key text;
    each jsonb;
BEGIN
    IF NOT coalesce(jsonb_typeof(p_wanted -> 'push') = 'boolean'
            AND app.whole(p_wanted -> 'offer_seconds', 5, 600)
            AND app.whole(p_wanted -> 'ageing_seconds', 60, 86400)
            AND app.whole(p_wanted -> 'last_advisor_seconds', 0, 86400)
            AND p_wanted ->> 'wrap_up' = ANY (ARRAY['optional', 'mandatory', 'timed'])
            AND app.whole(p_wanted -> 'wrap_up_seconds', 10, 3600)
            AND jsonb_typeof(p_wanted -> 'targets') = 'object'
            AND jsonb_typeof(p_wanted -> 'skills') = 'object', false) THEN
        PERFORM app.refuse('CRM05', 'no such rules of a queue');
    END IF;
    IF coalesce(jsonb_typeof(p_wanted -> 'overflow_queue_id'), 'null') <> 'null' THEN
        IF NOT app.whole(p_wanted -> 'overflow_queue_id', 1, 9223372036854775807)
           OR NOT app.whole(p_wanted -> 'overflow_seconds', 10, 604800) THEN
            PERFORM app.refuse('CRM05', 'an overflow has a queue and a time');
        END IF;
        SELECT * INTO other FROM queue WHERE id = (p_wanted ->> 'overflow_queue_id')::bigint;
        IF other.id IS NULL THEN
            PERFORM app.refuse('CRM01', 'no such queue');
        END IF;
        IF other.id = p_queue.id THEN
            PERFORM app.refuse('CRM05', 'a queue does not overflow into itself');
        END IF;
        -- What only members may see does not come before everybody by waiting.
        IF p_queue.restricted AND NOT other.restricted THEN
            PERFORM app.refuse('CRM05', 'a restricted queue overflows into restricted ones alone');
        END IF;
    ELSIF coalesce(jsonb_typeof(p_wanted -> 'overflow_seconds'), 'null') <> 'null' THEN
        PERFORM app.refuse('CRM05', 'an overflow has a queue and a time');
    END IF;
    FOR key, each IN SELECT * FROM jsonb_each(p_wanted -> 'targets') LOOP
        IF NOT coalesce(key = ANY (ARRAY['call', 'voicemail', 'email', 'web_form', 'chat', 'social',
                                         'visit', 'letter', 'sms'])
                AND app.whole(each -> 'seconds', 1, 31536000)
                AND jsonb_typeof(each -> 'in_opening_hours') = 'boolean'
                AND app.whole(each -> 'goal', 1, 100)
                AND app.whole(each -> 'short_seconds', 0, 600)
                AND each ->> 'variant' ~ '^[a-z_]{1,30}$', false) THEN
            PERFORM app.refuse('CRM05', 'no such target');
        END IF;
    END LOOP;
    FOR key, each IN SELECT * FROM jsonb_each(p_wanted -> 'skills') LOOP
        IF NOT coalesce(key ~ '^[1-9][0-9]{0,17}$' AND app.whole(each -> 'level', 1, 5)
                AND (coalesce(jsonb_typeof(each -> 'relax_seconds'), 'null') = 'null'
                     OR app.whole(each -> 'relax_seconds', 0, 86400)), false) THEN
            PERFORM app.refuse('CRM05', 'no such need of a skill');
        END IF;
        IF NOT EXISTS (SELECT 1 FROM skill WHERE id = key::bigint) THEN
            PERFORM app.refuse('CRM01', 'no such skill');
        END IF;
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION app.queue_change(p_queue bigint, p_seen jsonb, p_wanted jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me staff;
    line queue;
    before jsonb;
BEGIN
    SELECT * INTO me FROM staff WHERE id = app.me();
    SELECT * INTO line FROM queue WHERE id = p_queue FOR UPDATE;
    IF line.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such queue');
    END IF;
    IF me.id IS NULL OR NOT (me.role = 'admin'
            OR (me.role = 'team_leader' AND line.id = ANY (app.my_queues()))) THEN
        PERFORM app.refuse('CRM02', 'a team leader of the queue or an administrator sets its rules');
    END IF;
    before := app.queue_settings(p_queue);
    IF before IS DISTINCT FROM p_seen THEN
        PERFORM app.refuse('CRM04', 'somebody else changed this queue meanwhile');
    END IF;
    PERFORM app.queue_fits(line, p_wanted);
    UPDATE queue SET
        push = (p_wanted ->> 'push')::boolean,
        offer_seconds = (p_wanted ->> 'offer_seconds')::integer,
        ageing_seconds = (p_wanted ->> 'ageing_seconds')::integer,
        last_advisor_seconds = (p_wanted ->> 'last_advisor_seconds')::integer,
        overflow_queue_id = (p_wanted ->> 'overflow_queue_id')::bigint,
        overflow_seconds = (p_wanted ->> 'overflow_seconds')::integer,
        wrap_up = p_wanted ->> 'wrap_up',
        wrap_up_seconds = (p_wanted ->> 'wrap_up_seconds')::integer
    WHERE id = p_queue;
    DELETE FROM queue_target WHERE queue_id = p_queue AND NOT p_wanted -> 'targets' ? channel;
    INSERT INTO queue_target (queue_id, channel, seconds, in_opening_hours, goal, short_seconds,
                              variant)
    SELECT p_queue, t.key, (t.value ->> 'seconds')::integer,
           (t.value ->> 'in_opening_hours')::boolean, (t.value ->> 'goal')::integer,
           (t.value ->> 'short_seconds')::integer, t.value ->> 'variant'
    FROM jsonb_each(p_wanted -> 'targets') t
    ON CONFLICT (queue_id, channel) DO UPDATE SET
        seconds = excluded.seconds, in_opening_hours = excluded.in_opening_hours,
        goal = excluded.goal, short_seconds = excluded.short_seconds, variant = excluded.variant;
    DELETE FROM queue_skill WHERE queue_id = p_queue AND NOT p_wanted -> 'skills' ? skill_id::text;
    INSERT INTO queue_skill (queue_id, skill_id, level, relax_seconds)
    SELECT p_queue, s.key::bigint, (s.value ->> 'level')::integer,
           (s.value ->> 'relax_seconds')::integer
    FROM jsonb_each(p_wanted -> 'skills') s
    ON CONFLICT (queue_id, skill_id) DO UPDATE SET
        level = excluded.level, relax_seconds = excluded.relax_seconds;
    INSERT INTO event (kind, actor_id, data)
    VALUES ('queue.changed', me.id, jsonb_build_object('queue', p_queue, 'before', before,
                                                       'after', app.queue_settings(p_queue)));
END $$;

-- The call that a person wraps up, with its queue's rule; not so while it goes on.
CREATE FUNCTION app.wrapping_up(p_contact bigint) RETURNS record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT q.wrap_up, q.wrap_up_seconds, k.wrap_up_extended,
           greatest(c.state_since, k.ended_at)
               + make_interval(secs => q.wrap_up_seconds * (1 + k.wrap_up_extended::integer))
    FROM contact c JOIN queue q ON q.id = c.queue_id JOIN call k ON k.contact_id = c.id
    WHERE c.id = p_contact AND c.state = 'wrap_up' AND k.ended_at IS NOT NULL
$$;

-- What is asked of whoever has it, and until when; nothing, when it is no call in wrap-up.
CREATE FUNCTION app.wrap_up_rule(p_contact bigint) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT json_build_array(r.mode, r.seconds, r.extended,
                            CASE WHEN r.mode = 'timed' THEN r.until END)
    FROM contact c, app.wrapping_up(c.id)
             AS r(mode text, seconds integer, extended boolean, until timestamptz)
    WHERE c.id = p_contact AND c.owner_id = app.me() AND r.mode IS NOT NULL
$$;

-- The time of a timed wrap-up once more, and once only.
CREATE FUNCTION app.wrap_up_extend(p_contact bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact; r record;
BEGIN
    c := app.in_hand(p_contact, ARRAY['wrap_up']);
    SELECT * INTO r FROM app.wrapping_up(p_contact)
        AS (mode text, seconds integer, extended boolean, until timestamptz);
    IF r.mode IS DISTINCT FROM 'timed' THEN
        PERFORM app.refuse('CRM04', 'this wrap-up has no end');
    END IF;
    UPDATE call SET wrap_up_extended = true WHERE contact_id = p_contact AND NOT wrap_up_extended;
    IF NOT FOUND THEN
        PERFORM app.refuse('CRM04', 'the wrap-up was extended already');
    END IF;
    PERFORM app.log('contact.extended', p_contact, jsonb_build_object('seconds', r.seconds));
END $$;

-- Without the three answers, where the queue leaves them to whoever had the call.
CREATE FUNCTION app.wrap_up_leave(p_contact bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact; r record;
BEGIN
    c := app.in_hand(p_contact, ARRAY['wrap_up']);
    SELECT * INTO r FROM app.wrapping_up(p_contact)
        AS (mode text, seconds integer, extended boolean, until timestamptz);
    IF r.mode IS DISTINCT FROM 'optional' THEN
        PERFORM app.refuse('CRM04', 'this queue asks how a call ended');
    END IF;
    UPDATE contact SET state = 'completed', state_since = now(), completed_at = now(),
                       end_reason = coalesce(end_reason, 'normal')
    WHERE id = p_contact;
    PERFORM app.end_assignment(p_contact, 'completed');
    PERFORM app.log('contact.completed', p_contact, jsonb_build_object(
        'how', 'left', 'resolution', NULL, 'avoidable', NULL, 'service', c.service_id));
END $$;

REVOKE ALL ON FUNCTION app.wrapping_up(bigint), app.wrap_up_rule(bigint),
    app.wrap_up_extend(bigint), app.wrap_up_leave(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.wrap_up_rule(bigint), app.wrap_up_extend(bigint),
    app.wrap_up_leave(bigint) TO crm_staff;
