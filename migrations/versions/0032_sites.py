"""Sites, desks and rooms: set up and looked after."""

from pathlib import Path

from alembic import op

from crm_desktop.store.migrate import run_sql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0032_sites.sql")
