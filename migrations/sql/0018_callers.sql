-- What goes wrong for callers: who gets them back, and who hears of it.

-- As before; who was cut off goes to the same advisor first. Every member of its queue who is signed in, for one contact: why they are not offered it, or in
-- which order they are. `short` is how much of the queue's skills they lack that it waits for no
-- longer, `share` how full they are. p_kept are kept free for something heavier.
CREATE OR REPLACE FUNCTION app.judged(p_hands app.hand[], p_kept bigint[], p_contact bigint)
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
    -- After a call that was cut off it is whoever had that one, whatever the queue says.
    IF c.channel = 'call' THEN
        SELECT o.owner_id INTO last_one FROM call k JOIN call b ON b.contact_id = k.after_id
        JOIN contact o ON o.id = k.after_id WHERE k.contact_id = p_contact AND b.cut_off;
    END IF;
    IF last_one IS NOT NULL THEN
        c.last_for := greatest(c.last_for, interval '120 seconds');
    ELSIF c.last_for > interval '0' AND c.customer_id IS NOT NULL THEN
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

-- As before; a callback is missed when nobody took it up for an hour.
-- p_complaints: complaints (cases of services with the national number 353) due before this.
CREATE OR REPLACE FUNCTION app.decisions(p_complaints timestamptz, p_limit integer)
RETURNS TABLE (kind text, ref bigint, at timestamptz, due timestamptz, message_id bigint,
               contact_id bigint, case_id bigint, customer_id bigint, who text, about text,
               by_name text, place text, findings integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    mine bigint[] := app.my_queues();
    decides boolean := app.is_team_leader();
BEGIN
    IF NOT app.leads() THEN
        PERFORM app.refuse('CRM02', 'a team leader decides that');
    END IF;
    RETURN QUERY (
        SELECT 'marker'::text, m.id, m.proposed_at, NULL::timestamptz, NULL::bigint, NULL::bigint,
               NULL::bigint, c.id, c.name, m.words, coalesce(p.name, ''), m.state, 0
        FROM safety_marker m JOIN customer c ON c.id = m.customer_id
        LEFT JOIN LATERAL (
            SELECT s.name FROM event e JOIN staff s ON s.id = e.actor_id
            WHERE e.kind = 'marker.proposed' AND e.at = m.proposed_at
              AND e.data = jsonb_build_object('marker', m.id) LIMIT 1) p ON true
        WHERE decides AND m.state IN ('proposed', 'review_due')
        ORDER BY m.proposed_at LIMIT p_limit);
    RETURN QUERY (
        SELECT CASE WHEN o.state = 'held' THEN 'stopped'
                    WHEN o.last_error LIKE 'Could not be delivered%' THEN 'returned'
                    ELSE 'dead' END,
               o.id, coalesce(o.done_at, o.created_at), NULL::timestamptz, m.id, k.id,
               NULL::bigint, k.customer_id, k.who, k.subject, coalesce(s.name, ''), o.last_error,
               jsonb_array_length(m.findings)
        FROM outbox o JOIN message m ON m.id = o.message_id JOIN contact k ON k.id = m.contact_id
        LEFT JOIN staff s ON s.id = m.author_id
        WHERE o.state IN ('held', 'dead') AND k.queue_id = ANY (mine)
        ORDER BY o.id LIMIT p_limit);
    RETURN QUERY (
        SELECT 'dead'::text, o.id, coalesce(o.done_at, o.created_at), NULL::timestamptz,
               NULL::bigint, h.contact_id, k.id, k.customer_id, coalesce(k.reference, ''), v.name,
               coalesce(s.name, ''), o.last_error, 0
        FROM outbox o JOIN handoff h ON h.id = o.handoff_id JOIN cases k ON k.id = h.case_id
        JOIN service v ON v.id = k.service_id LEFT JOIN staff s ON s.id = h.requested_by_id
        WHERE o.state IN ('held', 'dead') AND h.queue_id = ANY (mine)
          AND k.state IN ('new', 'open', 'waiting_customer', 'waiting_back_office')
        ORDER BY o.id LIMIT p_limit);
    -- A hand-off that came back waits until the case is handed off anew or ends.
    RETURN QUERY (
        SELECT h.state, h.id, h.state_since, h.due_at, NULL::bigint, h.contact_id, k.id,
               k.customer_id, coalesce(k.reference, ''), v.name, coalesce(s.name, ''), h.words, 0
        FROM handoff h JOIN cases k ON k.id = h.case_id JOIN service v ON v.id = k.service_id
        LEFT JOIN staff s ON s.id = h.requested_by_id
        WHERE h.state IN ('overdue', 'bounced') AND h.queue_id = ANY (mine)
          AND k.state IN ('new', 'open', 'waiting_customer', 'waiting_back_office')
          AND NOT EXISTS (SELECT 1 FROM handoff later
                          WHERE later.case_id = h.case_id AND later.id > h.id)
        ORDER BY h.state_since LIMIT p_limit);
    RETURN QUERY (
        SELECT 'complaint'::text, k.id, k.opened_at, k.due_at, NULL::bigint,
               (SELECT max(x.contact_id) FROM case_contact x WHERE x.case_id = k.id), k.id,
               k.customer_id, coalesce(k.reference, ''), v.name, coalesce(c.name, ''), k.state, 0
        FROM service v JOIN cases k ON k.service_id = v.id
        LEFT JOIN customer c ON c.id = k.customer_id
        WHERE v.lgsl = 353 AND k.queue_id = ANY (mine) AND k.due_at < p_complaints
          AND k.state IN ('new', 'open', 'waiting_customer', 'waiting_back_office')
        ORDER BY k.due_at LIMIT p_limit);
    RETURN QUERY (
        SELECT 'callback'::text, k.id, l.state_since, l.state_since + interval '1 hour',
               NULL::bigint, k.id, NULL::bigint, k.customer_id, k.who, k.subject,
               coalesce(s.name, ''), q.name, 0
        FROM call l JOIN contact k ON k.id = l.contact_id JOIN queue q ON q.id = k.queue_id
        LEFT JOIN staff s ON s.id = k.owner_id
        WHERE l.ended_at IS NULL AND l.state = 'callback' AND k.state = 'queued'
          AND l.state_since < now() - interval '1 hour' AND k.queue_id = ANY (mine)
        ORDER BY l.state_since LIMIT p_limit);
END $$;
