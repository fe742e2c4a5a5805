-- What a team leader does for people: skills and queues for a while, and signing somebody out.

-- Every policy asks this once a statement: one join over a person's few rows, as before.
CREATE OR REPLACE FUNCTION app.my_queues() RETURNS bigint[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (SELECT coalesce(array_agg(m.queue_id), '{}')::bigint[]
            FROM membership m JOIN staff s ON s.id = m.staff_id
            WHERE s.login = session_user AND s.active
              AND (m.until IS NULL OR m.until > now()));
END $$;

-- Somebody whom the caller leads, kept from others' changes until the transaction ends: a team
-- leader leads whoever they share a queue with, an administrator all; nobody themselves.
CREATE FUNCTION app.led(p_staff bigint) RETURNS staff
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me staff; person staff;
BEGIN
    SELECT * INTO me FROM staff WHERE login = session_user AND active;
    IF me.id IS NULL OR me.role NOT IN ('team_leader', 'admin') THEN
        PERFORM app.refuse('CRM02', 'a team leader does that');
    END IF;
    SELECT * INTO person FROM staff WHERE id = p_staff AND active FOR NO KEY UPDATE;
    IF person.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'nobody of that number works here');
    END IF;
    IF person.id = me.id THEN
        PERFORM app.refuse('CRM02', 'one''s own are for somebody else to change');
    END IF;
    IF me.role <> 'admin' AND (person.role = 'admin' OR NOT EXISTS (
            SELECT 1 FROM membership m
            WHERE m.staff_id = p_staff AND m.queue_id = ANY (app.my_queues())
              AND (m.until IS NULL OR m.until > now()))) THEN
        PERFORM app.refuse('CRM02', 'not somebody of your queues');
    END IF;
    RETURN person;
END $$;

-- p_member: belongs to the queue, until p_until or for good; until p_off_until nothing of it is
-- offered to them. Who has a queue for a while gives it to nobody for longer.
CREATE FUNCTION app.person_queue(p_staff bigint, p_queue bigint, p_member boolean,
                                 p_until timestamptz, p_off_until timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    person staff := app.led(p_staff);
    me staff;
    mine membership;
BEGIN
    IF p_member IS NULL OR NOT EXISTS (SELECT 1 FROM queue WHERE id = p_queue) THEN
        PERFORM app.refuse('CRM01', 'no such queue');
    END IF;
    SELECT * INTO me FROM staff WHERE id = app.me();
    IF me.role <> 'admin' THEN
        SELECT * INTO mine FROM membership
        WHERE staff_id = me.id AND queue_id = p_queue AND (until IS NULL OR until > now());
        IF mine.staff_id IS NULL THEN
            PERFORM app.refuse('CRM02', 'not a queue of yours');
        END IF;
        IF p_member AND (p_until IS NULL OR p_until > mine.until) AND mine.until IS NOT NULL THEN
            PERFORM app.refuse('CRM02', 'not for longer than it is yours');
        END IF;
    END IF;
    -- No desktop reads what is further ('infinity').
    IF p_member AND (NOT p_until BETWEEN now() AND now() + interval '10 years'
                     OR NOT p_off_until BETWEEN now() AND now() + interval '10 years') THEN
        PERFORM app.refuse('CRM05', 'a time to come, within ten years');
    END IF;
    IF p_member THEN
        INSERT INTO membership (staff_id, queue_id, until, off_until)
        VALUES (p_staff, p_queue, p_until, p_off_until)
        ON CONFLICT (staff_id, queue_id) DO UPDATE
        SET until = excluded.until, off_until = excluded.off_until;
    ELSE
        DELETE FROM membership WHERE staff_id = p_staff AND queue_id = p_queue;
    END IF;
    PERFORM app.staff_log('staff.queue', p_staff, jsonb_build_object(
        'queue', p_queue, 'member', p_member, 'until', p_until, 'off_until', p_off_until));
END $$;

-- p_level 1 to 5, until p_until or for good; NULL: not any more.
CREATE FUNCTION app.person_skill(p_staff bigint, p_skill bigint, p_level integer,
                                 p_until timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE person staff := app.led(p_staff);
BEGIN
    IF NOT EXISTS (SELECT 1 FROM skill WHERE id = p_skill) THEN
        PERFORM app.refuse('CRM01', 'no such skill');
    END IF;
    IF p_level NOT BETWEEN 1 AND 5
       OR (p_level IS NOT NULL
           AND NOT p_until BETWEEN now() AND now() + interval '10 years') THEN
        PERFORM app.refuse('CRM05', 'a level of 1 to 5, and a time to come, within ten years');
    END IF;
    IF p_level IS NULL THEN
        DELETE FROM staff_skill WHERE staff_id = p_staff AND skill_id = p_skill;
    ELSE
        INSERT INTO staff_skill (staff_id, skill_id, level, until)
        VALUES (p_staff, p_skill, p_level, p_until)
        ON CONFLICT (staff_id, skill_id) DO UPDATE
        SET level = excluded.level, until = excluded.until;
    END IF;
    PERFORM app.staff_log('staff.skill', p_staff, jsonb_build_object(
        'skill', p_skill, 'level', p_level, 'until', p_until));
END $$;

-- A skill of the catalogue: a new one, or another name for one that is known.
CREATE FUNCTION app.skill_put(p_skill bigint, p_name text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.staff_keeper(); made bigint; called text := trim(p_name);
BEGIN
    IF coalesce(called, '') = '' OR length(called) > 80 THEN
        PERFORM app.refuse('CRM05', 'a name of up to 80 letters');
    END IF;
    IF EXISTS (SELECT 1 FROM skill WHERE lower(name) = lower(called)
               AND id IS DISTINCT FROM p_skill) THEN
        PERFORM app.refuse('CRM04', 'a skill of that name is there');
    END IF;
    IF p_skill IS NULL THEN
        INSERT INTO skill (code, name)
        VALUES (trim(BOTH '_' FROM regexp_replace(lower(called), '[^a-z0-9]+', '_', 'g'))
                || '_' || (SELECT coalesce(max(id), 0) + 1 FROM skill), called)
        RETURNING id INTO made;
    ELSE
        UPDATE skill SET name = called WHERE id = p_skill RETURNING id INTO made;
        IF made IS NULL THEN
            PERFORM app.refuse('CRM01', 'no such skill');
        END IF;
    END IF;
    INSERT INTO event (kind, actor_id, data)
    VALUES ('skill.put', me, jsonb_build_object('skill', made));
    RETURN made;
END $$;

-- Closes a person's desktops, which learn from sign_out who did it; gives the contacts that went
-- back. They may sign in again: the login is switched off and on within this transaction, which
-- ends what they have open.
CREATE FUNCTION app.sign_out(p_staff bigint) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE person staff := app.led(p_staff); given bigint[];
BEGIN
    INSERT INTO sign_out (staff_id, by_id) VALUES (p_staff, app.me());
    given := app.return_work(p_staff, 'signed out by a team leader');
    PERFORM app.presence_out(p_staff, app.me(), app.me(), 'signed out by a team leader');
    PERFORM app.login_set(person.login, NULL, NULL, false);
    PERFORM app.login_set(person.login, 'crm_' || person.role, NULL, false);
    RETURN coalesce(given, '{}');
END $$;

-- What was for a while is over: gives whom it concerns.
CREATE FUNCTION app.whiles_end() RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE whose bigint[];
BEGIN
    WITH left_queue AS (
        DELETE FROM membership WHERE until <= now() RETURNING staff_id, queue_id
    ), back AS (
        UPDATE membership SET off_until = NULL
        WHERE off_until <= now() AND (until IS NULL OR until > now()) RETURNING staff_id, queue_id
    ), lost AS (
        DELETE FROM staff_skill WHERE until <= now() RETURNING staff_id, skill_id
    ), ended AS (
        SELECT staff_id, jsonb_build_object('queue', queue_id) AS what FROM left_queue
        UNION ALL SELECT staff_id, jsonb_build_object('back_on', queue_id) FROM back
        UNION ALL SELECT staff_id, jsonb_build_object('skill', skill_id) FROM lost
    ), told AS (
        INSERT INTO event (kind, actor_id, data)
        SELECT 'staff.while_ended', NULL, jsonb_build_object('staff', staff_id) || what
        FROM ended ORDER BY staff_id
    )
    SELECT coalesce(array_agg(DISTINCT staff_id), '{}') INTO whose FROM ended;
    RETURN whose;
END $$;

-- As before; of whose time in a queue is over its leader learns no more.
CREATE OR REPLACE FUNCTION app.may_audit_person(p_staff bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE mine bigint[] := app.my_queues();
BEGIN
    RETURN app.audits_all() OR app.leads() AND (
        p_staff = app.me()
        OR EXISTS (SELECT 1 FROM membership WHERE staff_id = p_staff AND queue_id = ANY (mine)
                   AND (until IS NULL OR until > now())));
END $$;
CREATE OR REPLACE FUNCTION app.auditable_staff() RETURNS TABLE (id bigint, name text, active boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE mine bigint[] := app.my_queues(); everything boolean := app.audits_all();
BEGIN
    IF NOT app.leads() THEN
        PERFORM app.refuse('CRM02', 'for team leaders');
    END IF;
    RETURN QUERY SELECT s.id::bigint, s.name, s.active FROM staff s
        WHERE everything OR s.id = app.me() OR EXISTS (
            SELECT 1 FROM membership m WHERE m.staff_id = s.id AND m.queue_id = ANY (mine)
            AND (m.until IS NULL OR m.until > now()))
        ORDER BY s.name;
END $$;

REVOKE ALL ON FUNCTION app.led(bigint),
    app.person_queue(bigint, bigint, boolean, timestamptz, timestamptz),
    app.person_skill(bigint, bigint, integer, timestamptz), app.skill_put(bigint, text),
    app.sign_out(bigint), app.whiles_end() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.person_queue(bigint, bigint, boolean, timestamptz, timestamptz),
    app.person_skill(bigint, bigint, integer, timestamptz), app.sign_out(bigint) TO crm_staff;
GRANT EXECUTE ON FUNCTION app.skill_put(bigint, text) TO crm_admin;
GRANT EXECUTE ON FUNCTION app.whiles_end() TO crm_gateway;

-- One's own: by whom one was signed out, and when.
GRANT SELECT ON sign_out TO crm_staff;
ALTER TABLE sign_out ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON sign_out FOR SELECT TO crm_staff USING (staff_id = (SELECT app.me()));

SELECT app.audit_table('sign_out');
