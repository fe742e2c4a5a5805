"""Appointments: slots, bookings, reminders."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from crm_desktop.store.migrate import run_sql
from crm_desktop.store.models.base import UtcDateTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
_UNTOLD = sa.text("sequence > told_sequence AND email <> ''")
_BOOKED = sa.text("state = 'booked'")


def upgrade() -> None:
    for column in (
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("told_sequence", sa.Integer(), server_default="-1", nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("late_until", UtcDateTime(), nullable=True),
    ):
        op.add_column("appointment", column)
    op.create_index("uq_appointment_key", "appointment", ["key"], unique=True)
    op.create_index(
        "ix_appointment_booked",
        "appointment",
        ["starts_at"],
        postgresql_where=_BOOKED,
        sqlite_where=_BOOKED,
    )
    op.create_index(
        "ix_appointment_untold",
        "appointment",
        ["id"],
        postgresql_where=_UNTOLD,
        sqlite_where=_UNTOLD,
    )
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0030_appointments.sql")
