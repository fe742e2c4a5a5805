-- Content that must leave a trace when it is read, what others may know, and outgoing work.

CREATE FUNCTION app.may_read(p_contact bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT 1 FROM contact WHERE id = p_contact
                   AND (queue_id = ANY (app.my_queues()) OR owner_id = app.me()))
$$;

CREATE FUNCTION app.trace(p_what text, p_ref bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO read_audit (staff_id, what, ref_id) VALUES (app.me(), p_what, p_ref)
$$;

CREATE FUNCTION app.open_contact(p_contact bigint) RETURNS SETOF message
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE thread bigint;
BEGIN
    IF NOT app.may_read(p_contact) THEN
        PERFORM app.refuse('CRM01', 'no such contact');
    END IF;
    PERFORM app.trace('contact', p_contact);
    SELECT thread_id INTO thread FROM contact WHERE id = p_contact;
    RETURN QUERY
        SELECT m.* FROM message m WHERE m.contact_id IN (
            SELECT c.id FROM contact c
            WHERE (c.id = p_contact OR c.thread_id = thread)
              AND (c.queue_id = ANY (app.my_queues()) OR c.owner_id = app.me()))
        ORDER BY m.at, m.id;
END $$;

CREATE FUNCTION app.open_attachment(p_attachment bigint)
RETURNS TABLE (name text, content_type text, content bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE a attachment;
BEGIN
    SELECT x.* INTO a FROM attachment x JOIN message m ON m.id = x.message_id
    WHERE x.id = p_attachment AND app.may_read(m.contact_id);
    IF a.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such file');
    END IF;
    PERFORM app.trace('attachment', p_attachment);
    RETURN QUERY SELECT a.name, a.content_type,
        coalesce((SELECT string_agg(b.data, ''::bytea ORDER BY b.n) FROM blob_chunk b
                  WHERE b.sha256 = a.sha256), ''::bytea);
END $$;

-- The files of the messages that app.open_contact gives.
CREATE FUNCTION app.attachments(p_messages bigint[]) RETURNS SETOF attachment
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.* FROM attachment a
    JOIN message m ON m.id = a.message_id JOIN contact c ON c.id = m.contact_id
    WHERE a.message_id = ANY (p_messages)
      AND (c.queue_id = ANY (app.my_queues()) OR c.owner_id = app.me())
    ORDER BY a.id
$$;

CREATE FUNCTION app.open_customer(p_customer bigint)
RETURNS TABLE (id bigint, kind text, value text, flag text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF app.me() IS NULL THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
    PERFORM app.trace('customer', p_customer);
    RETURN QUERY SELECT i.id, i.kind, i.value, i.flag FROM identifier i
                 WHERE i.customer_id = p_customer ORDER BY i.id;
END $$;

CREATE FUNCTION app.history(p_customer bigint, p_limit integer)
RETURNS TABLE (kind text, id bigint, channel text, state text, service_name text, title text,
               at timestamptz, who text, readable boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH known AS (SELECT app.known_queues() AS ids, app.my_queues() AS mine, app.me() AS me),
    contacts AS (
        SELECT 'contact' AS kind, c.id, c.channel, c.state, s.name AS service_name,
               c.subject AS title, c.received_at AS at, coalesce(o.name, '') AS who,
               (c.queue_id = ANY ((SELECT mine FROM known)::bigint[])
                OR c.owner_id IS NOT DISTINCT FROM (SELECT me FROM known)) AS readable
        FROM contact c LEFT JOIN service s ON s.id = c.service_id
        LEFT JOIN staff o ON o.id = c.owner_id
        WHERE c.customer_id = p_customer
          AND c.queue_id = ANY ((SELECT ids FROM known)::bigint[])
        ORDER BY c.received_at DESC LIMIT p_limit),
    matters AS (
        SELECT 'case' AS kind, k.id, '' AS channel, k.state, s.name, coalesce(k.reference, ''),
               k.opened_at AS at, coalesce(o.name, ''),
               k.queue_id = ANY ((SELECT mine FROM known)::bigint[])
        FROM cases k JOIN service s ON s.id = k.service_id
        LEFT JOIN staff o ON o.id = k.opened_by_id
        WHERE k.customer_id = p_customer
          AND k.queue_id = ANY ((SELECT ids FROM known)::bigint[])
        ORDER BY k.opened_at DESC LIMIT p_limit)
    SELECT t.kind, t.id, t.channel, t.state, coalesce(t.service_name, ''),
           CASE WHEN t.readable THEN t.title ELSE '' END, t.at, t.who, t.readable
    FROM (SELECT * FROM contacts UNION ALL SELECT * FROM matters) t
    WHERE (SELECT me FROM known) IS NOT NULL
    ORDER BY t.at DESC LIMIT p_limit
$$;

CREATE FUNCTION app.events(p_contact bigint)
RETURNS TABLE (at timestamptz, kind text, actor text, data jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT e.at, e.kind, coalesce(s.name, ''), e.data
    FROM event e LEFT JOIN staff s ON s.id = e.actor_id
    WHERE e.contact_id = p_contact AND app.may_read(p_contact) ORDER BY e.id
$$;

-- True when the message had not begun to leave.
CREATE FUNCTION app.withdraw(p_message bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE m message;
BEGIN
    SELECT * INTO m FROM message WHERE id = p_message AND author_id = app.me() FOR UPDATE;
    IF m.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such message of yours');
    END IF;
    UPDATE outbox SET state = 'withdrawn', done_at = now()
    WHERE message_id = p_message AND state IN ('pending', 'held') AND attempts = 0;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE message SET state = 'withdrawn' WHERE id = p_message;
    PERFORM app.log('message.withdrawn', m.contact_id, jsonb_build_object('message', p_message));
    RETURN true;
END $$;

CREATE FUNCTION app.release_stopped(p_message bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE m message;
BEGIN
    SELECT * INTO m FROM message WHERE id = p_message FOR UPDATE;
    IF m.id IS NULL OR NOT app.may_read(m.contact_id) THEN
        PERFORM app.refuse('CRM01', 'no such message');
    END IF;
    IF m.author_id IS DISTINCT FROM app.me() AND NOT app.leads() THEN
        PERFORM app.refuse('CRM02', 'only its author or a team leader may send it');
    END IF;
    UPDATE outbox SET state = 'pending', not_before = now()
    WHERE message_id = p_message AND state = 'held';
    IF NOT FOUND THEN
        PERFORM app.refuse('CRM04', 'the message is not stopped');
    END IF;
    UPDATE message SET state = 'pending' WHERE id = p_message;
    PERFORM app.log('message.released', m.contact_id,
                    jsonb_build_object('message', p_message, 'findings', m.findings));
END $$;

CREATE FUNCTION app.retry_dead(p_outbox bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE item outbox; of_contact bigint;
BEGIN
    SELECT * INTO item FROM outbox WHERE id = p_outbox AND state = 'dead' FOR UPDATE;
    SELECT coalesce(m.contact_id, h.contact_id) INTO of_contact
    FROM (SELECT item.message_id AS mid, item.handoff_id AS hid) x
    LEFT JOIN message m ON m.id = x.mid LEFT JOIN handoff h ON h.id = x.hid;
    IF item.id IS NULL
       OR NOT (app.leads() OR item.created_by_id IS NOT DISTINCT FROM app.me()) THEN
        PERFORM app.refuse('CRM01', 'no such dead letter');
    END IF;
    UPDATE outbox SET state = 'pending', attempts = 0, not_before = now() WHERE id = p_outbox;
    UPDATE message SET state = 'pending', failure = '' WHERE id = item.message_id;
    UPDATE handoff SET state = 'pending', state_since = now() WHERE id = item.handoff_id;
    PERFORM app.log('outbox.retried', of_contact, jsonb_build_object('outbox', p_outbox));
END $$;

CREATE FUNCTION app.set_presence(p_presence text, p_next text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE staff SET presence = p_presence, next_presence = p_next, presence_since = now()
    WHERE id = app.me();
    INSERT INTO event (kind, actor_id, data) VALUES ('staff.presence', app.me(),
        jsonb_build_object('presence', p_presence, 'next', p_next));
END $$;

-- A case's service decides its queue, and so who sees it: the new row may be out of one's sight.
CREATE FUNCTION app.refile(p_case bigint, p_service bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE target bigint;
BEGIN
    SELECT queue_id INTO target FROM service WHERE id = p_service;
    UPDATE cases SET service_id = p_service, queue_id = target, version = version + 1
    WHERE id = p_case AND target IS NOT NULL
      AND (queue_id = ANY (app.my_queues()) OR opened_by_id = app.me());
    IF NOT FOUND THEN
        PERFORM app.refuse('CRM01', 'no such case or service');
    END IF;
END $$;

-- Which other customers hold what an outgoing message speaks of; names only, no record is opened.
CREATE FUNCTION app.owners(p_kind text, p_norms text[])
RETURNS TABLE (norm text, customer_id bigint, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT i.norm, c.id, c.name FROM identifier i JOIN customer c ON c.id = i.customer_id
    WHERE p_kind IN ('email', 'phone') AND i.kind = p_kind AND i.norm = ANY (p_norms)
      AND app.me() IS NOT NULL
    UNION ALL
    SELECT k.reference, c.id, c.name FROM cases k JOIN customer c ON c.id = k.customer_id
    WHERE p_kind = 'reference' AND k.reference = ANY (p_norms) AND app.me() IS NOT NULL
    UNION ALL
    SELECT c.folded, c.id, c.name FROM customer c
    WHERE p_kind = 'name' AND c.folded = ANY (p_norms) AND app.me() IS NOT NULL
$$;

CREATE FUNCTION app.put_blob(p_sha256 text, p_size integer, p_chunks bytea[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF p_sha256 <> encode(sha256(coalesce((SELECT string_agg(c, ''::bytea ORDER BY n)
                          FROM unnest(p_chunks) WITH ORDINALITY AS u(c, n)), ''::bytea)), 'hex') THEN
        PERFORM app.refuse('CRM04', 'the checksum is not the content''s');
    END IF;
    IF EXISTS (SELECT 1 FROM blob WHERE sha256 = p_sha256 AND complete) THEN
        RETURN;
    END IF;
    INSERT INTO blob (sha256, size, complete) VALUES (p_sha256, p_size, true)
    ON CONFLICT (sha256) DO UPDATE SET complete = true;
    INSERT INTO blob_chunk (sha256, n, data)
    SELECT p_sha256, n - 1, c FROM unnest(p_chunks) WITH ORDINALITY AS u(c, n)
    ON CONFLICT DO NOTHING;
END $$;
