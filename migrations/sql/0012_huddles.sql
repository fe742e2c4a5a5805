-- Huddles with their receipts, and private notes. The gateway has no right to any of them.
GRANT SELECT ON huddle, huddle_receipt, staff_note TO crm_staff;
ALTER TABLE huddle ENABLE ROW LEVEL SECURITY;
ALTER TABLE huddle_receipt ENABLE ROW LEVEL SECURITY;
ALTER TABLE staff_note ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON huddle_receipt FOR SELECT TO crm_staff
    USING (staff_id = (SELECT app.me()) OR author_id = (SELECT app.me()));
CREATE POLICY own ON huddle FOR SELECT TO crm_staff
    USING (author_id = (SELECT app.me())
           OR EXISTS (SELECT 1 FROM huddle_receipt r
                      WHERE r.huddle_id = huddle.id AND r.staff_id = (SELECT app.me())));
CREATE POLICY own ON staff_note FOR SELECT TO crm_staff
    USING (from_id = (SELECT app.me()) OR to_id = (SELECT app.me()));

-- p_scope: one (p_ref a person), queue (p_ref a queue: its members) or all. To everybody a team
-- leader may speak; to one or a queue, of their own.
CREATE FUNCTION app.huddle_send(p_scope text, p_ref bigint, p_words text, p_expires timestamptz)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me staff;
    mine bigint[] := app.my_queues();
    made bigint;
BEGIN
    SELECT * INTO me FROM staff WHERE login = session_user AND active;
    IF me.id IS NULL OR me.role NOT IN ('team_leader', 'admin') THEN
        PERFORM app.refuse('CRM02', 'a team leader does that');
    END IF;
    IF coalesce(trim(p_words), '') = '' OR length(p_words) > 500 THEN
        PERFORM app.refuse('CRM05', 'up to 500 letters');
    END IF;
    IF p_expires IS NULL OR p_expires <= now() OR p_expires > now() + interval '8 days' THEN
        PERFORM app.refuse('CRM05', 'until a time within a week');
    END IF;
    IF p_scope = 'queue' AND me.role <> 'admin' AND NOT coalesce(p_ref = ANY (mine), false) THEN
        PERFORM app.refuse('CRM02', 'not a queue of yours');
    END IF;
    IF p_scope = 'one' AND me.role <> 'admin' AND NOT EXISTS (
            SELECT 1 FROM membership m WHERE m.staff_id = p_ref AND m.queue_id = ANY (mine)
            AND (m.until IS NULL OR m.until > now())) THEN
        PERFORM app.refuse('CRM02', 'not somebody of your queues');
    END IF;
    IF p_scope IS NULL OR p_scope NOT IN ('one', 'queue', 'all') THEN
        PERFORM app.refuse('CRM05', 'to one, a queue or all');
    END IF;
    INSERT INTO huddle (author_id, scope, staff_id, queue_id, words, expires_at)
    VALUES (me.id, p_scope, CASE p_scope WHEN 'one' THEN p_ref END,
            CASE p_scope WHEN 'queue' THEN p_ref END, trim(p_words), p_expires)
    RETURNING id INTO made;
    INSERT INTO huddle_receipt (huddle_id, staff_id, author_id)
    SELECT made, s.id, me.id FROM staff s
    WHERE s.active AND s.id <> me.id
      AND (p_scope = 'all' OR (p_scope = 'one' AND s.id = p_ref)
           OR (p_scope = 'queue' AND EXISTS (
               SELECT 1 FROM membership m WHERE m.staff_id = s.id AND m.queue_id = p_ref
               AND (m.until IS NULL OR m.until > now()))));
    IF NOT FOUND THEN
        PERFORM app.refuse('CRM01', 'nobody would read it');
    END IF;
    INSERT INTO event (kind, actor_id, data)
    VALUES ('huddle.sent', me.id, jsonb_build_object('huddle', made, 'scope', p_scope));
    RETURN made;
END $$;

-- "I have read this": in one's own name alone, once.
CREATE FUNCTION app.huddle_read(p_huddle bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM huddle_receipt
                   WHERE huddle_id = p_huddle AND staff_id = app.me()) THEN
        PERFORM app.refuse('CRM01', 'no such huddle');
    END IF;
    UPDATE huddle_receipt SET read_at = now()
    WHERE huddle_id = p_huddle AND staff_id = app.me() AND read_at IS NULL;
    IF FOUND THEN
        INSERT INTO event (kind, actor_id, data)
        VALUES ('huddle.read', app.me(), jsonb_build_object('huddle', p_huddle));
    END IF;
END $$;

-- Whoever sent it ends it now.
CREATE FUNCTION app.huddle_end(p_huddle bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE huddle SET expires_at = now()
    WHERE id = p_huddle AND author_id = app.me() AND expires_at > now();
    IF NOT FOUND THEN
        PERFORM app.refuse('CRM01', 'no such huddle of yours');
    END IF;
    INSERT INTO event (kind, actor_id, data)
    VALUES ('huddle.ended', app.me(), jsonb_build_object('huddle', p_huddle));
END $$;

-- A leader writes to somebody of their queues; whoever was written to may answer.
CREATE FUNCTION app.note_send(p_to bigint, p_words text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me staff; made bigint;
BEGIN
    SELECT * INTO me FROM staff WHERE login = session_user AND active;
    IF me.id IS NULL THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
    IF coalesce(trim(p_words), '') = '' OR length(p_words) > 2000 THEN
        PERFORM app.refuse('CRM05', 'up to 2000 letters');
    END IF;
    IF p_to = me.id OR NOT EXISTS (SELECT 1 FROM staff WHERE id = p_to AND active) THEN
        PERFORM app.refuse('CRM01', 'nobody of that number works here');
    END IF;
    IF me.role <> 'admin'
       AND NOT EXISTS (SELECT 1 FROM staff_note WHERE from_id = p_to AND to_id = me.id)
       AND NOT (me.role = 'team_leader' AND EXISTS (
           SELECT 1 FROM membership m WHERE m.staff_id = p_to AND m.queue_id = ANY (app.my_queues())
           AND (m.until IS NULL OR m.until > now()))) THEN
        PERFORM app.refuse('CRM02', 'a leader begins that');
    END IF;
    INSERT INTO staff_note (from_id, to_id, words) VALUES (me.id, p_to, trim(p_words))
    RETURNING id INTO made;
    INSERT INTO event (kind, actor_id, data)
    VALUES ('private.sent', me.id, jsonb_build_object('note', made));
    RETURN made;
END $$;

-- What a colleague wrote has been read, up to a note.
CREATE FUNCTION app.notes_read(p_from bigint, p_up_to bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE staff_note SET read_at = now()
    WHERE to_id = app.me() AND from_id = p_from AND id <= p_up_to AND read_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO event (kind, actor_id, data)
    VALUES ('private.read', app.me(), jsonb_build_object('note', p_up_to));
    RETURN true;
END $$;

REVOKE ALL ON FUNCTION app.huddle_send(text, bigint, text, timestamptz), app.huddle_read(bigint),
    app.huddle_end(bigint), app.note_send(bigint, text), app.notes_read(bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.huddle_send(text, bigint, text, timestamptz),
    app.huddle_read(bigint), app.huddle_end(bigint), app.note_send(bigint, text),
    app.notes_read(bigint, bigint) TO crm_staff;

-- What only these functions write is never written by hand.
CREATE POLICY guarded_kinds ON event AS RESTRICTIVE FOR INSERT TO crm_staff
    WITH CHECK (kind NOT LIKE 'huddle.%' AND kind NOT LIKE 'private.%' AND kind NOT LIKE 'skill.%'
                AND kind NOT LIKE 'outbox.%');

-- A note's words are in nobody's audit: only that it was written and read.
SELECT app.audit_table('huddle'), app.audit_table('huddle_receipt'),
       app.audit_table('staff_note', '{words}');
