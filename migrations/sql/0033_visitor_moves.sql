-- What the moves that any contact knows do to a visitor: who waits is called by a desk, keeps their
-- place in the line, and is with nobody while they are at no desk. Once they have gone, what is left
-- of the visit is paper, and moves as any other contact.

-- Whether the visitor is in the building, as far as is known.
CREATE FUNCTION app.visitor_here(p_contact bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT 1 FROM visit WHERE contact_id = p_contact AND left_at IS NULL)
$$;
REVOKE ALL ON FUNCTION app.visitor_here(bigint) FROM PUBLIC;

-- Whoever waits or is laid aside is at no desk; a visit is over at the desk when its wrap-up begins,
-- when it is completed, or when it was none.
CREATE OR REPLACE FUNCTION app.visit_over() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.state IN ('queued', 'parked') THEN
        UPDATE visit SET place_id = NULL WHERE contact_id = NEW.id AND place_id IS NOT NULL;
        RETURN NULL;
    END IF;
    UPDATE visit SET left_at = coalesce(left_at, now()) WHERE contact_id = NEW.id;
    IF NEW.state <> 'spam' THEN
        UPDATE appointment SET state = 'served' WHERE visit_id = NEW.id AND state = 'arrived';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER visit_over ON contact;
CREATE TRIGGER visit_over AFTER UPDATE OF state ON contact FOR EACH ROW
    WHEN (NEW.channel = 'visit' AND NEW.state <> OLD.state
          AND NEW.state IN ('queued', 'parked', 'wrap_up', 'completed', 'spam'))
    EXECUTE FUNCTION app.visit_over();

CREATE OR REPLACE FUNCTION app.claim(p_contact bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint; mine bigint[]; c contact; holder text;
BEGIN
    SELECT s.id, coalesce((SELECT array_agg(m.queue_id) FROM membership m
                           WHERE m.staff_id = s.id
                             AND (m.until IS NULL OR m.until > now())), '{}')
    INTO me, mine FROM staff s WHERE s.login = session_user AND s.active;
    -- One conditional UPDATE decides; its row count is the answer.
    UPDATE contact SET state = 'active', state_since = now(), owner_id = me,
                       first_taken_at = coalesce(first_taken_at, now())
    WHERE id = p_contact
      AND ((state = 'queued' AND queue_id = ANY (mine))
           OR (state = 'offered' AND owner_id = me))
      AND (channel <> 'call' OR NOT app.is_live(id))
      AND (channel <> 'visit' OR NOT app.visitor_here(id));
    IF NOT FOUND THEN
        SELECT * INTO c FROM contact WHERE id = p_contact;
        IF c.id IS NULL OR mine IS NULL OR NOT c.queue_id = ANY (mine) THEN
            PERFORM app.refuse('CRM01', 'no such contact');
        END IF;
        IF c.channel = 'call' AND app.is_live(p_contact) AND app.ring_me(p_contact, me, 'taken') THEN
            RETURN;
        END IF;
        IF c.channel = 'visit' AND c.state IN ('queued', 'offered') THEN
            PERFORM app.refuse('CRM04', 'a desk calls visitors');
        END IF;
        SELECT s.name INTO holder FROM contact x JOIN staff s ON s.id = x.owner_id
        WHERE x.id = p_contact;
        PERFORM app.refuse('CRM03', 'somebody was faster', holder);
    END IF;
    UPDATE assignment SET state = 'accepted', accepted_at = now()
    WHERE contact_id = p_contact AND ended_at IS NULL;
    IF NOT FOUND THEN
        INSERT INTO assignment (contact_id, staff_id, state, accepted_at, note)
        VALUES (p_contact, me, 'accepted', now(), '');
    END IF;
    INSERT INTO event (kind, actor_id, contact_id, data)
    VALUES ('contact.taken', me, p_contact, '{}');
END $$;

CREATE OR REPLACE FUNCTION app.release(p_contact bigint, p_reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact;
BEGIN
    c := app.in_hand(p_contact, ARRAY['active', 'held', 'wrap_up', 'offered', 'parked']);
    UPDATE contact SET state = 'queued', state_since = now(), owner_id = NULL,
        queued_at = CASE WHEN c.channel = 'visit' THEN queued_at ELSE now() END,
        parked_until = NULL, parked_for_reply = false WHERE id = p_contact;
    PERFORM app.end_assignment(p_contact, 'returned', p_reason);
    PERFORM app.log('contact.returned', p_contact, jsonb_build_object('reason', p_reason));
END $$;

-- A visitor who is passed on to a colleague waits for the desk where they are, to a queue for a
-- service of it at that site: with the ticket and the place in the line.
CREATE FUNCTION app.visit_sent(p_contact bigint, p_queue bigint, p_staff bigint, p_note text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v visit; of_place bigint; of_service bigint; who text;
BEGIN
    SELECT * INTO v FROM visit WHERE contact_id = p_contact;
    IF p_staff IS NOT NULL THEN
        SELECT p.id INTO of_place FROM at_place a JOIN place p ON p.id = a.place_id
        WHERE a.staff_id = p_staff AND a.left_at IS NULL AND p.active AND p.site_id = v.site_id;
        IF of_place IS NULL THEN
            SELECT name INTO who FROM staff WHERE id = p_staff;
            PERFORM app.refuse('CRM04', 'they are at no desk of that site', who);
        END IF;
    ELSE
        SELECT s.id INTO of_service FROM contact c, site_service x JOIN service s ON s.id = x.service_id
        WHERE c.id = p_contact AND x.site_id = v.site_id AND s.queue_id = p_queue AND s.active
        ORDER BY s.id = c.service_id DESC, x.key LIMIT 1;
        IF of_service IS NULL THEN
            PERFORM app.refuse('CRM04', 'no desk of that site serves that queue');
        END IF;
    END IF;
    PERFORM app.visit_transfer(p_contact, of_place, of_service, p_note);
END $$;
REVOKE ALL ON FUNCTION app.visit_sent(bigint, bigint, bigint, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION app.transfer(p_contact bigint, p_queue bigint, p_staff bigint,
                                        p_note text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact;
BEGIN
    c := app.in_hand(p_contact, ARRAY['active', 'held', 'wrap_up', 'offered', 'parked', 'queued']);
    IF (p_queue IS NULL) = (p_staff IS NULL) THEN
        PERFORM app.refuse('CRM04', 'transfer to a queue or to a person');
    END IF;
    IF p_queue IS NOT NULL AND NOT EXISTS (SELECT 1 FROM queue WHERE id = p_queue)
       OR p_staff IS NOT NULL AND NOT EXISTS (SELECT 1 FROM staff WHERE id = p_staff AND active)
    THEN
        PERFORM app.refuse('CRM01', 'no such queue or person');
    END IF;
    IF p_staff IS NOT NULL AND EXISTS (SELECT 1 FROM queue WHERE id = c.queue_id AND restricted)
       AND NOT EXISTS (SELECT 1 FROM membership
                       WHERE staff_id = p_staff AND queue_id = c.queue_id
                         AND (until IS NULL OR until > now())) THEN
        PERFORM app.refuse('CRM02', 'only a member of its queue may have this contact');
    END IF;
    IF c.channel = 'visit' AND app.visitor_here(p_contact) THEN
        PERFORM app.visit_sent(p_contact, p_queue, p_staff, p_note);
        RETURN;
    END IF;
    PERFORM app.end_assignment(p_contact, 'transferred', p_note);
    UPDATE contact SET
        state = CASE WHEN p_staff IS NULL THEN 'queued' ELSE 'offered' END,
        state_since = now(), queue_id = coalesce(p_queue, queue_id), owner_id = p_staff,
        queued_at = now(), parked_until = NULL, parked_for_reply = false
    WHERE id = p_contact;
    IF p_staff IS NOT NULL THEN
        INSERT INTO assignment (contact_id, staff_id, state, note, how)
        VALUES (p_contact, p_staff, 'offered', p_note, 'transfer');
    END IF;
    IF p_note <> '' THEN
        INSERT INTO message (contact_id, direction, visibility, state, author_id, sender_name,
                             sender_address, recipients, subject, body_text, reply_text, body_html,
                             in_reply_to, reference_ids, problems, findings, auto_generated, failure)
        VALUES (p_contact, 'outbound', 'internal', 'sent', app.me(), '', '', '{}', '', p_note,
                p_note, '', '', '[]', '[]', '[]', false, '');
    END IF;
    PERFORM app.log('contact.transferred', p_contact, jsonb_build_object(
        'queue', p_queue, 'staff', p_staff, 'from_queue', c.queue_id));
END $$;

-- Whoever was laid aside is at one's own desk again, if one has a free one; whose wrap-up had begun,
-- as long as nobody else has come to that desk.
CREATE FUNCTION app.visit_resumed(c contact) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v visit; mine bigint;
BEGIN
    SELECT * INTO v FROM visit WHERE contact_id = c.id FOR UPDATE;
    SELECT p.id INTO mine FROM at_place a JOIN place p ON p.id = a.place_id
    WHERE a.staff_id = app.me() AND c.owner_id = a.staff_id AND a.left_at IS NULL AND p.active
      AND p.site_id = v.site_id;
    IF c.state = 'parked' AND v.left_at IS NULL AND v.contact_id IS NOT NULL THEN
        IF mine IS NULL THEN
            PERFORM app.refuse('CRM04', 'a desk calls visitors');
        END IF;
        PERFORM app.place_free(mine);
        UPDATE visit SET place_id = mine, seen_at = coalesce(seen_at, now()) WHERE contact_id = c.id;
    ELSIF c.state = 'wrap_up' AND mine = v.place_id THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('place ' || mine, 0));
        UPDATE visit SET left_at = NULL WHERE contact_id = c.id AND app.place_holds(mine) IS NULL;
    END IF;
END $$;
REVOKE ALL ON FUNCTION app.visit_resumed(contact) FROM PUBLIC;

CREATE OR REPLACE FUNCTION app.resume(p_contact bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact;
BEGIN
    -- In the order of a call: the place, then the contact.
    PERFORM pg_advisory_xact_lock(hashtextextended('place ' || a.place_id, 0)) FROM at_place a
    WHERE a.staff_id = app.me() AND a.left_at IS NULL
      AND EXISTS (SELECT 1 FROM visit v WHERE v.contact_id = p_contact);
    c := app.in_hand(p_contact, ARRAY['parked', 'wrap_up', 'held']);
    IF c.channel = 'visit' THEN
        PERFORM app.visit_resumed(c);
    END IF;
    UPDATE contact SET state = 'active', state_since = now(), parked_until = NULL,
                       parked_for_reply = false WHERE id = p_contact;
    PERFORM app.end_assignment(p_contact, 'returned', 'resumed');
    PERFORM app.give(p_contact, c.owner_id);
    PERFORM app.log('contact.resumed', p_contact);
END $$;

-- Visitors are sent on by desks, one by one.
CREATE OR REPLACE FUNCTION app.move_begin(p_kind text, p_seen jsonb, p_states text[],
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
        WHEN c.channel = 'visit' AND p_kind IN ('given', 'answered', 'parked', 'spam')
            AND app.visitor_here(c.id) THEN 'visitor'
        WHEN NOT c.state = ANY (p_states) OR (
            c.channel = 'call' AND (p_kind IN ('answered', 'parked')
                OR p_kind IN ('given', 'spam') AND c.state IN ('active', 'held'))
            AND app.is_live(c.id)) THEN 'not_now'
        ELSE '' END AS why) w
    WHERE s.id IS NOT NULL
    ON CONFLICT DO NOTHING;
    RETURN batch;
END $$;

-- With whom they had called.
CREATE OR REPLACE FUNCTION app.gone_home(p_staff bigint, p_note text) RETURNS json
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
          AND state IN ('offered', 'called', 'active', 'held', 'wrap_up', 'parked')
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

CREATE OR REPLACE FUNCTION app.undo_moves(p_batch bigint, p_only bigint[], p_end boolean) RETURNS json
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
    -- Nobody is at that desk: the line has them.
    UPDATE move_item i SET why = 'visitor' FROM contact c
    WHERE i.batch_id = p_batch AND c.id = i.contact_id AND i.contact_id = ANY (chosen)
      AND i.why = '' AND c.channel = 'visit' AND c.state = 'queued' AND app.visitor_here(c.id);
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
