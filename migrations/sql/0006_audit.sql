-- What changed, who read what, and the chain over both. Rows are written by triggers that belong
-- to the owner; nobody has a right to write, change or remove them.

-- The number of this transaction. A database that was restored from a dump begins to count anew:
-- `crm-desktop admin audit resume` then makes the shift what the numbers lack.
CREATE FUNCTION app.xact_shift() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 0::bigint';
CREATE FUNCTION app.xact() RETURNS bigint
LANGUAGE sql STABLE AS 'SELECT pg_current_xact_id()::text::bigint + app.xact_shift()';
-- Every transaction below this one has ended: what it wrote is there, or never will be.
CREATE FUNCTION app.ended_xact() RETURNS bigint
LANGUAGE sql STABLE AS
'SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + app.xact_shift()';
REVOKE ALL ON FUNCTION app.xact_shift(), app.xact(), app.ended_xact() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.xact_shift(), app.xact(), app.ended_xact() TO crm_staff, crm_gateway;

-- Rows from before this revision keep no number and are in no seal.
ALTER TABLE event ALTER COLUMN xact SET DEFAULT app.xact();
ALTER TABLE read_audit ALTER COLUMN xact SET DEFAULT app.xact();
ALTER TABLE row_audit ALTER COLUMN xact SET DEFAULT app.xact();
ALTER TABLE row_audit ALTER COLUMN login SET DEFAULT session_user;

-- Who writes an event says neither its number, nor its time, nor its transaction.
REVOKE INSERT ON event FROM crm_staff, crm_gateway;
GRANT INSERT (kind, actor_id, contact_id, case_id, customer_id, data) ON event
    TO crm_staff, crm_gateway;
REVOKE INSERT ON read_audit FROM crm_gateway;

ALTER TABLE row_audit ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_seal ENABLE ROW LEVEL SECURITY;
CREATE POLICY gateway ON row_audit FOR SELECT TO crm_gateway USING (true);
CREATE POLICY gateway ON audit_seal TO crm_gateway USING (true) WITH CHECK (true);
-- What is sealed, and not the values: the gateway need not read what it may not read elsewhere.
GRANT SELECT (id, at, xact, login, op, table_name, row_key, digest) ON row_audit TO crm_gateway;
GRANT SELECT, INSERT ON audit_seal TO crm_gateway;

-- The one change that an entry may meet: its values go, on the day that their removal is entered.
CREATE FUNCTION app.keep_audit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'row_audit'
       AND EXISTS (SELECT 1 FROM row_audit r WHERE r.xact = app.xact() AND r.op = 'R') THEN
        IF new.changes IS NULL AND new.salt IS NULL AND old.op <> 'R'
           AND to_jsonb(new) - '{changes,salt}'::text[] = to_jsonb(old) - '{changes,salt}'::text[]
        THEN
            RETURN new;
        END IF;
    END IF;
    PERFORM app.refuse('CRM02', 'what happened is never changed');
    RETURN NULL;
END $$;
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['event', 'read_audit', 'row_audit', 'audit_seal'] LOOP
        EXECUTE format('CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON %I
                        FOR EACH ROW EXECUTE FUNCTION app.keep_audit()', t);
        EXECUTE format('CREATE TRIGGER kept_whole BEFORE TRUNCATE ON %I
                        FOR EACH STATEMENT EXECUTE FUNCTION app.keep_audit()', t);
    END LOOP;
END $$;

-- One entry for a row that came, changed or went. Arguments: the columns that name the row, and
-- those that are worked out from others or change all day and say nothing. An update keeps the
-- changed columns before and after. What a new row held stands in the row itself, or in the first
-- `before` of a column: here its salted hash is enough to show an alteration behind our back, and
-- the texts of a million mails are not kept twice.
CREATE FUNCTION app.audit_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    was jsonb; now_is jsonb; named jsonb; said text; kept text;
    grain text := gen_random_uuid()::text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        named := to_jsonb(new) - TG_ARGV[1]::text[];
        said := named::text;
    ELSIF TG_OP = 'DELETE' THEN
        named := to_jsonb(old) - TG_ARGV[1]::text[];
        kept := jsonb_build_object('before', named)::text;
        said := kept;
    ELSE
        was := to_jsonb(old) - TG_ARGV[1]::text[];
        now_is := to_jsonb(new) - TG_ARGV[1]::text[];
        IF was = now_is THEN
            RETURN NULL;
        END IF;
        SELECT json_build_object('before', jsonb_object_agg(key, value),
                                 'after', jsonb_object_agg(key, now_is -> key))::text
        INTO kept FROM jsonb_each(was) WHERE value IS DISTINCT FROM now_is -> key;
        named := was;
        said := kept;
    END IF;
    INSERT INTO row_audit (op, table_name, row_key, changes, salt, digest)
    VALUES (left(TG_OP, 1), TG_TABLE_NAME,
            CASE TG_ARGV[0] WHEN 'id' THEN named ->> 'id'
            ELSE (SELECT string_agg(named ->> k, ':') FROM unnest(string_to_array(TG_ARGV[0], ',')) k)
            END, kept, grain, sha256(convert_to(grain || said, 'UTF8')));
    RETURN NULL;
END $$;
CREATE FUNCTION app.audit_emptied() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO row_audit (op, table_name, row_key, changes, salt, digest)
    VALUES ('T', TG_TABLE_NAME, '', '{}', '', sha256('{}'));
    RETURN NULL;
END $$;

-- Watch a table from now on, or anew with other columns left out.
CREATE FUNCTION app.audit_table(p_table text, p_left_out text[] DEFAULT '{}') RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE named text;
BEGIN
    SELECT string_agg(a.attname, ',' ORDER BY k.at) INTO named
    FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (num, at)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num
    WHERE i.indrelid = p_table::regclass AND i.indisprimary;
    EXECUTE format('DROP TRIGGER IF EXISTS audit ON %1$I;
                    DROP TRIGGER IF EXISTS audit_emptied ON %1$I', p_table);
    EXECUTE format('CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON %I
                    FOR EACH ROW EXECUTE FUNCTION app.audit_row(%L, %L)',
                   p_table, named, p_left_out::text);
    EXECUTE format('CREATE TRIGGER audit_emptied AFTER TRUNCATE ON %I
                    FOR EACH STATEMENT EXECUTE FUNCTION app.audit_emptied()', p_table);
END $$;

-- Not watched: drafts, who looks, figures, notices, leases, files' bytes, saved views.
SELECT app.audit_table(name, left_out::text[]) FROM (VALUES
    ('customer', '{folded}'), ('identifier', '{}'), ('address', '{}'), ('adjustment', '{}'),
    ('safety_marker', '{}'),
    ('contact', '{folded}'), ('assignment', '{}'), ('message', '{}'), ('attachment', '{}'),
    ('cases', '{}'), ('case_contact', '{}'), ('handoff', '{next_poll_at}'),
    ('outbox', '{claimed_until,fence}'),
    ('staff', '{presence,next_presence,presence_since}'), ('membership', '{}'),
    ('queue', '{}'), ('queue_target', '{}'), ('opening_calendar', '{}'), ('service', '{}'),
    ('form_version', '{}'), ('reply_template', '{}'), ('setting', '{}'),
    ('channel_account', '{status,status_words,status_at,cursor}'),
    ('article', '{folded_title,folded_body}'),
    ('assessment', '{}'), ('recording', '{}')) AS watched (name, left_out)
WHERE to_regclass(name) IS NOT NULL;
