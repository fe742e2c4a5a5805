-- Appointments: slots, bookings, reminders. Two bookings never have the same slot: its key is the
-- slot itself. Opening hours are the program's to keep, everything else is kept here.

-- That a desk or a person is taken may be known, not by whom.
GRANT SELECT (what, ref_id, at) ON slot_taken TO crm_staff;
CREATE POLICY known ON slot_taken FOR SELECT TO crm_staff USING (true);
GRANT SELECT (late_until) ON appointment TO crm_staff;
-- The gateway frees what nobody came for.
GRANT DELETE ON slot_taken TO crm_gateway;

-- Takes a place's or a person's slots for an appointment: all of them, or none and false.
CREATE FUNCTION app.slots_take(p_appointment bigint, p_what text, p_ref bigint, p_from timestamptz,
                               p_to timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO slot_taken (what, ref_id, at, appointment_id)
    SELECT p_what, p_ref, t, p_appointment
    FROM generate_series(p_from, p_to - interval '5 minutes', interval '5 minutes') t;
    RETURN true;
EXCEPTION WHEN unique_violation THEN
    RETURN false;
END $$;

-- The appointment in the first of these desks or rooms that is free then; refused when none is.
CREATE FUNCTION app.appointment_put(p_id bigint, p_places jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a appointment; candidate bigint;
BEGIN
    SELECT * INTO a FROM appointment WHERE id = p_id;
    IF a.staff_id IS NOT NULL
       AND NOT app.slots_take(a.id, 'staff', a.staff_id, a.starts_at, a.ends_at) THEN
        PERFORM app.refuse('CRM04', 'that person is taken then');
    END IF;
    FOR candidate IN SELECT value::bigint FROM jsonb_array_elements_text(p_places) LOOP
        IF EXISTS (SELECT 1 FROM place p WHERE p.id = candidate AND p.site_id = a.site_id AND p.active
                   AND (p.service_ids @> to_jsonb(a.service_id)
                        OR p.service_ids = '[]' AND p.kind <> 'partner'))
           AND app.slots_take(a.id, 'place', candidate, a.starts_at, a.ends_at) THEN
            UPDATE appointment SET place_id = candidate WHERE id = a.id AND place_id <> candidate;
            RETURN;
        END IF;
    END LOOP;
    PERFORM app.refuse('CRM04', 'that time is taken');
END $$;

CREATE FUNCTION app.appointment_told(p_id bigint) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT json_build_array(a.id, a.reference, a.place_id, p.name, a.starts_at, a.ends_at, a.site_id,
                            a.contact_id)
    FROM appointment a JOIN place p ON p.id = a.place_id WHERE a.id = p_id
$$;

CREATE FUNCTION app.appointment_log(p_kind text, a appointment, p_data jsonb DEFAULT '{}')
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO event (kind, actor_id, contact_id, customer_id, data)
    VALUES (p_kind, app.me(), a.contact_id, a.customer_id,
            jsonb_build_object('appointment', a.id, 'site', a.site_id, 'service', a.service_id,
                               'place', a.place_id) || p_data)
$$;

CREATE FUNCTION app.appointment_times(p_starts timestamptz, p_minutes integer) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT coalesce(p_minutes BETWEEN 5 AND 240 AND p_minutes % 5 = 0
                    AND mod(extract(epoch FROM p_starts), 300) = 0, false) THEN
        PERFORM app.refuse('CRM05', 'whole slots of five minutes');
    END IF;
    IF p_starts < now() - interval '5 minutes' OR p_starts > now() + interval '366 days' THEN
        PERFORM app.refuse('CRM05', 'a time to come, within a year');
    END IF;
END $$;

-- p: key, references (the first that nobody has is taken), site, service, places (the first that is
-- free), staff, starts, minutes, who, customer, contact, email, phone, needs, language, note.
CREATE FUNCTION app.appointment_book(p jsonb) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me bigint := app.me(); known appointment; a appointment; c contact;
    starts timestamptz := (p ->> 'starts')::timestamptz; given text;
BEGIN
    IF me IS NULL THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
    IF coalesce(p ->> 'key', '') !~ '^[0-9a-f]{32}$' THEN
        PERFORM app.refuse('CRM05', 'a key of 32 digits');
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('booking ' || (p ->> 'key'), 0));
    SELECT * INTO known FROM appointment WHERE key = p ->> 'key' AND booked_by_id = me;
    IF known.id IS NOT NULL THEN
        RETURN app.appointment_told(known.id);
    END IF;
    IF NOT EXISTS (SELECT 1 FROM site i JOIN site_service x ON x.site_id = i.id
                   JOIN service s ON s.id = x.service_id
                   WHERE i.id = (p ->> 'site')::bigint AND i.active AND s.active
                     AND s.id = (p ->> 'service')::bigint) THEN
        PERFORM app.refuse('CRM01', 'no such service at that site');
    END IF;
    PERFORM app.appointment_times(starts, (p ->> 'minutes')::integer);
    IF NOT coalesce(length(p ->> 'who') BETWEEN 1 AND 200 AND length(p ->> 'email') <= 254
                    AND length(p ->> 'phone') <= 40 AND length(p ->> 'note') <= 500
                    AND p ->> 'email' !~ '[\s<>,;]' AND p ->> 'language' ~ '^[a-z]{2,3}$'
                    AND jsonb_typeof(p -> 'needs') = 'array'
                    AND jsonb_array_length(p -> 'needs') <= 10
                    AND jsonb_array_length(p -> 'places') BETWEEN 1 AND 200
                    AND jsonb_typeof(p -> 'places' -> 0) = 'number', false) THEN
        PERFORM app.refuse('CRM05', 'this cannot be booked');
    END IF;
    IF p ->> 'contact' IS NOT NULL THEN
        SELECT x.* INTO c FROM contact x WHERE x.id = (p ->> 'contact')::bigint
            AND (x.queue_id = ANY (app.known_queues()) OR x.owner_id = me);
        IF c.id IS NULL THEN
            PERFORM app.refuse('CRM01', 'no such contact');
        END IF;
    END IF;
    SELECT r INTO given FROM jsonb_array_elements_text(p -> 'references') r
    WHERE r ~ '^A-[0-9A-HJKMNP-TV-Z]{3}-[0-9A-HJKMNP-TV-Z]{3}-[0-9A-HJKMNP-TV-Z]$'
      AND NOT EXISTS (SELECT 1 FROM appointment x WHERE x.reference = r) LIMIT 1;
    IF given IS NULL THEN
        PERFORM app.refuse('CRM04', 'no such reference');
    END IF;
    -- One booking of a site after another: so none waits for a slot that waits for it.
    PERFORM pg_advisory_xact_lock(hashtextextended('slots ' || (p ->> 'site'), 0));
    INSERT INTO appointment (site_id, service_id, place_id, staff_id, customer_id, contact_id,
                             reference, starts_at, ends_at, who, email, phone, needs, language, note,
                             booked_by_id, key)
    VALUES ((p ->> 'site')::bigint, (p ->> 'service')::bigint, (p -> 'places' ->> 0)::bigint,
            (p ->> 'staff')::bigint, coalesce((p ->> 'customer')::bigint, c.customer_id), c.id, given,
            starts, starts + make_interval(mins => (p ->> 'minutes')::integer), p ->> 'who',
            p ->> 'email', p ->> 'phone', p -> 'needs', p ->> 'language', p ->> 'note', me,
            p ->> 'key')
    RETURNING id INTO a.id;
    PERFORM app.appointment_put(a.id, p -> 'places');
    SELECT * INTO a FROM appointment WHERE id = a.id;
    PERFORM app.appointment_log('appointment.booked', a,
                                jsonb_build_object('starts', a.starts_at, 'ends', a.ends_at));
    RETURN app.appointment_told(a.id);
EXCEPTION WHEN foreign_key_violation THEN
    PERFORM app.refuse('CRM01', 'no such customer or desk');
END $$;

-- A booked appointment that this person may change, kept from others' changes.
CREATE FUNCTION app.appointment_in(p_id bigint) RETURNS appointment
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a appointment;
BEGIN
    SELECT x.* INTO a FROM appointment x JOIN service s ON s.id = x.service_id
    WHERE x.id = p_id AND app.me() IS NOT NULL AND s.queue_id = ANY (app.known_queues())
    FOR UPDATE OF x;
    IF a.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such appointment');
    END IF;
    IF a.state <> 'booked' THEN
        PERFORM app.refuse('CRM04', 'the appointment is ' || a.state);
    END IF;
    RETURN a;
END $$;

CREATE FUNCTION app.appointment_move(p_id bigint, p_starts timestamptz, p_minutes integer,
                                     p_places jsonb) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a appointment := app.appointment_in(p_id); b appointment;
BEGIN
    PERFORM app.appointment_times(p_starts, p_minutes);
    PERFORM pg_advisory_xact_lock(hashtextextended('slots ' || a.site_id, 0));
    DELETE FROM slot_taken WHERE appointment_id = a.id;
    UPDATE appointment SET starts_at = p_starts,
        ends_at = p_starts + make_interval(mins => p_minutes), sequence = sequence + 1,
        reminded_at = NULL, late_until = NULL WHERE id = a.id;
    PERFORM app.appointment_put(a.id, p_places);
    SELECT * INTO b FROM appointment WHERE id = a.id;
    PERFORM app.appointment_log('appointment.moved', b, jsonb_build_object(
        'from', a.starts_at, 'starts', b.starts_at, 'ends', b.ends_at, 'from_place', a.place_id));
    RETURN app.appointment_told(a.id);
END $$;

CREATE FUNCTION app.appointment_cancel(p_id bigint, p_why text) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a appointment := app.appointment_in(p_id);
BEGIN
    IF NOT coalesce(length(p_why) BETWEEN 1 AND 200, false) THEN
        PERFORM app.refuse('CRM05', 'a reason');
    END IF;
    DELETE FROM slot_taken WHERE appointment_id = a.id;
    UPDATE appointment SET state = 'cancelled', sequence = sequence + 1, cancelled_at = now(),
        cancelled_why = p_why WHERE id = a.id;
    PERFORM app.appointment_log('appointment.cancelled', a);
    RETURN app.appointment_told(a.id);
END $$;

-- They said that they come, late; they are awaited longer, and their time ends when it would have.
CREATE FUNCTION app.appointment_late(p_id bigint, p_until timestamptz) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a appointment := app.appointment_in(p_id);
BEGIN
    IF NOT coalesce(p_until > a.starts_at AND p_until <= a.starts_at + interval '60 minutes', false)
    THEN
        PERFORM app.refuse('CRM05', 'at most an hour late');
    END IF;
    UPDATE appointment SET late_until = p_until WHERE id = a.id;
    PERFORM app.appointment_log('appointment.late', a, jsonb_build_object('until', p_until));
    RETURN app.appointment_told(a.id);
END $$;

REVOKE ALL ON FUNCTION app.slots_take(bigint, text, bigint, timestamptz, timestamptz),
    app.appointment_put(bigint, jsonb), app.appointment_told(bigint),
    app.appointment_log(text, appointment, jsonb), app.appointment_times(timestamptz, integer),
    app.appointment_book(jsonb), app.appointment_in(bigint),
    app.appointment_move(bigint, timestamptz, integer, jsonb), app.appointment_cancel(bigint, text),
    app.appointment_late(bigint, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.appointment_book(jsonb),
    app.appointment_move(bigint, timestamptz, integer, jsonb), app.appointment_cancel(bigint, text),
    app.appointment_late(bigint, timestamptz) TO crm_staff;
