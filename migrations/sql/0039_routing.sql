-- A decision costs less: who is there is read without their queues and skills, which are read of
-- those alone whom a contact concerns, and of each line only who stands first.

DROP FUNCTION app.judged(app.hand[], bigint[], bigint);
DROP FUNCTION app.given(app.hand[], bigint, integer, boolean);
DROP FUNCTION app.hand_of(app.hand[], bigint);
DROP FUNCTION app.hands();
DROP FUNCTION app.lines(bigint[]);
-- The queues are those of whoever has room for something, of others NULL.
ALTER TYPE app.hand DROP ATTRIBUTE skills;

-- Everybody who is signed in; whoever has no telephone at a centre that has them is offered no
-- calls.
CREATE FUNCTION app.hands() RETURNS app.hand[]
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    telephones boolean := EXISTS (
        SELECT 1 FROM channel_account WHERE kind = 'asterisk' AND active);
BEGIN
    RETURN ARRAY(
        SELECT ROW(s.id,
                   CASE WHEN s.presence <> 'available' THEN 'away'
                        WHEN coalesce(s.next_presence, 'available') <> 'available' THEN 'leaving'
                        WHEN a.locked THEN 'locked'
                        WHEN a.idle_since IS NOT NULL THEN 'idle'
                        WHEN a.seen_at IS NULL OR a.seen_at < now() - interval '90 seconds'
                        THEN 'silent'
                        WHEN a.not_responding_since IS NOT NULL THEN 'not_responding' END,
                   s.capacity, coalesce(l.busy, 0), coalesce(l.laid, 0),
                   coalesce(l.offered, false), coalesce(l.called, false), a.last_given_at, NULL,
                   CASE WHEN telephones AND coalesce(s.extension, '') = ''
                        THEN a.off_channels || '["call"]' ELSE a.off_channels END)::app.hand
        FROM activity a
        JOIN staff s ON s.id = a.staff_id AND s.active
        LEFT JOIN (SELECT x.staff_id, sum(w.weight) FILTER (WHERE NOT w.interruptible) AS busy,
                          sum(w.weight) FILTER (WHERE w.interruptible) AS laid,
                          bool_or(x.state = 'offered' AND x.expires_at IS NOT NULL) AS offered,
                          bool_or(x.state = 'offered' AND x.expires_at IS NOT NULL
                                  AND NOT w.interruptible) AS called
                   FROM assignment x LEFT JOIN channel_weight w ON w.channel = x.channel
                   WHERE x.ended_at IS NULL
                   GROUP BY x.staff_id) l ON l.staff_id = s.id
        WHERE a.signed_in_at IS NOT NULL);
END $$;

-- Whom one contact goes to, NULL for nobody, and the other members of its queue by the reason why
-- not. p_kept are kept free for something heavier.
CREATE OR REPLACE FUNCTION app.decided(p_hands app.hand[], p_kept bigint[], p_contact bigint,
                                       OUT chosen bigint, OUT considered jsonb)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    queue bigint;
    channel text;
    since timestamptz;
    customer bigint;
    thread bigint;
    weight integer;
    lays boolean;
    -- Whoever had the customer last, for how long it is waited for them, and whether it still is.
    last_one bigint;
    last_for interval;
    may_wait boolean;
    -- How much of the queue's skills each of its members lacks, and whether one that it waits for.
    skilled boolean;
    members bigint[];
    short_of bigint[];
    lacking boolean[];
    -- Who declined it: not now in any case, and not while somebody else is there.
    refusing bigint[];
    declining bigint[];
BEGIN
    SELECT x.queue_id, x.channel, x.queued_at, x.customer_id, x.thread_id, w.weight,
           w.interruptible, make_interval(secs => q.last_advisor_seconds), n.refusing, n.declining,
           ARRAY(SELECT m.staff_id::bigint FROM membership m
                 WHERE m.queue_id = q.id AND (m.until IS NULL OR m.until > now())
                   AND (m.off_until IS NULL OR m.off_until <= now())),
           EXISTS (SELECT 1 FROM queue_skill k WHERE k.queue_id = q.id)
    INTO queue, channel, since, customer, thread, weight, lays, last_for, refusing, declining,
         members, skilled
    FROM contact x JOIN channel_weight w ON w.channel = x.channel JOIN queue q ON q.id = x.queue_id
    CROSS JOIN LATERAL (
        SELECT array_agg(a.staff_id) FILTER (WHERE a.reason = 'conflict'
                                             OR a.ended_at > now() - interval '30 seconds'),
               array_agg(a.staff_id) FILTER (WHERE a.ended_at > now() - interval '5 minutes')
        FROM assignment a WHERE a.contact_id = x.id AND a.state = 'declined'
    ) n (refusing, declining)
    WHERE x.id = p_contact;
    IF skilled THEN
        SELECT array_agg(s.id), array_agg(s.short), array_agg(s.lacks)
        INTO members, short_of, lacking
        FROM (SELECT m.id, sum(greatest(n.level - coalesce(k.level, 0), 0)) AS short,
                     bool_or(n.level > coalesce(k.level, 0)
                             AND (n.relax_seconds IS NULL
                                  OR since + make_interval(secs => n.relax_seconds) > now()))
                     AS lacks
              FROM unnest(members) AS m (id) JOIN queue_skill n ON n.queue_id = queue
              LEFT JOIN staff_skill k ON k.staff_id = m.id AND k.skill_id = n.skill_id
                                         AND (k.until IS NULL OR k.until > now())
              GROUP BY m.id) s;
    END IF;
    -- After a call that was cut off it is whoever had that one, whatever the queue says.
    IF channel = 'call' THEN
        SELECT o.owner_id INTO last_one FROM call k JOIN call b ON b.contact_id = k.after_id
        JOIN contact o ON o.id = k.after_id WHERE k.contact_id = p_contact AND b.cut_off;
    -- And of a chat whose visitor came back whoever had it before.
    ELSIF channel = 'chat' THEN
        SELECT o.owner_id INTO last_one FROM contact o
        WHERE o.thread_id = thread AND o.id <> p_contact AND o.channel = 'chat'
          AND o.owner_id IS NOT NULL
        ORDER BY o.received_at DESC LIMIT 1;
    END IF;
    IF last_one IS NOT NULL THEN
        last_for := greatest(last_for, interval '120 seconds');
    ELSIF last_for > interval '0' AND customer IS NOT NULL THEN
        SELECT o.owner_id INTO last_one FROM contact o
        WHERE o.customer_id = customer AND o.id <> p_contact AND o.owner_id IS NOT NULL
        ORDER BY o.received_at DESC LIMIT 1;
    END IF;
    may_wait := last_one IS NOT NULL AND since + last_for > now();
    WITH seen AS MATERIALIZED (
        SELECT h.staff_id, h.given_at,
               coalesce(m.short, 0) AS short,
               (h.busy + h.laid)::double precision / greatest(h.capacity, 1) AS share,
               coalesce(h.staff_id = last_one, false) AS is_last,
               coalesce(h.staff_id = ANY (refusing), false) AS refused,
               coalesce(h.staff_id = ANY (declining), false) AS lately,
               CASE WHEN h.why IS NOT NULL THEN h.why
                    WHEN h.off ? channel THEN 'channel_off'
                    WHEN m.lacks THEN 'skills' END AS out,
               CASE WHEN h.called OR h.offered AND lays THEN 'offered'
                    WHEN h.capacity - h.busy - CASE WHEN lays THEN h.laid ELSE 0 END < weight
                    THEN 'full'
                    WHEN h.staff_id = ANY (p_kept) THEN 'kept' END AS occupied
        FROM unnest(p_hands) h
        JOIN unnest(members, short_of, lacking) AS m (id, short, lacks) ON m.id = h.staff_id
    ), others AS (
        SELECT bool_or(NOT (s.refused OR s.lately)) AS there,
               bool_or(s.is_last AND s.occupied IS NOT NULL
                       AND NOT (s.refused OR s.lately)) AS last_one
        FROM seen s WHERE s.out IS NULL
    ), best AS (
        SELECT * FROM seen s
        WHERE s.out IS NULL AND s.occupied IS NULL
          AND NOT (s.refused OR s.lately AND (SELECT o.there FROM others o))
          AND NOT (may_wait AND (SELECT o.last_one FROM others o))
        ORDER BY s.is_last DESC, s.short, s.share, s.given_at NULLS FIRST, s.staff_id LIMIT 1
    ), reasons AS (
        SELECT CASE WHEN s.out IS NOT NULL THEN s.out
                    -- Others are looked at when it matters.
                    WHEN s.refused OR s.lately AND (SELECT o.there FROM others o) THEN 'declined'
                    WHEN s.occupied IS NOT NULL THEN s.occupied
                    WHEN may_wait AND (SELECT o.last_one FROM others o) THEN 'last_first'
                    WHEN b.is_last THEN 'not_last' WHEN s.short > b.short THEN 'less_skill'
                    WHEN s.share > b.share THEN 'busier' ELSE 'sooner' END AS why,
               to_jsonb(array_agg(s.staff_id ORDER BY s.staff_id)) AS ids
        FROM seen s LEFT JOIN best b ON true
        WHERE s.staff_id IS DISTINCT FROM b.staff_id GROUP BY 1
    )
    SELECT (SELECT b.staff_id FROM best b),
           (SELECT coalesce(jsonb_object_agg(r.why, r.ids), '{}') FROM reasons r)
    INTO chosen, considered;
END $$;

-- The lines of what waits in these queues, and who heads them: one queue, one channel and the same
-- points stand in the order of entry. Each is found by one step in the index, however long it is.
-- Without visits: these are called by desks.
CREATE FUNCTION app.lines(p_queues bigint[]) RETURNS TABLE (
    queue_id bigint, channel text, priority integer, boost integer, queued_at timestamptz,
    id bigint)
LANGUAGE plpgsql STABLE ROWS 200 SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
    WITH RECURSIVE line AS (
        SELECT q.id AS queue_id, n.* FROM unnest(p_queues) AS q (id) CROSS JOIN LATERAL (
            SELECT c.channel, c.priority, c.boost, c.queued_at, c.id::bigint FROM contact c
            WHERE c.state = 'queued' AND c.queue_id = q.id ORDER BY 1, 2, 3, 4, 5 LIMIT 1) n
        UNION ALL
        SELECT l.queue_id, n.* FROM line l CROSS JOIN LATERAL (
            SELECT c.channel, c.priority, c.boost, c.queued_at, c.id::bigint FROM contact c
            WHERE c.state = 'queued' AND c.queue_id = l.queue_id
              AND (c.channel, c.priority, c.boost) > (l.channel, l.priority, l.boost)
            ORDER BY 1, 2, 3, 4, 5 LIMIT 1) n)
    SELECT l.queue_id, l.channel, l.priority, l.boost, l.queued_at, l.id FROM line l
    WHERE l.channel <> 'visit';
END $$;

-- Whoever stands first of those in a line that were not looked at, `place` places behind its head.
-- Urgency is a virtual time of entry, `ahead` of the real one: a point of priority is worth its
-- queue's ageing, so nothing waits for ever, and what can be laid aside (`lays`) comes 24 points
-- later than a call.
CREATE TYPE app.head AS (
    entry timestamptz, id bigint, queue_id bigint, channel text, priority integer, boost integer,
    queued_at timestamptz, ahead interval, place integer, weight integer, lays boolean,
    offer_seconds integer);

-- The heads of all lines of these queues.
CREATE FUNCTION app.heads(p_queues bigint[]) RETURNS app.head[]
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN ARRAY(
        SELECT ROW(l.queued_at - e.ahead, l.id, l.queue_id, l.channel, l.priority, l.boost,
                   l.queued_at, e.ahead, 0, x.weight, x.interruptible, q.offer_seconds)::app.head
        FROM app.lines(p_queues) l
        JOIN queue q ON q.id = l.queue_id
        JOIN channel_weight x ON x.channel = l.channel
        CROSS JOIN LATERAL (
            SELECT make_interval(secs => q.ageing_seconds
                   * (l.priority + l.boost - CASE WHEN x.interruptible THEN 24 ELSE 0 END))
        ) e (ahead));
END $$;

-- Whoever stands behind another in a line; nobody is NULL.
CREATE FUNCTION app.behind(p_head app.head) RETURNS app.head
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE c record;
BEGIN
    SELECT x.id, x.queued_at INTO c FROM contact x
    WHERE x.state = 'queued' AND x.queue_id = p_head.queue_id AND x.channel = p_head.channel
      AND x.priority = p_head.priority AND x.boost = p_head.boost
      AND (x.queued_at, x.id) > (p_head.queued_at, p_head.id)
    ORDER BY x.queued_at, x.id LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    p_head.id := c.id;
    p_head.queued_at := c.queued_at;
    p_head.entry := c.queued_at - p_head.ahead;
    p_head.place := p_head.place + 1;
    RETURN p_head;
END $$;

-- One of the hands when they were offered something.
CREATE FUNCTION app.given(p_hand app.hand, p_weight integer, p_lays boolean) RETURNS app.hand
LANGUAGE sql STABLE AS $$
    SELECT ROW(p_hand.staff_id, p_hand.why, p_hand.capacity,
               p_hand.busy + CASE WHEN p_lays THEN 0 ELSE p_weight END,
               p_hand.laid + CASE WHEN p_lays THEN p_weight ELSE 0 END,
               true, p_hand.called OR NOT p_lays, now(), p_hand.queues, p_hand.off)::app.hand
$$;

-- Why one of those who head a line is offered to nobody, none being free for anything: of eight of
-- them one of whom nothing was written yet, if there is one.
CREATE OR REPLACE FUNCTION app.look_why(p_hands app.hand[], p_pushed bigint[], p_limit integer)
RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE w record;
BEGIN
    FOR w IN
        SELECT l.id, l.queue_id
        FROM (SELECT x.id, x.queue_id FROM app.lines(p_pushed) x ORDER BY random() LIMIT 8) l
        ORDER BY EXISTS (SELECT 1 FROM routing_decision r WHERE r.contact_id = l.id)
        LIMIT p_limit
    LOOP
        PERFORM app.found_nobody(w.id, w.queue_id, d.considered)
        FROM app.decided(p_hands, '{}', w.id) d WHERE d.chosen IS NULL;
    END LOOP;
END $$;

-- Offers a contact to a person, when both are still as they were seen; else says who is not. It
-- waits for nobody's lock: whoever has one is about to change what was decided upon.
CREATE OR REPLACE FUNCTION app.offer(p_contact bigint, p_queue bigint, p_staff bigint,
                                     p_seconds integer, p_considered jsonb) RETURNS text
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM contact WHERE id = p_contact AND state = 'queued' AND queue_id = p_queue
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 'contact';
    END IF;
    UPDATE activity SET last_given_at = now() WHERE staff_id = (
        SELECT a.staff_id FROM activity a JOIN staff s ON s.id = a.staff_id
        WHERE a.staff_id = p_staff AND a.signed_in_at IS NOT NULL AND NOT a.locked
          AND a.idle_since IS NULL AND a.not_responding_since IS NULL AND s.active
          AND s.presence = 'available' AND coalesce(s.next_presence, 'available') = 'available'
        FOR NO KEY UPDATE SKIP LOCKED);
    IF NOT FOUND THEN
        RETURN 'person';
    END IF;
    UPDATE contact SET state = 'offered', state_since = now(), owner_id = p_staff
    WHERE id = p_contact;
    WITH decision AS (
        INSERT INTO routing_decision (contact_id, queue_id, staff_id, kind, considered)
        VALUES (p_contact, p_queue, p_staff, 'offer', p_considered) RETURNING id
    ), made AS (
        INSERT INTO assignment (contact_id, staff_id, state, note, how, expires_at, decision_id)
        SELECT p_contact, p_staff, 'offered', '', 'push', now() + make_interval(secs => p_seconds),
               d.id
        FROM decision d
    )
    INSERT INTO event (kind, contact_id, data)
    SELECT 'contact.offered', p_contact, jsonb_build_object('staff', p_staff, 'decision', d.id)
    FROM decision d;
    RETURN NULL;
END $$;

-- Those who could be offered something of these queues, with the queues, but without those for
-- which they will never have skill enough; the least that a call, chat or visit takes, and the
-- least of all others.
CREATE FUNCTION app.roomy(p_hands app.hand[], p_calls integer, p_mails integer, p_queues bigint[])
RETURNS app.hand[]
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN ARRAY(
        SELECT ROW(h.staff_id, h.why, h.capacity, h.busy, h.laid, h.offered, h.called, h.given_at,
                   m.queues, h.off)::app.hand
        FROM unnest(p_hands) h CROSS JOIN LATERAL (
            SELECT array_agg(x.queue_id::bigint) AS queues FROM membership x
            WHERE x.staff_id = h.staff_id AND x.queue_id = ANY (p_queues)
              AND (x.until IS NULL OR x.until > now())
              AND (x.off_until IS NULL OR x.off_until <= now())
              AND NOT EXISTS (
                  SELECT 1 FROM queue_skill n
                  LEFT JOIN staff_skill k ON k.staff_id = x.staff_id AND k.skill_id = n.skill_id
                                             AND (k.until IS NULL OR k.until > now())
                  WHERE n.queue_id = x.queue_id AND n.relax_seconds IS NULL
                    AND n.level > coalesce(k.level, 0))) m
        WHERE app.has_room(h, p_calls, p_mails) AND m.queues IS NOT NULL);
END $$;

-- Up to p_limit offers of what waits in these queues, the most urgent first. `again`: somebody to
-- whom one would have gone is changing at this moment.
CREATE FUNCTION app.give_out(p_limit integer, p_pushed bigint[], OUT offered bigint[],
                             OUT again boolean)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    -- The least that a call, chat or visit takes, and the least of all others.
    calls integer;
    mails integer;
    hands app.hand[];
    people bigint[];
    -- Those who could be offered something more, and who of them is kept free.
    roomy app.hand[];
    kept bigint[] := '{}';
    heads app.head[];
    -- Of a queue's channel nobody can be offered anything more.
    hopeless text[] := '{}';
    -- By queue and channel, the most urgent first, who can have it and has room, and who would
    -- have if they were kept free for it. Worked out one after the other, as far as they are asked
    -- for.
    kinds CURSOR FOR
        SELECT k.n, k.name, r.fits, r.keepers
        FROM (SELECT * FROM (
                  SELECT DISTINCT ON (h.queue_id, h.channel) h.entry, h.id,
                         h.ordinality::integer AS n, h.queue_id || h.channel AS name, h.queue_id,
                         h.channel, h.weight, h.lays
                  FROM unnest(heads) WITH ORDINALITY h
                  WHERE h.queue_id || h.channel <> ALL (hopeless)
                  ORDER BY h.queue_id, h.channel, h.entry, h.id) x
              ORDER BY x.entry, x.id) k
        CROSS JOIN LATERAL (
            SELECT array_agg(x.staff_id) FILTER (
                       WHERE x.room >= k.weight AND NOT (x.called OR x.offered AND k.lays)) AS fits,
                   array_agg(x.staff_id ORDER BY x.busy, x.staff_id) FILTER (
                       WHERE x.capacity >= k.weight AND x.room < k.weight) AS keepers
            FROM (SELECT h.*, h.capacity - h.busy - CASE WHEN k.lays THEN h.laid ELSE 0 END AS room
                  FROM unnest(roomy) h
                  WHERE k.queue_id = ANY (h.queues) AND (h.off ? k.channel) IS NOT TRUE) x) r
        ORDER BY k.entry, k.id;
    free integer;
    w app.head;
    i integer;
    n integer;
    keeper bigint;
    d record;
    changing text;
BEGIN
    offered := '{}';
    again := false;
    IF p_pushed = '{}' THEN
        RETURN;
    END IF;
    SELECT min(weight) FILTER (WHERE NOT interruptible), min(weight) FILTER (WHERE interruptible)
    INTO calls, mails FROM channel_weight;
    hands := app.hands();
    people := ARRAY(SELECT h.staff_id FROM unnest(hands) h);
    roomy := app.roomy(hands, calls, mails, p_pushed);
    IF roomy <> '{}' THEN
        heads := app.heads(ARRAY(SELECT DISTINCT unnest(h.queues) FROM unnest(roomy) h));
    END IF;
    WHILE cardinality(offered) < p_limit AND roomy <> '{}' LOOP
        free := cardinality(roomy);
        i := NULL;
        FOR kind IN kinds LOOP
            EXIT WHEN free = 0;
            IF NOT kind.fits <@ kept THEN
                i := kind.n;
                EXIT;
            END IF;
            hopeless := hopeless || kind.name;
            -- Lighter work that came later would fill them for ever.
            FOREACH keeper IN ARRAY coalesce(kind.keepers, '{}') LOOP
                IF keeper <> ALL (kept) THEN
                    kept := kept || keeper;
                    free := free - 1;
                    EXIT;
                END IF;
            END LOOP;
        END LOOP;
        EXIT WHEN i IS NULL;
        w := heads[i];
        d := app.decided(hands, kept, w.id);
        IF d.chosen IS NOT NULL THEN
            changing := app.offer(w.id, w.queue_id, d.chosen, w.offer_seconds, d.considered);
            n := array_position(people, d.chosen);
            IF changing = 'person' THEN
                hands[n].why := 'changing';
                again := true;
            ELSIF changing IS NULL THEN
                hands[n] := app.given(hands[n], w.weight, w.lays);
                offered := offered || w.id;
            END IF;
            roomy := ARRAY(
                SELECT CASE WHEN h.staff_id = d.chosen AND changing IS NULL
                       THEN app.given(h, w.weight, w.lays) ELSE h END
                FROM unnest(roomy) h
                WHERE h.staff_id <> ALL (kept)
                  AND (h.staff_id <> d.chosen OR app.has_room(hands[n], calls, mails)));
            CONTINUE WHEN changing = 'person' OR roomy = '{}';
        ELSE
            PERFORM app.found_nobody(w.id, w.queue_id, d.considered);
        END IF;
        heads := heads[:i - 1] || heads[i + 1:];
        -- Where nobody is found, who waited less has to show no less skill.
        CONTINUE WHEN d.chosen IS NULL AND NOT d.considered ?| ARRAY['declined', 'last_first'];
        -- What came later is not looked at before the rest of this line.
        EXIT WHEN w.place >= 500;
        w := app.behind(w);
        IF w.id IS NOT NULL THEN
            heads := heads || w;
        END IF;
    END LOOP;
    IF offered = '{}' THEN
        PERFORM app.look_why(hands, p_pushed, 1);
    END IF;
END $$;

-- One round: what timed out, what overflows, and up to p_limit offers. p_open are the queues in
-- their opening hours. Of two gateways that ask at once one does it.
CREATE OR REPLACE FUNCTION app.route(p_limit integer, p_open bigint[]) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET jit = off
-- Planned once, for any number of lines.
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    ended record;
    moved bigint[];
    pushed bigint[];
    given record;
    due timestamptz;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('crm routing', 0)) THEN
        RETURN json_build_object('contacts', '[]'::json, 'staff', '[]'::json, 'due', 1);
    END IF;
    -- What a power cut takes of it stands as before, and the next round decides it again; whoever
    -- accepts an offer makes it last with their own commit.
    PERFORM set_config('synchronous_commit', 'off', true);
    ended := app.time_out(p_limit);
    moved := app.overflow(p_limit, p_open);
    pushed := ARRAY(SELECT id::bigint FROM queue WHERE push AND id = ANY (p_open));
    given := app.give_out(p_limit, pushed);
    moved := moved || ended.contacts || given.offered;
    PERFORM pg_notify('crm', string_agg(told.payload, ','))
    FROM (SELECT DISTINCT 'contact:' || id AS payload FROM unnest(moved) AS id
          UNION ALL SELECT DISTINCT 'staff:' || id FROM unnest(ended.people) AS id) told
    HAVING count(*) > 0;
    SELECT min(expires_at) INTO due FROM assignment WHERE ended_at IS NULL AND state = 'offered';
    RETURN json_build_object(
        'contacts', to_json(moved), 'staff', to_json(ended.people),
        'due', CASE WHEN given.again THEN 0.05
                    WHEN cardinality(given.offered) >= p_limit THEN 0
                    WHEN due IS NOT NULL OR pushed <> '{}'
                    THEN greatest(0, least(1, extract(epoch FROM due - now()))) END);
END $$;

-- As before; everybody who is there, in one array.
CREATE OR REPLACE FUNCTION app.explain(p_contact bigint, p_open bigint[]) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact; q queue; at_once json;
BEGIN
    IF app.me() IS NULL OR NOT app.may_read(p_contact) THEN
        PERFORM app.refuse('CRM01', 'no such contact');
    END IF;
    SELECT * INTO c FROM contact WHERE id = p_contact;
    SELECT * INTO q FROM queue WHERE id = c.queue_id;
    IF c.state = 'queued' AND q.push AND q.id = ANY (p_open) THEN
        SELECT json_build_array(d.chosen, d.considered) INTO at_once
        FROM app.decided(app.hands(), '{}', p_contact) d;
    END IF;
    RETURN json_build_object(
        'state', c.state, 'queue', c.queue_id, 'push', q.push,
        'open', q.id = ANY (p_open),
        'now', at_once,
        'decisions', (SELECT json_agg(json_build_array(x.at, x.kind, x.queue_id, x.staff_id,
                                                       x.considered) ORDER BY x.id DESC)
                      FROM (SELECT * FROM routing_decision r WHERE r.contact_id = p_contact
                            ORDER BY r.id DESC LIMIT 20) x));
END $$;

REVOKE ALL ON FUNCTION app.hands(), app.lines(bigint[]), app.heads(bigint[]),
    app.behind(app.head), app.given(app.hand, integer, boolean),
    app.roomy(app.hand[], integer, integer, bigint[]), app.give_out(integer, bigint[]) FROM PUBLIC;
