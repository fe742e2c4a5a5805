"""A routing decision costs less."""

from pathlib import Path

from alembic import op

from crm_desktop.store.migrate import run_sql

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0039_routing.sql")
