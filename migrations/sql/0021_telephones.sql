-- The telephones of a centre, set up by administrators and by the database's owner.

-- Who asks, when they may: an administrator, or NULL for the database's owner.
CREATE FUNCTION app.telephone_keeper() RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := (SELECT id FROM staff WHERE login = session_user AND active
                      AND role = 'admin');
BEGIN
    IF me IS NULL AND NOT pg_has_role(session_user, (
            SELECT relowner FROM pg_class WHERE oid = 'public.staff'::regclass), 'MEMBER') THEN
        PERFORM app.refuse('CRM02', 'only an administrator may set up telephones');
    END IF;
    RETURN me;
END $$;

CREATE FUNCTION app.line_data(p_line bigint) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT jsonb_build_object(
        'number', l.number, 'name', l.name, 'queue_id', l.queue_id, 'service_id', l.service_id,
        'active', l.active, 'announce_seconds', l.announce_seconds, 'record', l.record,
        'voicemail', l.voicemail, 'callback', l.callback, 'most_waiting', l.most_waiting,
        'choices', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'digit', c.digit, 'name', c.name, 'queue_id', c.queue_id,
                'service_id', c.service_id) ORDER BY strpos('1234567890*#', c.digit)), '[]')
            FROM line_choice c WHERE c.line_id = l.id))
    FROM telephone_line l WHERE l.id = p_line
$$;

-- The PBX in use, else the one that was used last.
CREATE FUNCTION app.pbx() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id FROM channel_account WHERE kind = 'asterisk' ORDER BY active DESC, id DESC LIMIT 1
$$;

-- All that is set up, in one value; the gateway knows it anyway.
CREATE FUNCTION app.telephones() RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT pg_has_role(session_user, 'crm_gateway', 'MEMBER') THEN
        PERFORM app.telephone_keeper();
    END IF;
    RETURN jsonb_build_object(
        'pbx', (SELECT jsonb_build_object(
                    'id', a.id, 'settings', a.settings, 'secret_name', a.secret_name,
                    'active', a.active, 'status', a.status, 'words', a.status_words,
                    'at', a.status_at)
                FROM channel_account a WHERE a.id = app.pbx()),
        'lines', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                      'id', l.id, 'line', app.line_data(l.id)) ORDER BY l.number, l.id), '[]')
                  FROM telephone_line l),
        'phones', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                       'id', s.id, 'name', s.name, 'login', s.login, 'active', s.active,
                       'extension', s.extension) ORDER BY s.name, s.id), '[]')
                   FROM staff s WHERE s.active OR s.extension IS NOT NULL));
END $$;

CREATE FUNCTION app.telephone_log(p_kind text, p_data jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO event (kind, actor_id, data) VALUES (p_kind, app.me(), p_data)
$$;

-- Whether an endpoint of the PBX has the place for what is dialled, once, and nothing else odd.
CREATE FUNCTION app.is_endpoint(p_text text, p_place text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT coalesce(
        length(p_text) <= 200
        AND length(p_text) - length(replace(p_text, p_place, '')) = length(p_place)
        AND replace(p_text, p_place, '') ~ '^[A-Za-z0-9_]{1,20}/[A-Za-z0-9_.@:+/-]*$'
        AND strpos(p_text, p_place) > strpos(p_text, '/'), false)
$$;

CREATE FUNCTION app.pbx_fits(p_wanted jsonb) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    known CONSTANT text[] := ARRAY['url', 'user', 'app', 'outbound', 'advisor', 'answer_by',
                                    'recording_notice'];
BEGIN
    IF jsonb_typeof(p_wanted) IS DISTINCT FROM 'object' OR NOT p_wanted ?& known
       OR EXISTS (SELECT 1 FROM jsonb_each(p_wanted) each
                  WHERE NOT each.key = ANY (known) OR jsonb_typeof(each.value) <> 'string') THEN
        PERFORM app.refuse('CRM05', 'no such settings of a PBX');
    END IF;
    -- The password goes there: to this computer, or over TLS.
    IF NOT (p_wanted ->> 'url' ~ '^https://([A-Za-z0-9.-]{1,200}|\[[0-9A-Fa-f:]{2,45}\])(:[0-9]{1,5})?$'
            OR p_wanted ->> 'url' ~ '^http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?$')
       OR p_wanted ->> 'user' !~ '^[A-Za-z0-9._-]{1,40}$'
       OR p_wanted ->> 'app' !~ '^[A-Za-z][A-Za-z0-9_-]{0,30}$'
       OR NOT app.is_endpoint(p_wanted ->> 'outbound', '{number}')
       OR NOT app.is_endpoint(p_wanted ->> 'advisor', '{extension}')
       OR p_wanted ->> 'recording_notice' !~ '^sound:[A-Za-z0-9_/-]{1,100}$'
       OR NOT p_wanted ->> 'answer_by' = ANY (ARRAY['header', 'phone']) THEN
        PERFORM app.refuse('CRM05', 'no such settings of a PBX');
    END IF;
END $$;

-- p_seen: the settings that were read, NULL when there were none; if they are otherwise by now,
-- nothing is changed. The secret is named after where it goes, so none goes elsewhere.
CREATE FUNCTION app.pbx_put(p_seen jsonb, p_wanted jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me bigint := app.telephone_keeper();
    known channel_account;
    put bigint;
BEGIN
    PERFORM app.pbx_fits(p_wanted);
    PERFORM pg_advisory_xact_lock(hashtextextended('pbx', 0));
    SELECT * INTO known FROM channel_account WHERE id = app.pbx() FOR UPDATE;
    IF known.settings IS DISTINCT FROM p_seen THEN
        PERFORM app.refuse('CRM04', 'somebody else changed the PBX meanwhile');
    END IF;
    IF known.id IS NULL THEN
        INSERT INTO channel_account (kind, name, settings, secret_name, cursor, active, status,
                                     status_words)
        VALUES ('asterisk', 'Telephones', p_wanted,
                format('ari:%s@%s', p_wanted ->> 'user', p_wanted ->> 'url'), '{}', true,
                'unknown', '')
        RETURNING id INTO put;
    ELSE
        UPDATE channel_account
        SET settings = p_wanted, active = true, status = 'unknown', status_words = '',
            status_at = now(),
            secret_name = format('ari:%s@%s', p_wanted ->> 'user', p_wanted ->> 'url')
        WHERE id = known.id RETURNING id INTO put;
    END IF;
    PERFORM app.telephone_log('telephones.pbx', jsonb_build_object(
        'account', put, 'before', known.settings, 'after', p_wanted));
    RETURN put;
EXCEPTION WHEN unique_violation THEN
    PERFORM app.refuse('CRM04', 'another account is called Telephones');
END $$;

CREATE FUNCTION app.pbx_active(p_active boolean) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me bigint := app.telephone_keeper();
    pbx bigint := app.pbx();
BEGIN
    IF pbx IS NULL THEN
        PERFORM app.refuse('CRM01', 'there is no PBX');
    END IF;
    UPDATE channel_account SET active = p_active, status = 'unknown', status_words = '',
                               status_at = now()
    WHERE id = pbx AND active IS DISTINCT FROM p_active;
    IF FOUND THEN
        PERFORM app.telephone_log('telephones.pbx', jsonb_build_object(
            'account', pbx, 'active', p_active));
    END IF;
    RETURN pbx;
END $$;

-- Where calls go: a queue, and a service whose contacts may be there.
CREATE FUNCTION app.goes_to(p_to jsonb) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    to_queue queue;
    about service;
BEGIN
    IF NOT app.whole(p_to -> 'queue_id', 1, 9223372036854775807)
       OR NOT (coalesce(jsonb_typeof(p_to -> 'service_id'), 'null') = 'null'
               OR app.whole(p_to -> 'service_id', 1, 9223372036854775807)) THEN
        PERFORM app.refuse('CRM05', 'a queue, and a service or none');
    END IF;
    SELECT * INTO to_queue FROM queue WHERE id = (p_to ->> 'queue_id')::bigint;
    IF to_queue.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such queue');
    END IF;
    IF p_to ->> 'service_id' IS NULL THEN
        RETURN;
    END IF;
    SELECT * INTO about FROM service WHERE id = (p_to ->> 'service_id')::bigint;
    IF about.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such service');
    END IF;
    -- What only members may see does not come before everybody by telephone.
    IF about.restricted AND NOT to_queue.restricted THEN
        PERFORM app.refuse('CRM05', 'calls about a restricted service go to a restricted queue');
    END IF;
END $$;

CREATE FUNCTION app.line_fits(p_wanted jsonb) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE each jsonb;
BEGIN
    IF NOT coalesce(p_wanted ->> 'number' ~ '^\+?[0-9]{2,20}$'
            AND trim(p_wanted ->> 'name') <> '' AND length(p_wanted ->> 'name') <= 100
            AND (app.whole(p_wanted -> 'announce_seconds', 0, 0)
                 OR app.whole(p_wanted -> 'announce_seconds', 15, 600))
            AND app.whole(p_wanted -> 'most_waiting', 0, 500)
            AND jsonb_typeof(p_wanted -> 'active') = 'boolean'
            AND jsonb_typeof(p_wanted -> 'record') = 'boolean'
            AND jsonb_typeof(p_wanted -> 'voicemail') = 'boolean'
            AND jsonb_typeof(p_wanted -> 'callback') = 'boolean'
            AND jsonb_typeof(p_wanted -> 'choices') = 'array', false) THEN
        PERFORM app.refuse('CRM05', 'no such telephone line');
    END IF;
    PERFORM app.goes_to(p_wanted);
    FOR each IN SELECT * FROM jsonb_array_elements(p_wanted -> 'choices') LOOP
        IF NOT coalesce(each ->> 'digit' ~ '^[0-9*#]$' AND trim(each ->> 'name') <> ''
                        AND length(each ->> 'name') <= 100, false) THEN
            PERFORM app.refuse('CRM05', 'no such choice of a menu');
        END IF;
        PERFORM app.goes_to(each);
    END LOOP;
    IF (SELECT count(*) <> count(DISTINCT value ->> 'digit')
        FROM jsonb_array_elements(p_wanted -> 'choices')) THEN
        PERFORM app.refuse('CRM05', 'a key means one thing');
    END IF;
END $$;

-- p_line NULL: a new one. p_seen: what was read, NULL for a new one; see app.pbx_put.
CREATE FUNCTION app.line_put(p_line bigint, p_seen jsonb, p_wanted jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me bigint := app.telephone_keeper();
    before jsonb;
    put bigint := p_line;
BEGIN
    IF p_line IS NOT NULL THEN
        PERFORM 1 FROM telephone_line WHERE id = p_line FOR UPDATE;
        before := app.line_data(p_line);
        IF before IS NULL THEN
            PERFORM app.refuse('CRM01', 'no such telephone line');
        END IF;
    END IF;
    IF before IS DISTINCT FROM p_seen THEN
        PERFORM app.refuse('CRM04', 'somebody else changed this line meanwhile');
    END IF;
    PERFORM app.line_fits(p_wanted);
    IF p_line IS NULL THEN
        INSERT INTO telephone_line (number, name, queue_id)
        VALUES (p_wanted ->> 'number', '', (p_wanted ->> 'queue_id')::bigint)
        RETURNING id INTO put;
    END IF;
    UPDATE telephone_line SET
        number = p_wanted ->> 'number', name = trim(p_wanted ->> 'name'),
        queue_id = (p_wanted ->> 'queue_id')::bigint,
        service_id = (p_wanted ->> 'service_id')::bigint,
        active = (p_wanted ->> 'active')::boolean,
        announce_seconds = (p_wanted ->> 'announce_seconds')::integer,
        record = (p_wanted ->> 'record')::boolean,
        voicemail = (p_wanted ->> 'voicemail')::boolean,
        callback = (p_wanted ->> 'callback')::boolean,
        most_waiting = (p_wanted ->> 'most_waiting')::integer
    WHERE id = put;
    DELETE FROM line_choice c WHERE c.line_id = put AND NOT EXISTS (
        SELECT 1 FROM jsonb_array_elements(p_wanted -> 'choices')
        WHERE value ->> 'digit' = c.digit);
    INSERT INTO line_choice (line_id, digit, name, queue_id, service_id)
    SELECT put, value ->> 'digit', trim(value ->> 'name'), (value ->> 'queue_id')::bigint,
           (value ->> 'service_id')::bigint
    FROM jsonb_array_elements(p_wanted -> 'choices')
    ON CONFLICT (line_id, digit) DO UPDATE SET
        name = excluded.name, queue_id = excluded.queue_id, service_id = excluded.service_id;
    PERFORM app.telephone_log('telephones.line', jsonb_build_object(
        'line', put, 'before', before, 'after', app.line_data(put)));
    RETURN put;
EXCEPTION WHEN unique_violation THEN
    PERFORM app.refuse('CRM04', 'there is a line of that number');
END $$;

-- p_extension NULL: no telephone rings for them. One of somebody who works here no more is free.
CREATE FUNCTION app.extension_put(p_staff bigint, p_seen text, p_extension text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me bigint := app.telephone_keeper();
    person staff;
BEGIN
    SELECT * INTO person FROM staff WHERE id = p_staff FOR UPDATE;
    IF person.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'nobody of that number works here');
    END IF;
    IF person.extension IS DISTINCT FROM p_seen THEN
        PERFORM app.refuse('CRM04', 'somebody else gave them an extension meanwhile');
    END IF;
    IF p_extension !~ '^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$' THEN
        PERFORM app.refuse('CRM05', 'an extension is letters and digits');
    END IF;
    UPDATE staff SET extension = NULL WHERE extension = p_extension AND NOT active;
    UPDATE staff SET extension = p_extension WHERE id = p_staff;
    PERFORM app.telephone_log('telephones.extension', jsonb_build_object(
        'staff', p_staff, 'before', person.extension, 'after', p_extension));
EXCEPTION WHEN unique_violation THEN
    PERFORM app.refuse('CRM04', 'a colleague has that extension');
END $$;

-- That telephones were set up otherwise is told by the change alone.
CREATE POLICY no_changes_of_telephones ON event AS RESTRICTIVE FOR INSERT TO crm_staff
    WITH CHECK (kind NOT LIKE 'telephones.%');

REVOKE ALL ON FUNCTION app.telephone_keeper(), app.line_data(bigint), app.pbx(), app.telephones(),
    app.telephone_log(text, jsonb), app.is_endpoint(text, text), app.pbx_fits(jsonb),
    app.pbx_put(jsonb, jsonb), app.pbx_active(boolean), app.goes_to(jsonb), app.line_fits(jsonb),
    app.line_put(bigint, jsonb, jsonb), app.extension_put(bigint, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.telephones(), app.pbx_put(jsonb, jsonb), app.pbx_active(boolean),
    app.line_put(bigint, jsonb, jsonb), app.extension_put(bigint, text, text) TO crm_admin;
GRANT EXECUTE ON FUNCTION app.telephones() TO crm_gateway;
