-- Many contacts moved at once by a team leader: what is still as they saw it is moved, the rest is
-- left alone and told; and the whole taken back within seconds, but for what was touched since.

-- Only the functions below read or write them; the gateway removes what is old.
ALTER TABLE move_batch ENABLE ROW LEVEL SECURITY;
ALTER TABLE move_item ENABLE ROW LEVEL SECURITY;
CREATE POLICY gateway ON move_batch TO crm_gateway USING (true) WITH CHECK (true);
GRANT SELECT (id, at), DELETE ON move_batch TO crm_gateway;

-- All of a contact that a move may change.
CREATE FUNCTION app.standing(c contact) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT jsonb_build_object(
        'state', c.state, 'state_since', c.state_since, 'owner_id', c.owner_id,
        'queue_id', c.queue_id, 'queued_at', c.queued_at, 'priority', c.priority,
        'service_id', c.service_id, 'due_at', c.due_at, 'parked_until', c.parked_until,
        'parked_for_reply', c.parked_for_reply, 'first_taken_at', c.first_taken_at,
        'completed_at', c.completed_at, 'resolution', c.resolution, 'avoidable', c.avoidable,
        'end_reason', c.end_reason)
$$;

-- Whoever touched a contact last: its holder, else the actor of its newest event.
CREATE FUNCTION app.last_hand(p_contact bigint, p_owner bigint) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce((SELECT name FROM staff WHERE id = p_owner AND id <> app.me()),
                    (SELECT s.name FROM event e JOIN staff s ON s.id = e.actor_id
                     WHERE e.contact_id = p_contact ORDER BY e.id DESC LIMIT 1), '')
$$;

-- Locks what was chosen, and makes a batch of it (or adds to one's own): each contact with what it
-- was, or with why it is left alone. p_seen: [{id, state, owner, queue, since, to}].
CREATE FUNCTION app.move_begin(p_kind text, p_seen jsonb, p_states text[],
                               p_batch bigint DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); mine bigint[] := app.my_queues(); batch bigint := p_batch;
BEGIN
    IF NOT app.leads() THEN
        PERFORM app.refuse('CRM02', 'only a team leader moves many');
    END IF;
    IF jsonb_typeof(p_seen) IS DISTINCT FROM 'array'
       OR jsonb_array_length(p_seen) NOT BETWEEN 1 AND 10000 THEN
        PERFORM app.refuse('CRM04', 'one to ten thousand contacts');
    END IF;
    IF batch IS NULL THEN
        INSERT INTO move_batch (leader_id, kind) VALUES (me, p_kind) RETURNING id INTO batch;
    ELSIF NOT EXISTS (SELECT 1 FROM move_batch WHERE id = batch AND leader_id = me
                      AND kind = p_kind AND undone_at IS NULL) THEN
        PERFORM app.refuse('CRM01', 'no such batch');
    END IF;
    -- In one order: two who choose the same never wait crosswise.
    PERFORM 1 FROM contact WHERE queue_id = ANY (mine)
        AND id IN (SELECT (each ->> 'id')::bigint FROM jsonb_array_elements(p_seen) each)
        ORDER BY id FOR UPDATE;
    INSERT INTO move_item (batch_id, contact_id, staff_id, why, who, before, assignment_id,
                           assignment_state)
    SELECT batch, s.id, s."to", w.why,
           CASE WHEN w.why = 'changed' THEN app.last_hand(c.id, c.owner_id) ELSE '' END,
           CASE WHEN w.why = '' THEN app.standing(c) END, a.id, a.state
    FROM jsonb_to_recordset(p_seen) AS s(id bigint, state text, owner bigint, queue bigint,
                                         since timestamptz, "to" bigint)
    LEFT JOIN contact c ON c.id = s.id AND c.queue_id = ANY (mine)
    LEFT JOIN LATERAL (SELECT x.id, x.state FROM assignment x
                       WHERE x.contact_id = c.id AND x.ended_at IS NULL
                       ORDER BY x.id DESC LIMIT 1) a ON true
    CROSS JOIN LATERAL (SELECT CASE
        WHEN c.id IS NULL THEN 'gone'
        WHEN (c.state, c.owner_id::bigint, c.queue_id::bigint, c.state_since)
             IS DISTINCT FROM (s.state, s.owner, s.queue, s.since) THEN 'changed'
        WHEN NOT c.state = ANY (p_states) THEN 'not_now'
        ELSE '' END AS why) w
    WHERE s.id IS NOT NULL
    ON CONFLICT DO NOTHING;
    RETURN batch;
END $$;

-- What the moved ones are now, and what became of all: [[moved], [[id, who, why]], batch].
CREATE FUNCTION app.move_end(p_batch bigint) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE move_item i SET after = app.standing(c) FROM contact c
    WHERE i.batch_id = p_batch AND i.why = '' AND c.id = i.contact_id;
    RETURN json_build_array(
        (SELECT json_agg(contact_id ORDER BY contact_id) FROM move_item
         WHERE batch_id = p_batch AND why = ''),
        (SELECT json_agg(json_build_array(contact_id, who, why) ORDER BY contact_id)
         FROM move_item WHERE batch_id = p_batch AND why <> ''),
        p_batch);
END $$;

-- To people (each entry of p_seen says to whom) or to a queue.
CREATE FUNCTION app.reassign(p_seen jsonb, p_queue bigint, p_note text) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET jit = off AS $$
DECLARE me bigint := app.me(); batch bigint;
BEGIN
    batch := app.move_begin('given', p_seen,
        ARRAY['queued', 'offered', 'active', 'held', 'wrap_up', 'parked']);
    IF p_note IS NULL OR length(p_note) > 20000
       OR EXISTS (SELECT 1 FROM move_item
                  WHERE batch_id = batch AND (staff_id IS NULL) = (p_queue IS NULL)) THEN
        PERFORM app.refuse('CRM04', 'give to people or to a queue');
    END IF;
    IF p_queue IS NOT NULL AND NOT EXISTS (SELECT 1 FROM queue WHERE id = p_queue)
       OR EXISTS (SELECT 1 FROM move_item i WHERE i.batch_id = batch AND i.staff_id IS NOT NULL
                  AND NOT EXISTS (SELECT 1 FROM staff s WHERE s.id = i.staff_id AND s.active)) THEN
        PERFORM app.refuse('CRM01', 'no such queue or person');
    END IF;
    UPDATE move_item i SET who = x.who, why = x.why FROM (
        SELECT c.id, coalesce(s.name, '') AS who, CASE
            WHEN c.queue_id = p_queue AND c.state = 'queued' THEN 'there_already'
            WHEN c.owner_id = n.staff_id AND c.state <> 'parked' THEN 'there_already'
            WHEN n.staff_id IS NOT NULL AND q.restricted AND NOT EXISTS (
                SELECT 1 FROM membership m WHERE m.staff_id = n.staff_id
                AND m.queue_id = c.queue_id AND (m.until IS NULL OR m.until > now()))
            THEN 'not_a_member' END AS why
        FROM move_item n JOIN contact c ON c.id = n.contact_id JOIN queue q ON q.id = c.queue_id
        LEFT JOIN staff s ON s.id = n.staff_id
        WHERE n.batch_id = batch AND n.why = '') x
    WHERE i.batch_id = batch AND i.contact_id = x.id AND x.why IS NOT NULL;
    UPDATE assignment a SET ended_at = now(), state = CASE a.state WHEN 'offered' THEN 'rescinded'
                                                       ELSE 'transferred' END
    FROM move_item i
    WHERE i.batch_id = batch AND i.why = '' AND a.contact_id = i.contact_id
      AND a.ended_at IS NULL;
    -- Its age goes with it within its queue; into another queue, or out of parking, it comes anew.
    UPDATE contact c SET
        state = CASE WHEN i.staff_id IS NULL THEN 'queued' ELSE 'offered' END, state_since = now(),
        owner_id = i.staff_id, queue_id = coalesce(p_queue, c.queue_id),
        queued_at = CASE WHEN c.state = 'parked' OR c.queue_id <> coalesce(p_queue, c.queue_id)
                    THEN now() ELSE c.queued_at END,
        parked_until = NULL, parked_for_reply = false
    FROM move_item i WHERE i.batch_id = batch AND i.why = '' AND c.id = i.contact_id;
    INSERT INTO assignment (contact_id, staff_id, state, note, how)
    SELECT contact_id, staff_id, 'offered', p_note, 'given' FROM move_item
    WHERE batch_id = batch AND why = '' AND staff_id IS NOT NULL;
    IF p_note <> '' THEN
        WITH noted AS (
            INSERT INTO message (contact_id, direction, visibility, state, author_id, sender_name,
                                 sender_address, recipients, subject, body_text, reply_text,
                                 body_html, in_reply_to, reference_ids, problems, findings,
                                 auto_generated, failure)
            SELECT contact_id, 'outbound', 'internal', 'sent', me, '', '', '{}', '', p_note, p_note,
                   '', '', '[]', '[]', '[]', false, ''
            FROM move_item WHERE batch_id = batch AND why = ''
            RETURNING id, contact_id)
        UPDATE move_item i SET message_id = noted.id FROM noted
        WHERE i.batch_id = batch AND i.contact_id = noted.contact_id;
    END IF;
    INSERT INTO event (kind, actor_id, contact_id, data)
    SELECT 'contact.transferred', me, contact_id, jsonb_build_object(
        'queue', p_queue, 'staff', staff_id, 'from_queue', before -> 'queue_id',
        'from_staff', before -> 'owner_id', 'batch', batch)
    FROM move_item WHERE batch_id = batch AND why = '';
    RETURN app.move_end(batch);
END $$;

-- Priority, service, due time; parking and spam. p_value has what p_what names.
CREATE FUNCTION app.change_many(p_seen jsonb, p_what text, p_value jsonb) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET jit = off AS $$
DECLARE
    me bigint := app.me(); mine bigint[] := app.my_queues(); batch bigint; unfit boolean;
    said jsonb;
    moves CONSTANT boolean := p_what IN ('parked', 'spam');
    states text[] := ARRAY['queued', 'offered', 'active', 'held', 'wrap_up'];
BEGIN
    unfit := CASE p_what
        WHEN 'priority' THEN (p_value ->> 'priority')::integer NOT BETWEEN 0 AND 9
        WHEN 'service' THEN p_value ->> 'service' IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM service s JOIN queue q ON q.id = s.queue_id
            WHERE s.id = (p_value ->> 'service')::bigint AND s.active
              AND (s.queue_id = ANY (mine) OR NOT (s.restricted OR q.restricted)))
        WHEN 'due' THEN (p_value ->> 'due')::timestamptz
            NOT BETWEEN now() - interval '1 day' AND now() + interval '366 days'
        -- No desktop reads what is further ('infinity').
        WHEN 'parked' THEN NOT coalesce(
            (p_value ->> 'until')::timestamptz > now()
            AND (p_value ->> 'until')::timestamptz < now() + interval '10 years',
            (p_value ->> 'for_reply')::boolean)
        WHEN 'spam' THEN false END;
    IF coalesce(unfit, true) THEN
        PERFORM app.refuse('CRM04', 'this cannot be set');
    END IF;
    IF p_what <> 'parked' THEN
        states := states || 'parked'::text;
    END IF;
    batch := app.move_begin(p_what, p_seen, states);
    -- Nothing of the caller's but what was looked at goes into an event.
    said := CASE p_what
        WHEN 'priority' THEN jsonb_build_object('priority', (p_value ->> 'priority')::integer)
        WHEN 'service' THEN jsonb_build_object('service', (p_value ->> 'service')::bigint)
        WHEN 'due' THEN jsonb_build_object('due', (p_value ->> 'due')::timestamptz)
        WHEN 'parked' THEN jsonb_build_object(
            'until', (p_value ->> 'until')::timestamptz,
            'for_reply', coalesce((p_value ->> 'for_reply')::boolean, false))
        ELSE '{}' END;
    UPDATE contact c SET
        priority = CASE p_what WHEN 'priority' THEN (p_value ->> 'priority')::integer
                   ELSE c.priority END,
        service_id = CASE p_what WHEN 'service' THEN (p_value ->> 'service')::bigint
                     ELSE c.service_id END,
        due_at = CASE p_what WHEN 'due' THEN (p_value ->> 'due')::timestamptz ELSE c.due_at END,
        state = CASE WHEN moves THEN p_what ELSE c.state END,
        state_since = CASE WHEN moves THEN now() ELSE c.state_since END,
        -- Parked work stays its holder's; an offer is nobody's yet.
        owner_id = CASE WHEN p_what = 'spam' OR (moves AND c.state = 'offered') THEN NULL
                   ELSE c.owner_id END,
        parked_until = CASE WHEN moves THEN (p_value ->> 'until')::timestamptz
                       ELSE c.parked_until END,
        parked_for_reply = CASE WHEN moves THEN coalesce((p_value ->> 'for_reply')::boolean, false)
                           ELSE c.parked_for_reply END
    FROM move_item i WHERE i.batch_id = batch AND i.why = '' AND c.id = i.contact_id;
    IF moves THEN
        UPDATE assignment a SET ended_at = now(), note = p_what, state = CASE
            WHEN p_what = 'spam' THEN 'completed' WHEN a.state = 'offered' THEN 'rescinded'
            ELSE 'returned' END
        FROM move_item i WHERE i.batch_id = batch AND i.why = '' AND a.contact_id = i.contact_id
          AND a.ended_at IS NULL;
    END IF;
    INSERT INTO event (kind, actor_id, contact_id, data)
    SELECT 'contact.' || p_what, me, contact_id, said || jsonb_build_object('batch', batch)
    FROM move_item WHERE batch_id = batch AND why = '';
    RETURN app.move_end(batch);
END $$;

-- "She has gone home": all that she has, by the rule of routing.
CREATE FUNCTION app.gone_home(p_staff bigint, p_note text) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE me bigint := app.me(); batch bigint; theirs bigint[];
BEGIN
    IF NOT app.leads() THEN
        PERFORM app.refuse('CRM02', 'only a team leader says that somebody has gone home');
    END IF;
    IF p_note IS NULL OR length(p_note) > 1000 OR NOT EXISTS (
        SELECT 1 FROM membership WHERE staff_id = p_staff
        AND queue_id = ANY (app.my_queues()) AND (until IS NULL OR until > now())) THEN
        PERFORM app.refuse('CRM01', 'no such colleague');
    END IF;
    INSERT INTO move_batch (leader_id, kind) VALUES (me, 'gone_home') RETURNING id INTO batch;
    SELECT array_agg(x.id) INTO theirs FROM (
        SELECT id FROM contact WHERE owner_id = p_staff AND state <> 'completed'
          AND state IN ('offered', 'active', 'held', 'wrap_up', 'parked')
        ORDER BY id FOR UPDATE) x;
    INSERT INTO move_item (batch_id, contact_id, before, assignment_id, assignment_state)
    SELECT batch, c.id, app.standing(c), a.id, a.state FROM contact c
    LEFT JOIN LATERAL (SELECT x.id, x.state FROM assignment x
                       WHERE x.contact_id = c.id AND x.ended_at IS NULL
                       ORDER BY x.id DESC LIMIT 1) a ON true
    WHERE c.id = ANY (theirs);
    PERFORM app.return_work(p_staff, CASE WHEN p_note = '' THEN 'gone home' ELSE p_note END);
    DELETE FROM move_item i USING contact c
    WHERE i.batch_id = batch AND c.id = i.contact_id AND app.standing(c) = i.before;
    RETURN app.move_end(batch);
END $$;

-- One of many to be answered comes into one's own hands, in a batch (NULL: a new one).
CREATE FUNCTION app.take_over(p_batch bigint, p_seen jsonb) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE me bigint := app.me(); batch bigint; c contact;
BEGIN
    IF jsonb_array_length(p_seen) <> 1 THEN
        PERFORM app.refuse('CRM04', 'one at a time');
    END IF;
    batch := app.move_begin('answered', p_seen,
        ARRAY['queued', 'offered', 'active', 'held', 'wrap_up', 'parked'], p_batch);
    SELECT x.* INTO c FROM contact x JOIN move_item i ON i.contact_id = x.id
    WHERE i.batch_id = batch AND i.why = '' AND x.id = (p_seen -> 0 ->> 'id')::bigint
      AND i.after IS NULL;
    IF c.id IS NOT NULL AND NOT (c.owner_id IS NOT DISTINCT FROM me
                                 AND c.state IN ('active', 'held', 'wrap_up')) THEN
        PERFORM app.end_assignment(c.id, 'transferred');
        UPDATE contact SET state = 'active', state_since = now(), owner_id = me,
                           parked_until = NULL, parked_for_reply = false,
                           first_taken_at = coalesce(first_taken_at, now())
        WHERE id = c.id;
        PERFORM app.give(c.id, me);
        PERFORM app.log('contact.taken', c.id, jsonb_build_object('batch', batch));
    END IF;
    UPDATE move_batch SET at = now() WHERE id = batch;
    UPDATE move_item i SET after = app.standing(x) FROM contact x
    WHERE i.batch_id = batch AND i.contact_id = c.id AND x.id = c.id;
    RETURN (SELECT json_build_array(
        json_agg(contact_id) FILTER (WHERE why = ''),
        json_agg(json_build_array(contact_id, who, why)) FILTER (WHERE why <> ''), batch)
        FROM move_item WHERE batch_id = batch AND contact_id = (p_seen -> 0 ->> 'id')::bigint);
END $$;

-- Contacts of a batch become as they were before it. Whoever calls it has asked whether they may,
-- holds the contacts locked, and has looked that nobody touched them.
CREATE FUNCTION app.put_back(p_move move_batch, p_back bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET jit = off AS $$
BEGIN
    UPDATE contact c SET
        state = w.state, state_since = w.state_since, owner_id = w.owner_id, queue_id = w.queue_id,
        queued_at = w.queued_at, priority = w.priority, service_id = w.service_id,
        due_at = w.due_at, parked_until = w.parked_until, parked_for_reply = w.parked_for_reply,
        first_taken_at = w.first_taken_at, completed_at = w.completed_at,
        resolution = w.resolution, avoidable = w.avoidable, end_reason = w.end_reason
    FROM move_item i CROSS JOIN LATERAL jsonb_populate_record(NULL::contact, i.before) w
    WHERE i.batch_id = p_move.id AND i.contact_id = ANY (p_back) AND c.id = i.contact_id;
    UPDATE assignment a SET state = 'rescinded', ended_at = now() FROM move_item i
    WHERE i.batch_id = p_move.id AND i.contact_id = ANY (p_back) AND a.contact_id = i.contact_id
      AND a.ended_at IS NULL AND a.id IS DISTINCT FROM i.assignment_id;
    -- An offer loses no time by it.
    UPDATE assignment a SET state = i.assignment_state, ended_at = NULL, reason = '',
                            expires_at = a.expires_at + (now() - a.ended_at)
    FROM move_item i
    WHERE i.batch_id = p_move.id AND i.contact_id = ANY (p_back) AND a.id = i.assignment_id
      AND a.ended_at IS NOT NULL;
    UPDATE message m SET state = 'withdrawn' FROM move_item i
    WHERE i.batch_id = p_move.id AND i.contact_id = ANY (p_back) AND m.id = i.message_id
      AND m.visibility = 'internal';
    INSERT INTO event (kind, actor_id, contact_id, data)
    SELECT 'contact.undone', app.me(), contact_id, jsonb_build_object(
        'what', p_move.kind, 'batch', p_move.id, 'state', before -> 'state',
        'staff', before -> 'owner_id',
        'queue', before -> 'queue_id')
    FROM move_item WHERE batch_id = p_move.id AND contact_id = ANY (p_back);
END $$;

-- It has been answered by this message of one's own. With p_back it goes where it was before; how
-- it stands now is what an undo is held against.
CREATE FUNCTION app.took_over(p_batch bigint, p_contact bigint, p_message bigint, p_back boolean)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE me bigint := app.me(); b move_batch;
BEGIN
    UPDATE move_batch SET at = now()
    WHERE id = p_batch AND leader_id = me AND kind = 'answered' AND undone_at IS NULL
    RETURNING * INTO b;
    PERFORM 1 FROM contact WHERE id = p_contact AND owner_id = me FOR UPDATE;
    IF b.id IS NULL OR NOT FOUND OR NOT EXISTS (
        SELECT 1 FROM message m JOIN move_item i ON i.contact_id = m.contact_id
        WHERE m.id = p_message AND m.contact_id = p_contact AND m.author_id = me
          AND m.visibility = 'public' AND i.batch_id = p_batch AND i.why = '') THEN
        PERFORM app.refuse('CRM01', 'no such answer');
    END IF;
    IF p_back THEN
        PERFORM app.put_back(b, ARRAY[p_contact]);
    END IF;
    UPDATE move_item i SET after = app.standing(c), message_id = p_message FROM contact c
    WHERE i.batch_id = p_batch AND i.contact_id = p_contact AND c.id = p_contact;
END $$;

-- Takes a batch of one's own back: what nobody touched since becomes as it was before. Of a batch
-- of answers those of p_only alone, whose reply was taken back; with p_end the batch is over.
CREATE FUNCTION app.undo_moves(p_batch bigint, p_only bigint[], p_end boolean) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET jit = off AS $$
DECLARE me bigint := app.me(); b move_batch; chosen bigint[]; back bigint[];
BEGIN
    SELECT * INTO b FROM move_batch WHERE id = p_batch AND leader_id = me FOR UPDATE;
    IF b.id IS NULL OR NOT app.leads() THEN
        PERFORM app.refuse('CRM01', 'no such batch');
    END IF;
    IF b.undone_at IS NOT NULL OR b.at < now() - interval '15 seconds' THEN
        PERFORM app.refuse('CRM04', 'too late to take it back');
    END IF;
    SELECT array_agg(contact_id) INTO chosen FROM move_item
    WHERE batch_id = p_batch AND why = '' AND (p_only IS NULL OR contact_id = ANY (p_only));
    PERFORM 1 FROM contact WHERE id = ANY (chosen) ORDER BY id FOR UPDATE;
    UPDATE move_item i SET why = 'changed', who = app.last_hand(c.id, c.owner_id) FROM contact c
    WHERE i.batch_id = p_batch AND c.id = i.contact_id AND i.contact_id = ANY (chosen)
      AND app.standing(c) IS DISTINCT FROM i.after;
    SELECT array_agg(contact_id ORDER BY contact_id) INTO back FROM move_item
    WHERE batch_id = p_batch AND why = '' AND contact_id = ANY (chosen);
    PERFORM app.put_back(b, back);
    IF p_end THEN
        UPDATE move_batch SET undone_at = now() WHERE id = p_batch;
    ELSE
        DELETE FROM move_item WHERE batch_id = p_batch AND contact_id = ANY (back);
    END IF;
    RETURN json_build_array(to_json(back),
        (SELECT json_agg(json_build_array(contact_id, who, why) ORDER BY contact_id)
         FROM move_item WHERE batch_id = p_batch AND why <> '' AND contact_id = ANY (chosen)),
        NULL);
END $$;

-- The replies of a batch of one's own.
CREATE FUNCTION app.batch_answers(p_batch bigint)
RETURNS TABLE (contact_id bigint, message_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT i.contact_id, i.message_id
    FROM move_item i JOIN move_batch b ON b.id = i.batch_id
    WHERE b.id = p_batch AND b.leader_id = app.me() AND b.kind = 'answered'
      AND i.message_id IS NOT NULL ORDER BY i.contact_id;
END $$;

-- How much everybody has open, for whoever gives work out: numbers alone.
CREATE FUNCTION app.loads() RETURNS TABLE (staff_id bigint, load bigint, contacts bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT app.leads() THEN
        PERFORM app.refuse('CRM02', 'only a team leader gives work out');
    END IF;
    RETURN QUERY SELECT a.staff_id::bigint, sum(coalesce(w.weight, 0))::bigint, count(*)
    FROM assignment a JOIN contact c ON c.id = a.contact_id
    LEFT JOIN channel_weight w ON w.channel = c.channel
    WHERE a.ended_at IS NULL AND a.state IN ('offered', 'accepted', 'wrapping')
    GROUP BY a.staff_id;
END $$;

REVOKE ALL ON FUNCTION app.standing(contact), app.last_hand(bigint, bigint),
    app.move_begin(text, jsonb, text[], bigint), app.move_end(bigint),
    app.reassign(jsonb, bigint, text), app.change_many(jsonb, text, jsonb),
    app.gone_home(bigint, text), app.take_over(bigint, jsonb),
    app.put_back(move_batch, bigint[]), app.took_over(bigint, bigint, bigint, boolean),
    app.undo_moves(bigint, bigint[], boolean), app.batch_answers(bigint), app.loads() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.reassign(jsonb, bigint, text),
    app.change_many(jsonb, text, jsonb), app.gone_home(bigint, text),
    app.take_over(bigint, jsonb), app.took_over(bigint, bigint, bigint, boolean),
    app.undo_moves(bigint, bigint[], boolean), app.batch_answers(bigint),
    app.loads() TO crm_staff;
