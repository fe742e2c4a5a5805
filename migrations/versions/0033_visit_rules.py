"""Visits: who may take one, and where it stands while it changes hands."""

from pathlib import Path

from alembic import op

from crm_desktop.store.migrate import run_sql

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    # Nothing ever wrote them.
    op.drop_column("visit", "told")
    op.drop_column("visit", "expected_seconds")
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0033_visit_rules.sql")
