"""The register of recordings, sounds on their way to a listener, and customers' requests."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from crm_desktop.store.migrate import run_sql
from crm_desktop.store.models.base import BigId, UtcDateTime, utcnow

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    connection = op.get_bind()
    server = connection.dialect.name == "postgresql"
    if server:
        op.execute("DROP FUNCTION app.open_recording(bigint)")
    # Of revision 0005, with the sound in the database: no release ever wrote a row of it.
    op.drop_table("recording")
    _recording()
    _playback()
    _request()
    if server:
        run_sql(connection, SQL / "0019_recordings.sql")
        run_sql(connection, SQL / "0019_requests.sql")


def _recording() -> None:
    op.create_table(
        "recording",
        _id(),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("account_id", BigId, nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        _now("started_at"),
        _at("ended_at"),
        *(_text(name) for name in ("store", "file", "content_type")),
        _number("seconds"),
        sa.Column("size", BigId, nullable=False, server_default="0"),
        sa.Column("peaks", Json, nullable=False, server_default="[]"),
        *(_text(name) for name in ("sealed_sha256", "sound_sha256")),
        *(_at(name) for name in ("kept_at", "cleared_at")),
        _text("lost"),
        *(_at(name) for name in ("keep_until", "destroying_at", "destroyed_at")),
        sa.Column("legal_hold", sa.Boolean(), nullable=False, server_default=sa.false()),
        _text("hold_reason"),
        sa.Column("hold_by_id", BigId, nullable=True),
        _at("held_at"),
        sa.PrimaryKeyConstraint("id", name="pk_recording"),
        sa.UniqueConstraint("name", name="uq_recording_name"),
        _key("recording", "contact_id", "contact"),
        _key("recording", "account_id", "channel_account"),
        _key("recording", "hold_by_id", "staff"),
    )
    op.create_index("ix_recording_contact_id", "recording", ["contact_id"])
    _partial("ix_recording_to_fetch", ["id"], "cleared_at IS NULL AND lost = ''")
    _partial(
        "ix_recording_due",
        ["store", "keep_until"],
        "destroyed_at IS NULL AND keep_until IS NOT NULL",
    )


def _playback() -> None:
    op.create_table(
        "playback",
        _id(),
        sa.Column("recording_id", BigId, nullable=False),
        sa.Column("staff_id", BigId, nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        _text("state", "asked"),
        _text("words"),
        sa.Column("sound", sa.LargeBinary(), nullable=True),
        _now("asked_at"),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_playback"),
        _key("playback", "recording_id", "recording"),
        _key("playback", "staff_id", "staff"),
    )
    for column in ("recording_id", "staff_id"):
        op.create_index(f"ix_playback_{column}", "playback", [column])


def _request() -> None:
    op.create_table(
        "recording_request",
        _id(),
        sa.Column("recording_id", BigId, nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("opened_by_id", BigId, nullable=False),
        _now("opened_at"),
        _text("transcript"),
        sa.Column("redacted", Json, nullable=False, server_default="[]"),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        _text("released"),
        _at("released_at"),
        sa.Column("released_by_id", BigId, nullable=True),
        _at("closed_at"),
        _text("closed_why"),
        sa.PrimaryKeyConstraint("id", name="pk_recording_request"),
        _key("recording_request", "recording_id", "recording"),
        _key("recording_request", "opened_by_id", "staff"),
        _key("recording_request", "released_by_id", "staff"),
    )
    op.create_index("ix_recording_request_recording_id", "recording_request", ["recording_id"])


def _id() -> sa.Column[int]:
    return sa.Column("id", BigId, sa.Identity(always=False), nullable=False)


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")


def _partial(name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "recording", columns, postgresql_where=condition, sqlite_where=condition)


def _at(name: str) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=True)


def _now(name: str) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), server_default=utcnow(), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)
