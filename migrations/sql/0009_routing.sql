-- Who may be offered what: read by all staff; only guarded functions write.
GRANT SELECT ON skill, queue_skill, staff_skill, channel_weight, activity TO crm_staff;
GRANT SELECT ON skill, queue_skill, staff_skill, channel_weight, activity TO crm_gateway;
GRANT SELECT, DELETE ON routing_decision TO crm_gateway;
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['staff_skill', 'activity', 'routing_decision'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY gateway ON %I TO crm_gateway USING (true) WITH CHECK (true)',
                       t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['staff_skill', 'activity'] LOOP
        EXECUTE format('CREATE POLICY staff_read ON %I FOR SELECT TO crm_staff '
                       'USING ((SELECT app.me()) IS NOT NULL)', t);
    END LOOP;
END $$;

-- What people change of it is watched; what the system sees of them and what it decided is not.
SELECT app.audit_table(name) FROM (VALUES
    ('skill'), ('queue_skill'), ('staff_skill'), ('channel_weight')) AS watched (name);

-- What it is, is written with it: what people have in hand is added up without a look at each
-- contact.
CREATE FUNCTION app.assignment_channel() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    SELECT c.channel INTO NEW.channel FROM contact c WHERE c.id = NEW.contact_id;
    RETURN NEW;
END $$;
CREATE TRIGGER channel BEFORE INSERT ON assignment FOR EACH ROW
    EXECUTE FUNCTION app.assignment_channel();
SELECT app.audit_table('assignment', '{channel}');

-- One who is signed in, as the routing sees them. `why` they are offered nothing at all, or NULL.
-- `busy` is what calls, chats and visits take of their capacity, `laid` what can be laid aside for
-- one. `offered` and `called`: an offer stands before them, and one that cannot be laid aside. `off`:
-- the channels of which they want none.
CREATE TYPE app.hand AS (
    staff_id bigint, why text, capacity integer, busy integer, laid integer, offered boolean,
    called boolean, given_at timestamptz, queues bigint[], skills jsonb, off jsonb);

CREATE FUNCTION app.hands() RETURNS SETOF app.hand
LANGUAGE plpgsql STABLE ROWS 200 SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT s.id::bigint,
           CASE WHEN s.presence <> 'available' THEN 'away'
                WHEN coalesce(s.next_presence, 'available') <> 'available' THEN 'leaving'
                WHEN a.locked THEN 'locked'
                WHEN a.idle_since IS NOT NULL THEN 'idle'
                WHEN a.seen_at IS NULL OR a.seen_at < now() - interval '90 seconds' THEN 'silent'
                WHEN a.not_responding_since IS NOT NULL THEN 'not_responding' END,
           s.capacity, coalesce(l.busy, 0)::integer, coalesce(l.laid, 0)::integer,
           coalesce(l.offered, false), coalesce(l.called, false), a.last_given_at,
           m.queues, k.skills, a.off_channels
    FROM activity a
    JOIN staff s ON s.id = a.staff_id AND s.active
    JOIN (SELECT m.staff_id, array_agg(m.queue_id::bigint) AS queues FROM membership m
          WHERE (m.until IS NULL OR m.until > now())
            AND (m.off_until IS NULL OR m.off_until <= now())
          GROUP BY m.staff_id) m ON m.staff_id = s.id
    LEFT JOIN (SELECT x.staff_id, sum(w.weight) FILTER (WHERE NOT w.interruptible) AS busy,
                      sum(w.weight) FILTER (WHERE w.interruptible) AS laid,
                      bool_or(x.state = 'offered' AND x.expires_at IS NOT NULL) AS offered,
                      bool_or(x.state = 'offered' AND x.expires_at IS NOT NULL
                              AND NOT w.interruptible) AS called
               FROM assignment x LEFT JOIN channel_weight w ON w.channel = x.channel
               WHERE x.ended_at IS NULL
               GROUP BY x.staff_id) l ON l.staff_id = s.id
    LEFT JOIN (SELECT k.staff_id, jsonb_object_agg(k.skill_id, k.level) AS skills
               FROM staff_skill k WHERE k.until IS NULL OR k.until > now()
               GROUP BY k.staff_id) k ON k.staff_id = s.id
    WHERE a.signed_in_at IS NOT NULL;
END $$;

-- Every member of its queue who is signed in, for one contact: why they are not offered it, or in
-- which order they are. `short` is how much of the queue's skills they lack that it waits for no
-- longer, `share` how full they are. p_kept are kept free for something heavier.
CREATE FUNCTION app.judged(p_hands app.hand[], p_kept bigint[], p_contact bigint)
RETURNS TABLE (staff_id bigint, why text, is_last boolean, short integer, share double precision,
               given_at timestamptz)
LANGUAGE plpgsql STABLE ROWS 100 SET search_path = public, pg_temp AS $$
DECLARE
    c record;
    last_one bigint;
    -- The skills as keys of a person's, from which level up, and whether it waits for them still.
    wanted text[];
    levels integer[];
    firm boolean[];
    -- How much of them each person lacks, and who lacks what it waits for.
    short_of jsonb;
    lacking bigint[];
    -- Who declined it: not now in any case, and not while somebody else is there.
    refusing bigint[];
    declining bigint[];
BEGIN
    SELECT x.queue_id, x.channel, x.queued_at, x.customer_id, w.weight, w.interruptible AS lays,
           make_interval(secs => q.last_advisor_seconds) AS last_for INTO c
    FROM contact x JOIN channel_weight w ON w.channel = x.channel JOIN queue q ON q.id = x.queue_id
    WHERE x.id = p_contact;
    SELECT array_agg(k.skill_id::text), array_agg(k.level),
           array_agg(k.relax_seconds IS NULL
                     OR c.queued_at + make_interval(secs => k.relax_seconds) > now())
    INTO wanted, levels, firm FROM queue_skill k WHERE k.queue_id = c.queue_id;
    IF wanted IS NOT NULL THEN
        SELECT jsonb_object_agg(s.staff_id, s.short),
               array_agg(s.staff_id) FILTER (WHERE s.lacking)
        INTO short_of, lacking
        FROM (SELECT h.staff_id,
                     sum(greatest(n.level - coalesce((h.skills ->> n.skill)::integer, 0), 0))
                     AS short,
                     bool_or(n.firm AND n.level > coalesce((h.skills ->> n.skill)::integer, 0))
                     AS lacking
              FROM unnest(p_hands) h
              CROSS JOIN unnest(wanted, levels, firm) AS n (skill, level, firm)
              GROUP BY h.staff_id) s;
    END IF;
    SELECT array_agg(x.staff_id) FILTER (WHERE x.reason = 'conflict'
                                         OR x.ended_at > now() - interval '30 seconds'),
           array_agg(x.staff_id) FILTER (WHERE x.ended_at > now() - interval '5 minutes')
    INTO refusing, declining FROM assignment x
    WHERE x.contact_id = p_contact AND x.state = 'declined';
    IF c.last_for > interval '0' AND c.customer_id IS NOT NULL THEN
        SELECT o.owner_id INTO last_one FROM contact o
        WHERE o.customer_id = c.customer_id AND o.id <> p_contact AND o.owner_id IS NOT NULL
        ORDER BY o.received_at DESC LIMIT 1;
    END IF;
    RETURN QUERY
    WITH seen AS MATERIALIZED (
        SELECT h.staff_id, h.given_at,
               coalesce((short_of ->> h.staff_id::text)::integer, 0) AS short,
               (h.busy + h.laid)::double precision / greatest(h.capacity, 1) AS share,
               coalesce(h.staff_id = last_one, false) AS is_last,
               coalesce(h.staff_id = ANY (refusing), false) AS refused,
               coalesce(h.staff_id = ANY (declining), false) AS lately,
               h.why IS NOT NULL OR h.off ? c.channel
               OR coalesce(h.staff_id = ANY (lacking), false) AS out,
               CASE WHEN h.why IS NOT NULL THEN h.why
                    WHEN h.off ? c.channel THEN 'channel_off'
                    WHEN h.staff_id = ANY (lacking) THEN 'skills'
                    WHEN h.called OR h.offered AND c.lays THEN 'offered'
                    WHEN h.capacity - h.busy - CASE WHEN c.lays THEN h.laid ELSE 0 END < c.weight
                    THEN 'full'
                    WHEN h.staff_id = ANY (p_kept) THEN 'kept' END AS why
        FROM unnest(p_hands) h WHERE c.queue_id = ANY (h.queues)
    ), others AS MATERIALIZED (
        SELECT bool_or(NOT (s.out OR s.refused OR s.lately)) AS there,
               bool_or(s.is_last AND s.why IS NOT NULL AND NOT (s.out OR s.refused OR s.lately)
                       AND c.queued_at + c.last_for > now()) AS awaited
        FROM seen s
    )
    SELECT s.staff_id,
           CASE WHEN s.out THEN s.why
                WHEN s.refused OR s.lately AND o.there THEN 'declined'
                WHEN s.why IS NOT NULL THEN s.why
                WHEN o.awaited THEN 'last_first' END,
           s.is_last, s.short, s.share, s.given_at
    FROM seen s CROSS JOIN others o;
END $$;

-- Whom one contact goes to, NULL for nobody, and the others by the reason why not.
CREATE FUNCTION app.decided(p_hands app.hand[], p_kept bigint[], p_contact bigint, OUT chosen bigint,
                            OUT considered jsonb)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    WITH j AS MATERIALIZED (SELECT * FROM app.judged(p_hands, p_kept, p_contact)),
    best AS (SELECT * FROM j WHERE j.why IS NULL
             ORDER BY j.is_last DESC, j.short, j.share, j.given_at NULLS FIRST, j.staff_id LIMIT 1),
    reasons AS (
        SELECT coalesce(j.why,
                        CASE WHEN b.is_last THEN 'not_last' WHEN j.short > b.short THEN 'less_skill'
                             WHEN j.share > b.share THEN 'busier' ELSE 'sooner' END) AS why,
               jsonb_agg(j.staff_id ORDER BY j.staff_id) AS ids
        FROM j LEFT JOIN best b ON true
        WHERE j.staff_id IS DISTINCT FROM b.staff_id GROUP BY 1)
    SELECT (SELECT b.staff_id FROM best b),
           (SELECT coalesce(jsonb_object_agg(r.why, r.ids), '{}') FROM reasons r)
    INTO chosen, considered;
END $$;

-- What of it is offered, in hand or in wrap-up goes back to its queue and has waited all the time;
-- what is parked is nobody's now and stays so. By rule: whoever calls it has asked who may.
CREATE FUNCTION app.return_work(p_staff bigint, p_why text) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me bigint := app.me();
    held contact[] := ARRAY(
        SELECT c FROM contact c WHERE c.owner_id = p_staff
            AND c.state IN ('offered', 'active', 'held', 'wrap_up', 'parked')
        ORDER BY c.id FOR UPDATE);
    parked bigint[] := ARRAY(SELECT id FROM unnest(held) WHERE state = 'parked');
    given bigint[] := ARRAY(SELECT id FROM unnest(held) WHERE state <> 'parked');
BEGIN
    UPDATE contact SET owner_id = NULL WHERE id = ANY (parked);
    UPDATE contact SET state = 'queued', state_since = now(), owner_id = NULL
    WHERE id = ANY (given);
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

-- Offers that nobody answered: the contact has waited all the time, the person is offered nothing
-- until they are back. What somebody else has locked is left to the next round.
CREATE FUNCTION app.time_out(p_limit integer, OUT contacts bigint[], OUT people bigint[])
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE o record;
BEGIN
    contacts := '{}';
    people := '{}';
    FOR o IN
        SELECT a.id, a.contact_id, a.staff_id, c.queue_id
        FROM assignment a JOIN contact c ON c.id = a.contact_id
        WHERE a.ended_at IS NULL AND a.state = 'offered' AND a.expires_at <= now()
          AND c.state = 'offered' AND c.owner_id = a.staff_id
        ORDER BY a.expires_at, a.id LIMIT p_limit FOR UPDATE OF c SKIP LOCKED
    LOOP
        PERFORM 1 FROM activity WHERE staff_id = o.staff_id FOR NO KEY UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        UPDATE contact SET state = 'queued', state_since = now(), owner_id = NULL
        WHERE id = o.contact_id;
        UPDATE assignment SET state = 'timed_out', ended_at = now() WHERE id = o.id;
        UPDATE activity SET not_responding_since = now() WHERE staff_id = o.staff_id;
        INSERT INTO routing_decision (contact_id, queue_id, staff_id, kind, considered)
        VALUES (o.contact_id, o.queue_id, o.staff_id, 'timed_out', '{}');
        INSERT INTO event (kind, contact_id, data)
        VALUES ('contact.offer_timed_out', o.contact_id,
                jsonb_build_object('staff', o.staff_id));
        contacts := contacts || o.contact_id;
        people := people || o.staff_id::bigint;
    END LOOP;
END $$;

-- The lines of what waits in these queues: one queue, one channel and the same points stand in the
-- order of entry. Each is found by one step in the index, however long it is.
CREATE FUNCTION app.lines(p_queues bigint[]) RETURNS TABLE (
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
    SELECT l.queue_id, l.channel, l.priority, l.boost FROM line l;
END $$;

-- What waited too long in one queue waits on in another, once; never what only members may see in
-- an open one, whatever the rule was before its queue was restricted.
CREATE FUNCTION app.overflow(p_limit integer, p_open bigint[]) RETURNS bigint[]
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE o record; moved bigint[] := '{}';
BEGIN
    IF NOT EXISTS (SELECT 1 FROM queue WHERE overflow_seconds IS NOT NULL
                   AND overflow_queue_id = ANY (p_open)) THEN
        RETURN moved;
    END IF;
    FOR o IN
        SELECT w.id, l.queue_id AS left_queue, q.overflow_queue_id AS to_queue
        FROM app.lines(ARRAY(SELECT id::bigint FROM queue WHERE overflow_seconds IS NOT NULL
                             AND overflow_queue_id = ANY (p_open))) l
        JOIN queue q ON q.id = l.queue_id
        JOIN queue t ON t.id = q.overflow_queue_id AND (t.restricted OR NOT q.restricted)
        CROSS JOIN LATERAL (
            SELECT c.id FROM contact c
            WHERE c.state = 'queued' AND c.queue_id = l.queue_id AND c.channel = l.channel
              AND c.priority = l.priority AND c.boost = l.boost
              AND c.queued_at <= now() - make_interval(secs => q.overflow_seconds)
              AND c.overflowed_at IS NULL
            ORDER BY c.queued_at LIMIT p_limit) w
        LIMIT p_limit
    LOOP
        UPDATE contact SET queue_id = o.to_queue, overflowed_at = now()
        WHERE id = (SELECT c.id FROM contact c WHERE c.id = o.id AND c.state = 'queued'
                    AND c.queue_id = o.left_queue FOR UPDATE SKIP LOCKED);
        CONTINUE WHEN NOT FOUND;
        INSERT INTO routing_decision (contact_id, queue_id, kind, considered)
        VALUES (o.id, o.to_queue, 'overflow', '{}');
        INSERT INTO event (kind, contact_id, data)
        VALUES ('contact.overflowed', o.id, jsonb_build_object(
            'queue', o.to_queue, 'from_queue', o.left_queue));
        moved := moved || o.id::bigint;
    END LOOP;
    RETURN moved;
END $$;

-- Offers a contact to a person, when both are still as they were seen; else says who is not. It
-- waits for nobody's lock: whoever has one is about to change what was decided upon.
CREATE FUNCTION app.offer(p_contact bigint, p_queue bigint, p_staff bigint, p_seconds integer,
                          p_considered jsonb) RETURNS text
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE decision bigint;
BEGIN
    PERFORM 1 FROM contact WHERE id = p_contact AND state = 'queued' AND queue_id = p_queue
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 'contact';
    END IF;
    PERFORM 1 FROM activity a JOIN staff s ON s.id = a.staff_id
    WHERE a.staff_id = p_staff AND a.signed_in_at IS NOT NULL AND NOT a.locked AND a.idle_since IS NULL
      AND a.not_responding_since IS NULL AND s.active AND s.presence = 'available'
      AND coalesce(s.next_presence, 'available') = 'available'
    FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 'person';
    END IF;
    UPDATE contact SET state = 'offered', state_since = now(), owner_id = p_staff
    WHERE id = p_contact;
    UPDATE activity SET last_given_at = now() WHERE staff_id = p_staff;
    INSERT INTO routing_decision (contact_id, queue_id, staff_id, kind, considered)
    VALUES (p_contact, p_queue, p_staff, 'offer', p_considered) RETURNING id INTO decision;
    INSERT INTO assignment (contact_id, staff_id, state, note, how, expires_at, decision_id)
    VALUES (p_contact, p_staff, 'offered', '', 'push', now() + make_interval(secs => p_seconds),
            decision);
    INSERT INTO event (kind, contact_id, data)
    VALUES ('contact.offered', p_contact,
            jsonb_build_object('staff', p_staff, 'decision', decision));
    RETURN NULL;
END $$;

-- That nobody was found is written when the reasons are others than the last time.
CREATE FUNCTION app.found_nobody(p_contact bigint, p_queue bigint, p_considered jsonb)
RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE before routing_decision;
BEGIN
    SELECT * INTO before FROM routing_decision WHERE contact_id = p_contact
    ORDER BY id DESC LIMIT 1;
    IF before.kind IS DISTINCT FROM 'nobody' OR before.queue_id <> p_queue
       OR ARRAY(SELECT jsonb_object_keys(before.considered) ORDER BY 1)
          <> ARRAY(SELECT jsonb_object_keys(p_considered) ORDER BY 1) THEN
        INSERT INTO routing_decision (contact_id, queue_id, kind, considered)
        VALUES (p_contact, p_queue, 'nobody', p_considered);
    END IF;
END $$;

-- Where somebody stands among the hands.
CREATE FUNCTION app.hand_of(p_hands app.hand[], p_staff bigint) RETURNS integer
LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (SELECT n FROM generate_subscripts(p_hands, 1) AS n WHERE p_hands[n].staff_id = p_staff);
END $$;

-- Whether somebody could be offered anything at all; the least that a call, chat or visit takes, and
-- the least of all others.
CREATE FUNCTION app.has_room(p_hand app.hand, p_calls integer, p_mails integer) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT p_hand.why IS NULL AND NOT p_hand.called
           AND (p_hand.capacity - p_hand.busy >= p_calls
                OR p_hand.capacity - p_hand.busy - p_hand.laid >= p_mails AND NOT p_hand.offered)
$$;

-- The hands when one of them was offered something.
CREATE FUNCTION app.given(p_hands app.hand[], p_staff bigint, p_weight integer, p_lays boolean)
RETURNS app.hand[]
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE i integer := app.hand_of(p_hands, p_staff);
BEGIN
    p_hands[i].offered := true;
    p_hands[i].given_at := now();
    IF p_lays THEN
        p_hands[i].laid := p_hands[i].laid + p_weight;
    ELSE
        p_hands[i].called := true;
        p_hands[i].busy := p_hands[i].busy + p_weight;
    END IF;
    RETURN p_hands;
END $$;

-- Up to p_limit of those who head a line and were not offered because nobody is free for anything:
-- it is looked why. Those first of whom nothing was written yet.
CREATE FUNCTION app.look_why(p_hands app.hand[], p_pushed bigint[], p_limit integer) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE w record;
BEGIN
    FOR w IN
        SELECT c.id::bigint, l.queue_id
        FROM app.lines(p_pushed) l
        CROSS JOIN LATERAL (
            SELECT c.id FROM contact c
            WHERE c.state = 'queued' AND c.queue_id = l.queue_id AND c.channel = l.channel
              AND c.priority = l.priority AND c.boost = l.boost
            ORDER BY c.queued_at, c.id LIMIT 1) c
        ORDER BY EXISTS (SELECT 1 FROM routing_decision r WHERE r.contact_id = c.id), random()
        LIMIT p_limit
    LOOP
        PERFORM app.found_nobody(w.id, w.queue_id, d.considered)
        FROM app.decided(p_hands, '{}', w.id) d WHERE d.chosen IS NULL;
    END LOOP;
END $$;

-- One round: what timed out, what overflows, and up to p_limit offers, the most urgent first.
-- p_open are the queues in their opening hours. Of two gateways that ask at once one does it.
-- Urgency is a virtual time of entry, a point of priority being worth its queue's ageing, so
-- nothing waits for ever; what can be laid aside comes 24 points later than a call.
CREATE FUNCTION app.route(p_limit integer, p_open bigint[]) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET jit = off
-- Planned once, for any number of lines.
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    ended record;
    moved bigint[];
    offered bigint[] := '{}';
    pushed bigint[];
    hands app.hand[];
    -- Those of them who have room for something.
    roomy app.hand[];
    calls integer;
    mails integer;
    depth integer;
    deeper boolean;
    kept bigint[] := '{}';
    hopeless text[] := '{}';
    line text;
    w record;
    d record;
    r record;
    changing text;
    again boolean := false;
    due timestamptz;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('crm routing', 0)) THEN
        RETURN json_build_object('contacts', '[]'::json, 'staff', '[]'::json, 'due', 1);
    END IF;
    ended := app.time_out(p_limit);
    moved := app.overflow(p_limit, p_open);
    pushed := ARRAY(SELECT id::bigint FROM queue WHERE push AND id = ANY (p_open));
    IF pushed <> '{}' THEN
        SELECT min(weight) FILTER (WHERE NOT interruptible), min(weight) FILTER (WHERE interruptible)
        INTO calls, mails FROM channel_weight;
        hands := ARRAY(SELECT h FROM app.hands() h);
        roomy := ARRAY(SELECT h FROM unnest(hands) h WHERE app.has_room(h, calls, mails));
    END IF;
    -- Mostly the first of each line are enough. When the last that was read of one went, or is kept
    -- from whom it would go to, more are read before anything that came later is looked at.
    FOREACH depth IN ARRAY ARRAY[2, 60, 500] LOOP
        EXIT WHEN coalesce(roomy, '{}') = '{}';
        deeper := false;
        FOR w IN
            SELECT c.id::bigint, l.queue_id, l.channel, q.offer_seconds, x.weight,
                   x.interruptible AS lays, l.priority, l.boost, c.n
            FROM app.lines(ARRAY(SELECT DISTINCT unnest(h.queues) FROM unnest(roomy) h
                                 INTERSECT SELECT unnest(pushed))) l
            JOIN queue q ON q.id = l.queue_id
            JOIN channel_weight x ON x.channel = l.channel
            CROSS JOIN LATERAL (
                SELECT c.id, c.queued_at, row_number() OVER (ORDER BY c.queued_at, c.id) AS n
                FROM contact c
                WHERE c.state = 'queued' AND c.queue_id = l.queue_id AND c.channel = l.channel
                  AND c.priority = l.priority AND c.boost = l.boost
                ORDER BY c.queued_at, c.id LIMIT depth) c
            ORDER BY c.queued_at - make_interval(secs => q.ageing_seconds
                     * (l.priority + l.boost - CASE WHEN x.interruptible THEN 24 ELSE 0 END)),
                     c.id
        LOOP
            line := w.queue_id || w.channel;
            CONTINUE WHEN line = ANY (hopeless)
                OR line || ' ' || w.priority || ' ' || w.boost = ANY (hopeless);
            LOOP
                -- Has somebody of the queue room for it? If not, one is kept free: lighter work that
                -- came later, would else fill them for ever. No function: it is asked for each
                -- queue and channel.
                SELECT coalesce(bool_or(h.room >= w.weight AND h.free), false) AS fits,
                       (array_agg(h.staff_id ORDER BY h.busy, h.staff_id)
                        FILTER (WHERE h.spare AND h.capacity >= w.weight AND h.room < w.weight)
                       )[1] AS keeper
                INTO r
                FROM (SELECT h.staff_id, h.busy, h.capacity, h.staff_id <> ALL (kept) AS spare,
                             h.capacity - h.busy - CASE WHEN w.lays THEN h.laid ELSE 0 END AS room,
                             NOT (h.staff_id = ANY (kept) OR h.called OR h.offered AND w.lays)
                             AS free
                      FROM unnest(roomy) h WHERE w.queue_id = ANY (h.queues)) h;
                EXIT WHEN NOT r.fits;
                d := app.decided(hands, kept, w.id);
                EXIT WHEN d.chosen IS NULL;
                changing := app.offer(w.id, w.queue_id, d.chosen, w.offer_seconds, d.considered);
                EXIT WHEN changing IS DISTINCT FROM 'person';
                hands[app.hand_of(hands, d.chosen)].why := 'changing';
                roomy := ARRAY(SELECT h FROM unnest(roomy) h WHERE h.staff_id <> d.chosen);
                again := true;
            END LOOP;
            IF NOT r.fits THEN
                hopeless := hopeless || line;
                IF r.keeper IS NOT NULL THEN
                    kept := kept || r.keeper;
                END IF;
            ELSIF d.chosen IS NULL THEN
                PERFORM app.found_nobody(w.id, w.queue_id, d.considered);
                IF d.considered ?| ARRAY['declined', 'last_first'] THEN
                    deeper := w.n = depth;
                ELSE
                    -- Who waited less has to show no less skill.
                    hopeless := hopeless || (line || ' ' || w.priority || ' ' || w.boost);
                END IF;
            ELSIF changing IS NULL THEN
                offered := offered || w.id;
                deeper := w.n = depth;
                hands := app.given(hands, d.chosen, w.weight, w.lays);
                roomy := ARRAY(SELECT h FROM unnest(app.given(roomy, d.chosen, w.weight, w.lays)) h
                               WHERE app.has_room(h, calls, mails));
                EXIT WHEN cardinality(offered) >= p_limit OR roomy = '{}';
            END IF;
            EXIT WHEN deeper;
        END LOOP;
        EXIT WHEN NOT deeper OR cardinality(offered) >= p_limit;
    END LOOP;
    IF offered = '{}' AND pushed <> '{}' THEN
        PERFORM app.look_why(hands, pushed, 1);
    END IF;
    moved := moved || ended.contacts || offered;
    PERFORM pg_notify('crm', string_agg(told.payload, ','))
    FROM (SELECT DISTINCT 'contact:' || id AS payload FROM unnest(moved) AS id
          UNION ALL SELECT DISTINCT 'staff:' || id FROM unnest(ended.people) AS id) told
    HAVING count(*) > 0;
    SELECT min(expires_at) INTO due FROM assignment WHERE ended_at IS NULL AND state = 'offered';
    RETURN json_build_object(
        'contacts', to_json(moved), 'staff', to_json(ended.people),
        'due', CASE WHEN again THEN 0.05 WHEN cardinality(offered) >= p_limit THEN 0
                    WHEN due IS NOT NULL OR pushed <> '{}'
                    THEN greatest(0, least(1, extract(epoch FROM due - now()))) END);
END $$;
