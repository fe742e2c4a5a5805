"""Visits: checked in, called, moved, and gone."""

from pathlib import Path

from alembic import op

from crm_desktop.store.migrate import run_sql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


#: A visit is over at the desk when its wrap-up begins, or it is completed.
_OVER = """
CREATE TRIGGER visit_over AFTER UPDATE OF state ON contact
WHEN NEW.channel = 'visit' AND NEW.state IN ('wrap_up', 'completed')
    AND OLD.state IN ('active', 'held')
BEGIN
    UPDATE visit SET left_at = coalesce(left_at, strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')
    WHERE contact_id = NEW.id;
    UPDATE appointment SET state = 'served' WHERE visit_id = NEW.id AND state = 'arrived';
END
"""


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0029_visiting.sql")
    else:
        connection.exec_driver_sql(_OVER)
