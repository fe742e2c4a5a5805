-- Notices for the public: one whose answer was lost is published once, and what networks show of one
-- can be taken back.

DROP FUNCTION app.notice_publish(text, text, bigint, boolean, boolean, timestamptz, timestamptz,
                                 jsonb);

-- p_posts: [{account, key, text}], what is said on each network from p_starts on. Asked again with
-- the same p_key by the same person it is the notice that was published then.
CREATE FUNCTION app.notice_publish(p_key text, p_text text, p_text_cy text, p_service bigint,
                                   p_on_web boolean, p_on_chat boolean, p_starts timestamptz,
                                   p_ends timestamptz, p_posts jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me bigint := app.notice_leader();
    starts timestamptz := greatest(coalesce(p_starts, now()), now());
    made bigint;
    post jsonb;
    number bigint;
BEGIN
    IF NOT coalesce(p_key ~ '^[0-9a-f]{32}$', false) THEN
        PERFORM app.refuse('CRM05', 'no such key');
    END IF;
    SELECT id INTO made FROM service_notice WHERE key = p_key AND created_by_id = me;
    IF made IS NOT NULL THEN
        RETURN made;
    END IF;
    IF coalesce(trim(p_text), '') = '' OR length(p_text) > 500 OR p_text_cy IS NULL
       OR length(p_text_cy) > 500 THEN
        PERFORM app.refuse('CRM05', 'up to 500 letters');
    END IF;
    IF p_ends IS NULL OR p_ends <= starts OR p_ends > now() + interval '60 days' THEN
        PERFORM app.refuse('CRM05', 'until a time within 60 days');
    END IF;
    IF p_on_web IS NULL OR p_on_chat IS NULL OR jsonb_typeof(p_posts) IS DISTINCT FROM 'array'
       OR NOT (p_on_web OR p_on_chat OR jsonb_array_length(p_posts) > 0) THEN
        PERFORM app.refuse('CRM05', 'somewhere');
    END IF;
    IF p_service IS NOT NULL AND NOT EXISTS (SELECT 1 FROM service WHERE id = p_service) THEN
        PERFORM app.refuse('CRM01', 'no such service');
    END IF;
    INSERT INTO service_notice (key, text, text_cy, service_id, on_web, on_chat, created_by_id,
                                starts_at, ends_at)
    VALUES (p_key, trim(p_text), trim(p_text_cy), p_service, p_on_web, p_on_chat, me, starts, p_ends)
    ON CONFLICT (key) DO NOTHING RETURNING id INTO made;
    IF made IS NULL THEN
        -- Asked twice at the same moment: the other has just been kept.
        SELECT id INTO made FROM service_notice WHERE key = p_key AND created_by_id = me;
        IF made IS NULL THEN
            PERFORM app.refuse('CRM05', 'no such key');
        END IF;
        RETURN made;
    END IF;
    FOR post IN SELECT * FROM jsonb_array_elements(p_posts) LOOP
        IF NOT EXISTS (SELECT 1 FROM channel_account a
                       WHERE a.id::text = post ->> 'account' AND a.active
                         AND a.kind IN ('bluesky', 'mastodon', 'facebook', 'x')) THEN
            PERFORM app.refuse('CRM01', 'no such network');
        END IF;
        IF coalesce(trim(post ->> 'text'), '') = '' OR length(post ->> 'text') > 20000
           OR NOT coalesce(post ->> 'key' ~ '^[0-9a-f]{32}$', false) THEN
            PERFORM app.refuse('CRM05', 'no such post');
        END IF;
        INSERT INTO notice_post (notice_id, account_id, key, text)
        VALUES (made, (post ->> 'account')::bigint, post ->> 'key', trim(post ->> 'text'))
        ON CONFLICT DO NOTHING RETURNING id INTO number;
        IF number IS NULL THEN
            PERFORM app.refuse('CRM05', 'once a network');
        END IF;
        INSERT INTO outbox (lane, notice_post_id, state, not_before, attempts, unknown_fate,
                            last_error, created_by_id)
        VALUES ('social', number, 'pending', starts, 0, false, '', me);
    END LOOP;
    INSERT INTO event (kind, actor_id, data)
    VALUES ('notice.published', me, jsonb_build_object(
        'notice', made, 'web', p_on_web, 'chat', p_on_chat,
        'networks', jsonb_array_length(p_posts)));
    RETURN made;
END $$;

-- What networks show of a notice is deleted there, also what could not be deleted before.
CREATE FUNCTION app.notice_delete_posts(p_notice bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.notice_leader(); asked bigint[];
BEGIN
    WITH going AS (
        UPDATE notice_post SET state = 'deleting', failure = ''
        WHERE notice_id = p_notice AND state IN ('sent', 'not_deleted') RETURNING id)
    SELECT array_agg(id) INTO asked FROM going;
    IF asked IS NULL THEN
        PERFORM app.refuse('CRM01', 'no such posts');
    END IF;
    UPDATE outbox SET state = 'withdrawn', done_at = now()
    WHERE notice_post_id = ANY (asked) AND state = 'dead';
    INSERT INTO outbox (lane, notice_post_id, state, not_before, attempts, unknown_fate,
                        last_error, created_by_id)
    SELECT 'social', id, 'pending', now(), 0, false, '', me FROM unnest(asked) AS each(id);
    INSERT INTO event (kind, actor_id, data)
    VALUES ('notice.deleting', me, jsonb_build_object(
        'notice', p_notice, 'networks', cardinality(asked)));
END $$;

-- Shown no more from now on; what has not begun to leave for a network never does.
CREATE OR REPLACE FUNCTION app.notice_end(p_notice bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.notice_leader();
BEGIN
    UPDATE service_notice SET ended_at = now(), ended_by_id = me
    WHERE id = p_notice AND ended_at IS NULL AND ends_at > now();
    IF NOT FOUND THEN
        PERFORM app.refuse('CRM01', 'no such notice');
    END IF;
    WITH kept AS (
        UPDATE outbox o SET state = 'withdrawn', done_at = now() FROM notice_post p
        WHERE p.notice_id = p_notice AND o.notice_post_id = p.id AND p.state IN ('pending', 'failed')
          AND (o.state = 'dead' OR (o.state = 'pending' AND o.attempts = 0))
        RETURNING p.id)
    UPDATE notice_post SET state = 'taken_down' WHERE id IN (SELECT id FROM kept);
    INSERT INTO event (kind, actor_id, data)
    VALUES ('notice.ended', me, jsonb_build_object('notice', p_notice));
END $$;

-- What could not be said on a network is tried again from the start.
CREATE OR REPLACE FUNCTION app.notice_again(p_post bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE me bigint := app.notice_leader(); of_notice bigint;
BEGIN
    SELECT n.id INTO of_notice FROM notice_post p JOIN service_notice n ON n.id = p.notice_id
    WHERE p.id = p_post AND p.state = 'failed' AND n.ended_at IS NULL AND n.ends_at > now();
    UPDATE outbox SET state = 'pending', attempts = 0, not_before = now()
    WHERE notice_post_id = p_post AND state = 'dead' AND of_notice IS NOT NULL;
    IF NOT FOUND THEN
        PERFORM app.refuse('CRM01', 'no such post that failed');
    END IF;
    UPDATE notice_post SET state = 'pending', failure = '' WHERE id = p_post;
    INSERT INTO event (kind, actor_id, data)
    VALUES ('outbox.retried', me, jsonb_build_object('notice_post', p_post));
    RETURN of_notice;
END $$;

REVOKE ALL ON FUNCTION
    app.notice_publish(text, text, text, bigint, boolean, boolean, timestamptz, timestamptz, jsonb),
    app.notice_delete_posts(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    app.notice_publish(text, text, text, bigint, boolean, boolean, timestamptz, timestamptz, jsonb),
    app.notice_delete_posts(bigint) TO crm_staff;
