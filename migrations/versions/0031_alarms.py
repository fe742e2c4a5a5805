"""Alarms and incidents."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from crm_desktop.store.migrate import run_sql
from crm_desktop.store.models.base import BigId, UtcDateTime, utcnow

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.create_table(
        "alarm_secret",
        sa.Column("site_id", BigId, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("made_at", UtcDateTime(), server_default=utcnow(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_alarm_secret_site_id_site"),
        sa.PrimaryKeyConstraint("site_id", name="pk_alarm_secret"),
    )
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0031_alarms.sql")
