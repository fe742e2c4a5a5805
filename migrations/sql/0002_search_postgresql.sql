-- Search that answers within a blink at millions of contacts, whatever the word.
DROP FUNCTION app.search(text, text, text, text, integer);
DROP FUNCTION app.search_contacts(tsquery, bigint[], integer);
DROP INDEX ix_contact_words;
DROP INDEX ix_customer_trigrams;
DROP FUNCTION app.contact_words(text, timestamptz);
DROP FUNCTION app.contact_day(timestamptz);
DROP FUNCTION app.contact_month(timestamptz);

-- Cut at everything but letters and digits, as FTS5 does: the parser alone would keep
-- `and/or` or an address in one piece.
CREATE FUNCTION app.words(p_folded text) RETURNS tsvector
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT strip(to_tsvector('simple', regexp_replace(p_folded, '[^[:alnum:]]+', ' ', 'g')))
$$;

-- A contact's words in a table of their own: in an index over contact every change of state would
-- write all of them again. They carry marks of the blocks of 1,024, 8,192 and 65,536 ids that the
-- contact is in, so that one look-up reads a word's hits of one block, however many there are.
CREATE FUNCTION app.contact_words(p_folded text, p_id bigint) RETURNS tsvector
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT app.words(p_folded) || array_to_tsvector(
        ARRAY['~10-' || (p_id >> 10), '~13-' || (p_id >> 13), '~16-' || (p_id >> 16)])
$$;
CREATE TABLE contact_words (id bigint PRIMARY KEY, words tsvector NOT NULL);
-- Every word that a contact or a name ever held: what an unfinished or misspelt word may become.
-- Not unique: two mails that bring the same new word must never wait for each other.
CREATE TABLE contact_vocabulary (term text COLLATE "C" NOT NULL);
CREATE TABLE customer_vocabulary (term text COLLATE "C" NOT NULL);
CREATE INDEX ix_contact_vocabulary ON contact_vocabulary (term);
CREATE INDEX ix_customer_vocabulary ON customer_vocabulary (term);

-- All contacts and names at once, for the migration and for bulk loads.
CREATE FUNCTION app.index_everything() RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp SET maintenance_work_mem = '256MB' AS $$
BEGIN
    DROP INDEX IF EXISTS ix_contact_words_words;
    TRUNCATE contact_words, contact_vocabulary, customer_vocabulary;
    INSERT INTO contact_words SELECT id, app.contact_words(folded, id) FROM contact ORDER BY id;
    INSERT INTO contact_vocabulary
        SELECT word FROM ts_stat('SELECT words FROM contact_words') WHERE word NOT LIKE '~%';
    INSERT INTO customer_vocabulary
        SELECT word FROM ts_stat('SELECT app.words(folded) FROM customer');
    -- No pending list: each step of a search would read all of it.
    CREATE INDEX ix_contact_words_words ON contact_words USING gin (words)
        WITH (fastupdate = off);
    ANALYZE contact_words;
END $$;
SELECT app.index_everything();
CREATE INDEX ix_customer_words ON customer USING gin (app.words(folded)) WITH (fastupdate = off);

CREATE FUNCTION app.index_contact() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM contact_words WHERE id = old.id;
        RETURN NULL;
    END IF;
    INSERT INTO contact_words VALUES (new.id, app.contact_words(new.folded, new.id))
        ON CONFLICT (id) DO UPDATE SET words = excluded.words;
    INSERT INTO contact_vocabulary
        SELECT word FROM unnest(tsvector_to_array(app.words(new.folded))) AS word
        WHERE NOT EXISTS (SELECT 1 FROM contact_vocabulary WHERE term = word);
    RETURN NULL;
END $$;
CREATE TRIGGER contact_words_added AFTER INSERT ON contact
    FOR EACH ROW EXECUTE FUNCTION app.index_contact();
CREATE TRIGGER contact_words_changed AFTER UPDATE OF folded ON contact
    FOR EACH ROW EXECUTE FUNCTION app.index_contact();
CREATE TRIGGER contact_words_gone AFTER DELETE ON contact
    FOR EACH ROW EXECUTE FUNCTION app.index_contact();

CREATE FUNCTION app.index_customer() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO customer_vocabulary
        SELECT word FROM unnest(tsvector_to_array(app.words(new.folded))) AS word
        WHERE NOT EXISTS (SELECT 1 FROM customer_vocabulary WHERE term = word);
    RETURN NULL;
END $$;
CREATE TRIGGER customer_words_added AFTER INSERT ON customer
    FOR EACH ROW EXECUTE FUNCTION app.index_customer();
CREATE TRIGGER customer_words_changed AFTER UPDATE OF folded ON customer
    FOR EACH ROW EXECUTE FUNCTION app.index_customer();

-- Customers whose names hold these words, wherever; of very many the first that are met.
CREATE FUNCTION app.search_names(p_words tsquery, p_limit integer)
RETURNS TABLE (kind text, id bigint, title text, detail text, contact_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET enable_seqscan = off SET jit = off AS $$
BEGIN
    IF app.me() IS NULL THEN
        PERFORM app.refuse('CRM02', 'not signed in as staff');
    END IF;
    RETURN QUERY SELECT 'customer', c.id, c.name,
        coalesce((SELECT a.postcode FROM address a WHERE a.customer_id = c.id LIMIT 1), ''),
        NULL::bigint
    FROM (SELECT met.id, met.name
          FROM (SELECT x.id, x.name FROM customer x WHERE app.words(x.folded) @@ p_words
                LIMIT 2000) met
          ORDER BY met.id LIMIT p_limit) c;
END $$;

-- Cases and customers: by reference or identifier, by names that begin with the text, and when
-- those are few by names that hold its words. `p_words` is a tsquery of the program's own words;
-- p_reference and p_norm are empty unless the text is one.
CREATE FUNCTION app.search(p_folded text, p_words text, p_reference text, p_norm text,
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
        WHERE k.reference = p_reference AND k.queue_id = ANY (app.known_queues());
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

-- The words of names that begin with one of these letters and are so long.
CREATE FUNCTION app.name_words(p_letters text[], p_shortest integer, p_longest integer)
RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT DISTINCT v.term FROM unnest(p_letters) AS letter JOIN customer_vocabulary v
        ON v.term >= letter AND v.term < letter || chr(1114111)
    WHERE app.me() IS NOT NULL AND length(v.term) BETWEEN p_shortest AND p_longest
$$;

-- What all must be held of some words and any of the forms of one, apart: what fewer than one
-- contact in a hundred holds, and the rest. How often words are is what ANALYZE found last.
CREATE FUNCTION app.by_rarity(p_whole text[], p_forms text[])
RETURNS TABLE (rare tsquery, common tsquery)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH often AS MATERIALIZED (
        SELECT e.word, s.most_common_elem_freqs[e.at] AS share
        FROM pg_stats s,
            unnest(s.most_common_elems::text::text[]) WITH ORDINALITY AS e(word, at)
        WHERE s.schemaname = 'public' AND s.tablename = 'contact_words' AND s.attname = 'words'
            AND cardinality(p_whole) > 0 AND e.word = ANY (p_whole || p_forms)
    ), parts AS (
        SELECT '''' || word || '''' AS query, coalesce(o.share, 0) AS share
        FROM unnest(p_whole) AS word LEFT JOIN often o USING (word)
        UNION ALL
        SELECT '(' || string_agg('''' || word || '''', ' | ') || ')', sum(coalesce(o.share, 0))
        FROM unnest(p_forms) AS word LEFT JOIN often o USING (word) HAVING count(*) > 0
    )
    SELECT (string_agg(query, ' & ') FILTER (WHERE share < 0.01))::tsquery,
           (string_agg(query, ' & ') FILTER (WHERE share >= 0.01))::tsquery
    FROM parts
$$;

-- The newest contacts of one's queues that hold the words; p_last may be unfinished. From the newest
-- id back, block by block, until there are enough or p_patience milliseconds are over. A block is
-- the larger the fewer hits there were, as far as there is time for it. `partial`: there may be
-- older ones. The rows themselves are read as oneself.
CREATE FUNCTION app.search_contacts(p_whole text[], p_last text, p_limit integer,
                                    p_patience integer)
RETURNS TABLE (ids bigint[], partial boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET enable_seqscan = off SET jit = off AS $$
DECLARE
    most_forms CONSTANT integer := 64;
    few_hits CONSTANT integer := 400;
    now_ timestamptz;
    until timestamptz := clock_timestamp() + make_interval(secs => p_patience / 1000.0);
    took interval;
    mine bigint[] := app.my_queues();
    below bigint := (SELECT max(w.id) + 1 FROM contact_words w);
    forms text[] := ARRAY(SELECT DISTINCT v.term FROM contact_vocabulary v
                          WHERE v.term >= p_last AND v.term < p_last || chr(1114111)
                          ORDER BY v.term LIMIT most_forms + 1);
    begins text := '';
    rare tsquery;
    common tsquery;
    bits integer := 10;
    base bigint;
    block bigint[];
    met integer;
BEGIN
    ids := '{}';
    IF cardinality(forms) = 0 OR EXISTS (
        SELECT 1 FROM unnest(p_whole) AS word
        WHERE NOT EXISTS (SELECT 1 FROM contact_vocabulary v WHERE v.term = word)) THEN
        below := 0;
    ELSIF cardinality(forms) > most_forms THEN
        -- Too many words begin so: they are looked for in the texts of what the others find.
        forms := '{}';
        begins := '\m' || p_last;
    END IF;
    SELECT * INTO rare, common FROM app.by_rarity(p_whole, forms);
    now_ := clock_timestamp();
    WHILE below > 0 AND cardinality(ids) <= p_limit LOOP
        base := ((below - 1) >> bits) << bits;
        -- The index compares each hit of a rare word with all that a common one has: so common
        -- words beside a rare one are looked for in the rows.
        WITH hits AS MATERIALIZED (
            SELECT w.id, rare IS NULL OR common IS NULL OR w.words @@ common AS fits
            FROM contact_words w
            WHERE coalesce(rare, common) IS NOT NULL AND w.id < below AND w.words @@
                (coalesce(rare, common) && ('''~' || bits || '-' || (base >> bits) || '''')::tsquery)
            UNION ALL
            SELECT w.id, true FROM contact_words w
            WHERE coalesce(rare, common) IS NULL AND w.id >= base AND w.id < below)
        SELECT (SELECT count(*) FROM hits),
               ARRAY(SELECT c.id
                     FROM (SELECT h.id FROM hits h WHERE h.fits ORDER BY h.id DESC) AS newest
                     JOIN contact c ON c.id = newest.id
                     WHERE c.queue_id = ANY (mine) AND (begins = '' OR c.folded ~ begins)
                     ORDER BY newest.id DESC LIMIT p_limit + 1 - cardinality(ids))
            INTO met, block;
        ids := ids || block;
        took := clock_timestamp() - now_;
        now_ := now_ + took;
        bits := CASE
            WHEN bits < 16 AND took * 8 < until - now_
                 AND (met::bigint << (bits + 3)) / (below - base) <= few_hits THEN bits + 3
            WHEN bits > 10 AND (took > until - now_ OR met > few_hits) THEN bits - 3
            ELSE bits END;
        below := base;
        EXIT WHEN now_ > until;
    END LOOP;
    partial := below > 0 OR cardinality(ids) > p_limit;
    ids := ids[:p_limit];
    RETURN NEXT;
END $$;

REVOKE ALL ON FUNCTION app.words(text), app.contact_words(text, bigint), app.index_everything(),
    app.index_contact(), app.index_customer(), app.search(text, text, text, text, integer),
    app.search_names(tsquery, integer), app.name_words(text[], integer, integer),
    app.search_contacts(text[], text, integer, integer), app.by_rarity(text[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.search(text, text, text, text, integer),
    app.search_names(tsquery, integer), app.name_words(text[], integer, integer),
    app.search_contacts(text[], text, integer, integer) TO crm_staff;
-- Whoever writes a name computes its index.
GRANT EXECUTE ON FUNCTION app.words(text) TO crm_staff, crm_gateway;
