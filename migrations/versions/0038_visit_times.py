"""Visits that came while the database was away keep the times of what became of them."""

from pathlib import Path

from alembic import op

from crm_desktop.store.migrate import run_sql

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0038_visit_times.sql")
