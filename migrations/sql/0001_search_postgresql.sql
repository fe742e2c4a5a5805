-- Search indexes, and search itself: any policy makes @@ and LIKE drop their index, because they
-- are not leakproof, so the visibility stands inside one definer function.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX ix_contact_words ON contact USING gin (to_tsvector('simple', folded));
CREATE INDEX ix_customer_trigrams ON customer USING gin (folded gin_trgm_ops);
CREATE INDEX ix_article_words ON article USING gin (
    (setweight(to_tsvector('english', folded_title), 'A')
     || setweight(to_tsvector('english', folded_body), 'C')));
CREATE INDEX ix_article_title_trigrams ON article USING gin (folded_title gin_trgm_ops);

-- `p_words` is a tsquery made of the program's own tokens, p_reference, p_phone and p_email are
-- empty unless the text is one.
CREATE FUNCTION app.search(p_folded text, p_words text, p_reference text, p_norm text,
                           p_limit integer)
RETURNS TABLE (kind text, id bigint, title text, detail text, contact_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE mine bigint[] := app.my_queues(); known bigint[] := app.known_queues();
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
    FROM (SELECT x.* FROM customer x WHERE x.folded LIKE
              replace(replace(p_folded, '%', ''), '_', '') || '%'
          ORDER BY x.folded LIMIT p_limit) c;
    IF length(p_folded) >= 4 THEN
        RETURN QUERY SELECT 'customer', c.id, c.name,
            coalesce((SELECT a.postcode FROM address a WHERE a.customer_id = c.id LIMIT 1), ''),
            NULL::bigint
        FROM (SELECT x.* FROM customer x WHERE x.folded % p_folded
              AND x.folded NOT LIKE replace(replace(p_folded, '%', ''), '_', '') || '%'
              ORDER BY x.folded <-> p_folded LIMIT 5) c;
    END IF;
    IF p_words <> '' THEN
        RETURN QUERY SELECT 'contact', c.id, c.who, c.subject, c.id
        FROM contact c
        WHERE to_tsvector('simple', c.folded) @@ p_words::tsquery AND c.queue_id = ANY (mine)
        ORDER BY c.id DESC LIMIT p_limit;
    END IF;
END $$;
