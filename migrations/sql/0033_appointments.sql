-- p: key, references (the first that nobody has is taken), site, service, places (the first that is
-- free), staff, starts, minutes, who, customer, contact, email, phone, needs, language, note.
CREATE OR REPLACE FUNCTION app.appointment_book(p jsonb) RETURNS json
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
                    AND app.are_needs(p -> 'needs')
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
    IF p ->> 'staff' IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM staff WHERE id = (p ->> 'staff')::bigint AND active) THEN
        PERFORM app.refuse('CRM01', 'no such customer or desk');
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
