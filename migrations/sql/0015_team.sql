-- The team leader's board: what lies in the hands of the people of one's queues. Of contacts in
-- queues that are not one's own it gives the stub alone (channel, service, state), of restricted
-- ones only that there is one: without it somebody at a restricted contact would look free.

CREATE FUNCTION app.my_team() RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(array_agg(DISTINCT m.staff_id), '{}')::bigint[] FROM membership m
    -- Each asked once, not for every member.
    WHERE (SELECT app.leads()) AND m.staff_id <> (SELECT app.me())
      AND m.queue_id = ANY ((SELECT app.my_queues())::bigint[])
      AND (m.until IS NULL OR m.until > now())
$$;

CREATE FUNCTION app.team_hands() RETURNS TABLE (
    staff_id bigint, contact_id bigint, channel text, state text, since timestamptz,
    subject text, service text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    mine bigint[] := app.my_queues();
    team bigint[] := app.my_team();
BEGIN
    RETURN QUERY
    SELECT a.staff_id::bigint,
           CASE WHEN c.queue_id = ANY (mine) THEN c.id END,
           CASE WHEN c.queue_id = ANY (mine) OR NOT q.restricted THEN c.channel END,
           c.state, c.state_since,
           CASE WHEN c.queue_id = ANY (mine) THEN c.subject END,
           CASE WHEN c.queue_id = ANY (mine) OR NOT (q.restricted OR coalesce(s.restricted, false))
                THEN s.name END
    FROM assignment a
    JOIN contact c ON c.id = a.contact_id
    JOIN queue q ON q.id = c.queue_id
    LEFT JOIN service s ON s.id = c.service_id
    WHERE a.ended_at IS NULL AND a.staff_id = ANY (team);
END $$;

-- How many contacts each of them completed today (London's day); numbers, of all queues.
CREATE FUNCTION app.team_today() RETURNS TABLE (staff_id bigint, handled bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    team bigint[] := app.my_team();
    today timestamptz := date_trunc('day', now(), 'Europe/London');
BEGIN
    RETURN QUERY
    SELECT a.staff_id::bigint, count(*) FROM assignment a
    WHERE a.staff_id = ANY (team) AND a.offered_at >= today AND a.state = 'completed'
    GROUP BY a.staff_id;
END $$;

REVOKE ALL ON FUNCTION app.my_team(), app.team_hands(), app.team_today() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.team_hands(), app.team_today() TO crm_staff;
