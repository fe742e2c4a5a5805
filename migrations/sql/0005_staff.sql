-- Staff through guarded functions. Making a login needs CREATEROLE, which on PostgreSQL 15 is next
-- to everything: so nobody who signs in has it. crm_keeper has, cannot sign in, and owns one
-- function, which only the database's owner and the functions below can call.
DO $$
BEGIN
    CREATE ROLE crm_keeper NOLOGIN CREATEROLE;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$
DECLARE wanted text;
BEGIN
    -- Once a server: roles are shared by its databases, and these grants may be there already.
    FOREACH wanted IN ARRAY ARRAY['crm_advisor', 'crm_desk', 'crm_team_leader', 'crm_admin']
    LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_auth_members m
                       WHERE m.roleid = wanted::regrole AND m.member = 'crm_keeper'::regrole) THEN
            EXECUTE format('GRANT %I TO crm_keeper WITH ADMIN OPTION', wanted);
        END IF;
    END LOOP;
    IF NOT pg_has_role('crm_keeper', 'pg_signal_backend', 'MEMBER') THEN
        GRANT pg_signal_backend TO crm_keeper;
    END IF;
END $$;

-- The login of one member of staff. p_group: their one group, or NULL: they sign in no more, hold
-- no right, and what they have open ends. p_verifier: made by the client, so that no password gets
-- here; NULL leaves it. p_new: it must not be on the server yet. A role that is more than a member
-- of staff (a superuser, an owner, the gateway, another program's) is never touched.
CREATE FUNCTION app.login_set(p_login text, p_group text, p_verifier text, p_new boolean)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    groups CONSTANT text[] := ARRAY['crm_advisor', 'crm_desk', 'crm_team_leader', 'crm_admin'];
    role_id oid;
    other text;
BEGIN
    IF p_login !~ '^[a-z][a-z0-9._-]{1,62}$' OR p_login ~ '^(crm_|pg_)' OR p_login = 'gateway' THEN
        RAISE EXCEPTION USING ERRCODE = 'CRM05', MESSAGE = 'not a login for staff';
    END IF;
    IF p_verifier !~ ('^SCRAM-SHA-256\$[1-9][0-9]{3,5}:[A-Za-z0-9+/]{16,64}={0,2}'
                      '\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=$') THEN
        RAISE EXCEPTION USING ERRCODE = 'CRM05', MESSAGE = 'not a SCRAM verifier';
    END IF;
    IF NOT p_group = ANY (groups) THEN
        RAISE EXCEPTION USING ERRCODE = 'CRM05', MESSAGE = 'not a group of staff';
    END IF;
    SELECT oid INTO role_id FROM pg_roles WHERE rolname = p_login;
    IF role_id IS NULL THEN
        IF p_verifier IS NULL THEN
            RETURN;
        END IF;
        EXECUTE format('CREATE ROLE %I NOLOGIN', p_login);
    ELSIF p_new OR EXISTS (
            SELECT 1 FROM pg_roles WHERE oid = role_id AND (rolsuper OR rolcreaterole
                OR rolcreatedb OR rolreplication OR rolbypassrls))
        OR EXISTS (SELECT 1 FROM pg_database WHERE datdba = role_id)
        OR EXISTS (SELECT 1 FROM pg_class
                   WHERE oid = 'public.staff'::regclass AND relowner = role_id)
        OR EXISTS (SELECT 1 FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid
                   WHERE m.member = role_id AND NOT r.rolname = ANY (groups)) THEN
        RAISE EXCEPTION USING ERRCODE = 'CRM02',
            MESSAGE = 'that login of the server is not a member of staff''s';
    END IF;
    IF p_verifier IS NOT NULL THEN
        EXECUTE format('ALTER ROLE %I PASSWORD %L', p_login, p_verifier);
    END IF;
    FOREACH other IN ARRAY groups LOOP
        IF other IS DISTINCT FROM p_group AND EXISTS (
            SELECT 1 FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
            WHERE m.roleid = other::regrole AND r.rolname = p_login) THEN
            EXECUTE format('REVOKE %I FROM %I', other, p_login);
        END IF;
    END LOOP;
    IF p_group IS NOT NULL THEN
        EXECUTE format('GRANT %I TO %I', p_group, p_login);
        EXECUTE format('ALTER ROLE %I LOGIN', p_login);
        RETURN;
    END IF;
    EXECUTE format('ALTER ROLE %I NOLOGIN', p_login);
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE usesysid = role_id AND pid <> pg_backend_pid();
END $$;
REVOKE ALL ON FUNCTION app.login_set(text, text, text, boolean) FROM PUBLIC;
DO $$
DECLARE
    me CONSTANT text := current_user;
    joins CONSTANT boolean := NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user);
BEGIN
    IF joins THEN
        EXECUTE format('GRANT crm_keeper TO %I', me);
    END IF;
    GRANT CREATE ON SCHEMA app TO crm_keeper;
    ALTER FUNCTION app.login_set(text, text, text, boolean) OWNER TO crm_keeper;
    REVOKE CREATE ON SCHEMA app FROM crm_keeper;
    EXECUTE format('GRANT EXECUTE ON FUNCTION app.login_set(text, text, text, boolean) TO %I', me);
    IF joins THEN
        EXECUTE format('REVOKE crm_keeper FROM %I', me);
    END IF;
END $$;

-- Who asks, when they may say who works here: an administrator, or NULL for the database's owner.
CREATE FUNCTION app.staff_keeper() RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := (SELECT id FROM staff WHERE login = session_user AND active
                      AND role = 'admin');
BEGIN
    IF me IS NULL AND NOT pg_has_role(session_user, (
            SELECT relowner FROM pg_class WHERE oid = 'public.staff'::regclass), 'MEMBER') THEN
        PERFORM app.refuse('CRM02', 'only an administrator may say who works here');
    END IF;
    RETURN me;
END $$;

CREATE FUNCTION app.staff_fits(p_name text, p_role text, p_queues bigint[]) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF coalesce(trim(p_name), '') = '' OR length(p_name) > 200 THEN
        PERFORM app.refuse('CRM05', 'a name of up to 200 letters');
    END IF;
    IF p_role IS NULL OR NOT p_role = ANY (ARRAY['advisor', 'desk', 'team_leader', 'admin']) THEN
        PERFORM app.refuse('CRM05', 'no such role');
    END IF;
    IF EXISTS (SELECT 1 FROM unnest(p_queues) AS wanted
               WHERE wanted IS NULL OR NOT EXISTS (SELECT 1 FROM queue WHERE id = wanted)) THEN
        PERFORM app.refuse('CRM01', 'no such queue');
    END IF;
END $$;

-- The person, locked. Every administrator is locked too and in one order: of two who take each
-- other's rights away the second sees what the first did.
CREATE FUNCTION app.staff_locked(p_staff bigint) RETURNS staff
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE found_one staff;
BEGIN
    PERFORM 1 FROM staff WHERE role = 'admin' OR id = p_staff ORDER BY id FOR UPDATE;
    SELECT * INTO found_one FROM staff WHERE id = p_staff;
    IF found_one.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'nobody of that number works here');
    END IF;
    RETURN found_one;
END $$;

CREATE FUNCTION app.staff_goes(p_staff staff) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF p_staff.role = 'admin' AND p_staff.active AND NOT EXISTS (
        SELECT 1 FROM staff WHERE role = 'admin' AND active AND id <> p_staff.id) THEN
        PERFORM app.refuse('CRM04', 'the last administrator stays one');
    END IF;
END $$;

CREATE FUNCTION app.staff_log(p_kind text, p_staff bigint, p_data jsonb DEFAULT '{}') RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO event (kind, actor_id, data)
    VALUES (p_kind, app.me(), jsonb_build_object('staff', p_staff) || p_data)
$$;

CREATE FUNCTION app.staff_add(p_login text, p_name text, p_role text, p_queues bigint[],
                              p_verifier text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.staff_keeper(); added bigint;
BEGIN
    PERFORM app.staff_fits(p_name, p_role, p_queues);
    IF p_login IS NULL OR p_verifier IS NULL THEN
        PERFORM app.refuse('CRM05', 'a login and a SCRAM verifier');
    END IF;
    IF EXISTS (SELECT 1 FROM staff WHERE login = p_login) THEN
        PERFORM app.refuse('CRM04', 'somebody has that login');
    END IF;
    INSERT INTO staff (login, name, role, active, presence)
    VALUES (p_login, trim(p_name), p_role, true, 'offline') RETURNING id INTO added;
    INSERT INTO membership SELECT DISTINCT added, wanted FROM unnest(p_queues) AS wanted;
    -- A role that another database of this server made is the owner's to share, nobody else's.
    PERFORM app.login_set(p_login, 'crm_' || p_role, p_verifier, me IS NOT NULL);
    PERFORM app.staff_log('staff.added', added,
                          jsonb_build_object('role', p_role, 'queues', to_jsonb(p_queues)));
    RETURN added;
END $$;

CREATE FUNCTION app.staff_change(p_staff bigint, p_name text, p_role text, p_queues bigint[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me bigint := app.staff_keeper();
    before staff := app.staff_locked(p_staff);
    wanted bigint[] := ARRAY(SELECT DISTINCT q FROM unnest(p_queues) AS q ORDER BY q);
    had bigint[] := ARRAY(SELECT queue_id FROM membership WHERE staff_id = p_staff
                          ORDER BY queue_id);
BEGIN
    PERFORM app.staff_fits(p_name, p_role, p_queues);
    IF p_staff = me AND (p_role <> before.role OR wanted <> had) THEN
        PERFORM app.refuse('CRM02', 'one''s own role and queues are another administrator''s');
    END IF;
    IF p_role <> 'admin' THEN
        PERFORM app.staff_goes(before);
    END IF;
    UPDATE staff SET name = trim(p_name), role = p_role WHERE id = p_staff;
    DELETE FROM membership WHERE staff_id = p_staff AND queue_id <> ALL (wanted);
    INSERT INTO membership SELECT p_staff, q FROM unnest(wanted) AS q ON CONFLICT DO NOTHING;
    IF before.active AND p_role <> before.role THEN
        PERFORM app.login_set(before.login, 'crm_' || p_role, NULL, false);
    END IF;
    PERFORM app.staff_log('staff.changed', p_staff, jsonb_build_object(
        'role', p_role, 'role_before', before.role,
        'queues', to_jsonb(wanted), 'queues_before', to_jsonb(had)));
END $$;

-- Gives the contacts that went back to their queues. Of somebody disabled already it ends what was
-- opened while the first call was being committed.
CREATE FUNCTION app.staff_disable(p_staff bigint) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me bigint := app.staff_keeper();
    person staff := app.staff_locked(p_staff);
    given bigint[];
BEGIN
    IF p_staff = me THEN
        PERFORM app.refuse('CRM02', 'another administrator must do that');
    END IF;
    PERFORM app.staff_goes(person);
    PERFORM app.login_set(person.login, NULL, NULL, false);
    UPDATE staff SET active = false, presence = 'offline', next_presence = NULL,
                     presence_since = now()
    WHERE id = p_staff AND active;
    IF NOT FOUND THEN
        RETURN '{}';
    END IF;
    WITH freed AS (
        UPDATE contact SET state = 'queued', state_since = now(), queued_at = now(),
                           owner_id = NULL, parked_until = NULL, parked_for_reply = false
        WHERE owner_id = p_staff
          AND state IN ('active', 'held', 'wrap_up', 'offered', 'parked') RETURNING id
    ), ended AS (
        UPDATE assignment SET state = 'returned', ended_at = now(), note = 'disabled'
        WHERE contact_id IN (SELECT id FROM freed) AND ended_at IS NULL
    ), told AS (
        INSERT INTO event (kind, actor_id, contact_id, data)
        SELECT 'contact.returned', me, id, '{"reason": "their owner works here no more"}'
        FROM freed ORDER BY id
    )
    SELECT coalesce(array_agg(id ORDER BY id), '{}') INTO given FROM freed;
    PERFORM app.staff_log('staff.disabled', p_staff);
    RETURN given;
END $$;

CREATE FUNCTION app.staff_enable(p_staff bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.staff_keeper(); person staff := app.staff_locked(p_staff);
BEGIN
    IF person.active THEN
        RETURN;
    END IF;
    UPDATE staff SET active = true WHERE id = p_staff;
    PERFORM app.login_set(person.login, 'crm_' || person.role, NULL, false);
    PERFORM app.staff_log('staff.enabled', p_staff);
END $$;

-- A first password again; it makes the login where the server has none, as after a restore.
CREATE FUNCTION app.staff_reset(p_staff bigint, p_verifier text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.staff_keeper(); person staff := app.staff_locked(p_staff);
BEGIN
    IF p_verifier IS NULL THEN
        PERFORM app.refuse('CRM05', 'a SCRAM verifier');
    END IF;
    PERFORM app.login_set(person.login,
                          CASE WHEN person.active THEN 'crm_' || person.role END,
                          p_verifier, false);
    PERFORM app.staff_log('staff.reset', p_staff);
END $$;

REVOKE ALL ON FUNCTION app.staff_keeper(), app.staff_fits(text, text, bigint[]),
    app.staff_locked(bigint), app.staff_goes(staff), app.staff_log(text, bigint, jsonb),
    app.staff_add(text, text, text, bigint[], text),
    app.staff_change(bigint, text, text, bigint[]), app.staff_disable(bigint),
    app.staff_enable(bigint), app.staff_reset(bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.staff_add(text, text, text, bigint[], text),
    app.staff_change(bigint, text, text, bigint[]), app.staff_disable(bigint),
    app.staff_enable(bigint), app.staff_reset(bigint, text) TO crm_admin;
