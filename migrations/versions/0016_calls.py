"""Telephone lines, calls as the PBX has them, and what desktops ask of it."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from crm_desktop.store.migrate import run_sql
from crm_desktop.store.models.base import BigId, UtcDateTime, utcnow

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    connection = op.get_bind()
    # The endpoint at the PBX that rings for them; how long, and whether, they wrap up.
    op.add_column("staff", sa.Column("extension", sa.Text(), nullable=True))
    op.create_index("uq_staff_extension", "staff", ["extension"], unique=True)
    op.add_column("queue", _text("wrap_up", "mandatory"))
    op.add_column("queue", _number("wrap_up_seconds", 120))
    _lines()
    _calls()
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0016_calls.sql")
        run_sql(connection, SQL / "0016_calling.sql")


def _lines() -> None:
    op.create_table(
        "telephone_line",
        _id(),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("queue_id", BigId, nullable=False),
        sa.Column("service_id", BigId, nullable=True),
        _yes("active"),
        _number("announce_seconds", 45),
        _yes("record"),
        _yes("voicemail"),
        _yes("callback"),
        sa.PrimaryKeyConstraint("id", name="pk_telephone_line"),
        sa.UniqueConstraint("number", name="uq_telephone_line_number"),
        _key("telephone_line", "queue_id", "queue"),
        _key("telephone_line", "service_id", "service"),
    )
    op.create_table(
        "line_choice",
        sa.Column("line_id", BigId, nullable=False),
        sa.Column("digit", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("queue_id", BigId, nullable=False),
        sa.Column("service_id", BigId, nullable=True),
        sa.PrimaryKeyConstraint("line_id", "digit", name="pk_line_choice"),
        _key("line_choice", "line_id", "telephone_line"),
        _key("line_choice", "queue_id", "queue"),
        _key("line_choice", "service_id", "service"),
    )


def _calls() -> None:
    op.create_table(
        "call",
        sa.Column("contact_id", BigId, nullable=False, autoincrement=False),
        sa.Column("account_id", BigId, nullable=False),
        sa.Column("line_id", BigId, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        _now("state_since"),
        *(
            _text(name)
            for name in ("channel", "bridge", "linked", "number", "number_said", "dialled")
        ),
        _text("choice"),
        _no("callback"),
        sa.Column("after_id", BigId, nullable=True),
        _no("muted"),
        _text("recording", "off"),
        _now("started_at"),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        _text("ended_by"),
        sa.Column("cause", sa.Integer(), nullable=True),
        _no("cut_off"),
        _number("talk_seconds", 0),
        _number("hold_seconds", 0),
        sa.Column("counted_at", UtcDateTime(), nullable=True),
        sa.Column("lost_since", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("contact_id", name="pk_call"),
        _key("call", "contact_id", "contact"),
        _key("call", "account_id", "channel_account"),
        _key("call", "line_id", "telephone_line"),
        _key("call", "after_id", "contact"),
    )
    op.create_index("ix_call_channel", "call", ["channel"])
    op.create_index("ix_call_number", "call", ["number", "started_at"])
    _partial("ix_call_open", "call", ["contact_id"], "ended_at IS NULL")
    op.create_table(
        "call_leg",
        _id(),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("staff_id", BigId, nullable=True),
        _text("number"),
        _text("name"),
        _text("mode"),
        _now("began_at"),
        sa.Column("up_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("cause", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_call_leg"),
        _key("call_leg", "contact_id", "contact"),
        _key("call_leg", "staff_id", "staff"),
    )
    op.create_index("ix_call_leg_contact", "call_leg", ["contact_id"])
    op.create_index("ix_call_leg_channel", "call_leg", ["channel"], unique=True)
    _partial("ix_call_leg_open", "call_leg", ["staff_id"], "ended_at IS NULL")
    op.create_table(
        "call_command",
        _id(),
        sa.Column("contact_id", BigId, nullable=True),
        sa.Column("staff_id", BigId, nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("args", Json, nullable=False),
        _text("state", "asked"),
        _text("words"),
        _now("asked_at"),
        _now("expires_at"),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_call_command"),
        _key("call_command", "contact_id", "contact"),
        _key("call_command", "staff_id", "staff"),
    )
    _partial("ix_call_command_asked", "call_command", ["id"], "state = 'asked'")
    op.create_index("ix_call_command_contact", "call_command", ["contact_id", "id"])


def _id() -> sa.Column[int]:
    return sa.Column("id", BigId, sa.Identity(always=False), nullable=False)


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, postgresql_where=condition, sqlite_where=condition)


def _now(name: str) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), server_default=utcnow(), nullable=False)


def _number(name: str, default: int) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default=str(default))


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)


def _no(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def _yes(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.true())
