-- A site's days in figures, by the definitions of app.site_line, and who is behind a number. Numbers
-- are for desk staff and team leaders; a name is for whoever may read the contact.

CREATE FUNCTION app.site_watcher(p_site bigint) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM staff WHERE id = app.me()
                   AND role IN ('desk', 'team_leader', 'admin')) THEN
        PERFORM app.refuse('CRM02', 'a site''s figures are for desk staff and team leaders');
    END IF;
    IF NOT EXISTS (SELECT 1 FROM site WHERE id = p_site) THEN
        PERFORM app.refuse('CRM01', 'no such site');
    END IF;
END $$;

-- Who came on these days, each once; what is left of a visit whose visitor has gone is queued as paper,
-- and nobody waits. p_until: of those before today who came before that time of day.
CREATE FUNCTION app.site_came(p_site bigint, p_days date[], p_until time) RETURNS TABLE (
    contact_id bigint, day date, service_id bigint, queue_id bigint, place_id bigint, state text,
    letter text, number integer, received_at timestamptz, seen_at timestamptz, quick boolean,
    wait numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT v.contact_id, v.day, c.service_id, c.queue_id, v.place_id,
           CASE WHEN c.state = 'queued' AND v.left_at IS NOT NULL THEN 'wrap_up' ELSE c.state END, v.letter, v.number,
           c.received_at, v.seen_at, v.seen_at IS NOT NULL AND v.left_at IS NOT DISTINCT FROM v.seen_at,
           extract(epoch FROM least(v.seen_at, now()) - c.received_at)
    FROM visit v JOIN contact c ON c.id = v.contact_id
    WHERE v.site_id = p_site AND v.day = ANY (p_days)
      AND (p_until IS NULL OR (c.received_at AT TIME ZONE 'Europe/London')::time <= p_until)
$$;

-- [[day, half hour, service, place, came, waiting, since, served, quick, left, no-shows, waits,
-- within]], [[day, to come, kept, late, no-shows, cancelled]]. A service of which this person may
-- not know is NULL, together with visits about none.
CREATE FUNCTION app.site_figures(p_site bigint, p_days date[], p_until time) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE known bigint[] := app.known_queues();
BEGIN
    PERFORM app.site_watcher(p_site);
    IF coalesce(cardinality(p_days), 0) NOT BETWEEN 1 AND 10 THEN
        PERFORM app.refuse('CRM05', 'one to ten days');
    END IF;
    RETURN json_build_array(
        (SELECT coalesce(json_agg(json_build_array(day, half, service, place, came, waiting, since,
                served, quick, left_unseen, no_shows, waits, within)), '[]') FROM (
            SELECT day, date_bin('30 minutes', received_at, timestamptz '2000-01-01 00:00+00') AS half,
                   CASE WHEN queue_id = ANY (known) THEN service_id END AS service, place_id AS place,
                   count(*) AS came, count(*) FILTER (WHERE state = 'queued') AS waiting,
                   min(received_at) FILTER (WHERE state = 'queued') AS since,
                   count(*) FILTER (WHERE seen_at IS NOT NULL AND NOT x.quick) AS served,
                   count(*) FILTER (WHERE x.quick) AS quick,
                   count(*) FILTER (WHERE state = 'left' AND seen_at IS NULL) AS left_unseen,
                   count(*) FILTER (WHERE state = 'no_show' AND seen_at IS NULL) AS no_shows,
                   coalesce(sum(wait) FILTER (WHERE seen_at IS NOT NULL AND NOT x.quick), 0) AS waits,
                   count(*) FILTER (WHERE wait <= 900 AND seen_at IS NOT NULL AND NOT x.quick) AS within
            FROM app.site_came(p_site, p_days, p_until) x GROUP BY 1, 2, 3, 4) parts),
        (SELECT coalesce(json_agg(json_build_array(day, to_come, kept, late, no_shows, cancelled)), '[]')
         FROM (
            SELECT d.day,
                   count(*) FILTER (WHERE a.state = 'booked') AS to_come,
                   count(*) FILTER (WHERE a.state IN ('arrived', 'served')) AS kept,
                   count(*) FILTER (WHERE a.state IN ('arrived', 'served')
                                    AND c.received_at > a.starts_at) AS late,
                   count(*) FILTER (WHERE a.state = 'no_show') AS no_shows,
                   count(*) FILTER (WHERE a.state = 'cancelled') AS cancelled
            FROM unnest(p_days) d (day) JOIN appointment a ON a.site_id = p_site
                AND a.starts_at >= d.day::timestamp AT TIME ZONE 'Europe/London'
                AND a.starts_at < (d.day + 1)::timestamp AT TIME ZONE 'Europe/London'
            LEFT JOIN contact c ON c.id = a.visit_id GROUP BY 1) booked));
END $$;

-- Who is behind a number of a day: [[contact, ticket, at, seconds, service, place, counts, may open,
-- who, service's id, place's id]], the newest first. Of services of which this person may know; named where they may read.
CREATE FUNCTION app.site_behind(p_site bigint, p_day date, p_what text) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me bigint := app.me(); known bigint[] := app.known_queues(); mine bigint[] := app.my_queues();
BEGIN
    PERFORM app.site_watcher(p_site);
    IF p_what = ANY (ARRAY['kept', 'late', 'missed']) THEN
        RETURN (SELECT coalesce(json_agg(json_build_array(b.contact_id, b.reference, b.starts_at,
                b.seconds, b.service, b.place, b.counts, b.mine, CASE WHEN b.mine THEN b.who ELSE '' END,
                b.service_id, b.place_id)
              ORDER BY b.starts_at DESC, b.reference), '[]') FROM (
            SELECT coalesce(a.visit_id, a.contact_id) AS contact_id, a.reference, a.starts_at,
                   extract(epoch FROM c.received_at - a.starts_at) AS seconds, s.name AS service,
                   p.name AS place, true AS counts, a.who, a.service_id, a.place_id,
                   s.queue_id = ANY (mine) AND coalesce(a.visit_id, a.contact_id) IS NOT NULL AS mine
            FROM appointment a JOIN service s ON s.id = a.service_id JOIN place p ON p.id = a.place_id
            LEFT JOIN contact c ON c.id = a.visit_id
            WHERE a.site_id = p_site AND s.queue_id = ANY (known)
              AND a.starts_at >= p_day::timestamp AT TIME ZONE 'Europe/London'
              AND a.starts_at < (p_day + 1)::timestamp AT TIME ZONE 'Europe/London'
              AND CASE p_what WHEN 'missed' THEN a.state = 'no_show'
                              WHEN 'late' THEN a.state IN ('arrived', 'served')
                                               AND c.received_at > a.starts_at
                              ELSE a.state IN ('arrived', 'served') END
            ORDER BY a.starts_at DESC, a.reference LIMIT 500) b);
    END IF;
    RETURN (SELECT coalesce(json_agg(json_build_array(b.contact_id, b.ticket, b.received_at, b.seconds,
            b.service, b.place, b.counts, b.mine, CASE WHEN b.mine THEN b.who ELSE '' END,
            b.service_id, b.place_id)
          ORDER BY b.received_at DESC, b.contact_id DESC), '[]') FROM (
        SELECT x.contact_id, x.letter || lpad(x.number::text, 3, '0') AS ticket, x.received_at,
               CASE WHEN x.seen_at IS NOT NULL THEN x.wait
                    ELSE extract(epoch FROM now() - x.received_at) END AS seconds,
               coalesce(s.name, '') AS service, coalesce(p.name, '') AS place,
               p_what <> 'within' OR x.wait <= 900 AS counts,
               x.queue_id = ANY (mine) OR c.owner_id IS NOT DISTINCT FROM me AS mine, c.who,
               x.service_id, x.place_id
        FROM app.site_came(p_site, ARRAY[p_day], NULL) x JOIN contact c ON c.id = x.contact_id
        LEFT JOIN service s ON s.id = x.service_id LEFT JOIN place p ON p.id = x.place_id
        WHERE x.queue_id = ANY (known) AND CASE p_what
            WHEN 'came' THEN true
            WHEN 'waiting' THEN x.state = 'queued'
            WHEN 'served' THEN x.seen_at IS NOT NULL AND NOT x.quick
            WHEN 'within' THEN x.seen_at IS NOT NULL AND NOT x.quick
            WHEN 'answered_now' THEN x.quick
            WHEN 'left' THEN x.state = 'left' AND x.seen_at IS NULL
            WHEN 'no_show' THEN x.state = 'no_show' AND x.seen_at IS NULL
            ELSE false END
        ORDER BY x.received_at DESC, x.contact_id DESC LIMIT 500) b);
END $$;

REVOKE ALL ON FUNCTION app.site_watcher(bigint), app.site_came(bigint, date[], time),
    app.site_figures(bigint, date[], time), app.site_behind(bigint, date, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.site_figures(bigint, date[], time),
    app.site_behind(bigint, date, text) TO crm_staff;
