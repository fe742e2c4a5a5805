-- Search indexes, and search itself: any policy makes @@ and LIKE drop their index, because they
-- are not leakproof, so the visibility stands inside one definer function.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- The words of a contact with marks of its day and month, so that search can walk back from today:
-- the newest hits of a frequent word are in its last days, a rare word costs a few look-ups.
CREATE FUNCTION app.contact_day(p_at timestamptz) RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT (p_at AT TIME ZONE 'UTC')::date - DATE '2000-01-01'
$$;
CREATE FUNCTION app.contact_month(p_at timestamptz) RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT extract(year FROM p_at AT TIME ZONE 'UTC')::integer * 12
         + extract(month FROM p_at AT TIME ZONE 'UTC')::integer
$$;
CREATE FUNCTION app.contact_words(p_folded text, p_at timestamptz) RETURNS tsvector
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT to_tsvector('simple', p_folded)
        || array_to_tsvector(ARRAY['~d' || app.contact_day(p_at), '~m' || app.contact_month(p_at)])
$$;
CREATE INDEX ix_contact_words ON contact USING gin (app.contact_words(folded, received_at));
CREATE INDEX ix_customer_trigrams ON customer USING gin (folded gin_trgm_ops);

-- Whole words of articles, not stems: domain.spelling finds the family of a word in the vocabulary,
-- so that both dialects answer alike and an unfinished word still matches.
-- `heads` are the titles' and keywords' words alone: ranking long bodies is what costs.
CREATE TABLE article_words (
    id bigint PRIMARY KEY, heads tsvector NOT NULL, words tsvector NOT NULL
);
CREATE INDEX ix_article_heads_words ON article_words USING gin (heads);
CREATE INDEX ix_article_words_words ON article_words USING gin (words);
CREATE TABLE article_vocabulary (term text COLLATE "C" PRIMARY KEY, doc integer NOT NULL);

CREATE FUNCTION app.plain(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT regexp_replace(translate(lower(p_text), '''’ʼ`´', ''), '[^[:alnum:]]+', ' ', 'g')
$$;

-- Once a statement, not per row: loading thousands of articles counts each word once.
CREATE FUNCTION app.index_articles() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        WITH gone AS (DELETE FROM article_words WHERE id IN (SELECT id FROM old_rows)
                      RETURNING words),
             less AS (SELECT term, count(*) AS n
                      FROM gone, unnest(tsvector_to_array(words)) AS term GROUP BY term)
        UPDATE article_vocabulary v SET doc = v.doc - less.n FROM less WHERE v.term = less.term;
        DELETE FROM article_vocabulary WHERE doc <= 0;
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        WITH added AS (
            INSERT INTO article_words (id, heads, words)
            SELECT id, heads,
                   heads || setweight(to_tsvector('simple', app.plain(folded_body)), 'D')
            FROM (SELECT id, folded_body,
                         setweight(to_tsvector('simple', app.plain(folded_title)), 'A')
                         || setweight(to_tsvector('simple', app.plain(keywords::text)), 'B')
                         AS heads
                  FROM new_rows) AS read
            RETURNING words)
        INSERT INTO article_vocabulary AS v (term, doc)
        SELECT term, count(*) FROM added, unnest(tsvector_to_array(words)) AS term
        GROUP BY term ORDER BY term
        ON CONFLICT (term) DO UPDATE SET doc = v.doc + excluded.doc;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER article_words_added AFTER INSERT ON article REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.index_articles();
CREATE TRIGGER article_words_changed AFTER UPDATE ON article
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.index_articles();
CREATE TRIGGER article_words_gone AFTER DELETE ON article REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION app.index_articles();

-- The newest contacts with these words: three days one by one, then two years by month, then the
-- rest. Each step is one look-up in the words' index; a scan would read every word of every contact.
CREATE FUNCTION app.search_contacts(p_words tsquery, p_queues bigint[], p_limit integer)
RETURNS TABLE (kind text, id bigint, title text, detail text, contact_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    days CONSTANT integer := 3;
    months CONSTANT integer := 24;
    since timestamptz := date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
                         - make_interval(days => days - 1);
    wanted tsquery;
    left_over integer := p_limit;
    got integer;
BEGIN
    FOR step IN 0 .. days + months LOOP
        wanted := CASE
            WHEN step < days
            THEN p_words && quote_literal('~d' || app.contact_day(now()) - step)::tsquery
            WHEN step < days + months
            THEN p_words && quote_literal('~m' || app.contact_month(now()) - step + days)::tsquery
            ELSE p_words && !! quote_literal('~m' || app.contact_month(now()))::tsquery END;
        RETURN QUERY
            WITH hits AS MATERIALIZED (
                SELECT c.id, c.who, c.subject FROM contact c
                WHERE app.contact_words(c.folded, c.received_at) @@ wanted
                  AND c.queue_id = ANY (p_queues)
                  AND (step < days OR c.received_at < since)
                  AND (step < days + months
                       OR app.contact_month(c.received_at) <= app.contact_month(now()) - months))
            SELECT 'contact', h.id, h.who, h.subject, h.id FROM hits h
            ORDER BY h.id DESC LIMIT left_over;
        GET DIAGNOSTICS got = ROW_COUNT;
        left_over := left_over - got;
        EXIT WHEN left_over <= 0;
    END LOOP;
END $$;

-- `p_words` is a tsquery made of the program's own tokens, p_reference, p_phone and p_email are
-- empty unless the text is one.
CREATE FUNCTION app.search(p_folded text, p_words text, p_reference text, p_norm text,
                           p_limit integer)
RETURNS TABLE (kind text, id bigint, title text, detail text, contact_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    mine bigint[] := app.my_queues();
    known bigint[] := app.known_queues();
    beginning text := regexp_replace(p_folded, '([\\%_])', '\\\1', 'g') || '%';
BEGIN
    IF app.me() IS NULL THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
    IF p_reference <> '' THEN
        RETURN QUERY SELECT 'case', k.id, k.reference, s.name || ' · ' || k.state,
            (SELECT max(x.contact_id) FROM case_contact x WHERE x.case_id = k.id)
        FROM cases k JOIN service s ON s.id = k.service_id
        WHERE k.reference = p_reference AND k.queue_id = ANY (known);
    END IF;
    IF p_norm <> '' THEN
        RETURN QUERY SELECT 'customer', c.id, c.name, i.kind, NULL::bigint
        FROM identifier i JOIN customer c ON c.id = i.customer_id
        WHERE i.kind IN ('email', 'phone', 'handle', 'account') AND i.norm = p_norm LIMIT p_limit;
    END IF;
    IF p_folded = '' THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT 'customer', c.id, c.name,
        coalesce((SELECT a.postcode FROM address a WHERE a.customer_id = c.id LIMIT 1), ''),
        NULL::bigint
    FROM (SELECT x.* FROM customer x WHERE x.folded LIKE beginning
          ORDER BY x.folded LIMIT p_limit) c;
    IF length(p_folded) >= 4 THEN
        RETURN QUERY SELECT 'customer', c.id, c.name,
            coalesce((SELECT a.postcode FROM address a WHERE a.customer_id = c.id LIMIT 1), ''),
            NULL::bigint
        FROM (SELECT x.* FROM customer x WHERE x.folded % p_folded
              AND x.folded NOT LIKE beginning
              ORDER BY x.folded <-> p_folded LIMIT 5) c;
    END IF;
    IF p_words <> '' THEN
        RETURN QUERY SELECT * FROM app.search_contacts(p_words::tsquery, mine, p_limit);
    END IF;
END $$;
