"""Chats: what visitors and advisors do with them."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from crm_desktop.store.migrate import run_sql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    connection = op.get_bind()
    op.add_column("chat", _no("away"))
    dialect = "postgresql" if connection.dialect.name == "postgresql" else "sqlite"
    run_sql(connection, SQL / f"0023_chats_{dialect}.sql")


def _no(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
