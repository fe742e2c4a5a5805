"""Opening, taking and replying cost less."""

from pathlib import Path

from alembic import op

from crm_desktop.store.migrate import run_sql

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        run_sql(op.get_bind(), SQL / "0040_reading.sql")
