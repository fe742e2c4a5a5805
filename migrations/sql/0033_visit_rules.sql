-- The rules of visits, as they were found to be needed: functions of 0029 whole, as they stand now.

-- What became of visitors, desks and bookings is told by the guarded operations alone.
CREATE POLICY no_visits_by_hand ON event AS RESTRICTIVE FOR INSERT TO crm_staff
    WITH CHECK (kind NOT LIKE 'visit.%' AND kind NOT LIKE 'place.%' AND kind NOT LIKE 'appointment.%');

-- Next leaves visitors to the desks that call them.
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
    WHERE c.state = 'queued' AND c.channel <> 'visit' AND c.queue_id = ANY (mine)
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

-- The visit's contact, kept from others' changes; p_states it must be in. What is called or served
-- is its own person's, and a team leader's; whoever has gone is moved by no desk.
CREATE OR REPLACE FUNCTION app.visit_in(p_contact bigint, p_states text[]) RETURNS contact
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact; holder text;
BEGIN
    IF app.me() IS NULL THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
    SELECT x.* INTO c FROM contact x WHERE x.id = p_contact FOR UPDATE;
    IF c.id IS NULL OR NOT EXISTS (SELECT 1 FROM visit v WHERE v.contact_id = p_contact)
       OR NOT (c.queue_id = ANY (app.known_queues()) OR c.owner_id IS NOT DISTINCT FROM app.me())
    THEN
        PERFORM app.refuse('CRM01', 'no such visit');
    END IF;
    IF c.owner_id IS NOT NULL AND c.owner_id <> app.me() AND NOT app.leads() THEN
        SELECT name INTO holder FROM staff WHERE id = c.owner_id;
        PERFORM app.refuse('CRM03', 'the visitor is with somebody else', holder);
    END IF;
    IF NOT app.visitor_here(p_contact) THEN
        PERFORM app.refuse('CRM04', 'the visit is over');
    END IF;
    IF NOT c.state = ANY (p_states) THEN
        PERFORM app.refuse('CRM04', 'the visit is ' || c.state);
    END IF;
    RETURN c;
END $$;

-- Who is at a desk or room: their ticket, NULL when nobody is.
CREATE FUNCTION app.place_holds(p_place bigint) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT v.letter || lpad(v.number::text, 3, '0') FROM visit v JOIN contact c ON c.id = v.contact_id
    WHERE v.site_id = (SELECT site_id FROM place WHERE id = p_place) AND v.place_id = p_place
      AND v.day >= app.visit_day(now()) - 1 AND v.left_at IS NULL
      AND c.state IN ('called', 'active', 'held') LIMIT 1
$$;
REVOKE ALL ON FUNCTION app.place_holds(bigint) FROM PUBLIC;

-- Nobody calls the next before the last is seen, sent back or gone.
CREATE OR REPLACE FUNCTION app.place_free(p_place bigint) RETURNS place
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p place := app.my_place(p_place); there text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('place ' || p_place, 0));
    there := app.place_holds(p_place);
    IF there IS NOT NULL THEN
        PERFORM app.refuse('CRM04', there || ' is there');
    END IF;
    RETURN p;
END $$;

-- They are there: also whoever had been laid aside, and is so no more.
CREATE OR REPLACE FUNCTION app.visit_serve(p_contact bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact := app.visit_in(p_contact, ARRAY['called']);
BEGIN
    UPDATE contact SET state = 'active', state_since = now(), parked_until = NULL, parked_for_reply = false,
        first_taken_at = coalesce(first_taken_at, now()) WHERE id = p_contact;
    UPDATE visit SET seen_at = coalesce(seen_at, now()) WHERE contact_id = p_contact;
    PERFORM app.log('contact.taken', p_contact);
END $$;

-- To another desk or room, or another service; the ticket and the place in the line are kept.
CREATE OR REPLACE FUNCTION app.visit_transfer(p_contact bigint, p_place bigint, p_service bigint, p_note text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact; v visit; to_queue bigint;
BEGIN
    c := app.visit_in(p_contact, ARRAY['queued', 'called', 'active', 'held', 'parked']);
    SELECT * INTO v FROM visit WHERE contact_id = p_contact;
    IF (p_place IS NULL) = (p_service IS NULL) THEN
        PERFORM app.refuse('CRM04', 'to a desk or room, or to a service');
    END IF;
    IF length(p_note) > 20000 THEN
        PERFORM app.refuse('CRM05', 'a note of that length');
    END IF;
    IF p_place IS NOT NULL AND NOT EXISTS (SELECT 1 FROM place WHERE id = p_place AND active
                                           AND site_id = v.site_id) THEN
        PERFORM app.refuse('CRM01', 'no such desk or room');
    END IF;
    IF p_service IS NOT NULL THEN
        SELECT s.queue_id INTO to_queue FROM service s JOIN site_service x ON x.service_id = s.id
        WHERE s.id = p_service AND s.active AND x.site_id = v.site_id;
        IF to_queue IS NULL THEN
            PERFORM app.refuse('CRM01', 'no such service at that site');
        END IF;
    END IF;
    UPDATE contact SET state = 'queued', state_since = now(), owner_id = NULL, parked_until = NULL,
        parked_for_reply = false, queue_id = coalesce(to_queue, queue_id), service_id = coalesce(p_service, service_id)
    WHERE id = p_contact;
    UPDATE visit SET place_id = NULL, for_place_id = p_place, calls = 0 WHERE contact_id = p_contact;
    PERFORM app.end_assignment(p_contact, 'transferred', p_note);
    IF p_note <> '' THEN
        INSERT INTO message (contact_id, direction, visibility, state, author_id, sender_name,
                             sender_address, recipients, subject, body_text, reply_text, body_html,
                             in_reply_to, reference_ids, problems, findings, auto_generated, failure)
        VALUES (p_contact, 'outbound', 'internal', 'sent', app.me(), '', '', '{}', '', p_note,
                p_note, '', '', '[]', '[]', '[]', false, '');
    END IF;
    PERFORM app.log('contact.transferred', p_contact, jsonb_build_object(
        'queue', coalesce(to_queue, c.queue_id), 'from_queue', c.queue_id, 'place', p_place,
        'service', p_service));
END $$;

-- "I work here now", or (no place) nowhere any more; not while one's visitor is somewhere else.
CREATE OR REPLACE FUNCTION app.be_at(p_place bigint) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); sites bigint[]; there text;
BEGIN
    IF me IS NULL OR p_place IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM place p JOIN site s ON s.id = p.site_id
                       WHERE p.id = p_place AND p.active AND s.active) THEN
        PERFORM app.refuse('CRM01', 'no such desk or room');
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('at place ' || me, 0));
    sites := ARRAY(SELECT p.site_id FROM at_place a JOIN place p ON p.id = a.place_id
                   WHERE a.staff_id = me AND a.left_at IS NULL
                   UNION SELECT site_id FROM place WHERE id = p_place);
    IF EXISTS (SELECT 1 FROM at_place WHERE staff_id = me AND left_at IS NULL AND place_id = p_place)
    THEN
        RETURN '{}';
    END IF;
    SELECT v.letter || lpad(v.number::text, 3, '0') INTO there FROM visit v
    JOIN contact c ON c.id = v.contact_id
    WHERE c.owner_id = me AND c.state IN ('called', 'active', 'held') AND v.left_at IS NULL
      AND v.place_id <> p_place LIMIT 1;
    IF there IS NOT NULL THEN
        PERFORM app.refuse('CRM04', there || ' is with you');
    END IF;
    UPDATE at_place SET left_at = now() WHERE staff_id = me AND left_at IS NULL;
    IF p_place IS NOT NULL THEN
        INSERT INTO at_place (staff_id, place_id) VALUES (me, p_place);
    END IF;
    PERFORM app.log('staff.at_place', NULL, jsonb_build_object('staff', me, 'place', p_place));
    RETURN sites;
END $$;

-- What a visitor can need: what is none of these no desk could show.
CREATE FUNCTION app.are_needs(p_needs jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT coalesce(jsonb_typeof(p_needs) = 'array' AND jsonb_array_length(p_needs) <= 10
        AND p_needs <@ '["hearing_loop", "interpreter", "step_free", "private_room", "sitting"]', false)
$$;
REVOKE ALL ON FUNCTION app.are_needs(jsonb) FROM PUBLIC;

-- p: key, site, service, by, who, customer, appointment, needs, language, phone, note, folded, and of
-- a desk that worked on while the database was away letter, number and arrived (without a number the
-- line of that day gives one). Gives [contact, letter, number].
CREATE OR REPLACE FUNCTION app.visit_check_in(p jsonb) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    known record; s record; a appointment; made bigint; n integer; l text; said text;
    arrived timestamptz := coalesce((p ->> 'arrived')::timestamptz, now());
    numbered boolean := p ->> 'number' IS NOT NULL;
    away boolean := numbered OR p ->> 'by' = 'away' AND app.me() IS NOT NULL;
    on_day date;
BEGIN
    IF app.me() IS NULL AND session_user NOT IN (
        SELECT m.rolname FROM pg_roles m WHERE pg_has_role(m.oid, 'crm_gateway', 'MEMBER')) THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
    IF coalesce(p ->> 'key', '') !~ '^[0-9a-f]{32}$' THEN
        PERFORM app.refuse('CRM04', 'a key of 32 digits');
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('visit ' || (p ->> 'key'), 0));
    SELECT v.contact_id, v.letter, v.number INTO known FROM visit v WHERE v.key = p ->> 'key';
    IF known.contact_id IS NOT NULL THEN
        RETURN json_build_array(known.contact_id, known.letter, known.number);
    END IF;
    SELECT x.letter, v.id AS service_id, v.name, v.queue_id, greatest(q.priority, v.priority) AS urgency,
           coalesce(t.seconds, 900) AS target INTO s
    FROM site i JOIN site_service x ON x.site_id = i.id JOIN service v ON v.id = x.service_id
    JOIN queue q ON q.id = v.queue_id
    LEFT JOIN queue_target t ON t.queue_id = q.id AND t.channel = 'visit'
    WHERE i.id = (p ->> 'site')::bigint AND i.active AND v.active
      AND x.service_id = (p ->> 'service')::bigint;
    IF s.service_id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such service at that site');
    END IF;
    IF arrived > now() + interval '1 minute' OR arrived < now() - interval '7 days'
       OR NOT away AND p ->> 'arrived' IS NOT NULL
       OR NOT coalesce(length(p ->> 'who') <= 200 AND length(p ->> 'note') <= 500
                       AND length(p ->> 'folded') <= 1000 AND length(p ->> 'phone') <= 40
                       AND p ->> 'by' = ANY (ARRAY['desk', 'kiosk', 'appointment', 'away'])
                       AND p ->> 'language' ~ '^[a-z]{2,3}$'
                       AND app.are_needs(p -> 'needs'), false) THEN
        PERFORM app.refuse('CRM04', 'this cannot be checked in');
    END IF;
    IF p ->> 'customer' IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM customer WHERE id = (p ->> 'customer')::bigint) THEN
        PERFORM app.refuse('CRM01', 'no such customer');
    END IF;
    arrived := least(arrived, now());
    on_day := app.visit_day(arrived);
    IF numbered THEN
        l := p ->> 'letter';
        n := (p ->> 'number')::integer;
        IF l IS DISTINCT FROM s.letter OR NOT EXISTS (
            SELECT 1 FROM ticket_range r WHERE r.site_id = (p ->> 'site')::bigint AND r.day = on_day
            AND n BETWEEN r.first AND r.last) THEN
            PERFORM app.refuse('CRM04', 'no number of a reserved range');
        END IF;
        IF EXISTS (SELECT 1 FROM visit v WHERE v.site_id = (p ->> 'site')::bigint AND v.day = on_day
                   AND v.letter = l AND v.number = n) THEN
            PERFORM app.refuse('CRM04', 'that number is given already');
        END IF;
    ELSE
        l := s.letter;
        INSERT INTO ticket_counter AS k (site_id, day, letter, last)
        VALUES ((p ->> 'site')::bigint, on_day, l, 1)
        ON CONFLICT (site_id, day, letter) DO UPDATE SET last = k.last + 1 RETURNING k.last INTO n;
        IF n > 899 THEN
            PERFORM app.refuse('CRM04', 'no number is left today');
        END IF;
    END IF;
    IF p ->> 'appointment' IS NOT NULL THEN
        -- Of that day; and nobody brings a name out of a restricted service that is not theirs.
        SELECT x.* INTO a FROM appointment x JOIN service y ON y.id = x.service_id
        WHERE x.id = (p ->> 'appointment')::bigint AND x.site_id = (p ->> 'site')::bigint
          AND app.visit_day(x.starts_at) = on_day
          AND (app.me() IS NULL OR y.queue_id = ANY (app.known_queues())) FOR UPDATE OF x;
        IF a.id IS NULL OR a.state <> 'booked' THEN
            PERFORM app.refuse('CRM04', 'that appointment is not awaited');
        END IF;
    END IF;
    said := CASE WHEN a.id IS NULL THEN s.name ELSE s.name || ', booked' END;
    INSERT INTO contact (channel, direction, state, state_since, queue_id, service_id, customer_id,
                         priority, who, subject, preview, folded, received_at, queued_at, due_at,
                         parked_for_reply, needs_checking, check_reason, auto_generated, entered_at,
                         while_away)
    VALUES ('visit', 'inbound', 'queued', now(), s.queue_id, s.service_id,
            coalesce((p ->> 'customer')::bigint, a.customer_id), s.urgency,
            coalesce(nullif(p ->> 'who', ''), a.who, ''), said, p ->> 'note', p ->> 'folded',
            arrived, arrived, arrived + make_interval(secs => s.target), false, false, '', false,
            CASE WHEN away THEN now() END, CASE WHEN away THEN true END)
    RETURNING id INTO made;
    UPDATE contact SET thread_id = made WHERE id = made;
    INSERT INTO visit (contact_id, site_id, day, letter, number, key, checked_in_by, language, phone,
                       needs, note, for_place_id, appointment_id)
    VALUES (made, (p ->> 'site')::bigint, on_day, l, n, p ->> 'key', p ->> 'by', p ->> 'language',
            p ->> 'phone', p -> 'needs', p ->> 'note', a.place_id, a.id);
    IF a.id IS NOT NULL THEN
        UPDATE appointment SET state = 'arrived', visit_id = made WHERE id = a.id;
    END IF;
    INSERT INTO event (kind, at, actor_id, contact_id, customer_id, data)
    VALUES ('contact.received', arrived, app.me(), made,
            coalesce((p ->> 'customer')::bigint, a.customer_id),
            jsonb_build_object('channel', 'visit', 'queue', s.queue_id, 'site',
                               (p ->> 'site')::bigint, 'ticket', l || lpad(n::text, 3, '0'),
                               'by', p ->> 'by'));
    RETURN json_build_array(made, l, n);
END $$;

-- A quick question, answered at the counter: no wait, no line, and counted all the same.
-- p: key, site, service, resolution, words, folded.
CREATE OR REPLACE FUNCTION app.visit_answered(p jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE made bigint; given json;
BEGIN
    IF app.me() IS NULL THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
    IF NOT coalesce(p ->> 'resolution' = ANY (ARRAY['resolved', 'signposted_council',
                    'signposted_outside', 'callback', 'no_action', 'handed_off']), false) THEN
        PERFORM app.refuse('CRM04', 'no such resolution');
    END IF;
    SELECT v.contact_id INTO made FROM visit v WHERE v.key = p ->> 'key';
    IF made IS NOT NULL THEN
        RETURN made;
    END IF;
    given := app.visit_check_in(jsonb_build_object(
        'key', p ->> 'key', 'site', p -> 'site', 'service', p -> 'service', 'by', 'desk', 'who', '',
        'customer', NULL, 'appointment', NULL, 'needs', '[]'::jsonb, 'language', 'en', 'phone', '',
        'note', p ->> 'words', 'folded', p ->> 'folded'));
    made := (given ->> 0)::bigint;
    UPDATE contact SET state = 'completed', state_since = now(), owner_id = app.me(),
        first_taken_at = now(), completed_at = now(), resolution = p ->> 'resolution',
        avoidable = false, end_reason = 'normal', due_at = NULL WHERE id = made;
    UPDATE visit SET seen_at = now(), left_at = now() WHERE contact_id = made;
    INSERT INTO assignment (contact_id, staff_id, state, accepted_at, ended_at, note, how)
    VALUES (made, app.me(), 'completed', now(), now(), '', 'counter');
    PERFORM app.log('contact.taken', made);
    PERFORM app.log('contact.completed', made, jsonb_build_object(
        'resolution', p ->> 'resolution', 'avoidable', false, 'service', p -> 'service'));
    RETURN made;
END $$;

-- How a visit ends unseen (no_show, left), or goes back to the line in its old place (queued). What was
-- booked for them and is still to come is free.
CREATE OR REPLACE FUNCTION app.visit_moves(p_contact bigint, p_to text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact; needed integer; booked bigint;
BEGIN
    c := app.visit_in(p_contact, CASE p_to WHEN 'no_show' THEN ARRAY['called']
                      WHEN 'queued' THEN ARRAY['called', 'active', 'held', 'parked']
                      WHEN 'left' THEN ARRAY['queued', 'called', 'parked'] ELSE '{}' END);
    IF p_to = 'no_show' THEN
        SELECT s.calls - v.calls INTO needed FROM visit v JOIN site s ON s.id = v.site_id
        WHERE v.contact_id = p_contact;
        IF needed > 0 THEN
            PERFORM app.refuse('CRM04', 'call them again first');
        END IF;
    END IF;
    UPDATE contact SET state = p_to, state_since = now(), owner_id = NULL, parked_until = NULL,
        parked_for_reply = false, due_at = CASE WHEN p_to = 'queued' THEN due_at END WHERE id = p_contact;
    UPDATE visit SET place_id = NULL, left_at = CASE WHEN p_to <> 'queued' THEN now() END
    WHERE contact_id = p_contact;
    IF p_to <> 'queued' THEN
        UPDATE appointment SET state = 'no_show' WHERE visit_id = p_contact RETURNING id INTO booked;
        DELETE FROM slot_taken WHERE appointment_id = booked AND at > now();
    END IF;
    PERFORM app.end_assignment(p_contact, 'returned');
    PERFORM app.log(CASE p_to WHEN 'queued' THEN 'visit.back' WHEN 'no_show' THEN 'contact.no_show'
                    ELSE 'contact.left' END, p_contact, jsonb_build_object('before', c.state));
END $$;

-- The line of a site: [visits, places, called lately, the day]. What is of a restricted service is its
-- members' to see; who has gone is in nobody's line. Whoever is at a desk at this moment was served:
-- IS NOT DISTINCT FROM, as they have no end yet to compare with.
CREATE OR REPLACE FUNCTION app.site_line(p_site bigint) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me bigint := app.me(); known bigint[] := app.known_queues();
    today date := app.visit_day(now());
BEGIN
    IF me IS NULL OR NOT EXISTS (SELECT 1 FROM site WHERE id = p_site) THEN
        PERFORM app.refuse('CRM01', 'no such site');
    END IF;
    RETURN (
    WITH v AS MATERIALIZED (
        SELECT x.*, c.state, c.queue_id, c.who, c.service_id, c.received_at, c.due_at, c.owner_id,
               c.customer_id, s.name AS service,
               c.queued_at - make_interval(secs => (c.priority + c.boost) * q.ageing_seconds) AS entry
        FROM visit x JOIN contact c ON c.id = x.contact_id JOIN queue q ON q.id = c.queue_id
        LEFT JOIN service s ON s.id = c.service_id
        WHERE x.site_id = p_site AND x.day >= today - 1
    ), here AS (
        SELECT * FROM v WHERE state IN ('queued', 'called', 'active', 'held', 'parked', 'wrap_up')
          AND (left_at IS NULL OR state = 'wrap_up')
          AND queue_id = ANY (known)
    ), done AS (
        SELECT extract(epoch FROM least(seen_at, now()) - received_at) AS wait, state, seen_at, left_at,
               seen_at IS NOT NULL AND left_at IS NOT DISTINCT FROM seen_at AS quick FROM v WHERE day = today
    )
    SELECT json_build_array(
      coalesce((SELECT json_agg(json_build_array(h.contact_id, h.letter, h.number,
            h.who, h.service_id, coalesce(h.service, ''), h.state, h.needs, h.note, h.received_at, h.due_at,
            h.called_at, h.calls, h.place_id, coalesce(p.name, ''), coalesce(o.name, ''),
            a.starts_at, EXISTS (SELECT 1 FROM safety_marker m WHERE m.customer_id = h.customer_id
                                 AND m.state IN ('active', 'review_due')), h.language)
          ORDER BY h.state <> 'queued', h.entry, h.contact_id)
        FROM here h LEFT JOIN place p ON p.id = coalesce(h.place_id, h.for_place_id)
        LEFT JOIN staff o ON o.id = h.owner_id
        LEFT JOIN appointment a ON a.id = h.appointment_id), '[]'),
      coalesce((SELECT json_agg(json_build_array(p.id, p.kind, p.name, p.partner,
            (SELECT coalesce(json_agg(s.name ORDER BY s.name), '[]') FROM at_place x
             JOIN staff s ON s.id = x.staff_id WHERE x.place_id = p.id AND x.left_at IS NULL),
            t.contact_id, t.letter, t.number, t.called_at, p.held_until, p.held_for)
          ORDER BY p.kind <> 'desk', p.name)
        FROM place p LEFT JOIN LATERAL (SELECT * FROM here h WHERE h.place_id = p.id
                                        AND h.state IN ('called', 'active', 'held')
                                        ORDER BY h.called_at DESC LIMIT 1) t ON true
        WHERE p.site_id = p_site AND p.active), '[]'),
      coalesce((SELECT json_agg(json_build_array(k.contact_id, k.letter, k.number, k.name, k.called_at,
                                                 k.calls > 1) ORDER BY k.called_at DESC)
        FROM (SELECT v.*, p.name FROM v JOIN place p ON p.id = v.place_id
              WHERE v.called_at > now() - interval '30 minutes' ORDER BY v.called_at DESC LIMIT 6) k),
        '[]'),
      (SELECT json_build_array(count(*), count(*) FILTER (WHERE state = 'queued' AND left_at IS NULL),
            count(*) FILTER (WHERE seen_at IS NOT NULL AND NOT quick),
            count(*) FILTER (WHERE quick),
            count(*) FILTER (WHERE state = 'left' AND seen_at IS NULL),
            count(*) FILTER (WHERE state = 'no_show' AND seen_at IS NULL),
            avg(wait) FILTER (WHERE seen_at IS NOT NULL AND NOT quick),
            avg((wait <= 900)::integer) FILTER (WHERE seen_at IS NOT NULL AND NOT quick)) FROM done)));
END $$;

-- What a visit can be about, with how many wait and how long one would: [service, name, name_cy,
-- letter, key, waiting, seconds]. Seconds are what waits before, shared by the desks that are staffed.
CREATE OR REPLACE FUNCTION app.site_services(p_site bigint) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH waits AS (
        SELECT c.service_id, count(*) AS n FROM visit v JOIN contact c ON c.id = v.contact_id
        WHERE v.site_id = p_site AND v.day >= app.visit_day(now()) - 1 AND c.state = 'queued'
          AND v.left_at IS NULL
        GROUP BY 1
    ), took AS (
        SELECT c.service_id, least(greatest(avg(extract(epoch FROM v.left_at - v.seen_at)), 60), 3600) AS secs
        FROM visit v JOIN contact c ON c.id = v.contact_id
        WHERE v.site_id = p_site AND v.day >= app.visit_day(now()) - 7 AND v.seen_at < v.left_at
        GROUP BY 1
    ), desks AS (
        SELECT p.id, p.service_ids FROM place p WHERE p.site_id = p_site AND p.active
          AND EXISTS (SELECT 1 FROM at_place a WHERE a.place_id = p.id AND a.left_at IS NULL)
    ), lines AS (
        SELECT x.service_id, x.letter, x.key, coalesce(nullif(x.name, ''), s.name) AS name, x.name_cy,
               coalesce(w.n, 0) AS waiting,
               (SELECT count(*) FROM desks d WHERE d.service_ids = '[]'
                OR d.service_ids @> to_jsonb(x.service_id)) AS open_desks,
               coalesce(t.secs, 480) AS secs
        FROM site_service x JOIN service s ON s.id = x.service_id AND s.active
        LEFT JOIN waits w ON w.service_id = x.service_id
        LEFT JOIN took t ON t.service_id = x.service_id
        WHERE x.site_id = p_site
    )
    SELECT coalesce(json_agg(json_build_array(service_id, name, name_cy, letter, key, waiting,
        CASE WHEN open_desks > 0 THEN round(waiting * secs / open_desks) END) ORDER BY key), '[]')
    FROM lines WHERE app.me() IS NOT NULL OR pg_has_role(session_user, 'crm_gateway', 'MEMBER')
$$;
