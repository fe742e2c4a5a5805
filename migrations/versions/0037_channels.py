"""Notices for the public: published once, and taken back from networks."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from crm_desktop.store.migrate import run_sql

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.add_column("service_notice", sa.Column("key", sa.Text(), nullable=True))
    op.create_index("ix_service_notice_key", "service_notice", ["key"], unique=True)
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0037_notices.sql")
