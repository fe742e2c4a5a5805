"""Talk, hold and wrap-up of calls in the figures, and how a call's wrap-up ends."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from crm_desktop.store.migrate import run_sql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    for name in (
        "callbacks", "voicemails", "calls", "talk_seconds", "hold_seconds", "wrap_up_seconds",
        "transferred",
    ):  # fmt: skip
        op.add_column("half_hour_stat", _number(name))
    for name in ("talk_seconds", "hold_seconds", "wrap_up_seconds"):
        op.add_column("counted_contact", _number(name))
    for name in ("timed", "transferred"):
        op.add_column("counted_contact", _no(name))
    # Whoever needs it has the time of a timed wrap-up once more.
    op.add_column("call", _no("wrap_up_extended"))
    if op.get_bind().dialect.name == "postgresql":
        run_sql(op.get_bind(), SQL / "0020_wrap_up.sql")


def _number(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")


def _no(name: str) -> "sa.Column[bool]":
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
