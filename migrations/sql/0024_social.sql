-- Posts: staff read and answer them by these alone; what comes in and what was sent the gateway
-- writes.

-- What the messages of a contact and of its thread are on their network, with earlier texts:
-- content, so it leaves a trace.
CREATE FUNCTION app.social_thread(p_contact bigint) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    thread bigint;
    me bigint := app.me();
    mine bigint[] := app.my_queues();
BEGIN
    IF NOT app.may_read(p_contact) THEN
        PERFORM app.refuse('CRM01', 'no such contact');
    END IF;
    PERFORM app.trace('contact', p_contact);
    SELECT thread_id INTO thread FROM contact WHERE id = p_contact;
    RETURN json_build_object(
    'account', (SELECT json_build_array(a.kind, a.name, coalesce(a.settings ->> 'handle', ''),
                                               a.cursor -> 'limit')
        FROM contact c JOIN channel_account a ON a.id = c.account_id WHERE c.id = p_contact),
    'posts', (SELECT json_agg(json_build_array(
            p.message_id, m.contact_id, p.public, m.direction = 'outbound',
            CASE WHEN p.handle = p.author_id THEN '' ELSE p.handle END, p.url,
            p.post_id, p.parent_id, p.edited_at, p.deleted_at, p.versions, p.alts,
            m.sender_name)
            ORDER BY m.at, m.id)
        FROM message m JOIN social_post p ON p.message_id = m.id
        WHERE m.contact_id IN (
            SELECT c.id FROM contact c WHERE (c.id = p_contact OR c.thread_id = thread)
              AND (c.queue_id = ANY (mine) OR c.owner_id = me))));
END $$;

-- What everybody can read of the conversation anyway, for who has its contact in hand: how its
-- people show themselves, and what was said in public and still stands.
CREATE FUNCTION app.social_public(p_contact bigint) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); mine bigint[] := app.my_queues();
BEGIN
    RETURN (
    SELECT json_agg(json_build_array(m.sender_name, p.handle, m.body_text))
    FROM contact c JOIN contact x ON x.id = c.id OR x.thread_id = c.thread_id
    JOIN message m ON m.contact_id = x.id JOIN social_post p ON p.message_id = m.id
    WHERE c.id = p_contact AND c.owner_id = me AND (x.queue_id = ANY (mine) OR x.owner_id = me)
      AND p.public AND p.deleted_at IS NULL AND m.state IN ('received', 'sent'));
END $$;

-- Which post is answered, when this person has its contact in hand: of the contact's own thread,
-- by somebody else, sent, and still there. In private what was said in private.
CREATE FUNCTION app.post_answered(p_contact contact, p_post bigint, p_public boolean)
RETURNS social_post
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    found social_post;
    me bigint := app.me();
    mine bigint[] := app.my_queues();
BEGIN
    SELECT p.* INTO found FROM social_post p JOIN message m ON m.id = p.message_id
    JOIN contact c ON c.id = m.contact_id
    WHERE p.message_id = p_post AND m.direction = 'inbound' AND p.post_id <> ''
      AND (c.id = (p_contact).id OR c.thread_id = (p_contact).thread_id)
      AND (c.queue_id = ANY (mine) OR c.owner_id = me);
    IF found.message_id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such post');
    END IF;
    IF found.deleted_at IS NOT NULL THEN
        PERFORM app.refuse('CRM04', 'the post was deleted');
    END IF;
    IF p_public IS DISTINCT FROM false AND NOT found.public THEN
        PERFORM app.refuse('CRM04', 'what was said in private is answered in private');
    END IF;
    RETURN found;
END $$;

-- Writes an answer down with all that follows from it, in the name of who has the contact in hand.
-- Where it goes is the answered post's to say. With findings it is stopped.
-- p_pictures: [{sha256, name, content_type, size, alt}].
CREATE FUNCTION app.post_reply(p_contact bigint, p_post bigint, p_public boolean, p_text text,
                               p_pictures jsonb, p_template bigint, p_rfc_id text,
                               p_findings jsonb, p_undo double precision)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me bigint := app.me();
    c contact := app.in_hand(p_contact, ARRAY['active', 'held', 'wrap_up']);
    target social_post;
    stopped boolean;
    written bigint;
    picture jsonb;
    number bigint;
    described jsonb := '[]';
BEGIN
    IF c.owner_id IS DISTINCT FROM me THEN
        PERFORM app.refuse('CRM02', 'take the contact first');
    END IF;
    target := app.post_answered(c, p_post, p_public);
    IF p_public IS NULL OR coalesce(trim(p_text), '') = '' OR length(p_text) > 20000
       OR NOT coalesce(p_rfc_id ~ '^<[0-9a-f]{32}\.crm@[a-z0-9.-]{1,255}>$', false)
       OR NOT coalesce(p_undo BETWEEN 0 AND 3600, false)
       OR jsonb_typeof(p_findings) IS DISTINCT FROM 'array'
       OR jsonb_typeof(p_pictures) IS DISTINCT FROM 'array'
       OR jsonb_array_length(p_pictures) > 4 THEN
        PERFORM app.refuse('CRM05', 'no such answer');
    END IF;
    stopped := jsonb_array_length(p_findings) > 0;
    INSERT INTO message (contact_id, direction, visibility, state, account_id, author_id,
                         template_id, sender_name, sender_address, recipients, subject, body_text,
                         reply_text, body_html, rfc_id, in_reply_to, reference_ids, problems,
                         findings, auto_generated, failure, at)
    VALUES (p_contact, 'outbound', 'public', CASE WHEN stopped THEN 'stopped' ELSE 'pending' END,
            target.account_id, me, p_template, '', '',
            jsonb_build_object('to', jsonb_build_array(jsonb_build_array(
                (SELECT sender_name FROM message WHERE id = p_post),
                CASE WHEN target.handle = target.author_id THEN '' ELSE target.handle END))), '',
            p_text, p_text, '', p_rfc_id, '', '[]', '[]', p_findings, false, '', now())
    RETURNING id INTO written;
    FOR picture IN SELECT * FROM jsonb_array_elements(p_pictures) LOOP
        IF p_public AND coalesce(trim(picture ->> 'alt'), '') = '' THEN
            PERFORM app.refuse('CRM05', 'a public picture needs a description');
        END IF;
        INSERT INTO attachment (message_id, sha256, name, content_type, size, inline, content_id)
        VALUES (written, picture ->> 'sha256', picture ->> 'name', picture ->> 'content_type',
                (picture ->> 'size')::integer, false, '')
        RETURNING id INTO number;
        described := described || jsonb_build_array(
            jsonb_build_array(number, left(picture ->> 'alt', 5000)));
    END LOOP;
    INSERT INTO social_post (message_id, account_id, network, root_id, parent_id, author_id, handle,
                             public, reply_ref, alts)
    VALUES (written, target.account_id, target.network,
            CASE WHEN target.public = p_public THEN target.root_id ELSE '' END, target.post_id,
            target.author_id, target.handle, p_public, target.reply_ref, described);
    INSERT INTO outbox (lane, message_id, state, not_before, attempts, unknown_fate, last_error,
                        created_by_id)
    VALUES ('social', written, CASE WHEN stopped THEN 'held' ELSE 'pending' END,
            now() + make_interval(secs => p_undo), 0, false, '', me);
    DELETE FROM draft WHERE contact_id = p_contact AND author_id = me AND kind = 'reply';
    INSERT INTO event (kind, actor_id, contact_id, data)
    VALUES (CASE WHEN stopped THEN 'message.stopped' ELSE 'message.written' END, me, p_contact,
            jsonb_build_object('message', written, 'public', p_public, 'findings',
                               jsonb_array_length(p_findings)));
    PERFORM pg_notify('crm', 'contact:' || p_contact || ',outbox:0');
    RETURN written;
END $$;

REVOKE ALL ON FUNCTION app.social_thread(bigint), app.social_public(bigint),
    app.post_answered(contact, bigint, boolean),
    app.post_reply(bigint, bigint, boolean, text, jsonb, bigint, text, jsonb,
                   double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.social_thread(bigint), app.social_public(bigint),
    app.post_reply(bigint, bigint, boolean, text, jsonb, bigint, text, jsonb,
                   double precision) TO crm_staff;

-- What only the gateway and these functions write is never written by hand.
CREATE POLICY no_posts_by_hand ON event AS RESTRICTIVE FOR INSERT TO crm_staff
    WITH CHECK (kind NOT LIKE 'post.%');

-- Outgoing work is written with all its columns; a notice's only by app.notice_publish.
GRANT INSERT (notice_post_id) ON outbox TO crm_staff;
CREATE POLICY no_notices_by_hand ON outbox AS RESTRICTIVE FOR INSERT TO crm_staff
    WITH CHECK (notice_post_id IS NULL);
