-- Rooms and partners: who is where, kept free, proposed, and called for by who works beside them.

-- Kept free for something else than that visitor; what is kept for a visitor ends with their visit.
CREATE FUNCTION app.place_kept(p place, p_contact bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(p.held_until > now(), false)
       AND (p.held_visit_id IS NULL OR p.held_visit_id <> coalesce(p_contact, 0)
            AND EXISTS (SELECT 1 FROM contact c WHERE c.id = p.held_visit_id
                        AND c.state IN ('queued', 'called', 'active', 'held', 'parked')))
$$;

-- Who is there, as a ticket; none when nobody is. At a partner's desk a visit is parked, with nobody
-- of ours.
CREATE FUNCTION app.place_visitor(p place) RETURNS TABLE (
    contact_id bigint, ticket text, letter text, number integer, since timestamptz, state text,
    owner_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT v.contact_id, v.letter || lpad(v.number::text, 3, '0'), v.letter, v.number, v.called_at,
           c.state, c.owner_id
    FROM visit v JOIN contact c ON c.id = v.contact_id
    WHERE v.place_id = p.id AND v.site_id = p.site_id AND v.day >= app.visit_day(now()) - 1
      AND v.left_at IS NULL
      AND (c.state IN ('called', 'active', 'held') OR c.state = 'parked' AND p.kind = 'partner')
    ORDER BY v.called_at DESC LIMIT 1
$$;

-- Kept free until a moment, or (none) let go; for one visitor or for what is said. Gives the site.
-- By desk staff and leaders, and not while somebody is there.
DROP FUNCTION app.place_hold(bigint, timestamptz, text);
CREATE FUNCTION app.place_hold(p_place bigint, p_until timestamptz, p_why text, p_visit bigint)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p place; there text;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM staff WHERE id = app.me()
                   AND role IN ('desk', 'team_leader', 'admin')) THEN
        PERFORM app.refuse('CRM02', 'rooms are kept by desk staff and team leaders');
    END IF;
    -- In the order of a call: the place, then the contact; what moves visitors about only reads places.
    PERFORM pg_advisory_xact_lock(hashtextextended('place ' || p_place, 0));
    PERFORM 1 FROM contact WHERE id = p_visit FOR KEY SHARE;
    SELECT * INTO p FROM place WHERE id = p_place AND active FOR NO KEY UPDATE;
    IF p.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such desk or room');
    END IF;
    IF p_until IS NOT NULL
       AND NOT coalesce(p_until > now() AND p_until <= now() + interval '1 day'
                        AND length(p_why) BETWEEN 1 AND 100, false) THEN
        PERFORM app.refuse('CRM04', 'kept free for up to a day, with words why');
    END IF;
    IF p_visit IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM visit v JOIN contact c ON c.id = v.contact_id WHERE v.contact_id = p_visit
          AND v.site_id = p.site_id AND c.queue_id = ANY (app.known_queues())) THEN
        PERFORM app.refuse('CRM01', 'no such visit');
    END IF;
    SELECT t.ticket INTO there FROM app.place_visitor(p) t
    WHERE t.contact_id IS DISTINCT FROM p_visit;
    IF p_until IS NOT NULL AND there IS NOT NULL THEN
        PERFORM app.refuse('CRM04', there || ' is at ' || p.name);
    END IF;
    UPDATE place SET held_until = p_until, held_for = CASE WHEN p_until IS NULL THEN '' ELSE p_why END,
                     held_visit_id = CASE WHEN p_until IS NOT NULL THEN p_visit END
    WHERE id = p_place;
    PERFORM app.log('place.held', p_visit, jsonb_build_object(
        'place', p_place, 'site', p.site_id, 'until', p_until));
    RETURN p.site_id;
END $$;

-- When the next appointment at a desk or room begins whose visitor is still expected or waits.
CREATE FUNCTION app.next_booked(p place) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT min(a.starts_at) FROM appointment a LEFT JOIN contact c ON c.id = a.visit_id
    WHERE a.site_id = p.site_id AND a.place_id = p.id
      AND a.starts_at > now() AND a.starts_at < (app.visit_day(now()) + 1)::timestamp
                                                 AT TIME ZONE 'Europe/London'
      AND (a.state = 'booked' OR a.state = 'arrived' AND c.state = 'queued')
$$;

-- How long a visit about each service took lately at a site, in seconds.
CREATE FUNCTION app.visit_takes(p_site bigint) RETURNS TABLE (service_id bigint, secs double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT c.service_id, least(greatest(avg(extract(epoch FROM v.left_at - v.seen_at)), 60), 3600)
    FROM visit v JOIN contact c ON c.id = v.contact_id
    WHERE v.site_id = p_site AND v.day >= app.visit_day(now()) - 7 AND v.seen_at < v.left_at
    GROUP BY 1
$$;

-- As before; not to a desk or room that is kept free for something else. What p says of that may
-- be from before its lock was had.
CREATE OR REPLACE FUNCTION app.visit_called(p_contact bigint, p place) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v visit;
BEGIN
    IF (SELECT app.place_kept(x, p_contact) FROM place x WHERE x.id = p.id) THEN
        PERFORM app.refuse('CRM04', p.name || ' is kept free');
    END IF;
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

-- As before; and nobody who would still be there when the next appointment of the desk begins. Whoever
-- waits for a desk at which nobody works any more, or for a place that is no more, is called by others.
CREATE OR REPLACE FUNCTION app.visit_next(p_place bigint) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    p place := app.place_free(p_place); found_id bigint; mine bigint[] := app.known_queues();
    booked timestamptz := app.next_booked(p); takes jsonb := '{}';
BEGIN
    IF booked < now() + interval '1 hour' THEN
        SELECT coalesce(jsonb_object_agg(t.service_id, t.secs), '{}') INTO takes
        FROM app.visit_takes(p.site_id) t WHERE t.service_id IS NOT NULL;
    ELSE
        booked := NULL;
    END IF;
    SELECT c.id INTO found_id FROM visit v JOIN contact c ON c.id = v.contact_id
    JOIN queue q ON q.id = c.queue_id LEFT JOIN appointment a ON a.id = v.appointment_id
    LEFT JOIN place f ON f.id = v.for_place_id
    WHERE v.site_id = p.site_id AND v.day >= app.visit_day(now()) - 1 AND c.state = 'queued'
      AND v.left_at IS NULL
      AND c.queue_id = ANY (mine)
      AND (v.for_place_id = p.id
           OR (p.service_ids = '[]' OR p.service_ids @> to_jsonb(c.service_id))
              AND (f.id IS NULL OR NOT f.active OR f.kind = 'desk' AND NOT EXISTS (
                  SELECT 1 FROM at_place x WHERE x.place_id = f.id AND x.left_at IS NULL))
              AND (booked IS NULL OR booked >= now() + make_interval(
                   secs => coalesce((takes ->> c.service_id::text)::double precision, 480))))
    ORDER BY (v.for_place_id = p.id AND (a.id IS NULL OR a.starts_at <= now() + interval '5 minutes'))
             IS NOT TRUE,
             (a.starts_at <= now() + interval '5 minutes'
              AND a.starts_at >= now() - interval '10 minutes') IS NOT TRUE,
             c.queued_at - make_interval(secs => (c.priority + c.boost) * q.ageing_seconds), c.id
    FOR UPDATE OF c SKIP LOCKED LIMIT 1;
    RETURN CASE WHEN found_id IS NOT NULL THEN app.visit_called(found_id, p) END;
END $$;

-- As before; not at one's own desk while that is kept free for something else.
CREATE OR REPLACE FUNCTION app.visit_resumed(c contact) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v visit; mine bigint;
BEGIN
    SELECT * INTO v FROM visit WHERE contact_id = c.id FOR UPDATE;
    SELECT p.id INTO mine FROM at_place a JOIN place p ON p.id = a.place_id
    WHERE a.staff_id = app.me() AND c.owner_id = a.staff_id AND a.left_at IS NULL AND p.active
      AND p.site_id = v.site_id;
    IF c.state = 'parked' AND v.left_at IS NULL AND v.contact_id IS NOT NULL THEN
        IF mine IS NULL THEN
            PERFORM app.refuse('CRM04', 'a desk calls visitors');
        END IF;
        PERFORM app.place_free(mine);
        PERFORM app.refuse('CRM04', x.name || ' is kept free') FROM place x
        WHERE x.id = mine AND app.place_kept(x, c.id);
        UPDATE visit SET place_id = mine, seen_at = coalesce(seen_at, now()) WHERE contact_id = c.id;
    ELSIF c.state = 'wrap_up' AND mine = v.place_id THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('place ' || mine, 0));
        UPDATE visit SET left_at = NULL WHERE contact_id = c.id AND app.place_holds(mine) IS NULL;
    END IF;
END $$;

-- Who is where: [places, colleagues with nobody to look after, own visits, of these decided].
-- Tickets, never names: of a restricted service too it is known that a room is in use. Says at once
-- for all places what place_visitor, place_kept and next_booked say of one.
CREATE FUNCTION app.site_rooms(p_site bigint) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me bigint := app.me(); today date := app.visit_day(now());
    tomorrow timestamptz := (app.visit_day(now()) + 1)::timestamp AT TIME ZONE 'Europe/London';
BEGIN
    IF me IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN (
    WITH spot AS MATERIALIZED (
        SELECT p.* FROM place p WHERE p.site_id = p_site AND p.active
    ), at AS MATERIALIZED (
        SELECT a.staff_id, s.name, p.id AS place_id, p.name AS place FROM spot p
        JOIN at_place a ON a.place_id = p.id AND a.left_at IS NULL JOIN staff s ON s.id = a.staff_id
    ), here AS MATERIALIZED (
        SELECT v.contact_id, v.letter, v.number, v.called_at, v.place_id, c.state, c.owner_id, s.name
        FROM visit v JOIN contact c ON c.id = v.contact_id LEFT JOIN staff s ON s.id = c.owner_id
        WHERE v.site_id = p_site AND v.day >= today - 1 AND v.left_at IS NULL
          AND v.place_id IS NOT NULL AND c.state IN ('called', 'active', 'held', 'parked')
    ), booked AS MATERIALIZED (
        SELECT a.place_id, min(a.starts_at) AS at FROM appointment a
        LEFT JOIN contact c ON c.id = a.visit_id
        WHERE a.site_id = p_site AND a.starts_at > now() AND a.starts_at < tomorrow
          AND (a.state = 'booked' OR a.state = 'arrived' AND c.state = 'queued')
        GROUP BY 1
    ), held AS MATERIALIZED (
        SELECT p.id, p.held_until, p.held_for FROM spot p
        WHERE p.held_until > now() AND (p.held_visit_id IS NULL OR EXISTS (
            SELECT 1 FROM contact c WHERE c.id = p.held_visit_id
            AND c.state IN ('queued', 'called', 'active', 'held', 'parked')))
    ), mine AS (
        SELECT contact_id FROM here WHERE owner_id = me AND state <> 'parked'
    )
    SELECT json_build_array(
      (SELECT coalesce(json_agg(json_build_array(p.id, p.kind, p.name, p.partner,
            (SELECT coalesce(json_agg(at.name ORDER BY at.name), '[]') FROM at
             WHERE at.place_id = p.id),
            t.contact_id, t.letter, t.number, t.called_at, h.held_until, coalesce(h.held_for, ''),
            p.held_visit_id, coalesce(t.state, ''), coalesce(t.name, ''), p.step_free, b.at)
          ORDER BY p.kind <> 'desk', p.kind = 'partner', p.name), '[]')
       FROM spot p LEFT JOIN LATERAL (
           SELECT x.* FROM here x WHERE x.place_id = p.id AND (x.state <> 'parked' OR p.kind = 'partner')
           ORDER BY x.called_at DESC LIMIT 1) t ON true
       LEFT JOIN held h ON h.id = p.id LEFT JOIN booked b ON b.place_id = p.id),
      (SELECT coalesce(json_agg(json_build_array(at.name, at.place) ORDER BY at.name), '[]') FROM at
       WHERE at.staff_id <> me AND NOT EXISTS (
           SELECT 1 FROM here WHERE here.owner_id = at.staff_id AND here.state <> 'parked')),
      (SELECT coalesce(json_agg(mine.contact_id), '[]') FROM mine),
      (SELECT coalesce(json_agg(mine.contact_id), '[]') FROM mine
       WHERE EXISTS (SELECT 1 FROM event e WHERE e.contact_id = mine.contact_id
                     AND e.kind = 'visit.without_room'))));
END $$;

-- A site's line, and who is where in it.
CREATE FUNCTION app.desk_line(p_site bigint) RETURNS json
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT json_build_array(app.site_line(p_site), app.site_rooms(p_site))
$$;

-- What a visitor seeks who should be in a room, with the rooms of the site: [contact, letter, number,
-- place, needs, marker in force, rooms]; none where any desk will do.
CREATE FUNCTION app.visit_seeks(p_contact bigint) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT json_build_array(v.contact_id, v.letter, v.number, v.place_id, v.needs, m.in_force,
                            app.site_rooms(v.site_id))
    FROM visit v JOIN contact c ON c.id = v.contact_id CROSS JOIN LATERAL (
        SELECT EXISTS (SELECT 1 FROM safety_marker s WHERE s.customer_id = c.customer_id
                       AND s.state IN ('active', 'review_due')) AS in_force) m
    WHERE v.contact_id = p_contact AND (m.in_force OR v.needs @> '["private_room"]')
      AND (c.queue_id = ANY (app.known_queues()) OR c.owner_id = app.me())
$$;

-- Calls this visitor, or (none) the next, and says what they seek: [called, seeks].
CREATE FUNCTION app.desk_call(p_contact bigint, p_place bigint) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE called json;
BEGIN
    called := CASE WHEN p_contact IS NULL THEN app.visit_next(p_place)
                   ELSE app.visit_call(p_contact, p_place) END;
    RETURN CASE WHEN called IS NOT NULL
                THEN json_build_array(called, app.visit_seeks((called ->> 0)::bigint)) END;
END $$;

-- Into a room with whoever called or serves them; it is kept for them, and screens say where to go.
CREATE FUNCTION app.visit_room(p_contact bigint, p_place bigint) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact; v visit; p place; there text;
BEGIN
    -- In the order of a call: the place, then the contact.
    PERFORM pg_advisory_xact_lock(hashtextextended('place ' || p_place, 0));
    c := app.visit_in(p_contact, ARRAY['called', 'active', 'held']);
    SELECT x.* INTO p FROM place x JOIN visit y ON y.site_id = x.site_id
    WHERE x.id = p_place AND x.active AND x.kind <> 'partner' AND y.contact_id = p_contact
    FOR NO KEY UPDATE OF x;
    IF p.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such desk or room');
    END IF;
    SELECT t.ticket INTO there FROM app.place_visitor(p) t WHERE t.contact_id <> p_contact;
    IF there IS NOT NULL THEN
        PERFORM app.refuse('CRM04', there || ' is at ' || p.name);
    END IF;
    IF app.place_kept(p, p_contact) THEN
        PERFORM app.refuse('CRM04', p.name || ' is kept free');
    END IF;
    UPDATE visit SET place_id = p.id, called_at = CASE c.state WHEN 'called' THEN now() ELSE called_at END,
                     calls = CASE c.state WHEN 'called' THEN 1 ELSE calls END
    WHERE contact_id = p_contact RETURNING * INTO v;
    UPDATE place SET held_until = now() + interval '1 hour', held_visit_id = p_contact,
                     held_for = v.letter || lpad(v.number::text, 3, '0') WHERE id = p.id;
    -- Nobody is in two rooms.
    UPDATE place SET held_until = NULL, held_for = '', held_visit_id = NULL
    WHERE held_visit_id = p_contact AND id <> p.id;
    PERFORM app.log(CASE c.state WHEN 'called' THEN 'visit.called' ELSE 'visit.room' END, p_contact,
                    jsonb_build_object('place', p.id, 'site', v.site_id, 'calls', v.calls));
    RETURN json_build_array(p_contact, v.letter, v.number, p.name, v.called_at, v.site_id);
END $$;

-- Without the room that was proposed; with a safety marker in force whoever decides says why.
CREATE FUNCTION app.visit_without_room(p_contact bigint, p_why text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    c contact := app.visit_in(p_contact, ARRAY['queued', 'called', 'active', 'held', 'parked']);
    marked boolean := EXISTS (SELECT 1 FROM safety_marker s WHERE s.customer_id = c.customer_id
                              AND s.state IN ('active', 'review_due'));
BEGIN
    IF p_why IS NULL OR length(p_why) > 200 OR marked AND trim(p_why) = '' THEN
        PERFORM app.refuse('CRM04', 'say why, in up to 200 letters');
    END IF;
    UPDATE place SET held_until = NULL, held_for = '', held_visit_id = NULL
    WHERE held_visit_id = p_contact;
    PERFORM app.log('visit.without_room', p_contact, jsonb_build_object(
        'why', trim(p_why), 'marker', marked));
END $$;

-- For a partner whose people have no CRM Desktop and wave: this visitor, or (none) who was sent there
-- or came about what it is there for. By desk staff and leaders who work at the same site.
CREATE FUNCTION app.visit_for_partner(p_contact bigint, p_place bigint) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p place; there text; found_id bigint := p_contact; mine bigint[] := app.known_queues(); c contact;
BEGIN
    SELECT x.* INTO p FROM place x WHERE x.id = p_place AND x.active AND x.kind = 'partner';
    IF p.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such partner''s desk');
    END IF;
    IF NOT EXISTS (SELECT 1 FROM staff s JOIN at_place a ON a.staff_id = s.id
                   JOIN place x ON x.id = a.place_id
                   WHERE s.id = app.me() AND s.role IN ('desk', 'team_leader', 'admin')
                     AND a.left_at IS NULL AND x.site_id = p.site_id) THEN
        PERFORM app.refuse('CRM02', 'desk staff of the site call for partners');
    END IF;
    IF EXISTS (SELECT 1 FROM at_place WHERE place_id = p.id AND left_at IS NULL
               AND staff_id <> app.me()) THEN
        PERFORM app.refuse('CRM04', 'they call for themselves');
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('place ' || p_place, 0));
    SELECT t.ticket INTO there FROM app.place_visitor(p) t;
    IF there IS NOT NULL THEN
        PERFORM app.refuse('CRM04', there || ' is at ' || p.name);
    END IF;
    IF p_contact IS NULL THEN
        SELECT k.id INTO found_id FROM visit v JOIN contact k ON k.id = v.contact_id
        JOIN queue q ON q.id = k.queue_id
        WHERE v.site_id = p.site_id AND v.day >= app.visit_day(now()) - 1 AND k.state = 'queued'
          AND v.left_at IS NULL AND k.queue_id = ANY (mine)
          AND (v.for_place_id = p.id
               OR v.for_place_id IS NULL AND p.service_ids @> to_jsonb(k.service_id))
        ORDER BY k.queued_at - make_interval(secs => (k.priority + k.boost) * q.ageing_seconds), k.id
        FOR UPDATE OF k SKIP LOCKED LIMIT 1;
        IF found_id IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    c := app.visit_in(found_id, ARRAY['queued', 'parked']);
    IF NOT EXISTS (SELECT 1 FROM visit v WHERE v.contact_id = found_id AND v.site_id = p.site_id) THEN
        PERFORM app.refuse('CRM04', 'the visitor is at another site');
    END IF;
    RETURN app.visit_called(found_id, p);
END $$;

-- They have come to the partner's desk: their wait is over, and nobody of ours has them.
CREATE FUNCTION app.visit_with_partner(p_contact bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact := app.visit_in(p_contact, ARRAY['called']); p place;
BEGIN
    SELECT x.* INTO p FROM place x JOIN visit v ON v.place_id = x.id
    WHERE v.contact_id = p_contact AND x.kind = 'partner';
    IF p.id IS NULL THEN
        PERFORM app.refuse('CRM04', 'they were called to no partner');
    END IF;
    UPDATE contact SET state = 'parked', state_since = now(), owner_id = NULL, parked_until = NULL,
        parked_for_reply = false, first_taken_at = coalesce(first_taken_at, now())
    WHERE id = p_contact;
    -- Whoever is laid aside is nowhere, but these.
    UPDATE visit SET place_id = p.id, seen_at = coalesce(seen_at, now()), for_place_id = NULL
    WHERE contact_id = p_contact;
    PERFORM app.end_assignment(p_contact, 'transferred', p.name);
    PERFORM app.log('contact.taken', p_contact);
    PERFORM app.log('contact.parked', p_contact, jsonb_build_object('place', p.id));
END $$;

-- The partner is done with them, and nobody else is asked for.
CREATE FUNCTION app.visit_partner_done(p_contact bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact := app.visit_in(p_contact, ARRAY['parked']);
BEGIN
    IF NOT EXISTS (SELECT 1 FROM place x JOIN visit v ON v.place_id = x.id
                   WHERE v.contact_id = p_contact AND x.kind = 'partner') THEN
        PERFORM app.refuse('CRM04', 'they are with no partner');
    END IF;
    UPDATE contact SET state = 'completed', state_since = now(), completed_at = now(), owner_id = app.me(),
        resolution = 'signposted_outside', avoidable = false, end_reason = 'normal', due_at = NULL
    WHERE id = p_contact;
    PERFORM app.log('contact.completed', p_contact, jsonb_build_object(
        'resolution', 'signposted_outside', 'avoidable', false, 'service', c.service_id));
END $$;

-- A no-show or somebody who left is there after all: they wait in their old place, as before. For ten
-- minutes, by whoever said so or a leader.
CREATE FUNCTION app.visit_undo(p_contact bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact; said bigint;
BEGIN
    SELECT x.* INTO c FROM contact x JOIN visit v ON v.contact_id = x.id
    WHERE x.id = p_contact AND x.queue_id = ANY (app.known_queues()) FOR UPDATE OF x;
    IF c.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such visit');
    END IF;
    IF NOT c.state = ANY (ARRAY['no_show', 'left']) THEN
        PERFORM app.refuse('CRM04', 'the visit is ' || c.state);
    END IF;
    SELECT e.actor_id INTO said FROM event e WHERE e.contact_id = p_contact
      AND e.kind IN ('contact.no_show', 'contact.left') ORDER BY e.id DESC LIMIT 1;
    IF said IS DISTINCT FROM app.me() AND NOT app.leads() THEN
        PERFORM app.refuse('CRM02', 'somebody else said so');
    END IF;
    IF c.state_since < now() - interval '10 minutes' THEN
        PERFORM app.refuse('CRM04', 'that was too long ago');
    END IF;
    UPDATE contact SET state = 'queued', state_since = now(), due_at = c.received_at + make_interval(
        secs => coalesce((SELECT t.seconds FROM queue_target t WHERE t.queue_id = c.queue_id
                          AND t.channel = 'visit'), 900)) WHERE id = p_contact;
    UPDATE visit SET left_at = NULL WHERE contact_id = p_contact;
    UPDATE appointment SET state = 'arrived' WHERE visit_id = p_contact AND state = 'no_show';
    PERFORM app.log('visit.back', p_contact, jsonb_build_object('before', c.state, 'undone', true));
END $$;

REVOKE ALL ON FUNCTION app.place_kept(place, bigint), app.place_visitor(place),
    app.place_hold(bigint, timestamptz, text, bigint), app.next_booked(place), app.visit_takes(bigint),
    app.site_rooms(bigint), app.desk_line(bigint), app.visit_seeks(bigint),
    app.desk_call(bigint, bigint), app.visit_room(bigint, bigint),
    app.visit_without_room(bigint, text), app.visit_for_partner(bigint, bigint),
    app.visit_with_partner(bigint), app.visit_partner_done(bigint), app.visit_undo(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.place_hold(bigint, timestamptz, text, bigint), app.site_rooms(bigint),
    app.desk_line(bigint), app.visit_seeks(bigint), app.desk_call(bigint, bigint),
    app.visit_room(bigint, bigint), app.visit_without_room(bigint, text),
    app.visit_for_partner(bigint, bigint), app.visit_with_partner(bigint),
    app.visit_partner_done(bigint), app.visit_undo(bigint) TO crm_staff;
