"""What a PostgreSQL database says of who may do what: grants, policies, triggers, functions.

A line a thing, with the SQL that makes it and the SQL that takes it away, so that two databases can
be compared and one be made like the other. `{owner}` and `{database}` stand for what differs.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

#: In the order in which they can be made: a policy needs its functions, a grant its thing.
KINDS = (
    *("schema", "table", "owner", "function", "view", "row security"),
    *("policy", "trigger", "switched off", "rule", "event trigger", "default grant", "grant"),
)


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing of the catalogue; `make` and `unmake` are "" where only a person should decide."""

    kind: str
    name: str
    definition: str
    make: str
    unmake: str


def snapshot(connection: Connection) -> dict[tuple[str, str], Thing]:
    """Everything by kind and name."""
    # Without a search path every name is written out in full.
    connection.execute(text("SET LOCAL search_path = ''"))
    found = {}
    for kind, name, definition, make, unmake in connection.exec_driver_sql(
        _ALL, execution_options={"no_parameters": True}
    ):
        thing = Thing(kind, name, definition, make, unmake)
        found[kind, name] = thing
    return found


_ALL = r"""
WITH owner AS (SELECT relowner AS id FROM pg_catalog.pg_class
               WHERE oid = 'public.staff'::regclass),
spaces AS (SELECT oid, nspname, nspacl, nspowner FROM pg_catalog.pg_namespace
           WHERE nspname IN ('public', 'app', 'report')),
tables AS (
    SELECT c.oid, c.relname, c.relkind, c.relacl, c.relowner, c.relrowsecurity,
           c.relforcerowsecurity, c.reloptions, format('%I.%I', s.nspname, c.relname) AS name
    FROM pg_catalog.pg_class c JOIN spaces s ON s.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')),
functions AS (
    SELECT p.oid, p.oid::regprocedure::text AS name, p.proacl, p.proowner,
           p.pronamespace IN (SELECT oid FROM spaces) AS ours
    FROM pg_catalog.pg_proc p
    WHERE p.prokind IN ('f', 'p') AND (
        p.pronamespace IN (SELECT oid FROM spaces)
        OR (p.pronamespace = 'pg_catalog'::regnamespace
            AND p.proname ~ '^(pg_(try_)?advisory_|lo_|pg_read_|pg_ls_|pg_terminate_)'))
      -- What an extension brings is the extension's.
      AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                      WHERE d.objid = p.oid AND d.deptype = 'e')),
rights AS (
    SELECT 'TABLE ' || t.name AS thing, '' AS part, t.relowner AS of_owner, a.*
    FROM tables t, aclexplode(coalesce(t.relacl, acldefault(
        CASE t.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, t.relowner))) a
    UNION ALL
    SELECT 'TABLE ' || t.name, format(' (%I)', c.attname), t.relowner, a.*
    FROM tables t JOIN pg_catalog.pg_attribute c ON c.attrelid = t.oid, aclexplode(c.attacl) a
    UNION ALL
    SELECT 'SCHEMA ' || quote_ident(s.nspname), '', s.nspowner, a.*
    FROM spaces s, aclexplode(coalesce(s.nspacl, acldefault('n', s.nspowner))) a
    UNION ALL
    SELECT 'FUNCTION ' || f.name, '', f.proowner, a.*
    FROM functions f, aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a
    UNION ALL
    SELECT 'DATABASE {database}', '', d.datdba, a.*
    FROM pg_catalog.pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
    WHERE d.datname = current_database()
      -- Connecting alone gives nothing: whoever watches or backs up may be let in by name.
      AND (a.grantee = 0 OR a.privilege_type <> 'CONNECT'
           OR pg_get_userbyid(a.grantee) LIKE 'crm\_%')),
-- Whose database it is may do all of it anyway.
named AS (
    SELECT *, CASE WHEN grantee = 0 THEN 'PUBLIC' WHEN grantee = (SELECT id FROM owner)
                   THEN '{owner}' ELSE quote_ident(pg_get_userbyid(grantee)) END AS who
    FROM rights WHERE grantee <> of_owner)
SELECT 'grant', format('%s%s on %s for %s%s', privilege_type, part, thing, who,
                       CASE WHEN is_grantable THEN ', to pass on' ELSE '' END), '',
       format('GRANT %s%s ON %s TO %s%s', privilege_type, part, thing, who,
              CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END),
       format('REVOKE %s%s ON %s FROM %s CASCADE', privilege_type, part, thing, who)
FROM named
UNION ALL
SELECT 'schema', s.nspname, '', '', '' FROM spaces s
UNION ALL
SELECT 'table', t.name, t.relkind::text, '', '' FROM tables t WHERE t.relkind <> 'v'
UNION ALL
SELECT 'owner', t.name,
       CASE WHEN t.relowner = (SELECT id FROM owner) THEN '{owner}'
            ELSE pg_get_userbyid(t.relowner) END,
       format('ALTER TABLE %s OWNER TO {owner}', t.name), ''
FROM tables t WHERE t.relkind <> 'S'
UNION ALL
SELECT 'function', f.name,
       pg_get_functiondef(f.oid) || ' owner ' || o.name,
       pg_get_functiondef(f.oid) || format(E';\nALTER FUNCTION %s OWNER TO %s', f.name, o.name), ''
FROM functions f, LATERAL (SELECT CASE WHEN f.proowner = (SELECT id FROM owner) THEN '{owner}'
                                  ELSE quote_ident(pg_get_userbyid(f.proowner)) END AS name) o
WHERE f.ours
UNION ALL
SELECT 'view', t.name, concat(t.reloptions::text, pg_get_viewdef(t.oid)),
       format('CREATE OR REPLACE VIEW %s WITH (%s) AS %s', t.name,
              array_to_string(t.reloptions, ', '), pg_get_viewdef(t.oid)), ''
FROM tables t WHERE t.relkind = 'v'
UNION ALL
SELECT 'row security', t.name,
       CASE WHEN t.relrowsecurity THEN 'on' ELSE 'off' END
           || CASE WHEN t.relforcerowsecurity THEN ', forced' ELSE '' END,
       format('ALTER TABLE %s %s ROW LEVEL SECURITY', t.name,
              CASE WHEN t.relrowsecurity THEN 'ENABLE' ELSE 'DISABLE' END), ''
FROM tables t WHERE t.relkind IN ('r', 'p')
UNION ALL
SELECT 'policy', format('%s on %s', p.policyname, p.tablename), m.make, m.make,
       format('DROP POLICY %I ON %I.%I', p.policyname, p.schemaname, p.tablename)
FROM pg_catalog.pg_policies p, LATERAL (SELECT concat(
    format('CREATE POLICY %I ON %I.%I AS %s FOR %s TO %s', p.policyname, p.schemaname,
           p.tablename, p.permissive, p.cmd,
           (SELECT string_agg(CASE r WHEN 'public' THEN 'PUBLIC' ELSE quote_ident(r) END, ', '
                              ORDER BY r) FROM unnest(p.roles) r)),
    ' USING (' || p.qual || ')', ' WITH CHECK (' || p.with_check || ')') AS make) m
WHERE p.schemaname IN ('public', 'app', 'report')
UNION ALL
SELECT 'trigger', format('%s on %s', g.tgname, t.name),
       pg_get_triggerdef(g.oid) || g.tgenabled::text,
       pg_get_triggerdef(g.oid), format('DROP TRIGGER %I ON %s', g.tgname, t.name)
FROM pg_catalog.pg_trigger g JOIN tables t ON t.oid = g.tgrelid WHERE NOT g.tgisinternal
UNION ALL
SELECT DISTINCT 'switched off', 'references of ' || t.name, '', '',
       format('ALTER TABLE %s ENABLE TRIGGER ALL', t.name)
FROM pg_catalog.pg_trigger g JOIN tables t ON t.oid = g.tgrelid
WHERE g.tgisinternal AND g.tgenabled <> 'O'
UNION ALL
SELECT 'rule', format('%s on %s', r.rulename, t.name), pg_get_ruledef(r.oid),
       pg_get_ruledef(r.oid), format('DROP RULE %I ON %s', r.rulename, t.name)
FROM pg_catalog.pg_rewrite r JOIN tables t ON t.oid = r.ev_class WHERE r.rulename <> '_RETURN'
UNION ALL
SELECT 'event trigger', e.evtname, e.evtenabled::text, '', '' FROM pg_catalog.pg_event_trigger e
UNION ALL
SELECT 'default grant', format('of %s in %s', pg_get_userbyid(d.defaclrole),
                               coalesce(s.nspname, 'every schema')), d.defaclacl::text, '', ''
FROM pg_catalog.pg_default_acl d LEFT JOIN pg_catalog.pg_namespace s ON s.oid = d.defaclnamespace
"""
