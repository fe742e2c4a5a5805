"""Sites: looked after by administrators, with figures of their own."""

from pathlib import Path

from alembic import op

from crm_desktop.store.migrate import run_sql

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0034_sites.sql")
        run_sql(connection, SQL / "0034_site_figures.sql")
