-- Sites with their hours, services, desks and rooms: set up by administrators and by the database's
-- owner. domain/sites.py says the same rules in words.

-- Whoever knows a site's key can take tickets there: what is written down of a site leaves it out.
SELECT app.audit_table('site', '{kiosk_key}');

CREATE FUNCTION app.site_keeper() RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM staff WHERE login = session_user AND active AND role = 'admin')
       AND NOT pg_has_role(session_user, (
            SELECT relowner FROM pg_class WHERE oid = 'public.staff'::regclass), 'MEMBER') THEN
        PERFORM app.refuse('CRM02', 'only an administrator may set up sites');
    END IF;
END $$;

CREATE FUNCTION app.site_data(p_site bigint) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT jsonb_build_object(
        'code', s.code, 'name', s.name, 'name_cy', s.name_cy, 'address', s.address,
        'calls', s.calls, 'active', s.active, 'hours', c.hours,
        'alarm_hearers', CASE WHEN jsonb_typeof(s.settings -> 'alarm_hearers') = 'array'
                              THEN s.settings -> 'alarm_hearers' END,
        'wall', coalesce(s.settings ->> 'wall', ''),
        'wall_cy', coalesce(s.settings ->> 'wall_cy', ''),
        'services', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'service_id', x.service_id, 'letter', x.letter, 'key', x.key, 'name', x.name,
                'name_cy', x.name_cy) ORDER BY x.key), '[]')
            FROM site_service x WHERE x.site_id = s.id),
        'places', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'id', p.id, 'kind', p.kind, 'name', p.name, 'name_cy', p.name_cy,
                'partner', p.partner, 'services', p.service_ids, 'step_free', p.step_free,
                'hearing_loop', p.hearing_loop, 'active', p.active) ORDER BY p.id), '[]')
            FROM place p WHERE p.site_id = s.id))
    FROM site s JOIN opening_calendar c ON c.id = s.calendar_id WHERE s.id = p_site
$$;

-- What is used at this moment: [[place, people, visitors, booked]], [[service, visitors, booked]].
CREATE FUNCTION app.site_busy(p_site bigint) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH here AS (
        SELECT v.place_id, coalesce(c.service_id, 0) AS service_id,
               c.state IN ('called', 'active', 'held') AS at_desk
        FROM visit v JOIN contact c ON c.id = v.contact_id
        WHERE v.site_id = p_site AND v.day >= app.visit_day(now()) - 1
          AND c.state IN ('queued', 'called', 'active', 'held', 'parked', 'wrap_up')
          AND (v.left_at IS NULL OR c.state = 'wrap_up')
    ), booked AS (
        SELECT place_id, service_id FROM appointment
        WHERE site_id = p_site AND state = 'booked' AND starts_at > now() - interval '1 day'
          AND ends_at > now()
    ), at AS (
        SELECT a.place_id, s.name FROM at_place a JOIN staff s ON s.id = a.staff_id
        JOIN place p ON p.id = a.place_id WHERE p.site_id = p_site AND a.left_at IS NULL
    )
    SELECT jsonb_build_array(
        (SELECT coalesce(jsonb_agg(jsonb_build_array(p.id,
             (SELECT coalesce(jsonb_agg(x.name ORDER BY x.name), '[]') FROM at x
              WHERE x.place_id = p.id),
             (SELECT count(*) FROM here h WHERE h.at_desk AND h.place_id = p.id),
             (SELECT count(*) FROM booked b WHERE b.place_id = p.id)) ORDER BY p.id), '[]')
         FROM place p WHERE p.site_id = p_site),
        (SELECT coalesce(jsonb_agg(jsonb_build_array(u.id,
             (SELECT count(*) FROM here h WHERE h.service_id = u.id),
             (SELECT count(*) FROM booked b WHERE b.service_id = u.id)) ORDER BY u.id), '[]')
         FROM (SELECT service_id AS id FROM here UNION SELECT service_id FROM booked) u))
$$;

-- All that is set up, in one value, with the keys of kiosks.
CREATE FUNCTION app.sites_set_up() RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM app.site_keeper();
    RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object(
        'id', s.id, 'key', s.kiosk_key, 'site', app.site_data(s.id), 'busy', app.site_busy(s.id),
        'shares', (SELECT coalesce(jsonb_agg(n.name ORDER BY n.name), '[]') FROM (
            SELECT q.name FROM queue q WHERE q.calendar_id = s.calendar_id
            UNION SELECT o.name FROM site o WHERE o.calendar_id = s.calendar_id AND o.id <> s.id) n)
        ) ORDER BY s.name, s.id), '[]') FROM site s);
END $$;

-- Whether they are opening times of one day, in their order: 09:00-12:30, 13:00-17:00.
CREATE FUNCTION app.windows_fit(p jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT CASE WHEN jsonb_typeof(p) IS DISTINCT FROM 'array' THEN false ELSE
        jsonb_array_length(p) <= 6 AND NOT EXISTS (
            SELECT 1 FROM (
                SELECT w #>> '{}' AS said, lag(w #>> '{}') OVER (ORDER BY n) AS before
                FROM jsonb_array_elements(p) WITH ORDINALITY AS x (w, n)) each
            WHERE said IS NULL
               OR said !~ '^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$'
               OR left(said, 5) >= right(said, 5) OR left(said, 5) < right(before, 5)) END
$$;

-- As domain/calendar.py reads them; what is missing is as usual.
CREATE FUNCTION app.hours_fit(p jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT CASE
        WHEN jsonb_typeof(p) IS DISTINCT FROM 'object'
          OR jsonb_typeof(coalesce(p -> 'week', '{}')) <> 'object'
          OR jsonb_typeof(coalesce(p -> 'special', '{}')) <> 'object'
          OR p - ARRAY['week', 'special', 'holidays', 'zone'] <> '{}' THEN false
        ELSE coalesce(p ->> 'holidays', 'none')
              = ANY (ARRAY['england_and_wales', 'united_kingdom', 'none'])
          AND coalesce(p ->> 'zone', 'Europe/London') = 'Europe/London'
          AND (SELECT count(*) FROM jsonb_object_keys(coalesce(p -> 'special', '{}'))) <= 400
          AND NOT EXISTS (SELECT 1 FROM jsonb_each(coalesce(p -> 'week', '{}')) d
              WHERE NOT d.key = ANY (ARRAY['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])
                 OR NOT app.windows_fit(d.value))
          AND NOT EXISTS (SELECT 1 FROM jsonb_each(coalesce(p -> 'special', '{}')) d
              WHERE d.key !~ '^20[0-9][0-9]-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'
                 OR NOT app.windows_fit(d.value)) END
$$;

-- Words that stand in one line; p_least 0: or none.
CREATE FUNCTION app.is_words(p jsonb, p_least integer, p_most integer) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT coalesce(jsonb_typeof(p) = 'string' AND length(p #>> '{}') <= p_most
                    AND length(trim(p #>> '{}')) >= p_least AND p #>> '{}' !~ '[[:cntrl:]]', false)
$$;

CREATE FUNCTION app.site_services_fit(p jsonb) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE each jsonb;
BEGIN
    FOR each IN SELECT * FROM jsonb_array_elements(p) LOOP
        IF NOT coalesce(app.whole(each -> 'service_id', 1, 9223372036854775807)
                        AND each ->> 'letter' ~ '^[A-Z]$' AND app.whole(each -> 'key', 1, 9)
                        AND app.is_words(each -> 'name', 0, 60)
                        AND app.is_words(each -> 'name_cy', 0, 60), false) THEN
            PERFORM app.refuse('CRM05', 'no such service of a site');
        END IF;
        IF NOT EXISTS (SELECT 1 FROM service WHERE id = (each ->> 'service_id')::bigint) THEN
            PERFORM app.refuse('CRM01', 'no such service');
        END IF;
    END LOOP;
    IF (SELECT count(*) <> count(DISTINCT value ->> 'letter')
            OR count(*) <> count(DISTINCT value ->> 'key')
            OR count(*) <> count(DISTINCT value ->> 'service_id') FROM jsonb_array_elements(p)) THEN
        PERFORM app.refuse('CRM05', 'a letter and a key mean one service');
    END IF;
END $$;

CREATE FUNCTION app.places_fit(p_site bigint, p jsonb, p_services jsonb) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE each jsonb;
BEGIN
    FOR each IN SELECT * FROM jsonb_array_elements(p) LOOP
        IF NOT coalesce(each ->> 'kind' = ANY (ARRAY['desk', 'interview', 'family', 'secure', 'partner'])
                        AND app.is_words(each -> 'name', 1, 60)
                        AND app.is_words(each -> 'name_cy', 0, 60)
                        AND app.is_words(each -> 'partner', (each ->> 'kind' = 'partner')::integer, 100)
                        AND (each ->> 'kind' = 'partner' OR each ->> 'partner' = '')
                        AND jsonb_typeof(each -> 'step_free') = 'boolean'
                        AND jsonb_typeof(each -> 'hearing_loop') = 'boolean'
                        AND jsonb_typeof(each -> 'active') = 'boolean'
                        AND jsonb_typeof(each -> 'services') = 'array', false) THEN
            PERFORM app.refuse('CRM05', 'no such desk or room');
        END IF;
        IF EXISTS (SELECT 1 FROM jsonb_array_elements(each -> 'services') s WHERE NOT EXISTS (
                   SELECT 1 FROM jsonb_array_elements(p_services) o
                   WHERE o.value -> 'service_id' = s.value)) THEN
            PERFORM app.refuse('CRM05', 'a profile of services that the site does not offer');
        END IF;
        IF each ->> 'id' IS NOT NULL AND NOT EXISTS (
               SELECT 1 FROM place WHERE id = (each ->> 'id')::bigint AND site_id = p_site) THEN
            PERFORM app.refuse('CRM01', 'no such desk or room');
        END IF;
    END LOOP;
    IF (SELECT count(*) <> count(DISTINCT lower(trim(value ->> 'name')))
            OR count(value ->> 'id') <> count(DISTINCT value ->> 'id')
        FROM jsonb_array_elements(p)) THEN
        PERFORM app.refuse('CRM05', 'every place has a name of its own');
    END IF;
    -- A place is taken out of use, never away: who was seen there stays known.
    IF (SELECT count(*) FROM place WHERE site_id = p_site)
       <> (SELECT count(value ->> 'id') FROM jsonb_array_elements(p)) THEN
        PERFORM app.refuse('CRM05', 'a place is missing');
    END IF;
END $$;

CREATE FUNCTION app.site_fits(p_site bigint, p_wanted jsonb) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT coalesce(p_wanted ->> 'code' ~ '^[a-z0-9][a-z0-9-]{0,39}$'
            AND app.is_words(p_wanted -> 'name', 1, 100)
            AND app.is_words(p_wanted -> 'name_cy', 0, 100)
            AND app.is_words(p_wanted -> 'address', 0, 200)
            AND app.is_words(p_wanted -> 'wall', 0, 300)
            AND app.is_words(p_wanted -> 'wall_cy', 0, 300)
            AND app.whole(p_wanted -> 'calls', 1, 9)
            AND jsonb_typeof(p_wanted -> 'active') = 'boolean'
            AND jsonb_typeof(p_wanted -> 'services') = 'array'
            AND jsonb_typeof(p_wanted -> 'places') = 'array'
            AND app.hours_fit(p_wanted -> 'hours'), false) THEN
        PERFORM app.refuse('CRM05', 'no such site');
    END IF;
    IF jsonb_typeof(p_wanted -> 'alarm_hearers') = 'array' THEN
        IF EXISTS (SELECT 1 FROM jsonb_array_elements(p_wanted -> 'alarm_hearers') h
                   WHERE NOT app.whole(h.value, 1, 9223372036854775807)
                      OR NOT EXISTS (SELECT 1 FROM staff s WHERE to_jsonb(s.id) = h.value))
           OR NOT EXISTS (SELECT 1 FROM jsonb_array_elements(p_wanted -> 'alarm_hearers') h
                          JOIN staff s ON to_jsonb(s.id) = h.value WHERE s.active) THEN
            PERFORM app.refuse('CRM05', 'somebody who works here hears alarms, or everybody does');
        END IF;
    ELSIF jsonb_typeof(p_wanted -> 'alarm_hearers') IS DISTINCT FROM 'null' THEN
        PERFORM app.refuse('CRM05', 'people who hear alarms, or null for everybody');
    END IF;
    PERFORM app.site_services_fit(p_wanted -> 'services');
    PERFORM app.places_fit(p_site, p_wanted -> 'places', p_wanted -> 'services');
END $$;

-- Nothing is taken away from under the people who use it.
CREATE FUNCTION app.site_free(p_site bigint, p_before jsonb, p_wanted jsonb) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE busy jsonb := app.site_busy(p_site);
BEGIN
    IF (p_before ->> 'active')::boolean AND NOT (p_wanted ->> 'active')::boolean AND (
           EXISTS (SELECT 1 FROM jsonb_array_elements(busy -> 0) x WHERE x.value -> 1 <> '[]')
           OR busy -> 1 <> '[]') THEN
        PERFORM app.refuse('CRM04', 'somebody is at that site, or booked there');
    END IF;
    IF EXISTS (
        SELECT 1 FROM jsonb_array_elements(p_before -> 'places') b
        JOIN jsonb_array_elements(busy -> 0) x ON x.value -> 0 = b.value -> 'id'
        WHERE (b.value ->> 'active')::boolean
          AND (x.value -> 1 <> '[]' OR x.value -> 2 <> '0' OR x.value -> 3 <> '0')
          AND NOT EXISTS (SELECT 1 FROM jsonb_array_elements(p_wanted -> 'places') w
                          WHERE w.value -> 'id' = b.value -> 'id'
                            AND (w.value ->> 'active')::boolean)) THEN
        PERFORM app.refuse('CRM04', 'that desk or room is in use');
    END IF;
    IF EXISTS (
        SELECT 1 FROM jsonb_array_elements(p_before -> 'services') b
        JOIN jsonb_array_elements(busy -> 1) x ON x.value -> 0 = b.value -> 'service_id'
        WHERE NOT EXISTS (SELECT 1 FROM jsonb_array_elements(p_wanted -> 'services') w
                          WHERE w.value -> 'service_id' = b.value -> 'service_id')) THEN
        PERFORM app.refuse('CRM04', 'somebody is there about that service, or booked for it');
    END IF;
END $$;

-- The calendar that holds these hours: the site's own where nobody else has the same one, else a new
-- one, so that no queue's clock changes with a site's door.
CREATE FUNCTION app.site_hours(p_calendar bigint, p_site bigint, p_code text, p_hours jsonb)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE made bigint; said text := 'Site ' || p_code; n integer := 1;
BEGIN
    IF p_calendar IS NOT NULL THEN
        IF (SELECT hours FROM opening_calendar WHERE id = p_calendar) = p_hours THEN
            RETURN p_calendar;
        END IF;
        IF NOT EXISTS (SELECT 1 FROM queue WHERE calendar_id = p_calendar)
           AND NOT EXISTS (SELECT 1 FROM site WHERE calendar_id = p_calendar AND id <> p_site) THEN
            UPDATE opening_calendar SET hours = p_hours WHERE id = p_calendar;
            RETURN p_calendar;
        END IF;
    END IF;
    WHILE EXISTS (SELECT 1 FROM opening_calendar WHERE name = said) LOOP
        n := n + 1;
        said := format('Site %s (%s)', p_code, n);
    END LOOP;
    INSERT INTO opening_calendar (name, hours) VALUES (said, p_hours) RETURNING id INTO made;
    RETURN made;
END $$;

CREATE FUNCTION app.site_places(p_site bigint, p_places jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- Whoever gives a name to another lets go of it first: two desks may change names.
    UPDATE place p SET name = format('%s (%s)', p.name, p.id)
    WHERE p.site_id = p_site AND EXISTS (
        SELECT 1 FROM jsonb_array_elements(p_places) w
        WHERE trim(w.value ->> 'name') = p.name
          AND (w.value ->> 'id')::bigint IS DISTINCT FROM p.id);
    UPDATE place p SET kind = w.value ->> 'kind', name = trim(w.value ->> 'name'),
        name_cy = trim(w.value ->> 'name_cy'), partner = trim(w.value ->> 'partner'),
        service_ids = w.value -> 'services', step_free = (w.value ->> 'step_free')::boolean,
        hearing_loop = (w.value ->> 'hearing_loop')::boolean,
        active = (w.value ->> 'active')::boolean
    FROM jsonb_array_elements(p_places) w
    WHERE p.site_id = p_site AND p.id = (w.value ->> 'id')::bigint
      AND (p.kind, p.name, p.name_cy, p.partner, p.service_ids, p.step_free, p.hearing_loop, p.active)
          IS DISTINCT FROM (w.value ->> 'kind', trim(w.value ->> 'name'),
          trim(w.value ->> 'name_cy'), trim(w.value ->> 'partner'), w.value -> 'services',
          (w.value ->> 'step_free')::boolean, (w.value ->> 'hearing_loop')::boolean,
          (w.value ->> 'active')::boolean);
    INSERT INTO place (site_id, kind, name, name_cy, partner, service_ids, step_free, hearing_loop,
                       active)
    SELECT p_site, w.value ->> 'kind', trim(w.value ->> 'name'), trim(w.value ->> 'name_cy'),
           trim(w.value ->> 'partner'), w.value -> 'services', (w.value ->> 'step_free')::boolean,
           (w.value ->> 'hearing_loop')::boolean, (w.value ->> 'active')::boolean
    FROM jsonb_array_elements(p_places) WITH ORDINALITY AS w (value, n)
    WHERE w.value ->> 'id' IS NULL ORDER BY w.n;
END $$;

-- p_site NULL: a new one. p_seen: what was read, NULL for a new one; if it is otherwise by now,
-- nothing is changed.
CREATE FUNCTION app.site_put(p_site bigint, p_seen jsonb, p_wanted jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    before jsonb; put bigint := p_site; calendar bigint; known site;
BEGIN
    PERFORM app.site_keeper();
    PERFORM pg_advisory_xact_lock(hashtextextended('sites', 0));
    IF p_site IS NOT NULL THEN
        -- Check-ins and calls, which name them, do not wait for it.
        SELECT * INTO known FROM site WHERE id = p_site FOR NO KEY UPDATE;
        PERFORM 1 FROM place WHERE site_id = p_site ORDER BY id FOR NO KEY UPDATE;
        before := app.site_data(p_site);
        IF before IS NULL THEN
            PERFORM app.refuse('CRM01', 'no such site');
        END IF;
    END IF;
    IF before IS DISTINCT FROM p_seen THEN
        PERFORM app.refuse('CRM04', 'somebody else changed this site meanwhile');
    END IF;
    PERFORM app.site_fits(p_site, p_wanted);
    IF p_site IS NOT NULL THEN
        PERFORM app.site_free(p_site, before, p_wanted);
    END IF;
    calendar := app.site_hours(known.calendar_id, p_site, p_wanted ->> 'code', p_wanted -> 'hours');
    IF p_site IS NULL THEN
        INSERT INTO site (code, name, calendar_id, kiosk_key)
        VALUES (p_wanted ->> 'code', trim(p_wanted ->> 'name'), calendar,
                replace(gen_random_uuid()::text, '-', '')) RETURNING id INTO put;
    END IF;
    UPDATE site SET code = p_wanted ->> 'code', name = trim(p_wanted ->> 'name'),
        name_cy = trim(p_wanted ->> 'name_cy'), address = trim(p_wanted ->> 'address'),
        calendar_id = calendar, calls = (p_wanted ->> 'calls')::integer,
        active = (p_wanted ->> 'active')::boolean,
        settings = (settings - 'alarm_hearers') || jsonb_build_object(
            'wall', trim(p_wanted ->> 'wall'), 'wall_cy', trim(p_wanted ->> 'wall_cy'))
            || CASE WHEN jsonb_typeof(p_wanted -> 'alarm_hearers') = 'array'
                    THEN jsonb_build_object('alarm_hearers', p_wanted -> 'alarm_hearers')
                    ELSE '{}' END
    WHERE id = put;
    IF before -> 'services' IS DISTINCT FROM p_wanted -> 'services' THEN
        DELETE FROM site_service WHERE site_id = put;
        INSERT INTO site_service (site_id, service_id, letter, key, name, name_cy)
        SELECT put, (value ->> 'service_id')::bigint, value ->> 'letter', (value ->> 'key')::integer,
               trim(value ->> 'name'), trim(value ->> 'name_cy')
        FROM jsonb_array_elements(p_wanted -> 'services');
    END IF;
    PERFORM app.site_places(put, p_wanted -> 'places');
    PERFORM app.log('site.put', NULL, jsonb_build_object(
        'site', put, 'before', before, 'after', app.site_data(put)));
    RETURN put;
EXCEPTION WHEN unique_violation THEN
    PERFORM app.refuse('CRM04', 'another site or place has that name or code');
END $$;

-- Another key: the devices with the old address are shut out at once.
CREATE FUNCTION app.site_key_renew(p_site bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE made text := replace(gen_random_uuid()::text, '-', '');
BEGIN
    PERFORM app.site_keeper();
    UPDATE site SET kiosk_key = made WHERE id = p_site;
    IF NOT FOUND THEN
        PERFORM app.refuse('CRM01', 'no such site');
    END IF;
    PERFORM app.log('site.key', NULL, jsonb_build_object('site', p_site));
    RETURN made;
END $$;

-- That a site was set up otherwise is told by the change alone.
CREATE POLICY no_changes_of_sites ON event AS RESTRICTIVE FOR INSERT TO crm_staff
    WITH CHECK (kind NOT LIKE 'site.%');

REVOKE ALL ON FUNCTION app.site_keeper(), app.site_data(bigint), app.site_busy(bigint),
    app.sites_set_up(), app.windows_fit(jsonb), app.hours_fit(jsonb),
    app.is_words(jsonb, integer, integer), app.site_services_fit(jsonb),
    app.places_fit(bigint, jsonb, jsonb), app.site_fits(bigint, jsonb),
    app.site_free(bigint, jsonb, jsonb), app.site_hours(bigint, bigint, text, jsonb),
    app.site_places(bigint, jsonb), app.site_put(bigint, jsonb, jsonb),
    app.site_key_renew(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.sites_set_up(), app.site_put(bigint, jsonb, jsonb),
    app.site_key_renew(bigint) TO crm_admin;
