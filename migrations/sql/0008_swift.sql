-- What a person waits for, in one call each. All with the caller's own rights: policies and the
-- guarded functions that are called say who may do and see what.

-- A contact as a list shows it, and who else looks at it; NULL out of the caller's sight.
CREATE FUNCTION app.listed(p_contact bigint) RETURNS json
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me();
BEGIN
    RETURN (
    SELECT json_build_array(json_build_array(
            c.id, c.channel, c.state, c.who, c.subject, c.queue_id, q.name, c.service_id,
            coalesce(s.name, ''), c.received_at, c.due_at, c.parked_until, c.parked_for_reply,
            c.priority, c.needs_checking, c.owner_id, coalesce(o.name, '')),
        (SELECT json_agg(p.name ORDER BY p.name)
         FROM looking l JOIN staff p ON p.id = l.staff_id
         WHERE l.contact_id = p_contact AND l.staff_id <> me
           AND l.seen_at > now() - interval '60 seconds'))
    FROM contact c JOIN queue q ON q.id = c.queue_id LEFT JOIN service s ON s.id = c.service_id
    LEFT JOIN staff o ON o.id = c.owner_id
    WHERE c.id = p_contact);
END $$;

-- Takes a contact, tells of it, and gives it as it is then.
CREATE FUNCTION app.take(p_contact bigint) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM app.claim(p_contact);
    PERFORM pg_notify('crm', 'contact:' || p_contact);
    RETURN app.listed(p_contact);
END $$;

-- The same with the most urgent that fits; NULL when nothing waits.
CREATE FUNCTION app.take_next(p_channels text[], p_queue bigint, p_service bigint,
                              p_overdue boolean) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE taken bigint := app.claim_next(p_channels, p_queue, p_service, p_overdue);
BEGIN
    IF taken IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM pg_notify('crm', 'contact:' || taken);
    RETURN json_build_array(taken, app.listed(taken));
END $$;

-- What must be known before a contact is answered. What was said in it and the customer's
-- identifiers are opened, with their traces, only for who has it in hand.
CREATE FUNCTION app.answering(p_contact bigint) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); c contact;
BEGIN
    SELECT * INTO c FROM contact WHERE id = p_contact;
    RETURN json_build_object(
    'now', now(),
    'contact', (SELECT json_build_array(
            c.id, c.state, c.owner_id, coalesce(o.name, ''), c.subject, coalesce(s.name, ''),
            c.customer_id, coalesce(p.name, ''), c.who, c.account_id)
        FROM (SELECT 1 WHERE c.id IS NOT NULL) x
        LEFT JOIN staff o ON o.id = c.owner_id LEFT JOIN service s ON s.id = c.service_id
        LEFT JOIN customer p ON p.id = c.customer_id),
    'references', (SELECT json_agg(json_build_array(k.id, coalesce(k.reference, '')) ORDER BY k.id)
        FROM case_contact x JOIN cases k ON k.id = x.case_id WHERE x.contact_id = p_contact),
    'centre', (SELECT value FROM setting WHERE key = 'centre'),
    'identifiers', CASE WHEN c.owner_id = me AND c.customer_id IS NOT NULL THEN (
        SELECT json_agg(json_build_array(i.kind, i.value)) FROM app.open_customer(c.customer_id) i)
        END,
    'said', CASE WHEN c.owner_id = me THEN (
        SELECT json_agg(json_build_array(m.sender_address, m.subject, m.body_text, m.recipients))
        FROM app.open_contact(p_contact) m
        WHERE m.contact_id = p_contact AND m.direction = 'inbound' AND m.visibility = 'public')
        END);
END $$;

-- Writes a reply down with what follows from it, and tells of it; gives the message's number.
CREATE FUNCTION app.reply(p_contact bigint, p_stopped boolean, p_template bigint,
                          p_recipients jsonb, p_subject text, p_text text, p_rfc_id text,
                          p_findings jsonb, p_undo double precision) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); written bigint;
BEGIN
    INSERT INTO message (contact_id, direction, visibility, state, author_id, template_id,
                         sender_name, sender_address, recipients, subject, body_text, reply_text,
                         body_html, rfc_id, in_reply_to, reference_ids, problems, findings,
                         auto_generated, failure, at)
    VALUES (p_contact, 'outbound', 'public', CASE WHEN p_stopped THEN 'stopped' ELSE 'pending' END,
            me, p_template, '', '', p_recipients, p_subject, p_text, p_text, '', p_rfc_id, '',
            '[]', '[]', p_findings, false, '', now())
    RETURNING id INTO written;
    INSERT INTO outbox (lane, message_id, state, not_before, attempts, unknown_fate, last_error,
                        created_by_id)
    VALUES ('email', written, CASE WHEN p_stopped THEN 'held' ELSE 'pending' END,
            now() + make_interval(secs => p_undo), 0, false, '', me);
    DELETE FROM draft WHERE contact_id = p_contact AND author_id = me AND kind = 'reply';
    INSERT INTO event (kind, actor_id, contact_id, data)
    VALUES (CASE WHEN p_stopped THEN 'message.stopped' ELSE 'message.written' END, me, p_contact,
            jsonb_build_object('message', written, 'findings', jsonb_array_length(p_findings)));
    PERFORM pg_notify('crm', 'contact:' || p_contact || ',outbox:0');
    RETURN written;
END $$;

-- Until the transaction ends: whoever asks what became of an earlier try of a writing waits for it.
-- By person and key, so that nobody can make others wait.
CREATE FUNCTION app.one_try(p_key text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('writing ' || app.me() || ' ' || p_key, 0))
$$;

REVOKE ALL ON FUNCTION app.one_try(text), app.listed(bigint), app.take(bigint),
    app.take_next(text[], bigint, bigint, boolean), app.answering(bigint),
    app.reply(bigint, boolean, bigint, jsonb, text, text, text, jsonb, double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.one_try(text), app.listed(bigint), app.take(bigint),
    app.take_next(text[], bigint, bigint, boolean), app.answering(bigint),
    app.reply(bigint, boolean, bigint, jsonb, text, text, text, jsonb, double precision)
    TO crm_staff;
