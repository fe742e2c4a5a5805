-- Who came while the database was away is entered with the times at which it happened.

-- What became of a visitor who came while the database was away, after app.visit_check_in. p: contact,
-- state (called, active, completed, no_show, left), place, calls, called, seen, ended, resolution. What
-- an earlier try has entered is brought on from there, and asked again nothing happens. Of other
-- visitors nothing is written down late: nobody's wait gets shorter afterwards.
CREATE FUNCTION app.visit_went(p jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me bigint := app.me(); c contact; v visit; holder text; booked bigint;
    way text[] := ARRAY['queued', 'called', 'active', 'completed'];
    ends text := p ->> 'state'; stands integer; goal integer;
    called timestamptz := (p ->> 'called')::timestamptz;
    seen timestamptz := (p ->> 'seen')::timestamptz;
    ended timestamptz := (p ->> 'ended')::timestamptz;
    desk bigint := (p ->> 'place')::bigint;
    over boolean := ends IN ('completed', 'no_show', 'left');
BEGIN
    -- In the order of a call: the place, then the contact.
    IF desk IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('place ' || desk, 0));
    END IF;
    SELECT * INTO c FROM contact WHERE id = (p ->> 'contact')::bigint FOR UPDATE;
    SELECT * INTO v FROM visit WHERE contact_id = c.id;
    IF me IS NULL OR v.contact_id IS NULL OR NOT coalesce(c.while_away, false)
       OR NOT (c.queue_id = ANY (app.known_queues())
               OR EXISTS (SELECT 1 FROM event WHERE contact_id = c.id AND kind = 'contact.received'
                          AND actor_id = me)) THEN
        PERFORM app.refuse('CRM01', 'no such visit');
    END IF;
    IF v.left_at IS NOT NULL OR c.state IN ('completed', 'no_show', 'left', 'wrap_up') THEN
        RETURN;
    END IF;
    IF c.owner_id IS NOT NULL AND c.owner_id <> me THEN
        SELECT name INTO holder FROM staff WHERE id = c.owner_id;
        PERFORM app.refuse('CRM03', 'the visitor is with somebody else', holder);
    END IF;
    -- Laid aside since, they were called before.
    stands := coalesce(array_position(way, CASE WHEN c.state IN ('held', 'parked') THEN 'active'
                                                ELSE c.state END), 1);
    goal := CASE WHEN ends IN ('no_show', 'left') THEN 4 ELSE array_position(way, ends) END;
    IF goal IS NULL OR NOT coalesce(
           (ends NOT IN ('called', 'active', 'no_show') OR called IS NOT NULL AND desk IS NOT NULL)
       AND (ends NOT IN ('active', 'completed') OR seen IS NOT NULL)
       AND (over = (ended IS NOT NULL)) AND (p ->> 'calls')::integer BETWEEN 0 AND 99
       AND (ends <> 'completed' OR p ->> 'resolution' = ANY (ARRAY['resolved', 'signposted_council',
            'signposted_outside', 'callback', 'no_action', 'handed_off']))
       AND c.received_at <= coalesce(called, seen, ended)
       AND coalesce(called <= coalesce(seen, ended), true) AND coalesce(seen <= ended, true)
       AND coalesce(ended, seen, called) <= now() + interval '1 minute', false) THEN
        PERFORM app.refuse('CRM04', 'this cannot have been');
    END IF;
    IF desk IS NOT NULL AND NOT EXISTS (SELECT 1 FROM place WHERE id = desk AND site_id = v.site_id) THEN
        PERFORM app.refuse('CRM01', 'no such desk or room');
    END IF;
    IF goal <= stands THEN
        RETURN;
    END IF;
    IF NOT over AND stands = 1 THEN
        PERFORM app.place_free(desk);
    END IF;
    -- LEAST would make "now" of what never was.
    called := CASE WHEN called IS NOT NULL THEN least(called, now()) END;
    seen := CASE WHEN seen IS NOT NULL THEN least(seen, now()) END;
    ended := CASE WHEN ended IS NOT NULL THEN least(ended, now()) END;
    -- Before the contact, whose trigger says "now" of what has no time yet.
    UPDATE visit SET place_id = CASE WHEN ends IN ('no_show', 'left') THEN NULL WHEN stands > 1
            THEN place_id ELSE desk END,
        called_at = coalesce(called, called_at), calls = greatest(calls, (p ->> 'calls')::integer),
        seen_at = coalesce(seen_at, seen), left_at = ended WHERE contact_id = c.id;
    UPDATE contact SET state = ends, state_since = coalesce(ended, seen, called),
        owner_id = CASE WHEN ends IN ('no_show', 'left') THEN NULL ELSE me END,
        first_taken_at = coalesce(first_taken_at, seen), completed_at = CASE WHEN goal = 4 AND seen IS NOT NULL
            AND ends = 'completed' THEN ended END,
        resolution = CASE WHEN ends = 'completed' THEN p ->> 'resolution' END,
        avoidable = CASE WHEN ends = 'completed' THEN false END,
        end_reason = CASE WHEN ends = 'completed' THEN 'normal' ELSE end_reason END,
        due_at = CASE WHEN NOT over THEN due_at END WHERE id = c.id;
    IF over THEN
        UPDATE appointment SET state = CASE WHEN ends = 'completed' THEN 'served' ELSE 'no_show' END
        WHERE visit_id = c.id AND state IN ('arrived', 'served') RETURNING id INTO booked;
        IF ends <> 'completed' THEN
            DELETE FROM slot_taken WHERE appointment_id = booked AND at > now();
        END IF;
    END IF;
    IF stands = 1 AND (called IS NOT NULL OR seen IS NOT NULL) THEN
        INSERT INTO assignment (contact_id, staff_id, state, accepted_at, ended_at, note, how)
        VALUES (c.id, me, CASE WHEN NOT over THEN 'accepted' WHEN ends = 'completed' THEN 'completed'
                               ELSE 'returned' END, coalesce(called, seen), ended, '',
                CASE WHEN called IS NULL THEN 'counter' ELSE 'called' END);
    ELSIF over THEN
        UPDATE assignment SET state = CASE WHEN ends = 'completed' THEN 'completed' ELSE 'returned' END,
            ended_at = ended WHERE contact_id = c.id AND ended_at IS NULL;
    END IF;
    IF stands = 1 AND called IS NOT NULL THEN
        INSERT INTO event (kind, at, actor_id, contact_id, data) VALUES ('visit.called', called, me, c.id,
            jsonb_build_object('place', desk, 'site', v.site_id, 'calls', p -> 'calls'));
    END IF;
    IF stands < 3 AND seen IS NOT NULL THEN
        INSERT INTO event (kind, at, actor_id, contact_id, data)
        VALUES ('contact.taken', seen, me, c.id, '{}');
    END IF;
    IF over THEN
        INSERT INTO event (kind, at, actor_id, contact_id, data)
        VALUES (CASE ends WHEN 'completed' THEN 'contact.completed' WHEN 'no_show' THEN 'contact.no_show'
                ELSE 'contact.left' END, ended, me, c.id,
                CASE WHEN ends = 'completed' THEN jsonb_build_object('resolution', p ->> 'resolution',
                    'avoidable', false, 'service', c.service_id)
                ELSE jsonb_build_object('before', CASE WHEN called IS NULL THEN 'queued' ELSE 'called' END)
                END);
    END IF;
END $$;
REVOKE ALL ON FUNCTION app.visit_went(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.visit_went(jsonb) TO crm_staff;
