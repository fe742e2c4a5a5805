"""Search within a blink: the words of contacts apart from contacts, walked back block by block."""

from pathlib import Path

from alembic import op

from crm_desktop.store.migrate import run_sql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    connection = op.get_bind()
    run_sql(connection, SQL / f"0002_search_{connection.dialect.name}.sql")
