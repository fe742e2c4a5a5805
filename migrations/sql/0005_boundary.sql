-- Restricted services, what follows from memberships, and holes that an insider with psql could use.

-- Services that are kept from this person: restricted, of a queue that is not theirs. Few, so a
-- policy compares with the list.
CREATE FUNCTION app.closed_services() RETURNS bigint[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE mine bigint[] := app.my_queues();
BEGIN
    RETURN (SELECT coalesce(array_agg(id), '{}')::bigint[] FROM service
            WHERE restricted AND queue_id <> ALL (mine));
END $$;
CREATE FUNCTION app.is_team_leader() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM staff WHERE login = session_user AND active
                   AND role = 'team_leader');
END $$;
REVOKE ALL ON FUNCTION app.closed_services(), app.is_team_leader() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.closed_services(), app.is_team_leader() TO crm_staff;

-- Cases of a restricted service are its queue's members' alone: not even whoever opened one sees it
-- from outside, be it about somebody else or about themselves.
ALTER POLICY own_queues ON cases
    USING (queue_id = ANY ((SELECT app.my_queues())::bigint[])
           OR (opened_by_id = (SELECT app.me())
               AND service_id <> ALL ((SELECT app.closed_services())::bigint[])));
ALTER POLICY own_change ON cases
    USING (queue_id = ANY ((SELECT app.my_queues())::bigint[])
           OR (opened_by_id = (SELECT app.me())
               AND service_id <> ALL ((SELECT app.closed_services())::bigint[])));
ALTER POLICY open_new ON cases
    WITH CHECK (opened_by_id = (SELECT app.me())
                AND service_id <> ALL ((SELECT app.closed_services())::bigint[])
                AND EXISTS (SELECT 1 FROM service s
                            WHERE s.id = service_id AND s.queue_id = cases.queue_id));
-- A hand-off is seen with its case.
ALTER POLICY own_queues ON handoff
    USING (queue_id = ANY ((SELECT app.my_queues())::bigint[])
           OR EXISTS (SELECT 1 FROM cases c WHERE c.id = case_id));
ALTER POLICY open_new ON handoff
    WITH CHECK (requested_by_id = (SELECT app.me()) AND state = 'pending' AND external_id = ''
                AND EXISTS (SELECT 1 FROM cases c
                            WHERE c.id = case_id AND c.queue_id = handoff.queue_id));

-- What a team leader sees of others' work is of their own queues. EXISTS reads as oneself, so the
-- policy of what it names decides; no function runs for each row.
ALTER POLICY own ON assignment
    USING (staff_id = (SELECT app.me())
           OR ((SELECT app.leads())
               AND EXISTS (SELECT 1 FROM contact c WHERE c.id = contact_id)));
ALTER POLICY own_read ON message
    USING (author_id = (SELECT app.me())
           OR ((SELECT app.leads())
               AND EXISTS (SELECT 1 FROM contact c WHERE c.id = contact_id)));
ALTER POLICY own_read ON outbox
    USING (created_by_id = (SELECT app.me())
           OR ((SELECT app.leads())
               AND (EXISTS (SELECT 1 FROM message m WHERE m.id = message_id)
                    OR EXISTS (SELECT 1 FROM handoff h WHERE h.id = handoff_id))));
ALTER POLICY own_read ON attachment
    USING (EXISTS (SELECT 1 FROM message m
                   WHERE m.id = message_id AND m.author_id = (SELECT app.me())));
ALTER POLICY author_or_owner ON draft
    USING (author_id = (SELECT app.me())
           OR EXISTS (SELECT 1 FROM contact c WHERE c.id = contact_id
                      AND (c.owner_id = (SELECT app.me())
                           OR ((SELECT app.leads())
                               AND c.queue_id = ANY ((SELECT app.my_queues())::bigint[])))));
-- Who looks at a contact is for those to know who see it.
ALTER POLICY seen ON looking USING (EXISTS (SELECT 1 FROM contact c WHERE c.id = contact_id));
-- What only a guarded function writes is never written by hand; and a kind is a word, not a text.
ALTER POLICY own_write ON event
    WITH CHECK (actor_id = (SELECT app.me()) AND kind ~ '^[a-z_]{1,40}\.[a-z_]{1,40}$'
                AND kind NOT LIKE 'contact.%' AND kind NOT LIKE 'staff.%'
                AND kind NOT LIKE 'marker.%'
                AND (contact_id IS NULL OR app.may_read(contact_id)));

-- Writing by hand: no numbers and no times of one's own. Who chooses a number takes it from
-- whoever would get it next, who then cannot write; and UPDATE of a whole table lets its holder
-- lock everybody out of it.
DO $$
DECLARE
    grants CONSTANT text[][] := ARRAY[
        -- table, never inserted, updated ('' none)
        ['customer', 'id since merged_into_id', 'kind name folded prefers'],
        ['address', 'id', 'lines postcode uprn'],
        ['adjustment', 'id recorded_at', 'words review_on'],
        ['identifier', 'id flagged_at', ''],
        ['article_use', 'id at', ''],
        ['looking', '', 'seen_at'],
        ['draft', 'id', 'content updated_at'],
        ['saved_view', 'id', 'name filters'],
        ['message', 'id external_id account_id', ''],
        ['attachment', 'id', ''],
        ['event', 'id at', ''],
        ['outbox', 'id created_at', ''],
        ['cases', 'id opened_at', ''],
        ['handoff', 'id requested_at', ''],
        ['case_contact', 'linked_at', '']];
    g text[];
    columns text;
BEGIN
    FOREACH g SLICE 1 IN ARRAY grants LOOP
        EXECUTE format('REVOKE INSERT ON %I FROM crm_staff', g[1]);
        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO columns
        FROM pg_attribute WHERE attrelid = format('public.%I', g[1])::regclass AND attnum > 0
            AND NOT attisdropped AND attname <> ALL (string_to_array(g[2], ' '));
        EXECUTE format('GRANT INSERT (%s) ON %I TO crm_staff', columns, g[1]);
        IF g[3] <> '' THEN
            EXECUTE format('REVOKE UPDATE ON %I FROM crm_staff', g[1]);
            EXECUTE format('GRANT UPDATE (%s) ON %I TO crm_staff',
                           replace(g[3], ' ', ', '), g[1]);
        END IF;
    END LOOP;
END $$;
-- Whoever knows a file's checksum may attach it: so they are not for reading.
REVOKE SELECT ON blob FROM crm_staff;
DROP POLICY staff_read ON blob;

-- The gateway speaks to the outside: what it takes over is not its to rule.
REVOKE INSERT, UPDATE ON setting, opening_calendar, queue, queue_target, service, form_version,
    reply_template, article, article_words, article_vocabulary, article_use, saved_view,
    safety_marker, adjustment, draft, looking FROM crm_gateway;
REVOKE INSERT ON read_audit FROM crm_gateway;
-- It does what it does in nobody's name.
ALTER POLICY gateway ON event WITH CHECK (actor_id IS NULL);

-- Functions of the server that let one session hold up all others, or fill the disk unseen.
DO $$
DECLARE f regprocedure;
BEGIN
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        RETURN;  -- docs/SECURITY.md says what stays open then
    END IF;
    FOR f IN SELECT oid::regprocedure FROM pg_proc
             WHERE pronamespace = 'pg_catalog'::regnamespace
               AND proname ~ '^(pg_(try_)?advisory_|lo_)' LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
        IF f::text ~ '^pg_(try_)?advisory_' THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO crm_gateway', f);
        END IF;
    END LOOP;
END $$;

-- The contact, locked, when it is in this person's hands (a team leader: of their queues). Nobody
-- in particular, as somebody disabled is, holds what nobody holds: so they are asked first.
CREATE OR REPLACE FUNCTION app.in_hand(p_contact bigint, p_states text[]) RETURNS contact
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact; holder text; me bigint := app.me();
BEGIN
    IF me IS NULL THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
    SELECT * INTO c FROM contact WHERE id = p_contact FOR UPDATE;
    IF c.id IS NULL OR NOT (c.queue_id = ANY (app.my_queues())
                            OR c.owner_id IS NOT DISTINCT FROM me) THEN
        PERFORM app.refuse('CRM01', 'no such contact');
    END IF;
    IF c.owner_id IS DISTINCT FROM me AND NOT app.leads() THEN
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

-- As before, but nobody outside a restricted queue is offered what is in it.
CREATE OR REPLACE FUNCTION app.transfer(p_contact bigint, p_queue bigint, p_staff bigint,
                                        p_note text) RETURNS void
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
    IF p_staff IS NOT NULL AND EXISTS (SELECT 1 FROM queue WHERE id = c.queue_id AND restricted)
       AND NOT EXISTS (SELECT 1 FROM membership
                       WHERE staff_id = p_staff AND queue_id = c.queue_id) THEN
        PERFORM app.refuse('CRM02', 'only a member of its queue may have this contact');
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

CREATE OR REPLACE FUNCTION app.retry_dead(p_outbox bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE item outbox; of_contact bigint; of_case bigint; me bigint := app.me();
BEGIN
    SELECT * INTO item FROM outbox WHERE id = p_outbox AND state = 'dead' FOR UPDATE;
    SELECT coalesce(m.contact_id, h.contact_id), h.case_id INTO of_contact, of_case
    FROM (SELECT item.message_id AS mid, item.handoff_id AS hid) x
    LEFT JOIN message m ON m.id = x.mid LEFT JOIN handoff h ON h.id = x.hid;
    IF item.id IS NULL OR me IS NULL
       OR NOT (item.created_by_id IS NOT DISTINCT FROM me
               OR (app.leads() AND (app.may_read(of_contact) OR EXISTS (
                   SELECT 1 FROM cases WHERE id = of_case
                   AND queue_id = ANY (app.my_queues()))))) THEN
        PERFORM app.refuse('CRM01', 'no such dead letter');
    END IF;
    UPDATE outbox SET state = 'pending', attempts = 0, not_before = now() WHERE id = p_outbox;
    UPDATE message SET state = 'pending', failure = '' WHERE id = item.message_id;
    UPDATE handoff SET state = 'pending', state_since = now() WHERE id = item.handoff_id;
    PERFORM app.log('outbox.retried', of_contact, jsonb_build_object('outbox', p_outbox));
END $$;

CREATE OR REPLACE FUNCTION app.refile(p_case bigint, p_service bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    target bigint;
    me bigint := app.me();
    mine bigint[] := app.my_queues();
    closed bigint[] := app.closed_services();
BEGIN
    SELECT queue_id INTO target FROM service WHERE id = p_service;
    UPDATE cases SET service_id = p_service, queue_id = target, version = version + 1
    WHERE id = p_case AND target IS NOT NULL
      AND (queue_id = ANY (mine) OR (opened_by_id = me AND service_id <> ALL (closed)));
    IF NOT FOUND THEN
        PERFORM app.refuse('CRM01', 'no such case or service');
    END IF;
END $$;

CREATE OR REPLACE FUNCTION app.put_blob(p_sha256 text, p_size integer, p_chunks bytea[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF app.me() IS NULL THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
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

-- A contact about a restricted service shows outside its own queue as little as the service does.
CREATE OR REPLACE FUNCTION app.history(p_customer bigint, p_limit integer)
RETURNS TABLE (kind text, id bigint, channel text, state text, service_name text, title text,
               at timestamptz, who text, readable boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE me bigint := app.me();
        mine bigint[] := app.my_queues();
        known bigint[] := app.known_queues();
        closed bigint[] := app.closed_services();
BEGIN
    IF me IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
        WITH contacts AS (
            SELECT 'contact'::text AS kind, c.id, c.channel, c.state, s.name AS service_name,
                   c.subject AS title, c.received_at AS at, coalesce(o.name, '') AS who,
                   (c.queue_id = ANY (mine) OR c.owner_id IS NOT DISTINCT FROM me) AS readable
            FROM contact c LEFT JOIN service s ON s.id = c.service_id
            LEFT JOIN staff o ON o.id = c.owner_id
            WHERE c.customer_id = p_customer AND c.queue_id = ANY (known)
              AND (c.service_id IS NULL OR c.service_id <> ALL (closed)
                   OR c.queue_id = ANY (mine) OR c.owner_id = me)
            ORDER BY c.received_at DESC LIMIT p_limit),
        matters AS (
            SELECT 'case'::text, k.id, ''::text, k.state, s.name, coalesce(k.reference, ''),
                   k.opened_at, coalesce(o.name, ''), k.queue_id = ANY (mine)
            FROM cases k JOIN service s ON s.id = k.service_id
            LEFT JOIN staff o ON o.id = k.opened_by_id
            WHERE k.customer_id = p_customer AND k.queue_id = ANY (known)
              AND (k.service_id <> ALL (closed) OR k.queue_id = ANY (mine))
            ORDER BY k.opened_at DESC LIMIT p_limit)
        SELECT t.kind, t.id, t.channel, t.state, coalesce(t.service_name, ''),
               CASE WHEN t.readable THEN t.title ELSE '' END, t.at, t.who, t.readable
        FROM (SELECT * FROM contacts UNION ALL SELECT * FROM matters) t
        ORDER BY t.at DESC LIMIT p_limit;
END $$;

-- What happened to a case that is kept from this person did not happen here.
CREATE OR REPLACE FUNCTION app.events(p_contact bigint)
RETURNS TABLE (at timestamptz, kind text, actor text, data jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE mine bigint[] := app.my_queues(); closed bigint[] := app.closed_services();
BEGIN
    IF app.may_read(p_contact) THEN
        RETURN QUERY SELECT e.at, e.kind, coalesce(s.name, ''), e.data
            FROM event e LEFT JOIN staff s ON s.id = e.actor_id
            WHERE e.contact_id = p_contact
              AND (e.case_id IS NULL OR closed = '{}' OR NOT EXISTS (
                  SELECT 1 FROM cases k WHERE k.id = e.case_id
                  AND k.service_id = ANY (closed) AND k.queue_id <> ALL (mine)))
            ORDER BY e.id;
    END IF;
END $$;

-- That a reference is somebody's, but not whose, when the case is kept from this person.
CREATE OR REPLACE FUNCTION app.owners(p_kind text, p_norms text[])
RETURNS TABLE (norm text, customer_id bigint, name text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    mine bigint[] := app.my_queues();
    known bigint[] := app.known_queues();
    closed bigint[] := app.closed_services();
BEGIN
    IF app.me() IS NULL THEN
        RETURN;
    ELSIF p_kind IN ('email', 'phone') THEN
        RETURN QUERY SELECT i.norm, c.id, c.name
            FROM identifier i JOIN customer c ON c.id = i.customer_id
            WHERE i.kind = p_kind AND i.norm = ANY (p_norms);
    ELSIF p_kind = 'reference' THEN
        RETURN QUERY SELECT k.reference, CASE WHEN x.open THEN c.id ELSE 0 END,
                            CASE WHEN x.open THEN c.name ELSE '' END
            FROM cases k JOIN customer c ON c.id = k.customer_id
            CROSS JOIN LATERAL (SELECT k.queue_id = ANY (mine)
                OR (k.queue_id = ANY (known) AND k.service_id <> ALL (closed)) AS open) x
            WHERE k.reference = ANY (p_norms);
    ELSIF p_kind = 'name' THEN
        RETURN QUERY SELECT c.folded, c.id, c.name FROM customer c
            WHERE c.folded = ANY (p_norms);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION app.search(p_folded text, p_words text, p_reference text, p_norm text,
                                      p_limit integer)
RETURNS TABLE (kind text, id bigint, title text, detail text, contact_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET jit = off AS $$
DECLARE
    met integer := 0;
BEGIN
    IF app.me() IS NULL THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
    IF p_reference <> '' THEN
        RETURN QUERY SELECT 'case', k.id, k.reference, s.name || ' · ' || k.state,
            (SELECT max(x.contact_id) FROM case_contact x WHERE x.case_id = k.id)
        FROM cases k JOIN service s ON s.id = k.service_id
        WHERE k.reference = p_reference
          AND (k.queue_id = ANY (app.my_queues())
               OR (k.queue_id = ANY (app.known_queues())
                   AND k.service_id <> ALL (app.closed_services())));
    END IF;
    IF p_norm <> '' THEN
        RETURN QUERY SELECT 'customer', c.id, c.name, i.kind, NULL::bigint
        FROM identifier i JOIN customer c ON c.id = i.customer_id
        WHERE i.kind IN ('email', 'phone', 'handle', 'account') AND i.norm = p_norm
        ORDER BY c.id LIMIT p_limit;
    END IF;
    IF p_folded <> '' THEN
        -- A range instead of LIKE: the index serves it whatever the text is.
        RETURN QUERY SELECT 'customer', c.id, c.name,
            coalesce((SELECT a.postcode FROM address a WHERE a.customer_id = c.id LIMIT 1), ''),
            NULL::bigint
        FROM (SELECT x.* FROM customer x
              WHERE x.folded ~>=~ p_folded AND x.folded ~<~ (p_folded || chr(1114111))
              ORDER BY x.folded USING ~<~ LIMIT p_limit) c;
        GET DIAGNOSTICS met = ROW_COUNT;
    END IF;
    IF p_words <> '' AND met < p_limit THEN
        RETURN QUERY SELECT * FROM app.search_names(p_words::tsquery, p_limit);
    END IF;
END $$;
