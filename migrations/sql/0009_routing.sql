-- Who may be offered what: read by all staff; only guarded functions write.
GRANT SELECT ON skill, queue_skill, staff_skill, channel_weight, activity TO crm_staff;
GRANT SELECT ON skill, queue_skill, staff_skill, channel_weight TO crm_gateway;
GRANT SELECT, INSERT, UPDATE ON activity TO crm_gateway;
GRANT SELECT, INSERT, DELETE ON routing_decision TO crm_gateway;
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

-- One who is signed in, as the routing sees them. `why` they are offered nothing at all, or NULL.
-- `busy` is what calls, chats and visits take of their capacity, `laid` what can be laid aside for
-- one. `offered` and `called`: an offer stands before them, and one that cannot be laid aside. `off`:
-- the channels of which they want none.
CREATE TYPE app.hand AS (
    staff_id bigint, why text, capacity integer, busy integer, laid integer, offered boolean,
    called boolean, kept boolean, given_at timestamptz, queues bigint[], skills jsonb, off jsonb);

CREATE FUNCTION app.hands() RETURNS SETOF app.hand
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
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
           coalesce(l.offered, false), coalesce(l.called, false), false, a.last_given_at,
           m.queues, coalesce(k.skills, '{}'), a.off_channels
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
               FROM assignment x JOIN contact c ON c.id = x.contact_id
               JOIN channel_weight w ON w.channel = c.channel
               WHERE x.ended_at IS NULL
               GROUP BY x.staff_id) l ON l.staff_id = s.id
    LEFT JOIN (SELECT k.staff_id, jsonb_object_agg(k.skill_id, k.level) AS skills
               FROM staff_skill k WHERE k.until IS NULL OR k.until > now()
               GROUP BY k.staff_id) k ON k.staff_id = s.id
    WHERE a.signed_in_at IS NOT NULL;
END $$;

-- Every member of its queue who is signed in, for one contact: why they are not offered it, or in
-- which order they are. `short` is how much of the queue's skills they lack that it waits for no
-- longer, `share` how full they are.
CREATE FUNCTION app.judged(p_hands app.hand[], p_contact bigint)
RETURNS TABLE (staff_id bigint, why text, is_last boolean, short integer, share double precision,
               given_at timestamptz)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    c contact;
    w channel_weight;
    last_for interval;
    last_one bigint;
    demanding boolean;
BEGIN
    SELECT * INTO c FROM contact WHERE id = p_contact;
    SELECT * INTO w FROM channel_weight WHERE channel = c.channel;
    SELECT make_interval(secs => q.last_advisor_seconds),
           EXISTS (SELECT 1 FROM queue_skill n WHERE n.queue_id = q.id)
    INTO last_for, demanding FROM queue q WHERE q.id = c.queue_id;
    IF last_for > interval '0' AND c.customer_id IS NOT NULL THEN
        SELECT o.owner_id INTO last_one FROM contact o
        WHERE o.customer_id = c.customer_id AND o.id <> c.id AND o.owner_id IS NOT NULL
        ORDER BY o.received_at DESC LIMIT 1;
    END IF;
    RETURN QUERY
    WITH seen AS (
        SELECT h.staff_id, h.given_at, n.short, n.lacking,
               (h.busy + h.laid)::double precision / greatest(h.capacity, 1) AS share,
               h.staff_id IS NOT DISTINCT FROM last_one AS is_last,
               d.conflict OR d.at > now() - interval '30 seconds' AS refused,
               d.at > now() - interval '5 minutes' AS lately,
               CASE WHEN h.why IS NOT NULL THEN h.why
                    WHEN h.off ? c.channel THEN 'channel_off'
                    WHEN n.lacking THEN 'skills'
                    WHEN h.called OR h.offered AND w.interruptible THEN 'offered'
                    WHEN h.capacity - h.busy - CASE WHEN w.interruptible THEN h.laid ELSE 0 END
                         < w.weight THEN 'full'
                    WHEN h.kept THEN 'kept' END AS why
        FROM unnest(p_hands) h
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(greatest(
                       k.level - coalesce((h.skills ->> k.skill_id::text)::integer, 0), 0)), 0
                   )::integer AS short,
                   coalesce(bool_or(
                       k.level > coalesce((h.skills ->> k.skill_id::text)::integer, 0)
                       AND (k.relax_seconds IS NULL
                            OR c.queued_at + make_interval(secs => k.relax_seconds) > now())
                   ), false) AS lacking
            FROM queue_skill k WHERE demanding AND k.queue_id = c.queue_id) n
        LEFT JOIN (
            SELECT x.staff_id, max(x.ended_at) AS at, bool_or(x.reason = 'conflict') AS conflict
            FROM assignment x WHERE x.contact_id = p_contact AND x.state = 'declined'
            GROUP BY x.staff_id) d ON d.staff_id = h.staff_id
        WHERE c.queue_id = ANY (h.queues)
    ), others AS (
        -- Somebody else will be there for it: who declined it lately is spared.
        SELECT count(*) FILTER (WHERE coalesce(s.why IN ('full', 'offered', 'kept'), true)
                                AND NOT coalesce(s.lately OR s.refused, false)) AS left_over,
               bool_or(s.is_last AND s.why IN ('full', 'offered', 'kept')
                       AND NOT coalesce(s.lately OR s.refused, false)
                       AND c.queued_at + last_for > now()) AS awaited
        FROM seen s
    )
    SELECT s.staff_id,
           CASE WHEN s.why IN ('away', 'leaving', 'locked', 'idle', 'silent', 'not_responding',
                               'channel_off', 'skills') THEN s.why
                WHEN s.refused OR s.lately AND o.left_over > 0 THEN 'declined'
                WHEN s.why IS NOT NULL THEN s.why
                WHEN o.awaited THEN 'last_first' END,
           s.is_last, s.short, s.share, s.given_at
    FROM seen s CROSS JOIN others o;
END $$;

-- Whom one contact goes to, NULL for nobody, and the others by the reason why not.
CREATE FUNCTION app.decided(p_hands app.hand[], p_contact bigint, OUT chosen bigint,
                            OUT considered jsonb)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    WITH j AS MATERIALIZED (SELECT * FROM app.judged(p_hands, p_contact)),
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

-- The lines of what waits: one queue, one channel and the same points stand in the order of entry.
-- Each is found by one step in the index, however long it is.
CREATE FUNCTION app.lines() RETURNS TABLE (queue_id bigint, channel text, priority integer,
                                           boost integer)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
    WITH RECURSIVE line AS (
        (SELECT c.queue_id, c.channel, c.priority, c.boost FROM contact c WHERE c.state = 'queued'
         ORDER BY 1, 2, 3, 4 LIMIT 1)
        UNION ALL
        SELECT n.* FROM line l CROSS JOIN LATERAL (
            SELECT c.queue_id, c.channel, c.priority, c.boost FROM contact c
            WHERE c.state = 'queued' AND (c.queue_id, c.channel, c.priority, c.boost)
                                         > (l.queue_id, l.channel, l.priority, l.boost)
            ORDER BY 1, 2, 3, 4 LIMIT 1) n)
    SELECT l.queue_id::bigint, l.channel, l.priority, l.boost FROM line l;
END $$;

-- What waited too long in one queue waits on in another, once.
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
        FROM app.lines() l JOIN queue q ON q.id = l.queue_id
        CROSS JOIN LATERAL (
            SELECT c.id FROM contact c
            WHERE c.state = 'queued' AND c.queue_id = l.queue_id AND c.channel = l.channel
              AND c.priority = l.priority AND c.boost = l.boost
              AND c.queued_at <= now() - make_interval(secs => q.overflow_seconds)
              AND c.overflowed_at IS NULL
            ORDER BY c.queued_at LIMIT p_limit) w
        WHERE q.overflow_seconds IS NOT NULL AND q.overflow_queue_id = ANY (p_open)
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

-- Offers a contact to a person, when both are still as they were seen; false when not. It waits for
-- nobody's lock: whoever has one is about to change what was decided upon.
CREATE FUNCTION app.offer(p_contact bigint, p_queue bigint, p_staff bigint, p_seconds integer,
                          p_considered jsonb) RETURNS boolean
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE decision bigint;
BEGIN
    PERFORM 1 FROM contact WHERE id = p_contact AND state = 'queued' AND queue_id = p_queue
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM 1 FROM activity a JOIN staff s ON s.id = a.staff_id
    WHERE a.staff_id = p_staff AND a.signed_in_at IS NOT NULL AND NOT a.locked AND a.idle_since IS NULL
      AND a.not_responding_since IS NULL AND s.active AND s.presence = 'available'
      AND coalesce(s.next_presence, 'available') = 'available'
    FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN false;
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
    RETURN true;
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

-- Up to p_limit of those who head a line and were not offered because nobody is free for anything:
-- it is looked why. Those first of whom nothing was written yet.
CREATE FUNCTION app.look_why(p_hands app.hand[], p_open bigint[], p_limit integer) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE w record;
BEGIN
    FOR w IN
        SELECT c.id::bigint, l.queue_id
        FROM app.lines() l JOIN queue q ON q.id = l.queue_id
        CROSS JOIN LATERAL (
            SELECT c.id FROM contact c
            WHERE c.state = 'queued' AND c.queue_id = l.queue_id AND c.channel = l.channel
              AND c.priority = l.priority AND c.boost = l.boost
            ORDER BY c.queued_at, c.id LIMIT 1) c
        WHERE q.push AND q.id = ANY (p_open)
        ORDER BY EXISTS (SELECT 1 FROM routing_decision r WHERE r.contact_id = c.id), random()
        LIMIT p_limit
    LOOP
        PERFORM app.found_nobody(w.id, w.queue_id, d.considered)
        FROM app.decided(p_hands, w.id) d WHERE d.chosen IS NULL;
    END LOOP;
END $$;

-- One round: what timed out, what overflows, and up to p_limit offers, the most urgent first.
-- p_open are the queues in their opening hours. Of two gateways that ask at once one does it.
-- Urgency is a virtual time of entry, a point of priority being worth its queue's ageing, so
-- nothing waits for ever; what can be laid aside comes 24 points later than a call.
CREATE FUNCTION app.route(p_limit integer, p_open bigint[]) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    ended record;
    moved bigint[];
    offered bigint[] := '{}';
    hands app.hand[];
    free bigint[];
    heads integer;
    hopeless text[] := '{}';
    line text;
    w record;
    d record;
    i integer;
    keeper integer;
    pushed boolean;
    again boolean := false;
    due timestamptz;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('crm routing', 0)) THEN
        RETURN json_build_object('contacts', '[]'::json, 'staff', '[]'::json, 'due', 1);
    END IF;
    ended := app.time_out(p_limit);
    moved := app.overflow(p_limit, p_open);
    pushed := EXISTS (SELECT 1 FROM queue WHERE push AND id = ANY (p_open));
    IF pushed THEN
        hands := ARRAY(SELECT h FROM app.hands() h);
        SELECT count(DISTINCT h.staff_id), coalesce(array_agg(DISTINCT q), '{}')
        INTO heads, free
        FROM unnest(hands) h CROSS JOIN unnest(h.queues) q
        WHERE h.why IS NULL AND NOT h.called
          AND h.capacity - h.busy >= (SELECT min(weight) FROM channel_weight);
        FOR w IN
            SELECT c.id::bigint, l.queue_id, l.channel, q.offer_seconds, x.weight, x.interruptible,
                   l.priority, l.boost
            FROM app.lines() l JOIN queue q ON q.id = l.queue_id
            JOIN channel_weight x ON x.channel = l.channel
            CROSS JOIN LATERAL (
                SELECT c.id, c.queued_at FROM contact c
                WHERE c.state = 'queued' AND c.queue_id = l.queue_id AND c.channel = l.channel
                  AND c.priority = l.priority AND c.boost = l.boost
                ORDER BY c.queued_at, c.id LIMIT least(heads, p_limit) + 20) c
            WHERE q.push AND q.id = ANY (p_open) AND q.id = ANY (free)
            ORDER BY c.queued_at - make_interval(secs => q.ageing_seconds
                     * (l.priority + l.boost - CASE WHEN x.interruptible THEN 24 ELSE 0 END)),
                     c.id
        LOOP
            line := w.queue_id || w.channel;
            CONTINUE WHEN line = ANY (hopeless)
                OR line || ' ' || w.priority || ' ' || w.boost = ANY (hopeless);
            d := app.decided(hands, w.id);
            IF d.chosen IS NULL THEN
                PERFORM app.found_nobody(w.id, w.queue_id, d.considered);
                IF d.considered ?| ARRAY['declined', 'last_first'] THEN
                    CONTINUE;
                END IF;
                -- Who waited less has to show no less skill; of other points one may have waited
                -- longer.
                hopeless := hopeless || CASE WHEN d.considered ? 'skills'
                    THEN line || ' ' || w.priority || ' ' || w.boost ELSE line END;
                -- Somebody half full is kept for it: lighter work would else fill them for ever.
                SELECT h.n INTO keeper
                FROM unnest(hands) WITH ORDINALITY AS h (staff_id, why, capacity, busy, laid,
                    offered, called, kept, given_at, queues, skills, off, n)
                WHERE d.considered -> 'full' @> to_jsonb(h.staff_id) AND NOT h.kept
                  AND h.capacity >= w.weight
                ORDER BY h.busy, h.staff_id LIMIT 1;
                IF FOUND THEN
                    hands[keeper].kept := true;
                END IF;
                CONTINUE;
            END IF;
            i := (SELECT h.n FROM unnest(hands) WITH ORDINALITY AS h (staff_id, why, capacity,
                      busy, laid, offered, called, kept, given_at, queues, skills, off, n)
                  WHERE h.staff_id = d.chosen);
            IF NOT app.offer(w.id, w.queue_id, d.chosen, w.offer_seconds, d.considered) THEN
                again := true;
                CONTINUE;
            END IF;
            offered := offered || w.id;
            hands[i].offered := true;
            hands[i].given_at := now();
            IF w.interruptible THEN
                hands[i].laid := hands[i].laid + w.weight;
            ELSE
                hands[i].called := true;
                hands[i].busy := hands[i].busy + w.weight;
            END IF;
            EXIT WHEN cardinality(offered) >= p_limit;
        END LOOP;
        IF offered = '{}' THEN
            PERFORM app.look_why(hands, p_open, 2);
        END IF;
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
                    WHEN due IS NOT NULL OR pushed
                    THEN greatest(0, least(1, extract(epoch FROM due - now()))) END);
END $$;

-- A contact that was taken: an offer is accepted and keeps what it came from. The plans are kept.
CREATE OR REPLACE FUNCTION app.claim(p_contact bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint; mine bigint[]; c contact; holder text;
BEGIN
    SELECT s.id, coalesce((SELECT array_agg(m.queue_id) FROM membership m
                           WHERE m.staff_id = s.id), '{}')
    INTO me, mine FROM staff s WHERE s.login = session_user AND s.active;
    -- One conditional UPDATE decides; its row count is the answer.
    UPDATE contact SET state = 'active', state_since = now(), owner_id = me,
                       first_taken_at = coalesce(first_taken_at, now())
    WHERE id = p_contact
      AND ((state = 'queued' AND queue_id = ANY (mine))
           OR (state = 'offered' AND owner_id = me));
    IF NOT FOUND THEN
        SELECT * INTO c FROM contact WHERE id = p_contact;
        IF c.id IS NULL OR mine IS NULL OR NOT c.queue_id = ANY (mine) THEN
            PERFORM app.refuse('CRM01', 'no such contact');
        END IF;
        SELECT name INTO holder FROM staff WHERE id = c.owner_id;
        PERFORM app.refuse('CRM03', 'somebody was faster', holder);
    END IF;
    UPDATE assignment SET state = 'accepted', accepted_at = now()
    WHERE contact_id = p_contact AND ended_at IS NULL;
    IF NOT FOUND THEN
        INSERT INTO assignment (contact_id, staff_id, state, accepted_at, note)
        VALUES (p_contact, me, 'accepted', now(), '');
    END IF;
    INSERT INTO event (kind, actor_id, contact_id, data)
    VALUES ('contact.taken', me, p_contact, '{}');
END $$;

-- As before; an assignment says how it came.
CREATE OR REPLACE FUNCTION app.claim_next(p_channels text[], p_queue bigint, p_service bigint,
                                          p_overdue boolean) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint; mine bigint[]; found_id bigint;
BEGIN
    SELECT s.id, coalesce((SELECT array_agg(m.queue_id) FROM membership m
                           WHERE m.staff_id = s.id), '{}')
    INTO me, mine FROM staff s WHERE s.login = session_user AND s.active;
    IF me IS NULL THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
    UPDATE contact SET state = 'active', state_since = now(), owner_id = me,
                       first_taken_at = coalesce(first_taken_at, now())
    WHERE id = (
        SELECT id FROM contact
        WHERE state = 'queued' AND queue_id = ANY (mine)
          AND (p_channels IS NULL OR channel = ANY (p_channels))
          AND (p_queue IS NULL OR queue_id = p_queue)
          AND (p_service IS NULL OR service_id = p_service)
          AND (NOT p_overdue OR due_at < now())
        ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id INTO found_id;
    IF found_id IS NOT NULL THEN
        INSERT INTO assignment (contact_id, staff_id, state, accepted_at, note, how)
        VALUES (found_id, me, 'accepted', now(), '', 'next');
        INSERT INTO event (kind, actor_id, contact_id, data)
        VALUES ('contact.taken', me, found_id, '{"by": "next"}');
    END IF;
    RETURN found_id;
END $$;
CREATE OR REPLACE FUNCTION app.transfer(p_contact bigint, p_queue bigint, p_staff bigint,
                                        p_note text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact;
BEGIN
    c := app.in_hand(p_contact, ARRAY['active', 'held', 'wrap_up', 'offered', 'parked', 'queued']);
    IF (p_queue IS NULL) = (p_staff IS NULL) THEN
        PERFORM app.refuse('CRM04', 'transfer to a queue or to a person');
    END IF;
    IF p_queue IS NOT NULL AND NOT EXISTS (SELECT 1 FROM queue WHERE id = p_queue)
       OR p_staff IS NOT NULL AND NOT EXISTS (SELECT 1 FROM staff WHERE id = p_staff AND active)
    THEN
        PERFORM app.refuse('CRM01', 'no such queue or person');
    END IF;
    IF p_staff IS NOT NULL AND EXISTS (SELECT 1 FROM queue WHERE id = c.queue_id AND restricted)
       AND NOT EXISTS (SELECT 1 FROM membership
                       WHERE staff_id = p_staff AND queue_id = c.queue_id) THEN
        PERFORM app.refuse('CRM02', 'only a member of its queue may have this contact');
    END IF;
    PERFORM app.end_assignment(p_contact, 'transferred', p_note);
    UPDATE contact SET
        state = CASE WHEN p_staff IS NULL THEN 'queued' ELSE 'offered' END,
        state_since = now(), queue_id = coalesce(p_queue, queue_id), owner_id = p_staff,
        queued_at = now(), parked_until = NULL, parked_for_reply = false
    WHERE id = p_contact;
    IF p_staff IS NOT NULL THEN
        INSERT INTO assignment (contact_id, staff_id, state, note, how)
        VALUES (p_contact, p_staff, 'offered', p_note, 'transfer');
    END IF;
    IF p_note <> '' THEN
        INSERT INTO message (contact_id, direction, visibility, state, author_id, sender_name,
                             sender_address, recipients, subject, body_text, reply_text, body_html,
                             in_reply_to, reference_ids, problems, findings, auto_generated, failure)
        VALUES (p_contact, 'outbound', 'internal', 'sent', app.me(), '', '', '{}', '', p_note,
                p_note, '', '', '[]', '[]', '[]', false, '');
    END IF;
    PERFORM app.log('contact.transferred', p_contact, jsonb_build_object(
        'queue', p_queue, 'staff', p_staff, 'from_queue', c.queue_id));
END $$;

-- An offer that is not wanted: the contact has waited all the time.
CREATE FUNCTION app.decline(p_contact bigint, p_reason text, p_words text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); c contact;
BEGIN
    c := app.in_hand(p_contact, ARRAY['offered']);
    IF c.owner_id IS DISTINCT FROM me THEN
        PERFORM app.refuse('CRM02', 'it was not offered to you');
    END IF;
    IF p_reason IS NULL OR NOT p_reason = ANY (ARRAY[
        'conflict', 'not_my_skill', 'break', 'technical', 'other']) THEN
        PERFORM app.refuse('CRM05', 'no such reason');
    END IF;
    IF length(p_words) > 200 OR p_reason = 'other' AND coalesce(trim(p_words), '') = '' THEN
        PERFORM app.refuse('CRM05', 'say why, in up to 200 letters');
    END IF;
    UPDATE contact SET state = 'queued', state_since = now(), owner_id = NULL WHERE id = p_contact;
    UPDATE assignment SET state = 'declined', ended_at = now(), reason = p_reason,
                          note = coalesce(trim(p_words), '')
    WHERE contact_id = p_contact AND ended_at IS NULL;
    PERFORM app.log('contact.declined', p_contact, jsonb_build_object('reason', p_reason));
END $$;

-- More urgent than it came, for a reason that is kept with it; 0 points take that back.
CREATE FUNCTION app.boost(p_contact bigint, p_points integer, p_reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact; me bigint := app.me();
BEGIN
    IF me IS NULL THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
    SELECT * INTO c FROM contact WHERE id = p_contact FOR UPDATE;
    IF c.id IS NULL OR NOT (c.queue_id = ANY (app.my_queues()) OR c.owner_id IS NOT DISTINCT FROM me)
    THEN
        PERFORM app.refuse('CRM01', 'no such contact');
    END IF;
    IF c.state IN ('completed', 'spam', 'abandoned', 'failed') THEN
        PERFORM app.refuse('CRM04', 'the contact is ' || c.state);
    END IF;
    IF p_points IS NULL OR p_points NOT BETWEEN 0 AND 5 THEN
        PERFORM app.refuse('CRM05', '0 to 5 points');
    END IF;
    IF coalesce(trim(p_reason), '') = '' OR length(p_reason) > 200 THEN
        PERFORM app.refuse('CRM05', 'say why, in up to 200 letters');
    END IF;
    UPDATE contact SET boost = p_points,
                       boost_reason = CASE p_points WHEN 0 THEN '' ELSE trim(p_reason) END
    WHERE id = p_contact;
    PERFORM app.log('contact.boosted', p_contact, jsonb_build_object(
        'points', p_points, 'before', c.boost, 'reason', trim(p_reason)));
END $$;

-- Who was considered for a contact, newest first, and who would be now when it waits. For who may
-- read it.
CREATE FUNCTION app.explain(p_contact bigint, p_open bigint[]) RETURNS json
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
        FROM app.decided(ARRAY(SELECT h FROM app.hands() h), p_contact) d;
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

REVOKE ALL ON FUNCTION app.hands(), app.judged(app.hand[], bigint),
    app.decided(app.hand[], bigint), app.return_work(bigint, text), app.time_out(integer),
    app.lines(), app.overflow(integer, bigint[]),
    app.offer(bigint, bigint, bigint, integer, jsonb),
    app.found_nobody(bigint, bigint, jsonb), app.look_why(app.hand[], bigint[], integer),
    app.route(integer, bigint[]),
    app.decline(bigint, text, text), app.boost(bigint, integer, text),
    app.explain(bigint, bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.route(integer, bigint[]) TO crm_gateway;
GRANT EXECUTE ON FUNCTION app.decline(bigint, text, text), app.boost(bigint, integer, text),
    app.explain(bigint, bigint[]) TO crm_staff;
