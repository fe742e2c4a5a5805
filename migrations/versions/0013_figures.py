"""The centre's figures from its events: sums by half hour, and the contacts behind them."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from crm_desktop.store.migrate import run_sql
from crm_desktop.store.models.base import BigId, UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
_SUMS = (
    "arrivals", "answered", "answered_within", "wait_seconds", "abandoned", "abandoned_within",
    "abandoned_short", "other_exits", "handled", "handle_seconds", "completed", "first_point",
    "avoidable", "resolved",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "half_hour_stat",
        _time("half_hour"),
        _queue(),
        sa.Column("channel", sa.Text(), nullable=False),
        *(
            sa.Column(each, BigId if each == "wait_seconds" else sa.Integer(), nullable=False)
            for each in _SUMS
        ),
        sa.Column("followed", sa.Integer(), nullable=True),
        sa.Column("repeated", sa.Integer(), nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("in_opening_hours", sa.Boolean(), nullable=False),
        sa.Column("goal", sa.Integer(), nullable=False),
        sa.Column("short_seconds", sa.Integer(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("half_hour", "queue_id", "channel", name="pk_half_hour_stat"),
        _key("half_hour_stat", "queue_id", "queue"),
    )
    op.create_table(
        "half_hour_staff",
        _time("half_hour"),
        sa.Column("staff_id", BigId, nullable=False),
        sa.Column("available_seconds", sa.Integer(), nullable=False),
        sa.Column("busy_seconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("half_hour", "staff_id", name="pk_half_hour_staff"),
        _key("half_hour_staff", "staff_id", "staff"),
    )
    op.create_table(
        "counted_contact",
        sa.Column("contact_id", BigId, autoincrement=False, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        _time("at"),
        _queue(),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("wait_seconds", sa.Integer(), nullable=False),
        *(_no(each) for each in ("within", "short", "resolved", "first_point", "avoidable")),
        sa.PrimaryKeyConstraint("contact_id", "what", name="pk_counted_contact"),
        _key("counted_contact", "queue_id", "queue"),
    )
    op.create_index("ix_counted_contact_what", "counted_contact", ["what", "at", "contact_id"])
    op.create_table(
        "figures_kept",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        _time("from_at"),
        _time("until_at"),
        _time("followed_until"),
        sa.PrimaryKeyConstraint("id", name="pk_figures_kept"),
    )
    open_still = sa.text("state IN ('sent', 'acknowledged', 'in_progress', 'overdue')")
    op.create_index(
        "ix_handoff_open",
        "handoff",
        ["queue_id", "due_at"],
        postgresql_where=open_still,
        sqlite_where=open_still,
    )
    if op.get_bind().dialect.name == "postgresql":
        run_sql(op.get_bind(), SQL / "0013_figures.sql")


def _time(name: str) -> "sa.Column[object]":
    return sa.Column(name, UtcDateTime(), nullable=False)


def _queue() -> "sa.Column[int]":
    return sa.Column("queue_id", BigId, nullable=False)


def _no(name: str) -> "sa.Column[bool]":
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")
