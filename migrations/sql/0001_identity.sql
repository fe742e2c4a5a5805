-- Who is asking. session_user is the login role, which SET ROLE cannot change.

CREATE FUNCTION app.me() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id::bigint FROM staff WHERE login = session_user AND active
$$;

CREATE FUNCTION app.my_queues() RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(array_agg(m.queue_id), '{}')::bigint[]
    FROM membership m JOIN staff s ON s.id = m.staff_id
    WHERE s.login = session_user AND s.active
$$;

-- The queues of which a person may know that something is there: their own and the unrestricted.
CREATE FUNCTION app.known_queues() RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(array_agg(id), '{}')::bigint[] FROM queue
    WHERE app.me() IS NOT NULL AND (NOT restricted OR id = ANY (app.my_queues()))
$$;

CREATE FUNCTION app.leads() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT 1 FROM staff WHERE login = session_user AND active
                   AND role IN ('team_leader', 'admin'))
$$;

-- The signed-in person's own row, for the desktop; nothing when they are disabled.
CREATE FUNCTION app.whoami() RETURNS TABLE (id bigint, login text, name text, role text,
                                            presence text, queues bigint[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT s.id::bigint, s.login, s.name, s.role, s.presence, app.my_queues()
    FROM staff s WHERE s.login = session_user AND s.active
$$;

CREATE FUNCTION app.refuse(p_code text, p_words text, p_detail text DEFAULT '') RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = p_code, MESSAGE = p_words, DETAIL = coalesce(p_detail, '');
END $$;

CREATE FUNCTION app.log(p_kind text, p_contact bigint, p_data jsonb DEFAULT '{}') RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO event (kind, actor_id, contact_id, data)
    VALUES (p_kind, app.me(), p_contact, p_data)
$$;
