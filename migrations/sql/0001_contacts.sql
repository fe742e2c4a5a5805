-- Moves of a contact: an advisor holds no UPDATE on its queue, owner or state, only these.

-- The contact, locked, when it is in this person's hands (a team leader: of their queues).
CREATE FUNCTION app.in_hand(p_contact bigint, p_states text[]) RETURNS contact
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact; holder text;
BEGIN
    SELECT * INTO c FROM contact WHERE id = p_contact FOR UPDATE;
    IF c.id IS NULL OR NOT (c.queue_id = ANY (app.my_queues())
                            OR c.owner_id IS NOT DISTINCT FROM app.me()) THEN
        PERFORM app.refuse('CRM01', 'no such contact');
    END IF;
    IF c.owner_id IS DISTINCT FROM app.me() AND NOT app.leads() THEN
        SELECT name INTO holder FROM staff WHERE id = c.owner_id;
        IF holder IS NOT NULL THEN
            PERFORM app.refuse('CRM03', 'the contact is with somebody else', holder);
        END IF;
        PERFORM app.refuse('CRM02', 'take the contact first');
    END IF;
    IF NOT c.state = ANY (p_states) THEN
        PERFORM app.refuse('CRM04', 'the contact is ' || c.state);
    END IF;
    RETURN c;
END $$;

CREATE FUNCTION app.give(p_contact bigint, p_staff bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO assignment (contact_id, staff_id, state, accepted_at, note)
    VALUES (p_contact, p_staff, 'accepted', now(), '')
$$;

CREATE FUNCTION app.end_assignment(p_contact bigint, p_state text, p_note text DEFAULT '')
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE assignment SET state = p_state, ended_at = now(), note = p_note
    WHERE contact_id = p_contact AND ended_at IS NULL
$$;

-- One conditional UPDATE decides; its row count is the answer.
CREATE FUNCTION app.claim(p_contact bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); c contact; holder text;
BEGIN
    UPDATE contact SET state = 'active', state_since = now(), owner_id = me,
                       first_taken_at = coalesce(first_taken_at, now())
    WHERE id = p_contact
      AND ((state = 'queued' AND queue_id = ANY (app.my_queues()))
           OR (state = 'offered' AND owner_id = me));
    IF NOT FOUND THEN
        SELECT * INTO c FROM contact WHERE id = p_contact;
        IF c.id IS NULL OR NOT c.queue_id = ANY (app.my_queues()) THEN
            PERFORM app.refuse('CRM01', 'no such contact');
        END IF;
        SELECT name INTO holder FROM staff WHERE id = c.owner_id;
        PERFORM app.refuse('CRM03', 'somebody was faster', holder);
    END IF;
    PERFORM app.end_assignment(p_contact, 'accepted');
    PERFORM app.give(p_contact, me);
    PERFORM app.log('contact.taken', p_contact);
END $$;

CREATE FUNCTION app.claim_next(p_channels text[], p_queue bigint, p_service bigint,
                               p_overdue boolean) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); mine bigint[] := app.my_queues(); found_id bigint;
BEGIN
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
        PERFORM app.give(found_id, me);
        PERFORM app.log('contact.taken', found_id, '{"by": "next"}');
    END IF;
    RETURN found_id;
END $$;

CREATE FUNCTION app.release(p_contact bigint, p_reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact;
BEGIN
    c := app.in_hand(p_contact, ARRAY['active', 'held', 'wrap_up', 'offered', 'parked']);
    UPDATE contact SET state = 'queued', state_since = now(), queued_at = now(), owner_id = NULL,
                       parked_until = NULL, parked_for_reply = false WHERE id = p_contact;
    PERFORM app.end_assignment(p_contact, 'returned', p_reason);
    PERFORM app.log('contact.returned', p_contact, jsonb_build_object('reason', p_reason));
END $$;

CREATE FUNCTION app.park(p_contact bigint, p_until timestamptz, p_for_reply boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact;
BEGIN
    IF p_until IS NULL AND NOT p_for_reply THEN
        PERFORM app.refuse('CRM04', 'park until a time or a reply');
    END IF;
    c := app.in_hand(p_contact, ARRAY['active', 'held', 'wrap_up']);
    UPDATE contact SET state = 'parked', state_since = now(), parked_until = p_until,
                       parked_for_reply = p_for_reply WHERE id = p_contact;
    PERFORM app.end_assignment(p_contact, 'returned', 'parked');
    PERFORM app.log('contact.parked', p_contact,
                    jsonb_build_object('until', p_until, 'for_reply', p_for_reply));
END $$;

CREATE FUNCTION app.resume(p_contact bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact;
BEGIN
    c := app.in_hand(p_contact, ARRAY['parked', 'wrap_up', 'held']);
    UPDATE contact SET state = 'active', state_since = now(), parked_until = NULL,
                       parked_for_reply = false WHERE id = p_contact;
    PERFORM app.end_assignment(p_contact, 'returned', 'resumed');
    PERFORM app.give(p_contact, c.owner_id);
    PERFORM app.log('contact.resumed', p_contact);
END $$;

CREATE FUNCTION app.transfer(p_contact bigint, p_queue bigint, p_staff bigint, p_note text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact; target_queue bigint;
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
    PERFORM app.end_assignment(p_contact, 'transferred', p_note);
    UPDATE contact SET
        state = CASE WHEN p_staff IS NULL THEN 'queued' ELSE 'offered' END,
        state_since = now(), queue_id = coalesce(p_queue, queue_id), owner_id = p_staff,
        queued_at = now(), parked_until = NULL, parked_for_reply = false
    WHERE id = p_contact;
    IF p_staff IS NOT NULL THEN
        INSERT INTO assignment (contact_id, staff_id, state, note)
        VALUES (p_contact, p_staff, 'offered', p_note);
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

CREATE FUNCTION app.wrap_up(p_contact bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact;
BEGIN
    c := app.in_hand(p_contact, ARRAY['active', 'held']);
    UPDATE contact SET state = 'wrap_up', state_since = now() WHERE id = p_contact;
    UPDATE assignment SET state = 'wrapping' WHERE contact_id = p_contact AND ended_at IS NULL;
    PERFORM app.log('contact.wrap_up', p_contact);
END $$;

CREATE FUNCTION app.complete(p_contact bigint, p_service bigint, p_resolution text,
                             p_avoidable boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact;
BEGIN
    c := app.in_hand(p_contact, ARRAY['active', 'held', 'wrap_up']);
    IF NOT p_resolution = ANY (ARRAY['resolved', 'handed_off', 'transferred_out',
        'signposted_council', 'signposted_outside', 'callback', 'warned_ended', 'no_action']) THEN
        PERFORM app.refuse('CRM04', 'no such resolution');
    END IF;
    UPDATE contact SET state = 'completed', state_since = now(), completed_at = now(),
                       service_id = coalesce(p_service, service_id), resolution = p_resolution,
                       avoidable = p_avoidable,
                       end_reason = CASE p_resolution WHEN 'warned_ended' THEN 'warned and ended'
                                    WHEN 'transferred_out' THEN 'transferred out' ELSE 'normal' END
    WHERE id = p_contact;
    PERFORM app.end_assignment(p_contact, 'completed');
    PERFORM app.log('contact.completed', p_contact, jsonb_build_object(
        'resolution', p_resolution, 'avoidable', p_avoidable, 'service', p_service));
END $$;

CREATE FUNCTION app.spam(p_contact bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact;
BEGIN
    SELECT * INTO c FROM contact WHERE id = p_contact FOR UPDATE;
    IF c.state IS DISTINCT FROM 'queued' THEN
        c := app.in_hand(p_contact, ARRAY['active', 'held', 'wrap_up', 'offered']);
    ELSIF NOT c.queue_id = ANY (app.my_queues()) THEN
        PERFORM app.refuse('CRM01', 'no such contact');
    END IF;
    UPDATE contact SET state = 'spam', state_since = now(), owner_id = NULL WHERE id = p_contact;
    PERFORM app.end_assignment(p_contact, 'completed', 'spam');
    PERFORM app.log('contact.spam', p_contact);
END $$;

CREATE FUNCTION app.set_service(p_contact bigint, p_service bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact;
BEGIN
    c := app.in_hand(p_contact, ARRAY['active', 'held', 'wrap_up', 'parked']);
    UPDATE contact SET service_id = p_service WHERE id = p_contact;
    PERFORM app.log('contact.service', p_contact, jsonb_build_object('service', p_service));
END $$;

CREATE FUNCTION app.set_customer(p_contact bigint, p_customer bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact;
BEGIN
    c := app.in_hand(p_contact, ARRAY['active', 'held', 'wrap_up', 'parked']);
    UPDATE contact SET customer_id = p_customer,
        who = coalesce((SELECT name FROM customer WHERE id = p_customer), who)
    WHERE id = p_contact;
    PERFORM app.log('contact.customer', p_contact, jsonb_build_object(
        'customer', p_customer, 'before', c.customer_id));
END $$;

CREATE FUNCTION app.checked(p_contact bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact;
BEGIN
    c := app.in_hand(p_contact, ARRAY['active', 'held', 'wrap_up', 'parked']);
    UPDATE contact SET needs_checking = false WHERE id = p_contact;
    PERFORM app.log('contact.checked', p_contact, jsonb_build_object('reason', c.check_reason));
END $$;
