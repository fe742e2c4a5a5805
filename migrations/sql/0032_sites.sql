-- Sites, desks and rooms: looked after.

-- Kept free for something until a moment, or (none) let go; gives the site. By desk staff and leaders.
CREATE FUNCTION app.place_hold(p_place bigint, p_until timestamptz, p_why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p place;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM staff WHERE id = app.me()
                   AND role IN ('desk', 'team_leader', 'admin')) THEN
        PERFORM app.refuse('CRM02', 'rooms are kept by desk staff and team leaders');
    END IF;
    SELECT * INTO p FROM place WHERE id = p_place AND active FOR UPDATE;
    IF p.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such desk or room');
    END IF;
    IF p_until IS NOT NULL
       AND NOT coalesce(p_until > now() AND p_until <= now() + interval '1 day'
                        AND length(p_why) BETWEEN 1 AND 100, false) THEN
        PERFORM app.refuse('CRM04', 'kept free for up to a day, with words why');
    END IF;
    UPDATE place SET held_until = p_until, held_for = CASE WHEN p_until IS NULL THEN '' ELSE p_why END
    WHERE id = p_place;
    PERFORM app.log('place.held', NULL, jsonb_build_object(
        'place', p_place, 'site', p.site_id, 'until', p_until));
    RETURN p.site_id;
END $$;
REVOKE ALL ON FUNCTION app.place_hold(bigint, timestamptz, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.place_hold(bigint, timestamptz, text) TO crm_staff;
