"""What became of each thing that was asked of the PBX."""

from pathlib import Path

from alembic import op

from crm_desktop.store.migrate import run_sql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0027_calls.sql")
