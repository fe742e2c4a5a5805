-- What became of something that this person asked, whatever they asked since; what is past its time
-- and was not begun is late, whether a gateway is there to say so or not.
DROP FUNCTION app.call_asked();
CREATE FUNCTION app.call_asked(p_command bigint) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT json_build_array(id, verb,
                            CASE WHEN state = 'asked' AND expires_at <= now() THEN 'late'
                                 ELSE state END, words, asked_at)
    FROM call_command WHERE id = p_command AND staff_id = app.me()
$$;
REVOKE ALL ON FUNCTION app.call_asked(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.call_asked(bigint) TO crm_staff;
