-- What people do with offers and with urgency, and what they are told of it.

-- A contact that was taken: an offer is accepted and keeps what it came from. The plans are kept.
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
           OR (state = 'offered' AND owner_id = me));
    IF NOT FOUND THEN
        SELECT * INTO c FROM contact WHERE id = p_contact;
        IF c.id IS NULL OR mine IS NULL OR NOT c.queue_id = ANY (mine) THEN
            PERFORM app.refuse('CRM01', 'no such contact');
        END IF;
        SELECT name INTO holder FROM staff WHERE id = c.owner_id;
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

-- As before; an assignment says how it came, and who is off a queue for now gets nothing of it.
CREATE OR REPLACE FUNCTION app.claim_next(p_channels text[], p_queue bigint, p_service bigint,
                                          p_overdue boolean) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint; mine bigint[]; found_id bigint;
BEGIN
    SELECT s.id, coalesce((SELECT array_agg(m.queue_id) FROM membership m
                           WHERE m.staff_id = s.id
                             AND (m.until IS NULL OR m.until > now())
                             AND (m.off_until IS NULL OR m.off_until <= now())), '{}')
    INTO me, mine FROM staff s WHERE s.login = session_user AND s.active;
    IF me IS NULL THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
    UPDATE contact SET state = 'active', state_since = now(), owner_id = me,
                       first_taken_at = coalesce(first_taken_at, now())
    WHERE id = (
        SELECT id FROM contact
        WHERE state = 'queued' AND queue_id = ANY (mine)
          AND (p_channels IS NULL OR channel = ANY (p_channels))
          AND (p_queue IS NULL OR queue_id = p_queue)
          AND (p_service IS NULL OR service_id = p_service)
          AND (NOT p_overdue OR due_at < now())
        ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id INTO found_id;
    IF found_id IS NOT NULL THEN
        INSERT INTO assignment (contact_id, staff_id, state, accepted_at, note, how)
        VALUES (found_id, me, 'accepted', now(), '', 'next');
        INSERT INTO event (kind, actor_id, contact_id, data)
        VALUES ('contact.taken', me, found_id, '{"by": "next"}');
    END IF;
    RETURN found_id;
END $$;
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

-- As before, but not until a time that no desktop can read ('infinity'): one such row and no list
-- with it opens any more.
CREATE OR REPLACE FUNCTION app.park(p_contact bigint, p_until timestamptz, p_for_reply boolean)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact;
BEGIN
    IF p_until IS NULL AND p_for_reply IS NOT TRUE THEN
        PERFORM app.refuse('CRM04', 'park until a time or a reply');
    END IF;
    IF NOT p_until BETWEEN now() - interval '1 day' AND now() + interval '10 years' THEN
        PERFORM app.refuse('CRM05', 'a time within ten years');
    END IF;
    c := app.in_hand(p_contact, ARRAY['active', 'held', 'wrap_up']);
    UPDATE contact SET state = 'parked', state_since = now(), parked_until = p_until,
                       parked_for_reply = coalesce(p_for_reply, false) WHERE id = p_contact;
    PERFORM app.end_assignment(p_contact, 'returned', 'parked');
    PERFORM app.log('contact.parked', p_contact, jsonb_build_object(
        'until', p_until, 'for_reply', coalesce(p_for_reply, false)));
END $$;

-- An offer that is not wanted: the contact has waited all the time.
CREATE FUNCTION app.decline(p_contact bigint, p_reason text, p_words text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); c contact;
BEGIN
    c := app.in_hand(p_contact, ARRAY['offered']);
    IF c.owner_id IS DISTINCT FROM me THEN
        PERFORM app.refuse('CRM02', 'it was not offered to you');
    END IF;
    IF p_reason IS NULL OR NOT p_reason = ANY (ARRAY[
        'conflict', 'not_my_skill', 'break', 'technical', 'other']) THEN
        PERFORM app.refuse('CRM05', 'no such reason');
    END IF;
    IF length(p_words) > 200 OR p_reason = 'other' AND coalesce(trim(p_words), '') = '' THEN
        PERFORM app.refuse('CRM05', 'say why, in up to 200 letters');
    END IF;
    UPDATE contact SET state = 'queued', state_since = now(), owner_id = NULL WHERE id = p_contact;
    UPDATE assignment SET state = 'declined', ended_at = now(), reason = p_reason,
                          note = coalesce(trim(p_words), '')
    WHERE contact_id = p_contact AND ended_at IS NULL;
    PERFORM app.log('contact.declined', p_contact, jsonb_build_object('reason', p_reason));
END $$;

-- More urgent than it came, for a reason that is kept with it; 0 points take that back.
CREATE FUNCTION app.boost(p_contact bigint, p_points integer, p_reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact; me bigint := app.me();
BEGIN
    IF me IS NULL THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
    SELECT * INTO c FROM contact WHERE id = p_contact FOR UPDATE;
    IF c.id IS NULL OR NOT (c.queue_id = ANY (app.my_queues()) OR c.owner_id IS NOT DISTINCT FROM me)
    THEN
        PERFORM app.refuse('CRM01', 'no such contact');
    END IF;
    IF c.state IN ('completed', 'spam', 'abandoned', 'failed') THEN
        PERFORM app.refuse('CRM04', 'the contact is ' || c.state);
    END IF;
    IF p_points IS NULL OR p_points NOT BETWEEN 0 AND 5 THEN
        PERFORM app.refuse('CRM05', '0 to 5 points');
    END IF;
    IF coalesce(trim(p_reason), '') = '' OR length(p_reason) > 200 THEN
        PERFORM app.refuse('CRM05', 'say why, in up to 200 letters');
    END IF;
    UPDATE contact SET boost = p_points,
                       boost_reason = CASE p_points WHEN 0 THEN '' ELSE trim(p_reason) END
    WHERE id = p_contact;
    PERFORM app.log('contact.boosted', p_contact, jsonb_build_object(
        'points', p_points, 'before', c.boost, 'reason', trim(p_reason)));
END $$;

-- Who was considered for a contact, newest first, and who would be now when it waits. For who may
-- read it.
CREATE FUNCTION app.explain(p_contact bigint, p_open bigint[]) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact; q queue; at_once json;
BEGIN
    IF app.me() IS NULL OR NOT app.may_read(p_contact) THEN
        PERFORM app.refuse('CRM01', 'no such contact');
    END IF;
    SELECT * INTO c FROM contact WHERE id = p_contact;
    SELECT * INTO q FROM queue WHERE id = c.queue_id;
    IF c.state = 'queued' AND q.push AND q.id = ANY (p_open) THEN
        SELECT json_build_array(d.chosen, d.considered) INTO at_once
        FROM app.decided(ARRAY(SELECT h FROM app.hands() h), '{}', p_contact) d;
    END IF;
    RETURN json_build_object(
        'state', c.state, 'queue', c.queue_id, 'push', q.push,
        'open', q.id = ANY (p_open),
        'now', at_once,
        'decisions', (SELECT json_agg(json_build_array(x.at, x.kind, x.queue_id, x.staff_id,
                                                       x.considered) ORDER BY x.id DESC)
                      FROM (SELECT * FROM routing_decision r WHERE r.contact_id = p_contact
                            ORDER BY r.id DESC LIMIT 20) x));
END $$;

-- As before; a list and the workspace show why a contact was raised.
CREATE OR REPLACE FUNCTION app.listed(p_contact bigint) RETURNS json
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me();
BEGIN
    RETURN (
    SELECT json_build_array(json_build_array(
            c.id, c.channel, c.state, c.who, c.subject, c.queue_id, q.name, c.service_id,
            coalesce(s.name, ''), c.received_at, c.due_at, c.parked_until, c.parked_for_reply,
            c.priority, c.needs_checking, c.owner_id, coalesce(o.name, ''),
            c.boost_reason),
        (SELECT json_agg(p.name ORDER BY p.name)
         FROM looking l JOIN staff p ON p.id = l.staff_id
         WHERE l.contact_id = p_contact AND l.staff_id <> me
           AND l.seen_at > now() - interval '60 seconds'))
    FROM contact c JOIN queue q ON q.id = c.queue_id LEFT JOIN service s ON s.id = c.service_id
    LEFT JOIN staff o ON o.id = c.owner_id
    WHERE c.id = p_contact);
END $$;
CREATE OR REPLACE FUNCTION app.workspace(p_contact bigint, p_history integer) RETURNS json
LANGUAGE plpgsql SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN (
    WITH c AS MATERIALIZED (SELECT * FROM contact WHERE id = p_contact),
    m AS MATERIALIZED (SELECT * FROM app.open_contact(p_contact)),
    k AS MATERIALIZED (
        SELECT k.*, x.linked_at FROM case_contact x JOIN cases k ON k.id = x.case_id
        WHERE x.contact_id = p_contact)
    SELECT json_build_object(
    'row', (SELECT json_build_array(
            c.id, c.channel, c.state, c.who, c.subject, c.queue_id, q.name, c.service_id,
            coalesce(s.name, ''), c.received_at, c.due_at, c.parked_until, c.parked_for_reply,
            c.priority, c.needs_checking, c.owner_id, coalesce(o.name, ''),
            c.boost_reason)
        FROM c JOIN queue q ON q.id = c.queue_id LEFT JOIN service s ON s.id = c.service_id
        LEFT JOIN staff o ON o.id = c.owner_id),
    'detail', (SELECT json_build_array(
            c.check_reason, c.auto_generated, c.completed_at, c.resolution) FROM c),
    'looking', (SELECT json_agg(s.name ORDER BY s.name)
        FROM looking l JOIN staff s ON s.id = l.staff_id
        WHERE l.contact_id = p_contact AND l.staff_id <> (SELECT app.me())
          AND l.seen_at > now() - interval '60 seconds'),
    'messages', (SELECT json_agg(json_build_array(
            m.contact_id, m.id, m.direction, m.visibility, m.state, coalesce(a.name, ''),
            m.sender_name, m.sender_address, m.recipients, m.subject, m.body_text, m.reply_text,
            m.body_html, m.at, m.sent_at, m.problems, m.findings, m.failure) ORDER BY m.at, m.id)
        FROM m LEFT JOIN staff a ON a.id = m.author_id),
    'files', (SELECT json_agg(json_build_array(
            f.message_id, f.id, f.name, f.content_type, f.size, f.inline, f.content_id)
            ORDER BY f.id)
        FROM app.attachments(ARRAY(SELECT m.id FROM m)) f),
    'leaving', (SELECT json_agg(json_build_array(o.message_id, o.not_before))
        FROM outbox o WHERE o.message_id = ANY (ARRAY(SELECT m.id FROM m WHERE m.state = 'pending'))
          AND o.state = 'pending' AND o.attempts = 0),
    'customer', (SELECT json_build_array(
            p.id, p.kind, p.name, p.since, p.prefers,
            (SELECT count(*) FROM cases y
             WHERE y.customer_id = p.id AND y.state NOT IN ('resolved', 'closed')),
            (SELECT count(*) FROM contact y
             WHERE y.customer_id = p.id AND y.received_at > now() - interval '365 days'))
        FROM c JOIN customer p ON p.id = c.customer_id),
    'identifiers', (SELECT json_agg(json_build_array(i.id, i.kind, i.value, i.flag) ORDER BY i.id)
        FROM c CROSS JOIN LATERAL app.open_customer(c.customer_id) i
        WHERE c.customer_id IS NOT NULL),
    'addresses', (SELECT json_agg(json_build_array(a.lines, a.postcode) ORDER BY a.id)
        FROM c JOIN address a ON a.customer_id = c.customer_id),
    'adjustments', (SELECT json_agg(json_build_array(a.words, a.recorded_at, a.review_on)
            ORDER BY a.id)
        FROM c JOIN adjustment a ON a.customer_id = c.customer_id),
    'markers', (SELECT json_agg(json_build_array(a.state, a.words, a.review_on) ORDER BY a.id)
        FROM c JOIN safety_marker a ON a.customer_id = c.customer_id
        WHERE a.state IN ('proposed', 'active', 'review_due')),
    'history', (SELECT json_agg(json_build_array(
            h.kind, h.id, h.channel, h.state, h.service_name, h.title, h.at, h.who, h.readable)
            ORDER BY h.at DESC)
        FROM c CROSS JOIN LATERAL app.history(c.customer_id, p_history) h),
    'cases', (SELECT json_agg(json_build_array(
            k.id, coalesce(k.reference, ''), k.service_id, s.name, k.state, k.title, k.answers,
            k.form_version_id, v.schema, k.opened_at, k.due_at, k.paused_at IS NOT NULL, k.version)
            ORDER BY k.linked_at DESC, k.id DESC)
        FROM k JOIN service s ON s.id = k.service_id
        LEFT JOIN form_version v ON v.id = k.form_version_id),
    'handoffs', (SELECT json_agg(json_build_array(
            h.id, h.case_id, t.name, h.state, h.state_since, h.external_id, h.words, h.notes,
            h.due_at, h.expected_at, coalesce(o.last_error, ''), coalesce(o.attempts, 0),
            coalesce(o.state = 'dead', false)) ORDER BY h.id)
        FROM handoff h JOIN channel_account t ON t.id = h.account_id
        LEFT JOIN outbox o ON o.id = (
            SELECT max(x.id) FROM outbox x WHERE x.handoff_id = h.id)
        WHERE h.case_id = ANY (ARRAY(SELECT k.id FROM k))),
    'drafts', (SELECT json_agg(json_build_array(d.kind, d.author_id, a.name, d.content, d.updated_at)
            ORDER BY d.updated_at)
        FROM draft d JOIN staff a ON a.id = d.author_id
        WHERE d.contact_id = p_contact),
    'events', (SELECT json_agg(json_build_array(e.at, e.kind, e.actor, e.data))
        FROM app.events(p_contact) e)
    )
    );
END $$;

REVOKE ALL ON FUNCTION app.assignment_channel(), app.hands(), app.judged(app.hand[], bigint[], bigint),
    app.decided(app.hand[], bigint[], bigint), app.return_work(bigint, text), app.time_out(integer),
    app.lines(bigint[]), app.overflow(integer, bigint[]),
    app.offer(bigint, bigint, bigint, integer, jsonb),
    app.hand_of(app.hand[], bigint), app.has_room(app.hand, integer, integer),
    app.given(app.hand[], bigint, integer, boolean),
    app.found_nobody(bigint, bigint, jsonb), app.look_why(app.hand[], bigint[], integer),
    app.route(integer, bigint[]),
    app.decline(bigint, text, text), app.boost(bigint, integer, text),
    app.explain(bigint, bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.route(integer, bigint[]) TO crm_gateway;
GRANT EXECUTE ON FUNCTION app.decline(bigint, text, text), app.boost(bigint, integer, text),
    app.explain(bigint, bigint[]) TO crm_staff;
