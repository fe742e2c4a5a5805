-- Presence is what a person chose, activity what the system sees: both through guarded functions.
-- Locks are taken in one order, staff before activity.
DROP FUNCTION app.set_presence(text, text);
GRANT SELECT ON presence_mark TO crm_staff;
GRANT SELECT ON presence_mark TO crm_gateway;
ALTER TABLE presence_mark ENABLE ROW LEVEL SECURITY;
CREATE POLICY gateway ON presence_mark TO crm_gateway USING (true) WITH CHECK (true);
-- One's own day, and for team leaders the days of those with whom they share a queue.
CREATE POLICY own_day ON presence_mark FOR SELECT TO crm_staff
    USING (staff_id = (SELECT app.me())
           OR ((SELECT app.leads()) AND staff_id = ANY ((ARRAY(
               SELECT m.staff_id FROM membership m
               WHERE m.queue_id = ANY ((SELECT app.my_queues())::bigint[])
                 AND (m.until IS NULL OR m.until > now())))::bigint[])));
-- What leaves no trace: 200 people say every half minute that they are there.
SELECT app.audit_table('staff', '{presence,next_presence,presence_since,presence_words,back_at,
                                  presence_by_id}');

-- The day of a person, whoever changes it: a mark each time that anything of it is another. A day
-- adds up because a mark holds until the next, and none is before the one before it.
CREATE FUNCTION app.presence_marked(p_staff bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a activity; s staff; last_one presence_mark; now_seen text;
BEGIN
    -- Of two who change one person at once the second sees what the first marked.
    SELECT * INTO a FROM activity WHERE staff_id = p_staff FOR UPDATE;
    IF a.staff_id IS NULL THEN
        RETURN;
    END IF;
    SELECT * INTO s FROM staff WHERE id = p_staff;
    SELECT * INTO last_one FROM presence_mark WHERE staff_id = p_staff ORDER BY id DESC LIMIT 1;
    now_seen := CASE WHEN a.locked THEN 'locked' WHEN a.idle_since IS NOT NULL THEN 'idle'
                     WHEN a.not_responding_since IS NOT NULL THEN 'not_responding'
                     ELSE 'there' END;
    IF last_one.at >= now() THEN
        UPDATE presence_mark SET signed_in = a.signed_in_at IS NOT NULL, presence = s.presence,
                                 seen = now_seen, by_id = s.presence_by_id
        WHERE id = last_one.id;
        RETURN;
    END IF;
    INSERT INTO presence_mark (staff_id, at, signed_in, presence, seen, by_id)
    VALUES (p_staff, now(), a.signed_in_at IS NOT NULL, s.presence, now_seen, s.presence_by_id);
END $$;
CREATE FUNCTION app.presence_of_staff() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM app.presence_marked(NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION app.presence_of_activity() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM app.presence_marked(NEW.staff_id);
    RETURN NULL;
END $$;
CREATE TRIGGER presence AFTER UPDATE OF presence ON staff FOR EACH ROW
    WHEN (OLD.presence IS DISTINCT FROM NEW.presence) EXECUTE FUNCTION app.presence_of_staff();
CREATE TRIGGER presence AFTER UPDATE ON activity FOR EACH ROW
    WHEN ((OLD.signed_in_at IS NULL) <> (NEW.signed_in_at IS NULL) OR OLD.locked <> NEW.locked
          OR (OLD.idle_since IS NULL) <> (NEW.idle_since IS NULL)
          OR (OLD.not_responding_since IS NULL) <> (NEW.not_responding_since IS NULL))
    EXECUTE FUNCTION app.presence_of_activity();
CREATE TRIGGER presence_begins AFTER INSERT ON activity FOR EACH ROW
    WHEN (NEW.signed_in_at IS NOT NULL) EXECUTE FUNCTION app.presence_of_activity();

-- Whoever is offered a contact hears of it, and that the offer is over.
CREATE FUNCTION app.offer_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_notify('crm', 'staff:' || NEW.staff_id);
    RETURN NULL;
END $$;
CREATE TRIGGER offer_made AFTER INSERT ON assignment FOR EACH ROW
    WHEN (NEW.state = 'offered') EXECUTE FUNCTION app.offer_told();
CREATE TRIGGER offer_over AFTER UPDATE OF state ON assignment FOR EACH ROW
    WHEN (OLD.state = 'offered' AND NEW.state <> 'offered') EXECUTE FUNCTION app.offer_told();

-- Who asks, with their row locked; refuses whoever is not staff.
CREATE FUNCTION app.presence_mine() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me();
BEGIN
    IF me IS NULL THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
    PERFORM 1 FROM staff WHERE id = me FOR NO KEY UPDATE;
    RETURN me;
END $$;

CREATE FUNCTION app.presence_set(p_staff bigint, p_by bigint, p_presence text, p_next text,
                                 p_words text, p_back_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    known CONSTANT text[] := ARRAY['available', 'lunch', 'break', 'training', 'meeting',
                                   'other_work', 'offline'];
BEGIN
    IF p_presence IS NULL OR NOT p_presence = ANY (known) OR NOT p_next = ANY (known) THEN
        PERFORM app.refuse('CRM05', 'no such presence');
    END IF;
    IF p_words IS NULL OR length(p_words) > 80 THEN
        PERFORM app.refuse('CRM05', 'up to 80 letters');
    END IF;
    IF NOT p_back_at BETWEEN now() AND now() + interval '31 days' THEN
        PERFORM app.refuse('CRM05', 'back within 31 days from now');
    END IF;
    UPDATE staff SET presence = p_presence, next_presence = p_next, presence_words = p_words,
        back_at = p_back_at, presence_by_id = p_by,
        presence_since = CASE WHEN presence = p_presence THEN presence_since ELSE now() END
    WHERE id = p_staff;
    INSERT INTO event (kind, actor_id, data) VALUES ('staff.presence', coalesce(p_by, p_staff),
        jsonb_build_object('staff', p_staff, 'presence', p_presence, 'next', p_next));
END $$;

CREATE FUNCTION app.choose_presence(p_presence text, p_next text, p_words text,
                                    p_back_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.presence_mine();
BEGIN
    PERFORM app.presence_set(me, NULL, p_presence, p_next, p_words, p_back_at);
    -- Whoever chooses is there.
    UPDATE activity SET not_responding_since = NULL
    WHERE staff_id = me AND not_responding_since IS NOT NULL;
END $$;

-- A team leader says where somebody is with whom they share a queue.
CREATE FUNCTION app.presence_of(p_staff bigint, p_presence text, p_next text, p_words text,
                                p_back_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me();
BEGIN
    IF NOT app.leads() THEN
        PERFORM app.refuse('CRM02', 'only a team leader may do that');
    END IF;
    PERFORM 1 FROM staff s WHERE s.id = p_staff AND s.active AND (
        EXISTS (SELECT 1 FROM staff WHERE id = me AND role = 'admin')
        OR EXISTS (SELECT 1 FROM membership m
                   WHERE m.staff_id = s.id AND m.queue_id = ANY (app.my_queues())
                     AND (m.until IS NULL OR m.until > now()))) FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM app.refuse('CRM01', 'nobody of that number in your queues');
    END IF;
    PERFORM app.presence_set(p_staff, nullif(me, p_staff), p_presence, p_next, p_words, p_back_at);
END $$;

-- p_desktop tells a person's desktops apart: the one that speaks for them is the last at which they
-- signed in, or did something while nothing was done at the other.
CREATE FUNCTION app.presence_begin(p_desktop text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.presence_mine(); was_out boolean;
BEGIN
    SELECT signed_in_at IS NULL INTO was_out FROM activity WHERE staff_id = me;
    INSERT INTO activity (staff_id, signed_in_at, seen_at, desktop)
    VALUES (me, now(), now(), p_desktop)
    ON CONFLICT (staff_id) DO UPDATE SET
        signed_in_at = coalesce(activity.signed_in_at, now()), seen_at = now(),
        idle_since = NULL, locked = false, not_responding_since = NULL, desktop = p_desktop;
    IF coalesce(was_out, true) THEN
        INSERT INTO event (kind, actor_id, data)
        VALUES ('staff.signed_in', me, jsonb_build_object('staff', me));
    END IF;
    -- Who sits there is there, unless they had said where they are.
    IF (SELECT presence FROM staff WHERE id = me) = 'offline' THEN
        PERFORM app.presence_set(me, NULL, 'available', NULL, '', NULL);
    END IF;
END $$;

-- Every half minute from every desktop, and at once when p_idle or p_locked is another. True when
-- what is seen is another: then it is told of. Who is signed out stays so.
CREATE FUNCTION app.presence_here(p_desktop text, p_idle boolean, p_locked boolean)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); a activity;
BEGIN
    IF me IS NULL THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
    SELECT * INTO a FROM activity WHERE staff_id = me FOR UPDATE;
    IF a.signed_in_at IS NULL OR NOT (
        a.desktop = p_desktop OR a.seen_at < now() - interval '90 seconds'
        OR (a.idle_since IS NOT NULL AND NOT (p_idle OR p_locked))) THEN
        RETURN false;
    END IF;
    IF a.locked = p_locked AND (a.idle_since IS NOT NULL) = (p_idle OR p_locked) THEN
        -- It may be lost with the server: the next one comes in half a minute.
        PERFORM set_config('synchronous_commit', 'off', true);
        UPDATE activity SET seen_at = now(), desktop = p_desktop WHERE staff_id = me;
        RETURN false;
    END IF;
    UPDATE activity SET seen_at = now(), desktop = p_desktop, locked = p_locked,
        idle_since = CASE WHEN p_idle OR p_locked THEN coalesce(idle_since, now()) END
    WHERE staff_id = me;
    INSERT INTO event (kind, actor_id, data) VALUES ('staff.activity', me, jsonb_build_object(
        'staff', me, 'seen', CASE WHEN p_locked THEN 'locked' WHEN p_idle THEN 'idle'
                             ELSE 'there' END));
    PERFORM pg_notify('crm', 'staff:' || me);
    RETURN true;
END $$;

-- Somebody is signed out: p_by NULL by themselves or because they were not seen. Their work is
-- another matter (app.return_work).
CREATE FUNCTION app.presence_out(p_staff bigint, p_by bigint, p_actor bigint, p_why text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE staff SET presence = 'offline', next_presence = NULL, presence_words = '',
        back_at = NULL, presence_by_id = p_by,
        presence_since = CASE WHEN presence = 'offline' THEN presence_since ELSE now() END
    WHERE id = p_staff;
    UPDATE activity SET signed_in_at = NULL, idle_since = NULL, locked = false,
                        not_responding_since = NULL
    WHERE staff_id = p_staff AND signed_in_at IS NOT NULL;
    IF FOUND THEN
        INSERT INTO event (kind, actor_id, data) VALUES ('staff.signed_out', p_actor,
            jsonb_build_object('staff', p_staff, 'why', p_why));
    END IF;
END $$;

-- The desktop is closed; gives the contacts that went back. Nothing, when another speaks for them.
CREATE FUNCTION app.presence_end(p_desktop text) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.presence_mine();
BEGIN
    IF NOT EXISTS (SELECT 1 FROM activity WHERE staff_id = me AND desktop = p_desktop
                   AND signed_in_at IS NOT NULL) THEN
        RETURN '{}';
    END IF;
    PERFORM app.presence_out(me, NULL, me, 'signed out');
    RETURN app.return_work(me, 'signed out');
END $$;

-- They did not answer an offer, and are there again.
CREATE FUNCTION app.presence_back() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.presence_mine();
BEGIN
    UPDATE activity SET not_responding_since = NULL
    WHERE staff_id = me AND not_responding_since IS NOT NULL;
    IF FOUND THEN
        INSERT INTO event (kind, actor_id, data) VALUES ('staff.activity', me,
            jsonb_build_object('staff', me, 'seen', 'there'));
    END IF;
END $$;

-- The channels of which this person wants no offers for now.
CREATE FUNCTION app.presence_channels(p_off text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.presence_mine();
BEGIN
    IF p_off IS NULL OR NOT p_off <@ ARRAY['call', 'voicemail', 'email', 'web_form', 'chat',
                                           'social', 'visit', 'letter', 'sms']
       OR cardinality(p_off) > 9 THEN
        PERFORM app.refuse('CRM05', 'no such channel');
    END IF;
    INSERT INTO activity (staff_id, off_channels) VALUES (me, to_jsonb(p_off))
    ON CONFLICT (staff_id) DO UPDATE SET off_channels = to_jsonb(p_off);
    INSERT INTO event (kind, actor_id, data) VALUES ('staff.channels', me,
        jsonb_build_object('staff', me, 'off', to_jsonb(p_off)));
END $$;

-- Who was not seen for two minutes is signed out, and what they were offered goes back; what they
-- had in hand goes half an hour after they were last seen, or when nobody touched their desktop for
-- an hour. Gives {"staff": […], "contacts": […]}. Whoever does something at this moment is looked at
-- again in the next round: it waits for nobody, and takes nothing from who is just back.
CREATE FUNCTION app.presence_sweep() RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE gone bigint; out_now bigint[] := '{}'; freed bigint[] := '{}'; back bigint[];
BEGIN
    FOR gone IN
        SELECT s.id FROM staff s JOIN activity a ON a.staff_id = s.id
        WHERE a.signed_in_at IS NOT NULL AND a.seen_at < now() - interval '2 minutes'
        ORDER BY s.id FOR NO KEY UPDATE OF s, a SKIP LOCKED
    LOOP
        PERFORM app.presence_out(gone, NULL, NULL, 'not seen');
        WITH returned AS (
            UPDATE contact SET state = 'queued', state_since = now(), owner_id = NULL
            WHERE owner_id = gone AND state = 'offered' RETURNING id
        ), ended AS (
            UPDATE assignment SET state = 'rescinded', ended_at = now(), note = 'not seen'
            WHERE contact_id IN (SELECT id FROM returned) AND ended_at IS NULL
        ), told AS (
            INSERT INTO event (kind, contact_id, data)
            SELECT 'contact.returned', id, '{"reason": "not seen"}' FROM returned ORDER BY id
        )
        SELECT coalesce(array_agg(id), '{}') INTO back FROM returned;
        out_now := out_now || gone;
        freed := freed || back;
    END LOOP;
    FOR gone IN
        SELECT s.id FROM staff s JOIN activity a ON a.staff_id = s.id
        WHERE (a.signed_in_at IS NULL AND a.seen_at < now() - interval '30 minutes'
               OR a.idle_since < now() - interval '60 minutes')
          AND EXISTS (SELECT 1 FROM contact c WHERE c.owner_id = a.staff_id
                      AND c.state <> 'completed'
                      AND c.state IN ('offered', 'active', 'held', 'wrap_up', 'parked'))
        ORDER BY s.id FOR NO KEY UPDATE OF s, a SKIP LOCKED
    LOOP
        freed := freed || app.return_work(gone, 'away for long');
        out_now := out_now || gone;
    END LOOP;
    RETURN json_build_object('staff', out_now, 'contacts', freed);
END $$;

REVOKE ALL ON FUNCTION app.presence_marked(bigint), app.presence_of_staff(),
    app.presence_of_activity(), app.offer_told(), app.presence_mine(),
    app.presence_set(bigint, bigint, text, text, text, timestamptz),
    app.choose_presence(text, text, text, timestamptz),
    app.presence_of(bigint, text, text, text, timestamptz), app.presence_begin(text),
    app.presence_here(text, boolean, boolean),
    app.presence_out(bigint, bigint, bigint, text), app.presence_end(text), app.presence_back(),
    app.presence_channels(text[]), app.presence_sweep() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.choose_presence(text, text, text, timestamptz),
    app.presence_of(bigint, text, text, text, timestamptz), app.presence_begin(text),
    app.presence_here(text, boolean, boolean), app.presence_end(text), app.presence_back(),
    app.presence_channels(text[]) TO crm_staff;
GRANT EXECUTE ON FUNCTION app.presence_sweep() TO crm_gateway;
