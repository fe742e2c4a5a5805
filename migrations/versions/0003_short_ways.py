"""What happens a hundred times a second takes fewer steps: taking mail in, and the next contact."""

from pathlib import Path

from alembic import op

from crm_desktop.store.migrate import run_sql

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0003_short_ways.sql")
