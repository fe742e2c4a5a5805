-- Who has seen this customer, and what did this person do: for team leaders about their own queues,
-- for administrators about everything. Asking leaves a trace.

CREATE FUNCTION app.audits_all() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM staff
                   WHERE login = session_user AND active AND role = 'admin');
END $$;

CREATE FUNCTION app.may_audit_customer(p_customer bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE mine bigint[] := app.my_queues();
BEGIN
    RETURN app.audits_all() OR app.leads() AND (
        EXISTS (SELECT 1 FROM contact WHERE customer_id = p_customer AND queue_id = ANY (mine))
        OR EXISTS (SELECT 1 FROM cases WHERE customer_id = p_customer AND queue_id = ANY (mine)));
END $$;

CREATE FUNCTION app.may_audit_person(p_staff bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE mine bigint[] := app.my_queues();
BEGIN
    RETURN app.audits_all() OR app.leads() AND (
        p_staff = app.me()
        OR EXISTS (SELECT 1 FROM membership WHERE staff_id = p_staff AND queue_id = ANY (mine)));
END $$;

-- Of a queue of which somebody may not know, nothing shows; of one that is not theirs, no title.
CREATE FUNCTION app.who_saw(p_customer bigint, p_before bigint, p_limit integer)
RETURNS TABLE (id bigint, at timestamptz, name text, what text, contact_id bigint, title text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE mine bigint[] := app.my_queues(); known bigint[] := app.known_queues();
        everything boolean := app.audits_all(); last_id bigint := coalesce(p_before, 1::bigint << 62);
BEGIN
    IF NOT app.may_audit_customer(p_customer) THEN
        PERFORM app.refuse('CRM02', 'not a customer of your queues');
    END IF;
    IF p_before IS NULL THEN
        PERFORM app.trace('report.customer', p_customer);
    END IF;
    RETURN QUERY
        WITH theirs AS MATERIALIZED (SELECT c.id FROM contact c WHERE c.customer_id = p_customer),
        files AS MATERIALIZED (
            SELECT a.id, m.contact_id, a.name FROM theirs t
            JOIN message m ON m.contact_id = t.id JOIN attachment a ON a.message_id = m.id),
        seen AS (
            (SELECT r.id, r.at, r.staff_id, r.what, v.ref_id AS via, ''::text AS file
             FROM read_audit r LEFT JOIN LATERAL (
                 SELECT x.ref_id FROM read_audit x
                 WHERE x.xact = r.xact AND x.what = 'contact' LIMIT 1) v ON true
             WHERE r.what = 'customer' AND r.ref_id = p_customer AND r.id < last_id
             ORDER BY r.id DESC LIMIT p_limit)
            UNION ALL
            (SELECT r.id, r.at, r.staff_id, r.what, r.ref_id, ''
             FROM theirs t JOIN read_audit r ON r.what = 'contact' AND r.ref_id = t.id
             WHERE r.id < last_id AND NOT EXISTS (
                 SELECT 1 FROM read_audit x WHERE x.xact = r.xact AND x.what = 'customer'
                 AND x.ref_id = p_customer)
             ORDER BY r.id DESC LIMIT p_limit)
            UNION ALL
            (SELECT r.id, r.at, r.staff_id, r.what, f.contact_id, f.name
             FROM files f JOIN read_audit r ON r.what = 'attachment' AND r.ref_id = f.id
             WHERE r.id < last_id ORDER BY r.id DESC LIMIT p_limit)
            UNION ALL
            (SELECT r.id, r.at, r.staff_id, r.what, t.id, ''
             FROM theirs t JOIN recording x ON x.contact_id = t.id
             JOIN read_audit r ON r.what = 'recording' AND r.ref_id = x.id
             WHERE r.id < last_id ORDER BY r.id DESC LIMIT p_limit)
            UNION ALL
            (SELECT r.id, r.at, r.staff_id, r.what, NULL, '' FROM read_audit r
             WHERE r.what = 'report.customer' AND r.ref_id = p_customer AND r.id < last_id
             ORDER BY r.id DESC LIMIT p_limit))
        SELECT s.id, s.at, coalesce(w.name, ''), s.what, c.id,
               CASE WHEN everything OR c.queue_id = ANY (mine)
                    THEN coalesce(nullif(s.file, ''), c.subject, '') ELSE '' END
        FROM seen s LEFT JOIN staff w ON w.id = s.staff_id LEFT JOIN contact c ON c.id = s.via
        WHERE everything OR c.id IS NULL OR c.queue_id = ANY (known)
        ORDER BY s.id DESC LIMIT p_limit;
END $$;

-- What a person did and read in a time, newest first. Row changes that belong to an event of the
-- same transaction stand behind it (app.row_changes); others stand for themselves.
CREATE FUNCTION app.who_did(p_staff bigint, p_from timestamptz, p_to timestamptz,
                            p_at timestamptz, p_source text, p_id bigint, p_limit integer)
RETURNS TABLE (source text, id bigint, at timestamptz, kind text, xact bigint, contact_id bigint,
               customer text, title text, data json, more bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE mine bigint[] := app.my_queues(); known bigint[] := app.known_queues();
        everything boolean := app.audits_all(); login_of text;
        till timestamptz := coalesce(p_at, p_to);
        last_source text := coalesce(p_source, 'zzz'); last_id bigint := coalesce(p_id, 0);
BEGIN
    IF NOT app.may_audit_person(p_staff) THEN
        PERFORM app.refuse('CRM02', 'not somebody of your queues');
    END IF;
    IF p_at IS NULL THEN
        PERFORM app.trace('report.person', p_staff);
    END IF;
    SELECT s.login INTO login_of FROM staff s WHERE s.id = p_staff;
    RETURN QUERY
        WITH done AS (
            (SELECT 'event' AS source, e.id, e.at, e.kind, e.xact, e.contact_id, e.customer_id,
                    e.data::json AS data
             FROM event e WHERE e.actor_id = p_staff AND e.at >= p_from AND e.at < p_to
               AND e.at <= till AND (e.at, 'event', e.id) < (till, last_source, last_id)
             ORDER BY e.at DESC, e.id DESC LIMIT p_limit)
            UNION ALL
            (SELECT 'read', r.id, r.at, r.what, r.xact,
                    CASE r.what WHEN 'contact' THEN r.ref_id
                    WHEN 'attachment' THEN (SELECT m.contact_id FROM attachment a
                        JOIN message m ON m.id = a.message_id WHERE a.id = r.ref_id)
                    WHEN 'recording' THEN (SELECT x.contact_id FROM recording x
                        WHERE x.id = r.ref_id) END,
                    CASE WHEN r.what IN ('customer', 'report.customer') THEN r.ref_id END, NULL
             FROM read_audit r WHERE r.staff_id = p_staff AND r.at >= p_from AND r.at < p_to
               AND r.at <= till AND (r.at, 'read', r.id) < (till, last_source, last_id)
             ORDER BY r.at DESC, r.id DESC LIMIT p_limit)
            UNION ALL
            (SELECT 'row', w.id, w.at, w.table_name || '.' || w.op, w.xact,
                    CASE WHEN w.table_name = 'contact' THEN w.row_key::bigint
                         WHEN w.table_name = 'message'
                         THEN (SELECT m.contact_id FROM message m WHERE m.id = w.row_key::bigint)
                         END,
                    CASE WHEN w.table_name = 'customer' THEN w.row_key::bigint END, NULL
             FROM row_audit w WHERE w.login = login_of AND w.at >= p_from AND w.at < p_to
               AND w.at <= till AND (w.at, 'row', w.id) < (till, last_source, last_id)
               AND NOT EXISTS (SELECT 1 FROM event e
                               WHERE e.xact = w.xact AND e.actor_id = p_staff)
               AND (everything OR app.audit_shows(w.table_name, w.row_key))
             ORDER BY w.at DESC, w.id DESC LIMIT p_limit))
        SELECT d.source, d.id, d.at, d.kind, d.xact, c.id, coalesce(p.name, ''),
               CASE WHEN everything OR c.queue_id = ANY (mine)
                    THEN concat_ws(' · ', nullif(c.who, ''), nullif(c.subject, '')) ELSE '' END,
               CASE WHEN everything OR c.id IS NULL OR c.queue_id = ANY (mine) THEN d.data END,
               CASE WHEN d.source = 'read' THEN 0
                    ELSE (SELECT count(*) FROM (
                        SELECT 1 FROM row_audit w
                        WHERE w.xact = d.xact AND w.login = login_of LIMIT 200) few) END
        FROM done d LEFT JOIN contact c ON c.id = d.contact_id
        LEFT JOIN customer p ON p.id = d.customer_id
        WHERE everything OR c.id IS NULL OR c.queue_id = ANY (known)
        ORDER BY d.at DESC, d.source DESC, d.id DESC LIMIT p_limit;
END $$;

-- Whether a team leader may read the values of a row: what has a queue, only of their own.
CREATE FUNCTION app.audit_shows(p_table text, p_key text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE mine bigint[] := app.my_queues(); queue bigint;
BEGIN
    IF p_table IN ('customer', 'identifier', 'address', 'adjustment', 'safety_marker', 'staff',
                   'membership', 'queue', 'service', 'article') THEN
        RETURN true;
    END IF;
    CASE p_table
        WHEN 'contact' THEN SELECT queue_id INTO queue FROM contact WHERE id = p_key::bigint;
        WHEN 'cases' THEN SELECT queue_id INTO queue FROM cases WHERE id = p_key::bigint;
        WHEN 'handoff' THEN SELECT queue_id INTO queue FROM handoff WHERE id = p_key::bigint;
        WHEN 'assignment' THEN SELECT c.queue_id INTO queue FROM assignment a
            JOIN contact c ON c.id = a.contact_id WHERE a.id = p_key::bigint;
        WHEN 'message' THEN SELECT c.queue_id INTO queue FROM message m
            JOIN contact c ON c.id = m.contact_id WHERE m.id = p_key::bigint;
        WHEN 'attachment' THEN SELECT c.queue_id INTO queue FROM attachment a
            JOIN message m ON m.id = a.message_id JOIN contact c ON c.id = m.contact_id
            WHERE a.id = p_key::bigint;
        WHEN 'case_contact' THEN SELECT queue_id INTO queue FROM cases
            WHERE id = split_part(p_key, ':', 1)::bigint;
        WHEN 'outbox' THEN SELECT coalesce(c.queue_id, h.queue_id) INTO queue FROM outbox o
            LEFT JOIN message m ON m.id = o.message_id LEFT JOIN contact c ON c.id = m.contact_id
            LEFT JOIN handoff h ON h.id = o.handoff_id WHERE o.id = p_key::bigint;
        ELSE RETURN false;
    END CASE;
    RETURN coalesce(queue = ANY (mine), false);
END $$;

CREATE FUNCTION app.row_changes(p_staff bigint, p_xact bigint)
RETURNS TABLE (id bigint, op text, table_name text, row_key text, changes text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE everything boolean := app.audits_all();
BEGIN
    IF NOT app.may_audit_person(p_staff) THEN
        PERFORM app.refuse('CRM02', 'not somebody of your queues');
    END IF;
    RETURN QUERY SELECT w.id, w.op, w.table_name, w.row_key, w.changes
        FROM row_audit w JOIN staff s ON s.login = w.login
        WHERE w.xact = p_xact AND s.id = p_staff
          AND (everything OR app.audit_shows(w.table_name, w.row_key))
        ORDER BY w.id LIMIT 200;
END $$;

-- How much a person read and changed in each hour.
CREATE FUNCTION app.did_hourly(p_staff bigint, p_from timestamptz, p_to timestamptz)
RETURNS TABLE (hour timestamptz, reads bigint, changes bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF NOT app.may_audit_person(p_staff) THEN
        PERFORM app.refuse('CRM02', 'not somebody of your queues');
    END IF;
    RETURN QUERY SELECT h.hour, sum(h.reads)::bigint, sum(h.changes)::bigint FROM (
            SELECT date_trunc('hour', at) AS hour, 1 AS reads, 0 AS changes FROM read_audit
            WHERE staff_id = p_staff AND at >= p_from AND at < p_to
            UNION ALL
            SELECT date_trunc('hour', at), 0, 1 FROM event
            WHERE actor_id = p_staff AND at >= p_from AND at < p_to) h
        GROUP BY h.hour;
END $$;

-- The people whom the caller may ask about.
CREATE FUNCTION app.auditable_staff() RETURNS TABLE (id bigint, name text, active boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE mine bigint[] := app.my_queues(); everything boolean := app.audits_all();
BEGIN
    IF NOT app.leads() THEN
        PERFORM app.refuse('CRM02', 'for team leaders');
    END IF;
    RETURN QUERY SELECT s.id::bigint, s.name, s.active FROM staff s
        WHERE everything OR s.id = app.me() OR EXISTS (
            SELECT 1 FROM membership m WHERE m.staff_id = s.id AND m.queue_id = ANY (mine))
        ORDER BY s.name;
END $$;

-- Erasure: the values go, what is reckoned over them stays, and so does who asked for it and why.
CREATE FUNCTION app.redact_customer(p_customer bigint, p_reason text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE gone bigint[]; said text; grain text := gen_random_uuid()::text;
BEGIN
    IF NOT (app.audits_all() OR pg_has_role(
            session_user, (SELECT relowner FROM pg_class WHERE oid = 'row_audit'::regclass), 'USAGE'))
    THEN
        PERFORM app.refuse('CRM02', 'only an administrator may');
    ELSIF btrim(coalesce(p_reason, '')) = '' THEN
        PERFORM app.refuse('CRM04', 'say why');
    END IF;
    WITH theirs AS (
        SELECT 'customer' AS t, p_customer::text AS k
        UNION ALL SELECT 'identifier', id::text FROM identifier WHERE customer_id = p_customer
        UNION ALL SELECT 'address', id::text FROM address WHERE customer_id = p_customer
        UNION ALL SELECT 'adjustment', id::text FROM adjustment WHERE customer_id = p_customer
        UNION ALL SELECT 'safety_marker', id::text FROM safety_marker
                  WHERE customer_id = p_customer
        UNION ALL SELECT 'contact', id::text FROM contact WHERE customer_id = p_customer
        UNION ALL SELECT 'message', m.id::text FROM message m JOIN contact c ON c.id = m.contact_id
                  WHERE c.customer_id = p_customer
        UNION ALL SELECT 'attachment', a.id::text FROM attachment a
                  JOIN message m ON m.id = a.message_id JOIN contact c ON c.id = m.contact_id
                  WHERE c.customer_id = p_customer
        UNION ALL SELECT 'cases', id::text FROM cases WHERE customer_id = p_customer
        UNION ALL SELECT 'handoff', h.id::text FROM handoff h JOIN cases c ON c.id = h.case_id
                  WHERE c.customer_id = p_customer
        -- What was removed is known by its entry alone.
        UNION ALL SELECT w.table_name, w.row_key FROM row_audit w
                  WHERE w.op = 'D' AND w.changes IS NOT NULL
                    AND w.table_name IN ('identifier', 'address', 'adjustment', 'safety_marker',
                                         'contact', 'cases')
                    AND w.changes::jsonb -> 'before' ->> 'customer_id' = p_customer::text)
    SELECT array_agg(DISTINCT w.id) INTO gone
    FROM theirs x JOIN row_audit w ON w.table_name = x.t AND w.row_key = x.k
    WHERE w.op <> 'R' AND w.salt IS NOT NULL;
    IF gone IS NULL THEN
        RETURN 0;
    END IF;
    said := json_build_object('reason', p_reason, 'entries', gone)::text;
    INSERT INTO row_audit (op, table_name, row_key, changes, salt, digest)
    VALUES ('R', 'customer', p_customer::text, said, grain,
            sha256(convert_to(grain || said, 'UTF8')));
    UPDATE row_audit SET changes = NULL, salt = NULL WHERE id = ANY (gone);
    RETURN cardinality(gone);
END $$;

-- Rows of a watched table that are not what their entries say: somebody switched the watch off.
-- For the owner. A column that was added later is left out of what a row held when it came.
CREATE FUNCTION app.audit_strays(p_table text) RETURNS TABLE (row_key text, what text)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE args text[]; key_of text; newest text[];
BEGIN
    SELECT string_to_array(encode(tgargs, 'escape'), '\000') INTO args FROM pg_trigger
    WHERE tgrelid = p_table::regclass AND tgname = 'audit';
    SELECT string_agg(format('%I::text', k), '||'':''||') INTO key_of
    FROM unnest(string_to_array(args[1], ',')) k;
    SELECT array_agg(attname::text ORDER BY attnum DESC) INTO newest FROM pg_attribute
    WHERE attrelid = p_table::regclass AND attnum > 0 AND NOT attisdropped;
    RETURN QUERY EXECUTE format($q$
        WITH entries AS MATERIALIZED (
            SELECT w.* FROM row_audit w LEFT JOIN LATERAL (
                SELECT max(x.id) AS id FROM row_audit x WHERE x.table_name = %1$L
                AND (x.row_key = w.row_key AND x.op = 'D' OR x.row_key = '' AND x.op = 'T')) gone
                ON true
            WHERE w.table_name = %1$L AND w.op IN ('I', 'U') AND w.id > coalesce(gone.id, 0)),
        redacted AS (SELECT DISTINCT e.row_key FROM entries e WHERE e.salt IS NULL),
        changed AS (
            SELECT e.row_key, jsonb_object_agg(b.key, b.value ORDER BY e.id DESC) AS first,
                   jsonb_object_agg(b.key, e.changes::jsonb -> 'after' -> b.key ORDER BY e.id)
                   AS last
            FROM entries e CROSS JOIN LATERAL jsonb_each(e.changes::jsonb -> 'before') b
            WHERE e.op = 'U' AND e.changes IS NOT NULL GROUP BY e.row_key),
        held AS (SELECT %2$s AS row_key, to_jsonb(t) - %3$L::text[] AS now_is FROM %1$I t),
        known AS (
            SELECT DISTINCT e.row_key FROM entries e
            WHERE NOT EXISTS (SELECT 1 FROM redacted r WHERE r.row_key = e.row_key))
        SELECT k.row_key, CASE
            WHEN h.row_key IS NULL THEN 'was removed'
            WHEN c.last IS NOT NULL AND h.now_is || c.last <> h.now_is THEN 'was changed'
            ELSE 'was changed since it came' END
        FROM known k LEFT JOIN held h ON h.row_key = k.row_key
        LEFT JOIN changed c ON c.row_key = k.row_key
        LEFT JOIN entries born ON born.row_key = k.row_key AND born.op = 'I'
        WHERE h.row_key IS NULL OR c.last IS NOT NULL AND h.now_is || c.last <> h.now_is
           OR born.id IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM generate_series(0, 9) n
                WHERE sha256(convert_to(born.salt || ((h.now_is || coalesce(c.first, '{}'))
                                                      - (%4$L::text[])[1:n])::text, 'UTF8'))
                      = born.digest)
        ORDER BY 1
    $q$, p_table, key_of, args[2], newest);
END $$;
REVOKE ALL ON FUNCTION app.audits_all(), app.may_audit_customer(bigint),
    app.may_audit_person(bigint), app.who_saw(bigint, bigint, integer),
    app.who_did(bigint, timestamptz, timestamptz, timestamptz, text, bigint, integer),
    app.audit_shows(text, text), app.row_changes(bigint, bigint),
    app.did_hourly(bigint, timestamptz, timestamptz), app.auditable_staff(),
    app.redact_customer(bigint, text), app.audit_strays(text), app.keep_audit(), app.audit_row(),
    app.audit_emptied(), app.audit_table(text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.may_audit_customer(bigint), app.who_saw(bigint, bigint, integer),
    app.who_did(bigint, timestamptz, timestamptz, timestamptz, text, bigint, integer),
    app.row_changes(bigint, bigint), app.did_hourly(bigint, timestamptz, timestamptz),
    app.auditable_staff(), app.redact_customer(bigint, text) TO crm_staff;
