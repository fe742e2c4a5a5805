"""SQLite's statements of the audit reports.

They say themselves who sees what, by `:mine` (a JSON list of queues) and `:everything`. A record
that was opened with a contact follows the contact's trace: SQLite has one writer at a time.
"""

from __future__ import annotations

from sqlalchemy import text

MAY_CUSTOMER = text("""
SELECT EXISTS (SELECT 1 FROM contact WHERE customer_id = :customer
               AND queue_id IN (SELECT value FROM json_each(:mine)))
    OR EXISTS (SELECT 1 FROM cases WHERE customer_id = :customer
               AND queue_id IN (SELECT value FROM json_each(:mine)))
""")
MAY_PERSON = text("""
SELECT EXISTS (SELECT 1 FROM membership WHERE staff_id = :staff
               AND queue_id IN (SELECT value FROM json_each(:mine))
               AND (until IS NULL OR until > strftime('%Y-%m-%d %H\\:%M\\:%f', 'now')))
""")
PEOPLE = text("""
SELECT id, name, active FROM staff
WHERE :everything OR id = :me OR id IN (
    SELECT staff_id FROM membership WHERE queue_id IN (SELECT value FROM json_each(:mine))
    AND (until IS NULL OR until > strftime('%Y-%m-%d %H\\:%M\\:%f', 'now')))
ORDER BY name
""")
WHO_SAW = text("""
WITH known AS (SELECT id FROM queue
               WHERE NOT restricted OR id IN (SELECT value FROM json_each(:mine))),
theirs AS (SELECT id FROM contact WHERE customer_id = :customer),
files AS (SELECT a.id, m.contact_id, a.name FROM attachment a
          JOIN message m ON m.id = a.message_id WHERE m.contact_id IN (SELECT id FROM theirs)),
seen AS (
    SELECT r.id, r.at, r.staff_id, r.what, x.ref_id AS via, '' AS file
    FROM read_audit r LEFT JOIN read_audit x
        ON x.id = r.id - 1 AND x.what = 'contact' AND x.staff_id = r.staff_id
        AND julianday(r.at) - julianday(x.at) < 2.0 / 86400
    WHERE r.what = 'customer' AND r.ref_id = :customer
    UNION ALL
    SELECT r.id, r.at, r.staff_id, r.what, r.ref_id, '' FROM read_audit r
    WHERE r.what = 'contact' AND r.ref_id IN (SELECT id FROM theirs) AND NOT EXISTS (
        SELECT 1 FROM read_audit x WHERE x.id = r.id + 1 AND x.what = 'customer'
        AND x.ref_id = :customer AND x.staff_id = r.staff_id
        AND julianday(x.at) - julianday(r.at) < 2.0 / 86400)
    UNION ALL
    SELECT r.id, r.at, r.staff_id, r.what, f.contact_id, f.name
    FROM files f JOIN read_audit r ON r.what = 'attachment' AND r.ref_id = f.id
    UNION ALL
    SELECT r.id, r.at, r.staff_id, r.what, x.contact_id, ''
    FROM recording x JOIN read_audit r ON r.what = 'recording' AND r.ref_id = x.id
    WHERE x.contact_id IN (SELECT id FROM theirs)
    UNION ALL
    SELECT r.id, r.at, r.staff_id, r.what, NULL, '' FROM read_audit r
    WHERE r.what = 'report.customer' AND r.ref_id = :customer)
SELECT s.id, s.at, coalesce(w.name, ''), s.what, c.id,
       CASE WHEN :everything OR c.queue_id IN (SELECT value FROM json_each(:mine))
            THEN coalesce(nullif(s.file, ''), c.subject, '') ELSE '' END
FROM seen s LEFT JOIN staff w ON w.id = s.staff_id LEFT JOIN contact c ON c.id = s.via
WHERE (:before IS NULL OR s.id < :before)
  AND (:everything OR c.id IS NULL OR c.queue_id IN (SELECT id FROM known))
ORDER BY s.id DESC LIMIT :limit
""")
WHO_DID = text("""
WITH known AS (SELECT id FROM queue
               WHERE NOT restricted OR id IN (SELECT value FROM json_each(:mine))),
done AS (
    SELECT 'event' AS source, id, at, kind, contact_id, customer_id, data FROM event
    WHERE actor_id = :staff AND at >= :begins AND at < :ends
    UNION ALL
    SELECT 'read', r.id, r.at, r.what,
           CASE r.what WHEN 'contact' THEN r.ref_id
           WHEN 'attachment' THEN (SELECT m.contact_id FROM attachment a
               JOIN message m ON m.id = a.message_id WHERE a.id = r.ref_id)
           WHEN 'recording' THEN (SELECT x.contact_id FROM recording x WHERE x.id = r.ref_id) END,
           CASE WHEN r.what IN ('customer', 'report.customer') THEN r.ref_id END, NULL
    FROM read_audit r WHERE r.staff_id = :staff AND r.at >= :begins AND r.at < :ends)
SELECT d.source, d.id, d.at, d.kind, NULL AS xact, c.id AS contact_id,
       coalesce(p.name, '') AS customer,
       CASE WHEN :everything OR c.queue_id IN (SELECT value FROM json_each(:mine))
            THEN trim(c.who || ' · ' || c.subject, ' ·') ELSE '' END AS title,
       CASE WHEN :everything OR c.id IS NULL
                 OR c.queue_id IN (SELECT value FROM json_each(:mine)) THEN d.data END AS data,
       0 AS more
FROM done d LEFT JOIN contact c ON c.id = d.contact_id
LEFT JOIN customer p ON p.id = d.customer_id
WHERE (:at IS NULL OR (d.at, d.source, d.id) < (:at, :source, :id))
  AND (:everything OR c.id IS NULL OR c.queue_id IN (SELECT id FROM known))
ORDER BY d.at DESC, d.source DESC, d.id DESC LIMIT :limit
""")
HOURS = text("""
SELECT strftime('%Y-%m-%d %H\\:00\\:00.000000', at) AS hour, sum(reads), sum(changes) FROM (
    SELECT at, 1 AS reads, 0 AS changes FROM read_audit
    WHERE staff_id = :staff AND at >= :begins AND at < :ends
    UNION ALL
    SELECT at, 0, 1 FROM event WHERE actor_id = :staff AND at >= :begins AND at < :ends)
GROUP BY hour ORDER BY hour
""")
