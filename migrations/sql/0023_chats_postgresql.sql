-- Live chats, as whoever has one in hand uses them. Whoever changes a chat locks its contact first,
-- as every move of a contact does, then the chat: its lines are numbered under that lock.

-- Who looks when chats change. Two hundred desktops need not hear of every line: gateways listen on
-- one channel, each person on one of their own. Of lines hears also who has the contact on screen.
CREATE FUNCTION app.chat_told(p_topic text, p_chats bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_notify('crm_chat', string_agg(p_topic || ':' || id, ',')) FROM unnest(p_chats) id;
    PERFORM pg_notify('crm_chat_' || t.staff_id, string_agg(p_topic || ':' || t.id, ','))
    FROM (SELECT k.id, c.owner_id AS staff_id FROM chat k JOIN contact c ON c.id = k.contact_id
          WHERE k.id = ANY (p_chats) AND c.owner_id IS NOT NULL
          UNION
          SELECT k.id, l.staff_id FROM chat k JOIN looking l ON l.contact_id = k.contact_id
          WHERE k.id = ANY (p_chats) AND p_topic = 'chat'
            AND l.seen_at > now() - interval '60 seconds') t
    GROUP BY t.staff_id;
END $$;

-- The next line of a chat that is locked.
CREATE FUNCTION app.chat_add(p_chat bigint, p_contact bigint, p_kind text, p_side text, p_who text,
                             p_message bigint DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE n integer;
BEGIN
    UPDATE chat SET last_seq = last_seq + 1 WHERE id = p_chat RETURNING last_seq INTO n;
    INSERT INTO chat_line (chat_id, seq, contact_id, kind, side, who, message_id)
    VALUES (p_chat, n, p_contact, p_kind, p_side, p_who, p_message);
    RETURN n;
END $$;

-- The end of an open chat, with its line and event; its contact is the caller's to move.
CREATE FUNCTION app.chat_close(p_chat bigint, p_contact bigint, p_by text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM app.chat_add(p_chat, p_contact, 'ended', 'centre', '');
    UPDATE chat SET state = 'ended', ended_at = now(), ended_by = p_by, waiting_since = NULL
    WHERE id = p_chat;
    DELETE FROM chat_typing WHERE chat_id = p_chat;
    PERFORM app.log('chat.ended', p_contact, jsonb_build_object('chat', p_chat, 'by', p_by));
END $$;

-- What a visitor must be told when their contact moves, whoever moves it and how.
CREATE FUNCTION app.chat_moved() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE k chat; holder text;
BEGIN
    SELECT * INTO k FROM chat WHERE contact_id = NEW.id FOR NO KEY UPDATE;
    IF k.id IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT split_part(name, ' ', 1) INTO holder FROM staff WHERE id = NEW.owner_id;
    IF k.state = 'ended' THEN
        -- Taken up again while the visitor is still there: it goes on.
        IF NOT (OLD.state = 'wrap_up' AND NEW.state = 'active' AND k.ended_by = 'advisor'
                AND k.gone_since IS NULL) THEN
            RETURN NULL;
        END IF;
        UPDATE chat SET state = 'open', ended_at = NULL, ended_by = NULL WHERE id = k.id;
        PERFORM app.chat_add(k.id, NEW.id, 'joined', 'centre', coalesce(holder, ''));
        PERFORM app.log('chat.resumed', NEW.id, jsonb_build_object('chat', k.id));
    ELSIF NEW.state = 'active' AND (OLD.state IN ('queued', 'offered')
                                    OR NEW.owner_id IS DISTINCT FROM OLD.owner_id) THEN
        PERFORM app.chat_add(k.id, NEW.id, 'joined', 'centre', coalesce(holder, ''));
    ELSIF NEW.state IN ('queued', 'offered') AND OLD.state IN ('active', 'held') THEN
        PERFORM app.chat_add(k.id, NEW.id, 'moved', 'centre', '');
    ELSIF NEW.state IN ('wrap_up', 'completed', 'spam', 'abandoned', 'failed') THEN
        PERFORM app.chat_close(k.id, NEW.id, 'advisor');
    ELSE
        RETURN NULL;
    END IF;
    PERFORM app.chat_told('chat', ARRAY[k.id]);
    RETURN NULL;
END $$;
-- Of other channels nothing is asked but this; and nothing at all of offers, whose rounds must wait
-- for no lock.
CREATE TRIGGER chat_moved AFTER UPDATE OF state, owner_id ON contact FOR EACH ROW
    WHEN (NEW.channel = 'chat'
          AND (NEW.state <> OLD.state OR NEW.owner_id IS DISTINCT FROM OLD.owner_id)
          AND (NEW.state NOT IN ('queued', 'offered') OR OLD.state IN ('active', 'held')))
    EXECUTE FUNCTION app.chat_moved();

-- The chat that a contact is or was: who comes back goes on in another contact of the thread.
CREATE FUNCTION app.chat_of(p_contact bigint) RETURNS chat
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE k chat;
BEGIN
    SELECT * INTO k FROM chat WHERE contact_id = p_contact;
    IF k.id IS NULL THEN
        SELECT x.* INTO k FROM contact c JOIN contact o ON o.thread_id = c.thread_id
        JOIN chat x ON x.contact_id = o.id WHERE c.id = p_contact AND c.channel = 'chat'
        ORDER BY x.id DESC LIMIT 1;
    END IF;
    RETURN k;
END $$;

-- A chat with its lines after a number, as far as the caller may read its contacts; NULL when the
-- contact is none. Who has it in hand and reads on leaves no trace for each line.
CREATE FUNCTION app.chat_open(p_contact bigint, p_after integer) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); mine bigint[] := app.my_queues(); c contact; k chat;
BEGIN
    SELECT * INTO c FROM contact WHERE id = p_contact AND (queue_id = ANY (mine) OR owner_id = me);
    IF c.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such contact');
    END IF;
    k := app.chat_of(p_contact);
    IF k.id IS NULL THEN
        RETURN NULL;
    END IF;
    IF coalesce(p_after, 0) <= 0 OR c.owner_id IS DISTINCT FROM me THEN
        INSERT INTO read_audit (staff_id, what, ref_id) VALUES (me, 'contact', p_contact);
    END IF;
    RETURN json_build_array(
        k.id, p_contact, k.state, k.visitor, k.email, k.language, k.page, k.started_at,
        k.waiting_since, k.gone_since, k.visitor_seq, k.last_seq, k.ended_by, k.rating,
        k.rating_words, k.answers,
        (SELECT json_agg(json_build_array(
                l.seq, l.kind, l.side, l.who, l.at, coalesce(m.body_text, ''), l.message_id,
                l.client_id, CASE WHEN l.message_id IS NOT NULL THEN (
                    SELECT json_agg(json_build_array(f.id, f.name, f.content_type, f.size)
                                    ORDER BY f.id)
                    FROM attachment f WHERE f.message_id = l.message_id) END) ORDER BY l.seq)
         FROM chat_line l LEFT JOIN message m ON m.id = l.message_id
         WHERE l.chat_id = k.id AND l.seq > coalesce(p_after, 0)
           AND (l.contact_id = p_contact OR EXISTS (
               SELECT 1 FROM contact o WHERE o.id = l.contact_id
               AND (o.queue_id = ANY (mine) OR o.owner_id = me)))));
END $$;

-- The caller's own chats, in the order in which they came into their hands.
CREATE FUNCTION app.chats_in_hand() RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me();
BEGIN
    RETURN (
    SELECT json_agg(json_build_array(
            c.id, k.id, c.who, c.subject, coalesce(t.body_text, ''), coalesce(t.side, 'centre'),
            k.last_seq, (SELECT count(*) FROM chat_line u WHERE u.chat_id = k.id
                         AND u.seq > k.staff_seq AND u.side = 'visitor'),
            k.waiting_since, k.gone_since, k.state)
        ORDER BY a.accepted_at, c.id)
    FROM contact c JOIN chat k ON k.contact_id = c.id
    LEFT JOIN LATERAL (SELECT max(x.accepted_at) AS accepted_at FROM assignment x
                       WHERE x.contact_id = c.id AND x.ended_at IS NULL) a ON true
    LEFT JOIN LATERAL (SELECT left(m.body_text, 200) AS body_text, l.side FROM chat_line l
                       JOIN message m ON m.id = l.message_id
                       WHERE l.chat_id = k.id ORDER BY l.seq DESC LIMIT 1) t ON true
    WHERE c.owner_id = me AND c.state <> 'completed' AND c.channel = 'chat'
      AND c.state IN ('active', 'held', 'wrap_up'));
END $$;

-- The chat of a contact that is in the caller's own hands; both are locked.
CREATE FUNCTION app.chat_mine(p_contact bigint, p_states text[]) RETURNS chat
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact; k chat; holder text;
BEGIN
    c := app.in_hand(p_contact, p_states);
    IF c.owner_id IS DISTINCT FROM app.me() THEN
        SELECT name INTO holder FROM staff WHERE id = c.owner_id;
        PERFORM app.refuse('CRM03', 'the contact is with somebody else', holder);
    END IF;
    SELECT * INTO k FROM chat WHERE contact_id = p_contact FOR NO KEY UPDATE;
    IF k.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such chat');
    END IF;
    RETURN k;
END $$;

-- What must be known before a line is said, as app.answering gives it; opened only for who has the
-- contact in hand, who left a trace when they opened it. Who only typed an address has proved
-- nothing: until somebody has asked them, the record is not theirs and says nothing.
CREATE FUNCTION app.chat_answering(p_contact bigint) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); c contact;
BEGIN
    SELECT * INTO c FROM contact WHERE id = p_contact
        AND (queue_id = ANY (app.my_queues()) OR owner_id = me);
    IF c.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such contact');
    END IF;
    RETURN json_build_object(
    'now', now(),
    'contact', (SELECT json_build_array(
            c.id, c.state, c.owner_id, coalesce(o.name, ''), c.subject, coalesce(s.name, ''),
            p.id, coalesce(p.name, ''), c.who, c.account_id)
        FROM (SELECT 1) x
        LEFT JOIN staff o ON o.id = c.owner_id LEFT JOIN service s ON s.id = c.service_id
        LEFT JOIN customer p ON p.id = c.customer_id AND NOT c.needs_checking),
    'references', (SELECT json_agg(json_build_array(k.id, coalesce(k.reference, '')) ORDER BY k.id)
        FROM case_contact x JOIN cases k ON k.id = x.case_id WHERE x.contact_id = p_contact),
    'centre', (SELECT value FROM setting WHERE key = 'centre'),
    'identifiers', CASE WHEN c.owner_id = me AND c.customer_id IS NOT NULL
                             AND NOT c.needs_checking THEN (
        SELECT json_agg(json_build_array(i.kind, i.value)) FROM identifier i
        WHERE i.customer_id = c.customer_id) END,
    'said', CASE WHEN c.owner_id = me THEN (
        SELECT json_agg(json_build_array(m.sender_address, m.subject, m.body_text, m.recipients))
        FROM message m WHERE m.direction = 'inbound' AND m.visibility = 'public'
          AND m.contact_id = p_contact) END);
END $$;

-- An advisor's line: the message, the line, no draft any more. The same writing is kept once.
CREATE FUNCTION app.chat_say(p_contact bigint, p_key text, p_text text, p_template bigint,
                             p_files jsonb, p_findings integer) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); k chat; n integer; written bigint; own text; external text;
BEGIN
    IF p_key IS NULL OR p_key !~ '^[0-9a-f]{32}$' THEN
        PERFORM app.refuse('CRM05', 'a key is 32 hexadecimal digits');
    END IF;
    k := app.chat_mine(p_contact, ARRAY['active', 'held', 'wrap_up']);
    external := k.id || ':staff:' || me || ':' || p_key;
    SELECT l.seq INTO n FROM message m JOIN chat_line l ON l.message_id = m.id
    WHERE m.account_id = k.account_id AND m.external_id = external;
    IF n IS NULL THEN
        IF k.state <> 'open' THEN
            PERFORM app.refuse('CRM04', 'the chat has ended');
        END IF;
        IF length(p_text) > 4000 OR jsonb_array_length(p_files) > 5
           OR (coalesce(btrim(p_text), '') = '' AND jsonb_array_length(p_files) = 0) THEN
            PERFORM app.refuse('CRM05', 'one to 4,000 characters, five files at most');
        END IF;
        IF EXISTS (SELECT 1 FROM jsonb_array_elements(p_files) f WHERE NOT EXISTS (
                SELECT 1 FROM blob b WHERE b.sha256 = f ->> 'sha256' AND b.complete)) THEN
            PERFORM app.refuse('CRM01', 'no such file');
        END IF;
        SELECT split_part(s.name, ' ', 1) INTO own FROM staff s WHERE s.id = me;
        INSERT INTO message (contact_id, direction, visibility, state, author_id, template_id,
                             account_id, external_id, sender_name, sender_address, recipients,
                             subject, body_text, reply_text, body_html, in_reply_to, reference_ids,
                             problems, findings, auto_generated, failure, sent_at)
        VALUES (p_contact, 'outbound', 'public', 'sent', me, p_template, k.account_id, external, '',
                '', '{}', '', p_text, p_text, '', '', '[]', '[]', '[]', false, '', now())
        RETURNING id INTO written;
        INSERT INTO attachment (message_id, sha256, name, content_type, size, inline, content_id)
        SELECT written, f ->> 'sha256', left(f ->> 'name', 255), left(f ->> 'content_type', 255),
               b.size, false, ''
        FROM jsonb_array_elements(p_files) f JOIN blob b ON b.sha256 = f ->> 'sha256';
        n := app.chat_add(k.id, p_contact, 'said', 'staff', own, written);
        UPDATE chat SET waiting_since = NULL, staff_seq = n WHERE id = k.id;
        DELETE FROM chat_typing WHERE chat_id = k.id AND side = 'staff';
        DELETE FROM draft WHERE contact_id = p_contact AND author_id = me
            AND kind IN ('chat', 'reply');
        IF p_findings > 0 THEN
            PERFORM app.log('chat.confirmed', p_contact, jsonb_build_object(
                'chat', k.id, 'message', written, 'findings', p_findings));
        END IF;
        PERFORM app.chat_told('chat', ARRAY[k.id]);
    END IF;
    RETURN (SELECT json_build_array(k.id, json_build_array(
            l.seq, l.kind, l.side, l.who, l.at, m.body_text, l.message_id, l.client_id,
            (SELECT json_agg(json_build_array(f.id, f.name, f.content_type, f.size) ORDER BY f.id)
             FROM attachment f WHERE f.message_id = l.message_id)))
        FROM chat_line l JOIN message m ON m.id = l.message_id
        WHERE l.chat_id = k.id AND l.seq = n);
END $$;

-- How far the holder has read: what counts as unread in their own list. Gateways tell the visitor.
CREATE FUNCTION app.chat_seen(p_contact bigint, p_seq integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); read bigint;
BEGIN
    UPDATE chat k SET staff_seq = least(p_seq, k.last_seq) FROM contact c
    WHERE c.id = p_contact AND c.owner_id = me AND k.contact_id = c.id
      AND k.staff_seq < least(p_seq, k.last_seq)
    RETURNING k.id INTO read;
    IF read IS NOT NULL THEN
        PERFORM pg_notify('crm_chat', 'chat:' || read);
    END IF;
END $$;

-- The holder types; the visitor sees that they do, never what.
CREATE FUNCTION app.chat_typing(p_contact bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); of_chat bigint;
BEGIN
    SELECT k.id INTO of_chat FROM contact c JOIN chat k ON k.contact_id = c.id
    WHERE c.id = p_contact AND c.owner_id = me AND c.state IN ('active', 'held')
      AND k.state = 'open';
    IF of_chat IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such chat');
    END IF;
    INSERT INTO chat_typing (chat_id, side, text, at) VALUES (of_chat, 'staff', '', now())
    ON CONFLICT (chat_id, side) DO UPDATE SET at = excluded.at
    WHERE chat_typing.at <= now() - interval '0.5 seconds';
    IF FOUND THEN
        PERFORM app.chat_told('typing', ARRAY[of_chat]);
    END IF;
END $$;

-- What the visitor types at this moment, for the holder alone.
CREATE FUNCTION app.chat_visitor_typing(p_chat bigint) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me();
BEGIN
    IF me IS NULL OR NOT EXISTS (
            SELECT 1 FROM chat k JOIN contact c ON c.id = k.contact_id
            WHERE k.id = p_chat AND c.owner_id = me AND c.state IN ('active', 'held', 'wrap_up')) THEN
        PERFORM app.refuse('CRM01', 'no such chat');
    END IF;
    RETURN coalesce((SELECT y.text FROM chat_typing y WHERE y.chat_id = p_chat
                     AND y.side = 'visitor' AND y.at > now() - interval '6 seconds'), '');
END $$;

-- The holder or a team leader ends a chat; what is left is to write down how it went.
CREATE FUNCTION app.chat_end(p_contact bigint, p_by text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact; k chat;
BEGIN
    IF p_by IS NULL OR NOT p_by = ANY (ARRAY['advisor', 'warned', 'blocked']) THEN
        PERFORM app.refuse('CRM05', 'no such end');
    END IF;
    c := app.in_hand(p_contact, ARRAY['active', 'held']);
    SELECT * INTO k FROM chat WHERE contact_id = p_contact FOR NO KEY UPDATE;
    IF k.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such chat');
    END IF;
    IF k.state = 'open' THEN
        PERFORM app.chat_close(k.id, p_contact, p_by);
        PERFORM app.chat_told('chat', ARRAY[k.id]);
    END IF;
    PERFORM app.wrap_up(p_contact);
END $$;

-- It goes on by mail: the contact stays in hand, and is answered as a mail is.
CREATE FUNCTION app.chat_email(p_contact bigint, p_email text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE k chat;
BEGIN
    IF p_email IS NULL OR length(p_email) > 254 OR p_email !~ '^[^[:space:]@]+@[^[:space:]@]+$' THEN
        PERFORM app.refuse('CRM05', 'this is no email address');
    END IF;
    k := app.chat_mine(p_contact, ARRAY['active', 'held', 'wrap_up']);
    UPDATE chat SET email = p_email WHERE id = k.id;
    IF k.state = 'open' THEN
        PERFORM app.chat_close(k.id, p_contact, 'email');
    END IF;
    PERFORM app.log('chat.email', p_contact, jsonb_build_object('chat', k.id));
    PERFORM app.chat_told('chat', ARRAY[k.id]);
END $$;

-- The address at which the caller's own chat goes on, as one more identifier.
CREATE FUNCTION app.chat_address(p_contact bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me();
BEGIN
    RETURN (SELECT coalesce(jsonb_agg(jsonb_build_array('email', k.email)), '[]')
            FROM chat k JOIN contact c ON c.id = k.contact_id
            WHERE k.contact_id = p_contact AND c.owner_id = me AND k.email <> '');
END $$;

-- As before; who chatted is known by the address that they gave.
CREATE OR REPLACE FUNCTION app.answering(p_contact bigint) RETURNS json
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
    'identifiers', CASE WHEN c.owner_id = me THEN
        CASE WHEN c.customer_id IS NULL THEN '[]'::jsonb ELSE (
            SELECT coalesce(jsonb_agg(jsonb_build_array(i.kind, i.value)), '[]')
            FROM app.open_customer(c.customer_id) i) END
        || CASE c.channel WHEN 'chat' THEN app.chat_address(p_contact) ELSE '[]'::jsonb END END,
    'said', CASE WHEN c.owner_id = me THEN (
        SELECT json_agg(json_build_array(m.sender_address, m.subject, m.body_text, m.recipients))
        FROM app.open_contact(p_contact) m
        WHERE m.contact_id = p_contact AND m.direction = 'inbound' AND m.visibility = 'public')
        END);
END $$;

-- The holder or a team leader keeps a visitor out for a while, for a reason that stays.
CREATE FUNCTION app.chat_block(p_contact bigint, p_reason text, p_hours integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.me(); c contact; k chat; made bigint;
BEGIN
    IF coalesce(btrim(p_reason), '') = '' OR length(p_reason) > 200 THEN
        PERFORM app.refuse('CRM05', 'say why, in up to 200 letters');
    END IF;
    IF p_hours IS NULL OR p_hours NOT BETWEEN 1 AND 720 THEN
        PERFORM app.refuse('CRM05', '1 hour to 30 days');
    END IF;
    c := app.in_hand(p_contact, ARRAY['active', 'held', 'wrap_up']);
    SELECT * INTO k FROM chat WHERE contact_id = p_contact FOR NO KEY UPDATE;
    IF k.id IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such chat');
    END IF;
    INSERT INTO chat_block (client, chat_id, reason, by_id, until)
    VALUES (k.client, k.id, btrim(p_reason), me, now() + make_interval(hours => p_hours))
    RETURNING id INTO made;
    PERFORM app.log('chat.blocked', p_contact, jsonb_build_object(
        'chat', k.id, 'block', made, 'hours', p_hours));
    IF c.state = 'wrap_up' THEN
        PERFORM app.chat_told('chat', ARRAY[k.id]);
    ELSE
        PERFORM app.chat_end(p_contact, 'blocked');
    END IF;
    RETURN made;
END $$;

CREATE FUNCTION app.chat_unblock(p_block bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE of_contact bigint; of_chat bigint;
BEGIN
    IF NOT app.leads() THEN
        PERFORM app.refuse('CRM02', 'a team leader takes it back');
    END IF;
    UPDATE chat_block b SET until = now() FROM chat k JOIN contact c ON c.id = k.contact_id
    WHERE b.id = p_block AND b.until > now() AND k.id = b.chat_id
      AND c.queue_id = ANY (app.my_queues())
    RETURNING c.id, k.id INTO of_contact, of_chat;
    IF of_contact IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such block');
    END IF;
    PERFORM app.log('chat.unblocked', of_contact, jsonb_build_object('block', p_block));
    PERFORM app.chat_told('chat', ARRAY[of_chat]);
    RETURN of_chat;
END $$;

-- Who is kept out now, of a team leader's queues, newest first.
CREATE FUNCTION app.chat_blocks() RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE mine bigint[] := app.my_queues();
BEGIN
    IF NOT app.leads() THEN
        PERFORM app.refuse('CRM02', 'a team leader sees who is kept out');
    END IF;
    RETURN (SELECT json_agg(json_build_array(b.id, c.id, k.visitor, b.reason, s.name, b.at, b.until)
                            ORDER BY b.id DESC)
            FROM chat_block b JOIN chat k ON k.id = b.chat_id JOIN contact c ON c.id = k.contact_id
            JOIN staff s ON s.id = b.by_id
            WHERE b.until > now() AND c.queue_id = ANY (mine));
END $$;

-- As before; who comes back to a chat goes to whoever had it first, as after a call cut off.
CREATE OR REPLACE FUNCTION app.judged(p_hands app.hand[], p_kept bigint[], p_contact bigint)
RETURNS TABLE (staff_id bigint, why text, is_last boolean, short integer, share double precision,
               given_at timestamptz)
LANGUAGE plpgsql STABLE ROWS 100 SET search_path = public, pg_temp AS $$
DECLARE
    c record;
    last_one bigint;
    -- The skills as keys of a person's, from which level up, and whether it waits for them still.
    wanted text[];
    levels integer[];
    firm boolean[];
    -- How much of them each person lacks, and who lacks what it waits for.
    short_of jsonb;
    lacking bigint[];
    -- Who declined it: not now in any case, and not while somebody else is there.
    refusing bigint[];
    declining bigint[];
BEGIN
    SELECT x.queue_id, x.channel, x.queued_at, x.customer_id, w.weight, w.interruptible AS lays,
           make_interval(secs => q.last_advisor_seconds) AS last_for INTO c
    FROM contact x JOIN channel_weight w ON w.channel = x.channel JOIN queue q ON q.id = x.queue_id
    WHERE x.id = p_contact;
    SELECT array_agg(k.skill_id::text), array_agg(k.level),
           array_agg(k.relax_seconds IS NULL
                     OR c.queued_at + make_interval(secs => k.relax_seconds) > now())
    INTO wanted, levels, firm FROM queue_skill k WHERE k.queue_id = c.queue_id;
    IF wanted IS NOT NULL THEN
        SELECT jsonb_object_agg(s.staff_id, s.short),
               array_agg(s.staff_id) FILTER (WHERE s.lacking)
        INTO short_of, lacking
        FROM (SELECT h.staff_id,
                     sum(greatest(n.level - coalesce((h.skills ->> n.skill)::integer, 0), 0))
                     AS short,
                     bool_or(n.firm AND n.level > coalesce((h.skills ->> n.skill)::integer, 0))
                     AS lacking
              FROM unnest(p_hands) h
              CROSS JOIN unnest(wanted, levels, firm) AS n (skill, level, firm)
              GROUP BY h.staff_id) s;
    END IF;
    SELECT array_agg(x.staff_id) FILTER (WHERE x.reason = 'conflict'
                                         OR x.ended_at > now() - interval '30 seconds'),
           array_agg(x.staff_id) FILTER (WHERE x.ended_at > now() - interval '5 minutes')
    INTO refusing, declining FROM assignment x
    WHERE x.contact_id = p_contact AND x.state = 'declined';
    -- After a call that was cut off it is whoever had that one, whatever the queue says.
    IF c.channel = 'call' THEN
        SELECT o.owner_id INTO last_one FROM call k JOIN call b ON b.contact_id = k.after_id
        JOIN contact o ON o.id = k.after_id WHERE k.contact_id = p_contact AND b.cut_off;
    -- And of a chat whose visitor came back whoever had it before.
    ELSIF c.channel = 'chat' THEN
        SELECT o.owner_id INTO last_one FROM contact x
        JOIN contact o ON o.thread_id = x.thread_id AND o.id <> x.id
        WHERE x.id = p_contact AND o.channel = 'chat' AND o.owner_id IS NOT NULL
        ORDER BY o.received_at DESC LIMIT 1;
    END IF;
    IF last_one IS NOT NULL THEN
        c.last_for := greatest(c.last_for, interval '120 seconds');
    ELSIF c.last_for > interval '0' AND c.customer_id IS NOT NULL THEN
        SELECT o.owner_id INTO last_one FROM contact o
        WHERE o.customer_id = c.customer_id AND o.id <> p_contact AND o.owner_id IS NOT NULL
        ORDER BY o.received_at DESC LIMIT 1;
    END IF;
    RETURN QUERY
    WITH seen AS MATERIALIZED (
        SELECT h.staff_id, h.given_at,
               coalesce((short_of ->> h.staff_id::text)::integer, 0) AS short,
               (h.busy + h.laid)::double precision / greatest(h.capacity, 1) AS share,
               coalesce(h.staff_id = last_one, false) AS is_last,
               coalesce(h.staff_id = ANY (refusing), false) AS refused,
               coalesce(h.staff_id = ANY (declining), false) AS lately,
               h.why IS NOT NULL OR h.off ? c.channel
               OR coalesce(h.staff_id = ANY (lacking), false) AS out,
               CASE WHEN h.why IS NOT NULL THEN h.why
                    WHEN h.off ? c.channel THEN 'channel_off'
                    WHEN h.staff_id = ANY (lacking) THEN 'skills'
                    WHEN h.called OR h.offered AND c.lays THEN 'offered'
                    WHEN h.capacity - h.busy - CASE WHEN c.lays THEN h.laid ELSE 0 END < c.weight
                    THEN 'full'
                    WHEN h.staff_id = ANY (p_kept) THEN 'kept' END AS why
        FROM unnest(p_hands) h WHERE c.queue_id = ANY (h.queues)
    ), others AS MATERIALIZED (
        SELECT bool_or(NOT (s.out OR s.refused OR s.lately)) AS there,
               bool_or(s.is_last AND s.why IS NOT NULL AND NOT (s.out OR s.refused OR s.lately)
                       AND c.queued_at + c.last_for > now()) AS awaited
        FROM seen s
    )
    SELECT s.staff_id,
           CASE WHEN s.out THEN s.why
                WHEN s.refused OR s.lately AND o.there THEN 'declined'
                WHEN s.why IS NOT NULL THEN s.why
                WHEN o.awaited THEN 'last_first' END,
           s.is_last, s.short, s.share, s.given_at
    FROM seen s CROSS JOIN others o;
END $$;

-- What was said stays as it was said, and a chat stays its visitor's: the gateway adds lines and
-- says how a chat stands.
REVOKE UPDATE ON chat_line, chat FROM crm_gateway;
GRANT UPDATE (contact_id, state, last_seq, visitor_seq, waiting_since, visitor_at, gone_since, away,
              ended_at, ended_by, rating, rating_words, transcript_to) ON chat TO crm_gateway;
-- What happens in chats is written by the functions above.
CREATE POLICY no_chats_by_hand ON event AS RESTRICTIVE FOR INSERT TO crm_staff
    WITH CHECK (kind NOT LIKE 'chat.%');

REVOKE ALL ON FUNCTION app.chat_told(text, bigint[]),
    app.chat_add(bigint, bigint, text, text, text, bigint), app.chat_close(bigint, bigint, text),
    app.chat_moved(), app.chat_of(bigint), app.chat_open(bigint, integer), app.chats_in_hand(),
    app.chat_mine(bigint, text[]), app.chat_answering(bigint),
    app.chat_say(bigint, text, text, bigint, jsonb, integer), app.chat_seen(bigint, integer),
    app.chat_typing(bigint), app.chat_visitor_typing(bigint), app.chat_end(bigint, text),
    app.chat_email(bigint, text), app.chat_address(bigint),
    app.chat_block(bigint, text, integer), app.chat_unblock(bigint), app.chat_blocks() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.chat_told(text, bigint[]) TO crm_gateway;
GRANT EXECUTE ON FUNCTION app.chat_open(bigint, integer), app.chats_in_hand(),
    app.chat_answering(bigint), app.chat_say(bigint, text, text, bigint, jsonb, integer),
    app.chat_seen(bigint, integer), app.chat_typing(bigint), app.chat_visitor_typing(bigint),
    app.chat_end(bigint, text), app.chat_email(bigint, text), app.chat_address(bigint),
    app.chat_block(bigint, text, integer), app.chat_unblock(bigint), app.chat_blocks() TO crm_staff;
