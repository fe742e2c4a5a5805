-- How a queue works, set by the team leaders who belong to it and by administrators.

-- All of it as one value, by which a change is known again. With the caller's own rights.
CREATE FUNCTION app.queue_settings(p_queue bigint) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT jsonb_build_object(
        'push', q.push, 'offer_seconds', q.offer_seconds, 'ageing_seconds', q.ageing_seconds,
        'last_advisor_seconds', q.last_advisor_seconds,
        'overflow_queue_id', q.overflow_queue_id, 'overflow_seconds', q.overflow_seconds,
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

-- Whether a number is a whole one within its bounds; not so, when it is none.
CREATE FUNCTION app.whole(p_value jsonb, p_least bigint, p_most bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT coalesce(CASE WHEN jsonb_typeof(p_value) = 'number'
                         THEN p_value::numeric BETWEEN p_least AND p_most
                              AND p_value::numeric = trunc(p_value::numeric) END, false)
$$;

CREATE FUNCTION app.queue_fits(p_queue queue, p_wanted jsonb) RETURNS void
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

-- p_seen: what app.queue_settings gave; when it is otherwise by now, nothing is changed.
CREATE FUNCTION app.queue_change(p_queue bigint, p_seen jsonb, p_wanted jsonb) RETURNS void
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
        overflow_seconds = (p_wanted ->> 'overflow_seconds')::integer
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

-- That a queue was changed is told by the change alone.
CREATE POLICY no_changes_of_queues ON event AS RESTRICTIVE FOR INSERT TO crm_staff
    WITH CHECK (kind NOT LIKE 'queue.%');

REVOKE ALL ON FUNCTION app.queue_settings(bigint), app.whole(jsonb, bigint, bigint),
    app.queue_fits(queue, jsonb), app.queue_change(bigint, jsonb, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.queue_settings(bigint), app.queue_change(bigint, jsonb, jsonb)
    TO crm_staff;
