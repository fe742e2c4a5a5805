"""Contacts that are logged by hand, also those of a time when the database was away."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from crm_desktop.store.migrate import run_sql
from crm_desktop.store.models.base import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    # All of them may be empty: nothing of a million contacts is written anew.
    op.add_column("contact", sa.Column("logged_key", sa.Text(), nullable=True))
    op.add_column("contact", sa.Column("entered_at", UtcDateTime(), nullable=True))
    op.add_column("contact", sa.Column("while_away", sa.Boolean(), nullable=True))
    logged = sa.text("logged_key IS NOT NULL")
    op.create_index(
        "ix_contact_logged",
        "contact",
        ["logged_key"],
        unique=True,
        postgresql_where=logged,
        sqlite_where=logged,
    )
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0007_logged.sql")
