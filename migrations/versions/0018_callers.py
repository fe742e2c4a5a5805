"""How many may wait on a line; callbacks that were missed; who gets a caller who was cut off."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from crm_desktop.store.migrate import run_sql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    connection = op.get_bind()
    op.add_column(
        "telephone_line",
        sa.Column("most_waiting", sa.Integer(), nullable=False, server_default="0"),
    )
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0018_callers.sql")
