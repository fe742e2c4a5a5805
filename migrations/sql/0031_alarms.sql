-- Alarms and incidents. Whoever works here may raise an alarm and come to help; nobody can end their
-- own alone, because somebody may stand behind them who wants it ended.

ALTER TABLE alarm_secret ENABLE ROW LEVEL SECURITY;
-- What signs the words that desktops of a building say to each other: read by its function alone.
CREATE POLICY nobody ON alarm_secret FOR SELECT TO crm_staff USING (false);

CREATE POLICY no_alarms_by_hand ON event AS RESTRICTIVE FOR INSERT TO crm_staff
    WITH CHECK (kind NOT LIKE 'alarm.%' AND kind NOT LIKE 'incident.%');

CREATE FUNCTION app.alarm_who() RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me();
BEGIN
    IF me IS NULL THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
    RETURN me;
END $$;

-- The key of each site, made when it is asked for first: two random UUIDs, 244 bits.
CREATE FUNCTION app.alarm_secrets() RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM app.alarm_who();
    INSERT INTO alarm_secret (site_id, secret)
    SELECT s.id, replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')
    FROM site s WHERE s.active AND NOT EXISTS (
        SELECT 1 FROM alarm_secret a WHERE a.site_id = s.id)
    ON CONFLICT DO NOTHING;
    RETURN (SELECT coalesce(json_object_agg(s.id, a.secret), '{}'::json)
            FROM site s JOIN alarm_secret a ON a.site_id = s.id WHERE s.active);
END $$;

-- p: key, site, place, words, computer, contact, raised, test. Once for each key, which is its
-- raiser's. Without a place it is where they work. What does not fit is left out or cut: no alarm is
-- refused for a detail.
CREATE FUNCTION app.alarm_raise(p jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me bigint := app.alarm_who();
    at timestamptz := coalesce((p ->> 'raised')::timestamptz, now());
    where_place bigint := (p ->> 'place')::bigint;
    where_site bigint := (p ->> 'site')::bigint;
    about bigint := (SELECT c.id FROM contact c WHERE c.id = (p ->> 'contact')::bigint
                     AND app.may_read(c.id));
    known alarm; made bigint;
BEGIN
    IF coalesce(p ->> 'key', '') !~ '^[0-9a-f]{32}$' THEN
        PERFORM app.refuse('CRM05', 'a key of 32 digits');
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('alarm ' || (p ->> 'key'), 0));
    SELECT * INTO known FROM alarm WHERE key = p ->> 'key';
    IF known.id IS NOT NULL THEN
        IF known.raised_by_id <> me THEN
            PERFORM app.refuse('CRM04', 'that alarm is somebody else''s');
        END IF;
        RETURN known.id;
    END IF;
    IF where_place IS NULL THEN
        SELECT a.place_id INTO where_place FROM at_place a JOIN place x ON x.id = a.place_id
        WHERE a.staff_id = me AND a.left_at IS NULL
          AND (where_site IS NULL OR x.site_id = where_site);
    END IF;
    SELECT x.id, coalesce(x.site_id, where_site) INTO where_place, where_site
    FROM (SELECT 1) one LEFT JOIN place x ON x.id = where_place;
    INSERT INTO alarm (key, site_id, place_id, words, computer, contact_id, raised_by_id, raised_at,
                       test)
    VALUES (p ->> 'key', (SELECT id FROM site WHERE id = where_site), where_place,
            left(trim(coalesce(p ->> 'words', '')), 200), left(coalesce(p ->> 'computer', ''), 200),
            about, me, least(greatest(at, now() - interval '7 days'), now()),
            coalesce((p ->> 'test')::boolean, false))
    RETURNING id INTO made;
    INSERT INTO event (kind, actor_id, contact_id, data)
    VALUES ('alarm.raised', me, about,
            jsonb_build_object('alarm', made, 'test', coalesce((p ->> 'test')::boolean, false)));
    RETURN made;
END $$;

-- Who is told of an alarm: everybody; or, where a site names people, those and who is in the house.
CREATE FUNCTION app.alarm_heard(p_site bigint, p_staff bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT p_site IS NULL OR EXISTS (
        SELECT 1 FROM site s WHERE s.id = p_site AND (
            jsonb_typeof(s.settings -> 'alarm_hearers') IS DISTINCT FROM 'array'
            OR s.settings -> 'alarm_hearers' @> to_jsonb(p_staff)
            OR EXISTS (SELECT 1 FROM at_place a JOIN place x ON x.id = a.place_id
                       WHERE a.staff_id = p_staff AND a.left_at IS NULL AND x.site_id = p_site)))
$$;

-- Kept from others' changes while it is answered or ended; refused unless it goes on.
CREATE FUNCTION app.alarm_going(p_alarm bigint) RETURNS alarm
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a alarm;
BEGIN
    SELECT * INTO a FROM alarm WHERE id = p_alarm FOR UPDATE;
    IF a.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such alarm');
    END IF;
    IF a.ended_at IS NOT NULL THEN
        PERFORM app.refuse('CRM04', 'the alarm is over');
    END IF;
    RETURN a;
END $$;

CREATE FUNCTION app.alarm_answer(p_alarm bigint, p_words text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.alarm_who(); a alarm := app.alarm_going(p_alarm);
BEGIN
    IF a.raised_by_id = me THEN
        PERFORM app.refuse('CRM02', 'somebody else acknowledges an alarm');
    END IF;
    IF length(coalesce(p_words, '')) > 200 THEN
        PERFORM app.refuse('CRM05', 'up to 200 letters');
    END IF;
    INSERT INTO alarm_answer (alarm_id, staff_id, words)
    VALUES (a.id, me, trim(coalesce(p_words, '')))
    ON CONFLICT (alarm_id, staff_id) DO UPDATE SET words = EXCLUDED.words
    WHERE EXCLUDED.words <> '';
    INSERT INTO event (kind, actor_id, data)
    VALUES ('alarm.acknowledged', me, jsonb_build_object('alarm', a.id));
END $$;

CREATE FUNCTION app.alarm_end(p_alarm bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.alarm_who(); a alarm := app.alarm_going(p_alarm);
BEGIN
    IF a.raised_by_id = me AND NOT a.test
       OR a.raised_by_id <> me AND NOT app.leads() AND NOT EXISTS (
        SELECT 1 FROM alarm_answer x WHERE x.alarm_id = a.id AND x.staff_id = me) THEN
        PERFORM app.refuse('CRM02', 'whoever has acknowledged it ends it, or a team leader');
    END IF;
    UPDATE alarm SET ended_at = now(), ended_by_id = me WHERE id = a.id;
    INSERT INTO event (kind, actor_id, data)
    VALUES ('alarm.ended', me, jsonb_build_object('alarm', a.id));
END $$;

-- What this person is told of now: [id, key, site, place, words, who, raised, test, mine, answers],
-- of the last twelve hours.
CREATE FUNCTION app.alarms_open() RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.alarm_who();
BEGIN
    RETURN (SELECT coalesce(json_agg(json_build_array(
            a.id, a.key, coalesce(s.name, ''), coalesce(p.name, ''), a.words, w.name, a.raised_at,
            a.test, a.raised_by_id = me,
            (SELECT coalesce(json_agg(json_build_array(h.name, x.at, x.words, h.id = me)
                                      ORDER BY x.at, h.id), '[]'::json)
             FROM alarm_answer x JOIN staff h ON h.id = x.staff_id WHERE x.alarm_id = a.id))
            ORDER BY a.raised_at, a.id), '[]'::json)
        FROM alarm a JOIN staff w ON w.id = a.raised_by_id LEFT JOIN site s ON s.id = a.site_id
        LEFT JOIN place p ON p.id = a.place_id
        WHERE a.ended_at IS NULL AND a.raised_at > now() - interval '12 hours'
          AND (a.raised_by_id = me OR app.alarm_heard(a.site_id, me)));
END $$;

-- An incident is its writer's and the leaders'.
CREATE FUNCTION app.incident_mine(p_incident bigint) RETURNS incident
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.alarm_who(); i incident;
BEGIN
    SELECT * INTO i FROM incident WHERE id = p_incident FOR UPDATE;
    IF i.id IS NULL OR NOT (i.written_by_id = me OR app.leads()) THEN
        PERFORM app.refuse('CRM01', 'no such incident');
    END IF;
    IF i.closed_at IS NOT NULL THEN
        PERFORM app.refuse('CRM04', 'the incident is closed');
    END IF;
    RETURN i;
END $$;

CREATE FUNCTION app.incident_save(p jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me bigint := app.alarm_who();
    i incident; happened timestamptz := (p ->> 'happened')::timestamptz; made bigint;
BEGIN
    IF p ->> 'id' IS NOT NULL THEN
        i := app.incident_mine((p ->> 'id')::bigint);
        IF i.version IS DISTINCT FROM (p ->> 'version')::integer THEN
            PERFORM app.refuse('CRM04', 'a colleague changed it meanwhile');
        END IF;
    END IF;
    IF coalesce(trim(p ->> 'what'), '') = '' OR happened IS NULL OR happened > now() + interval '10 minutes'
       OR NOT coalesce(p ->> 'kind' = ANY (ARRAY['abuse', 'threat', 'assault', 'damage', 'health',
                                                 'weapon', 'other']), false)
       OR greatest(length(p ->> 'what'), length(p ->> 'done'), length(p ->> 'lessons')) > 10000
       OR length(p ->> 'police_reference') > 200 THEN
        PERFORM app.refuse('CRM05', 'say what happened, and when');
    END IF;
    IF (p ->> 'contact')::bigint IS NOT NULL AND NOT app.may_read((p ->> 'contact')::bigint)
       OR (p ->> 'customer')::bigint IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM customer WHERE id = (p ->> 'customer')::bigint)
       OR (p ->> 'alarm')::bigint IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM alarm WHERE id = (p ->> 'alarm')::bigint)
       OR (p ->> 'site')::bigint IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM site WHERE id = (p ->> 'site')::bigint)
       OR (p ->> 'place')::bigint IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM place WHERE id = (p ->> 'place')::bigint) THEN
        PERFORM app.refuse('CRM01', 'no such alarm, place, customer or contact');
    END IF;
    IF i.id IS NULL THEN
        INSERT INTO incident (alarm_id, site_id, place_id, customer_id, contact_id, happened_at,
                              kind, what, done, lessons, police_reference, written_by_id)
        VALUES ((p ->> 'alarm')::bigint, (p ->> 'site')::bigint, (p ->> 'place')::bigint,
                (p ->> 'customer')::bigint, (p ->> 'contact')::bigint, happened, p ->> 'kind',
                trim(p ->> 'what'), trim(coalesce(p ->> 'done', '')),
                trim(coalesce(p ->> 'lessons', '')), trim(coalesce(p ->> 'police_reference', '')),
                me)
        RETURNING id INTO made;
    ELSE
        UPDATE incident SET happened_at = happened, kind = p ->> 'kind', what = trim(p ->> 'what'),
            done = trim(coalesce(p ->> 'done', '')), lessons = trim(coalesce(p ->> 'lessons', '')),
            police_reference = trim(coalesce(p ->> 'police_reference', '')),
            alarm_id = (p ->> 'alarm')::bigint, site_id = (p ->> 'site')::bigint,
            place_id = (p ->> 'place')::bigint, customer_id = (p ->> 'customer')::bigint,
            contact_id = (p ->> 'contact')::bigint, version = version + 1
        WHERE id = i.id;
        made := i.id;
    END IF;
    INSERT INTO event (kind, actor_id, contact_id, customer_id, data)
    VALUES (CASE WHEN i.id IS NULL THEN 'incident.written' ELSE 'incident.changed' END, me,
            (p ->> 'contact')::bigint, (p ->> 'customer')::bigint,
            jsonb_build_object('incident', made));
    RETURN made;
END $$;

CREATE FUNCTION app.incident_close(p_incident bigint, p_version integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.alarm_who(); i incident;
BEGIN
    IF NOT app.leads() THEN
        PERFORM app.refuse('CRM02', 'a team leader does that');
    END IF;
    i := app.incident_mine(p_incident);
    IF i.version IS DISTINCT FROM p_version THEN
        PERFORM app.refuse('CRM04', 'a colleague changed it meanwhile');
    END IF;
    IF i.lessons = '' THEN
        PERFORM app.refuse('CRM05', 'say what was learnt');
    END IF;
    UPDATE incident SET closed_at = now(), version = version + 1 WHERE id = i.id;
    INSERT INTO event (kind, actor_id, customer_id, data)
    VALUES ('incident.closed', me, i.customer_id, jsonb_build_object('incident', i.id));
END $$;

-- Propose a safety marker for the incident's customer, once.
CREATE FUNCTION app.incident_propose(p_incident bigint, p_words text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE i incident := app.incident_mine(p_incident); made bigint;
BEGIN
    IF i.customer_id IS NULL THEN
        PERFORM app.refuse('CRM04', 'the incident names no customer');
    END IF;
    IF i.marker_id IS NOT NULL THEN
        RETURN i.marker_id;
    END IF;
    made := app.marker_propose(i.customer_id, p_words);
    UPDATE incident SET marker_id = made, version = version + 1 WHERE id = i.id;
    RETURN made;
END $$;

-- The newest first; leaders all, others what they wrote. p_incident: that one alone.
CREATE FUNCTION app.incidents(p_incident bigint, p_limit integer) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.alarm_who(); leader boolean := app.leads();
BEGIN
    RETURN (SELECT coalesce(json_agg(x.row), '[]'::json) FROM (
        SELECT json_build_array(
            i.id, i.happened_at, i.kind, i.what, i.done, i.lessons, i.police_reference, i.alarm_id,
            i.site_id, i.place_id, i.customer_id, i.contact_id, i.version,
            concat_ws(', ', p.name, s.name), coalesce(c.name, ''), w.name, i.written_at,
            i.marker_id, i.closed_at) AS row
        FROM incident i JOIN staff w ON w.id = i.written_by_id
        LEFT JOIN site s ON s.id = i.site_id LEFT JOIN place p ON p.id = i.place_id
        LEFT JOIN customer c ON c.id = i.customer_id
        WHERE (leader OR i.written_by_id = me) AND (p_incident IS NULL OR i.id = p_incident)
        ORDER BY i.happened_at DESC, i.id DESC LIMIT least(greatest(p_limit, 1), 500)) x);
END $$;

REVOKE ALL ON FUNCTION app.alarm_who(), app.alarm_secrets(), app.alarm_raise(jsonb),
    app.alarm_heard(bigint, bigint), app.alarm_going(bigint), app.alarm_answer(bigint, text),
    app.alarm_end(bigint), app.alarms_open(), app.incident_mine(bigint), app.incident_save(jsonb),
    app.incident_close(bigint, integer), app.incident_propose(bigint, text),
    app.incidents(bigint, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.alarm_secrets(), app.alarm_raise(jsonb),
    app.alarm_answer(bigint, text), app.alarm_end(bigint), app.alarms_open(),
    app.incident_save(jsonb), app.incident_close(bigint, integer),
    app.incident_propose(bigint, text), app.incidents(bigint, integer) TO crm_staff;
