-- Visits: checked in, called, moved, and gone. A desk calls whom it has room for, so that what waits
-- with a ticket is never offered by the routing; two desks that call at once never call the same.

-- As before, without visits: these are called by desks.
CREATE OR REPLACE FUNCTION app.lines(p_queues bigint[]) RETURNS TABLE (
    queue_id bigint, channel text, priority integer, boost integer)
LANGUAGE plpgsql STABLE ROWS 50 SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
    WITH RECURSIVE line AS (
        SELECT q.id AS queue_id, n.* FROM unnest(p_queues) AS q (id) CROSS JOIN LATERAL (
            SELECT c.channel, c.priority, c.boost FROM contact c
            WHERE c.state = 'queued' AND c.queue_id = q.id ORDER BY 1, 2, 3 LIMIT 1) n
        UNION ALL
        SELECT l.queue_id, n.* FROM line l CROSS JOIN LATERAL (
            SELECT c.channel, c.priority, c.boost FROM contact c
            WHERE c.state = 'queued' AND c.queue_id = l.queue_id
              AND (c.channel, c.priority, c.boost) > (l.channel, l.priority, l.boost)
            ORDER BY 1, 2, 3 LIMIT 1) n)
    SELECT l.queue_id, l.channel, l.priority, l.boost FROM line l WHERE l.channel <> 'visit';
END $$;

-- As before; whoever was called waits again, in their old place, and nobody is at the desk any more.
CREATE OR REPLACE FUNCTION app.return_work(p_staff bigint, p_why text) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me bigint := app.me();
    held contact[] := ARRAY(
        SELECT c FROM contact c WHERE c.owner_id = p_staff
            AND c.state IN ('offered', 'called', 'active', 'held', 'wrap_up', 'parked')
            AND NOT (c.channel = 'call' AND c.state IN ('active', 'held') AND app.is_live(c.id))
        ORDER BY c.id FOR UPDATE);
    parked bigint[] := ARRAY(SELECT id FROM unnest(held) WHERE state = 'parked');
    given bigint[] := ARRAY(SELECT id FROM unnest(held) WHERE state <> 'parked');
BEGIN
    UPDATE contact SET owner_id = NULL WHERE id = ANY (parked);
    UPDATE contact SET state = 'queued', state_since = now(), owner_id = NULL
    WHERE id = ANY (given);
    UPDATE visit SET place_id = NULL WHERE contact_id = ANY (given);
    UPDATE at_place SET left_at = now() WHERE staff_id = p_staff AND left_at IS NULL;
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

-- Where this person works now; refused when it is not there.
CREATE FUNCTION app.my_place(p_place bigint) RETURNS place
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p place;
BEGIN
    SELECT x.* INTO p FROM place x JOIN at_place a ON a.place_id = x.id
    WHERE x.id = p_place AND x.active AND a.staff_id = app.me() AND a.left_at IS NULL;
    IF p.id IS NULL THEN
        PERFORM app.refuse('CRM02', 'you are not at that desk');
    END IF;
    RETURN p;
END $$;

-- The visit's contact, kept from others' changes; p_states it must be in. What is called or served
-- is its own person's, and a team leader's.
CREATE FUNCTION app.visit_in(p_contact bigint, p_states text[]) RETURNS contact
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact; holder text;
BEGIN
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
    IF NOT c.state = ANY (p_states) THEN
        PERFORM app.refuse('CRM04', 'the visit is ' || c.state);
    END IF;
    RETURN c;
END $$;

CREATE FUNCTION app.visit_day(p_at timestamptz) RETURNS date
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT (p_at AT TIME ZONE 'Europe/London')::date
$$;

-- p: key, site, service, by, who, customer, appointment, needs, language, phone, note, folded, and of
-- a desk that worked on while the database was away letter, number and arrived. Gives [contact,
-- letter, number].
CREATE FUNCTION app.visit_check_in(p jsonb) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    known record; s record; a appointment; made bigint; n integer; l text; said text;
    arrived timestamptz := coalesce((p ->> 'arrived')::timestamptz, now());
    away boolean := p ->> 'number' IS NOT NULL;
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
                       AND jsonb_typeof(p -> 'needs') = 'array'
                       AND jsonb_array_length(p -> 'needs') <= 10, false) THEN
        PERFORM app.refuse('CRM04', 'this cannot be checked in');
    END IF;
    arrived := least(arrived, now());
    on_day := app.visit_day(arrived);
    IF away THEN
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
        SELECT * INTO a FROM appointment WHERE id = (p ->> 'appointment')::bigint
            AND site_id = (p ->> 'site')::bigint FOR UPDATE;
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
    VALUES ('contact.received', arrived, app.me(), made, (p ->> 'customer')::bigint,
            jsonb_build_object('channel', 'visit', 'queue', s.queue_id, 'site',
                               (p ->> 'site')::bigint, 'ticket', l || lpad(n::text, 3, '0'),
                               'by', p ->> 'by'));
    RETURN json_build_array(made, l, n);
END $$;

-- A quick question, answered at the counter: no wait, no line, and counted all the same.
-- p: key, site, service, resolution, words, folded.
CREATE FUNCTION app.visit_answered(p jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE made bigint; given json;
BEGIN
    IF app.me() IS NULL OR NOT p ->> 'resolution' = ANY (ARRAY['resolved', 'signposted_council',
                               'signposted_outside', 'callback', 'no_action', 'handed_off']) THEN
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

-- Calls this visitor to this person's desk: whoever is faster has them.
CREATE FUNCTION app.visit_called(p_contact bigint, p place) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v visit;
BEGIN
    UPDATE contact SET state = 'called', state_since = now(), owner_id = app.me()
    WHERE id = p_contact;
    UPDATE visit SET place_id = p.id, called_at = now(), calls = calls + 1
    WHERE contact_id = p_contact RETURNING * INTO v;
    INSERT INTO assignment (contact_id, staff_id, state, accepted_at, note, how)
    VALUES (p_contact, app.me(), 'accepted', now(), '', 'called');
    PERFORM app.log('visit.called', p_contact, jsonb_build_object(
        'place', p.id, 'site', v.site_id, 'calls', v.calls));
    RETURN json_build_array(p_contact, v.letter, v.number, p.name, v.called_at, v.site_id);
END $$;

-- Nobody calls the next before the last is seen, sent back or gone.
CREATE FUNCTION app.place_free(p_place bigint) RETURNS place
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p place := app.my_place(p_place); there text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('place ' || p_place, 0));
    SELECT v.letter || lpad(v.number::text, 3, '0') INTO there FROM visit v
    JOIN contact c ON c.id = v.contact_id
    WHERE v.place_id = p_place AND v.site_id = p.site_id AND v.day >= app.visit_day(now()) - 1
      AND c.state IN ('called', 'active', 'held') LIMIT 1;
    IF there IS NOT NULL THEN
        PERFORM app.refuse('CRM04', there || ' is there');
    END IF;
    RETURN p;
END $$;

CREATE FUNCTION app.visit_next(p_place bigint) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p place := app.place_free(p_place); found_id bigint; mine bigint[] := app.known_queues();
BEGIN
    SELECT c.id INTO found_id FROM visit v JOIN contact c ON c.id = v.contact_id
    JOIN queue q ON q.id = c.queue_id LEFT JOIN appointment a ON a.id = v.appointment_id
    WHERE v.site_id = p.site_id AND v.day >= app.visit_day(now()) - 1 AND c.state = 'queued'
      AND c.queue_id = ANY (mine)
      AND (v.for_place_id = p.id
           OR v.for_place_id IS NULL AND (p.service_ids = '[]' OR p.service_ids @> to_jsonb(c.service_id)))
    ORDER BY (v.for_place_id = p.id AND (a.id IS NULL OR a.starts_at <= now() + interval '5 minutes'))
             IS NOT TRUE,
             (a.starts_at <= now() + interval '5 minutes'
              AND a.starts_at >= now() - interval '10 minutes') IS NOT TRUE,
             c.queued_at - make_interval(secs => (c.priority + c.boost) * q.ageing_seconds), c.id
    FOR UPDATE OF c SKIP LOCKED LIMIT 1;
    RETURN CASE WHEN found_id IS NOT NULL THEN app.visit_called(found_id, p) END;
END $$;

CREATE FUNCTION app.visit_call(p_contact bigint, p_place bigint) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p place := app.place_free(p_place); c contact;
BEGIN
    c := app.visit_in(p_contact, ARRAY['queued', 'parked']);
    IF NOT EXISTS (SELECT 1 FROM visit v WHERE v.contact_id = p_contact AND v.site_id = p.site_id) THEN
        PERFORM app.refuse('CRM04', 'the visitor is at another site');
    END IF;
    RETURN app.visit_called(p_contact, p);
END $$;

CREATE FUNCTION app.visit_recall(p_contact bigint) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact := app.visit_in(p_contact, ARRAY['called']); v visit;
BEGIN
    UPDATE visit SET called_at = now(), calls = calls + 1 WHERE contact_id = p_contact RETURNING * INTO v;
    PERFORM app.log('visit.called', p_contact, jsonb_build_object(
        'place', v.place_id, 'site', v.site_id, 'calls', v.calls));
    RETURN json_build_array(p_contact, v.letter, v.number,
                            (SELECT name FROM place WHERE id = v.place_id), v.called_at, v.site_id);
END $$;

CREATE FUNCTION app.visit_serve(p_contact bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact := app.visit_in(p_contact, ARRAY['called']);
BEGIN
    UPDATE contact SET state = 'active', state_since = now(),
        first_taken_at = coalesce(first_taken_at, now()) WHERE id = p_contact;
    UPDATE visit SET seen_at = coalesce(seen_at, now()) WHERE contact_id = p_contact;
    PERFORM app.log('contact.taken', p_contact);
END $$;

-- How a visit ends unseen (no_show, left), or goes back to the line in its old place (queued).
CREATE FUNCTION app.visit_moves(p_contact bigint, p_to text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact; needed integer;
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
        due_at = CASE WHEN p_to = 'queued' THEN due_at END WHERE id = p_contact;
    UPDATE visit SET place_id = NULL, left_at = CASE WHEN p_to <> 'queued' THEN now() END
    WHERE contact_id = p_contact;
    UPDATE appointment SET state = 'no_show' WHERE visit_id = p_contact AND p_to <> 'queued';
    PERFORM app.end_assignment(p_contact, 'returned');
    PERFORM app.log(CASE p_to WHEN 'queued' THEN 'visit.back' WHEN 'no_show' THEN 'contact.no_show'
                    ELSE 'contact.left' END, p_contact, jsonb_build_object('before', c.state));
END $$;

-- To another desk or room, or another service; the ticket and the place in the line are kept.
CREATE FUNCTION app.visit_transfer(p_contact bigint, p_place bigint, p_service bigint, p_note text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact; v visit; to_queue bigint;
BEGIN
    c := app.visit_in(p_contact, ARRAY['queued', 'called', 'active', 'held', 'parked']);
    SELECT * INTO v FROM visit WHERE contact_id = p_contact;
    IF (p_place IS NULL) = (p_service IS NULL) OR length(p_note) > 500 THEN
        PERFORM app.refuse('CRM04', 'to a desk or room, or to a service');
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
        queue_id = coalesce(to_queue, queue_id), service_id = coalesce(p_service, service_id)
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

-- "I work here now", or (no place) nowhere any more.
CREATE FUNCTION app.be_at(p_place bigint) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); sites bigint[];
BEGIN
    IF me IS NULL OR p_place IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM place WHERE id = p_place AND active) THEN
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
    UPDATE at_place SET left_at = now() WHERE staff_id = me AND left_at IS NULL;
    IF p_place IS NOT NULL THEN
        INSERT INTO at_place (staff_id, place_id) VALUES (me, p_place);
    END IF;
    PERFORM app.log('staff.at_place', NULL, jsonb_build_object('staff', me, 'place', p_place));
    RETURN sites;
END $$;

-- Ten numbers of every letter, this computer's alone, for when the database is away: [day, first,
-- last].
CREATE FUNCTION app.ticket_reserve(p_site bigint, p_computer text) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE today date := app.visit_day(now()); r ticket_range; free integer;
BEGIN
    IF app.me() IS NULL OR NOT coalesce(length(p_computer) BETWEEN 1 AND 100, false)
       OR NOT EXISTS (SELECT 1 FROM site WHERE id = p_site AND active) THEN
        PERFORM app.refuse('CRM01', 'no such site');
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('ranges ' || p_site, 0));
    SELECT * INTO r FROM ticket_range WHERE site_id = p_site AND day = today
        AND computer = p_computer;
    IF r.id IS NULL THEN
        SELECT min(f) INTO free FROM generate_series(900, 990, 10) f
        WHERE NOT EXISTS (SELECT 1 FROM ticket_range x WHERE x.site_id = p_site AND x.day = today
                          AND x.first = f);
        IF free IS NULL THEN
            PERFORM app.refuse('CRM04', 'no range is left today');
        END IF;
        INSERT INTO ticket_range (site_id, day, computer, first, last)
        VALUES (p_site, today, p_computer, free, free + 9) RETURNING * INTO r;
    END IF;
    RETURN json_build_array(r.day, r.first, r.last);
END $$;

-- The line of a site: [visits, places, called lately, the day]. A name is for whoever works there;
-- of a restricted service for its members alone.
CREATE FUNCTION app.site_line(p_site bigint) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me bigint := app.me(); mine bigint[] := app.my_queues(); known bigint[] := app.known_queues();
    today date := app.visit_day(now());
BEGIN
    IF me IS NULL OR NOT EXISTS (SELECT 1 FROM site WHERE id = p_site) THEN
        PERFORM app.refuse('CRM01', 'no such site');
    END IF;
    RETURN (
    WITH v AS MATERIALIZED (
        SELECT x.*, c.state, c.queue_id, c.who, c.service_id, c.received_at, c.due_at, c.owner_id,
               c.customer_id, c.resolution, c.completed_at, s.name AS service, q.restricted,
               c.queued_at - make_interval(secs => (c.priority + c.boost) * q.ageing_seconds) AS entry
        FROM visit x JOIN contact c ON c.id = x.contact_id JOIN queue q ON q.id = c.queue_id
        LEFT JOIN service s ON s.id = c.service_id
        WHERE x.site_id = p_site AND x.day >= today - 1
    ), here AS (
        SELECT * FROM v WHERE state IN ('queued', 'called', 'active', 'held', 'parked', 'wrap_up')
          AND queue_id = ANY (known)
    ), done AS (
        SELECT extract(epoch FROM least(seen_at, now()) - received_at) AS wait, state, seen_at,
               seen_at IS NOT NULL AND left_at = seen_at AS quick FROM v WHERE day = today
    )
    SELECT json_build_array(
      coalesce((SELECT json_agg(json_build_array(h.contact_id, h.letter, h.number,
            CASE WHEN h.restricted AND NOT h.queue_id = ANY (mine) THEN '' ELSE h.who END,
            h.service_id, coalesce(h.service, ''), h.state, h.needs, h.note, h.received_at, h.due_at,
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
      (SELECT json_build_array(count(*), count(*) FILTER (WHERE state = 'queued'),
            count(*) FILTER (WHERE seen_at IS NOT NULL AND NOT quick),
            count(*) FILTER (WHERE quick),
            count(*) FILTER (WHERE state = 'left' AND seen_at IS NULL),
            count(*) FILTER (WHERE state = 'no_show' AND seen_at IS NULL),
            avg(wait) FILTER (WHERE seen_at IS NOT NULL AND NOT quick),
            avg((wait <= 900)::integer) FILTER (WHERE seen_at IS NOT NULL AND NOT quick)) FROM done)));
END $$;

-- What a visit can be about, with how many wait and how long one would: [service, name, name_cy,
-- letter, key, waiting, seconds]. Seconds are what waits before, shared by the desks that are staffed.
CREATE FUNCTION app.site_services(p_site bigint) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH waits AS (
        SELECT c.service_id, count(*) AS n FROM visit v JOIN contact c ON c.id = v.contact_id
        WHERE v.site_id = p_site AND v.day >= app.visit_day(now()) - 1 AND c.state = 'queued'
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

CREATE FUNCTION app.visit_site(p_contact bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT v.site_id FROM visit v JOIN contact c ON c.id = v.contact_id
    WHERE v.contact_id = p_contact
      AND (c.queue_id = ANY (app.known_queues()) OR c.owner_id = app.me())
$$;

-- Who is awaited may be known where the service is not restricted.
GRANT SELECT (id, site_id, service_id, place_id, staff_id, customer_id, visit_id, reference, state,
              starts_at, ends_at, who, needs, language, booked_at) ON appointment TO crm_staff;
CREATE POLICY known ON appointment FOR SELECT TO crm_staff
    USING (EXISTS (SELECT 1 FROM service s WHERE s.id = service_id
                   AND s.queue_id = ANY ((SELECT app.known_queues())::bigint[])));

REVOKE ALL ON FUNCTION app.my_place(bigint), app.visit_in(bigint, text[]), app.visit_day(timestamptz),
    app.visit_check_in(jsonb), app.visit_answered(jsonb), app.visit_called(bigint, place),
    app.place_free(bigint), app.visit_next(bigint), app.visit_call(bigint, bigint),
    app.visit_recall(bigint), app.visit_serve(bigint), app.visit_moves(bigint, text),
    app.visit_transfer(bigint, bigint, bigint, text), app.be_at(bigint),
    app.ticket_reserve(bigint, text), app.site_line(bigint), app.site_services(bigint),
    app.visit_site(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.visit_check_in(jsonb), app.visit_answered(jsonb),
    app.visit_next(bigint), app.visit_call(bigint, bigint), app.visit_recall(bigint),
    app.visit_serve(bigint), app.visit_moves(bigint, text),
    app.visit_transfer(bigint, bigint, bigint, text), app.be_at(bigint),
    app.ticket_reserve(bigint, text), app.site_line(bigint), app.site_services(bigint),
    app.visit_site(bigint) TO crm_staff;
GRANT EXECUTE ON FUNCTION app.visit_check_in(jsonb), app.site_services(bigint) TO crm_gateway;

-- A visit is over at the desk when its wrap-up begins, or it is completed.
CREATE FUNCTION app.visit_over() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE visit SET left_at = coalesce(left_at, now()) WHERE contact_id = NEW.id;
    UPDATE appointment SET state = 'served' WHERE visit_id = NEW.id AND state = 'arrived';
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.visit_over() FROM PUBLIC;
CREATE TRIGGER visit_over AFTER UPDATE OF state ON contact FOR EACH ROW
    WHEN (NEW.channel = 'visit' AND NEW.state IN ('wrap_up', 'completed')
          AND OLD.state IN ('active', 'held'))
    EXECUTE FUNCTION app.visit_over();
