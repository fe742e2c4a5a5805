"""Visits: who may take one, and where it stands while it changes hands."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from crm_desktop.store.migrate import run_sql

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


#: See app.visit_over.
_NOWHERE = """
CREATE TRIGGER visit_nowhere AFTER UPDATE OF state ON contact
WHEN NEW.channel = 'visit' AND NEW.state IN ('queued', 'parked') AND NEW.state <> OLD.state
BEGIN
    UPDATE visit SET place_id = NULL WHERE contact_id = NEW.id AND place_id IS NOT NULL;
END
"""
_OVER = """
CREATE TRIGGER visit_over AFTER UPDATE OF state ON contact
WHEN NEW.channel = 'visit' AND NEW.state IN ('wrap_up', 'completed', 'spam')
    AND NEW.state <> OLD.state
BEGIN
    UPDATE visit SET left_at = coalesce(left_at, strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')
    WHERE contact_id = NEW.id;
    UPDATE appointment SET state = 'served'
    WHERE visit_id = NEW.id AND state = 'arrived' AND NEW.state <> 'spam';
END
"""
#: An offered visitor was in nobody's line.
_OFFERED = """
UPDATE assignment SET state = 'rescinded', ended_at = {now} WHERE state = 'offered'
    AND contact_id IN (SELECT v.contact_id FROM visit v JOIN contact c ON c.id = v.contact_id
                       WHERE c.state = 'offered' AND v.left_at IS NULL)
"""
_BACK = """
UPDATE contact SET state = 'queued', state_since = {now}, owner_id = NULL
WHERE state = 'offered' AND id IN (SELECT contact_id FROM visit WHERE left_at IS NULL)
"""


def upgrade() -> None:
    # Nothing ever wrote them.
    op.drop_column("visit", "told")
    op.drop_column("visit", "expected_seconds")
    here = sa.text("left_at IS NULL")
    op.create_index(
        "ix_visit_here", "visit", ["site_id", "day"], postgresql_where=here, sqlite_where=here
    )
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        for each in ("visit_rules", "visitor_moves", "appointments", "incidents"):
            run_sql(connection, SQL / f"0033_{each}.sql")
        now = "now()"
    else:
        connection.exec_driver_sql("DROP TRIGGER visit_over")
        connection.exec_driver_sql(_NOWHERE)
        connection.exec_driver_sql(_OVER)
        now = "strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'"
    for each in (_OFFERED, _BACK):
        connection.exec_driver_sql(each.format(now=now))
