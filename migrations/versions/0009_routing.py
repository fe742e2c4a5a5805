"""Who may be offered what: skills, capacity, push queues, offers that expire, and why."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from crm_desktop.store.migrate import run_sql
from crm_desktop.store.models.base import BigId, UtcDateTime, utcnow

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

# A call or a visitor fills a person; three chats do, or five mails.
WEIGHTS = (
    ("call", 100, False),
    ("visit", 100, False),
    ("chat", 33, False),
    ("sms", 33, True),
    ("voicemail", 50, True),
    ("social", 20, True),
    ("email", 20, True),
    ("web_form", 20, True),
    ("letter", 20, True),
)


def upgrade() -> None:
    connection = op.get_bind()
    # Every default is a constant: nothing of a million contacts is written anew.
    for table, column in (
        ("staff", _text("presence_words")),
        ("staff", sa.Column("back_at", UtcDateTime(), nullable=True)),
        ("staff", _number("capacity", 100)),
        ("membership", sa.Column("until", UtcDateTime(), nullable=True)),
        ("membership", sa.Column("off_until", UtcDateTime(), nullable=True)),
        ("queue", _no("push")),
        ("queue", _number("offer_seconds", 20)),
        ("queue", _number("ageing_seconds", 600)),
        ("queue", _number("last_advisor_seconds", 0)),
        ("queue", sa.Column("overflow_seconds", sa.Integer(), nullable=True)),
        ("queue_target", _number("goal", 80)),
        ("queue_target", _number("short_seconds", 5)),
        ("queue_target", _text("variant", "default")),
        ("contact", _number("boost", 0)),
        ("contact", _text("boost_reason")),
        ("contact", sa.Column("overflowed_at", UtcDateTime(), nullable=True)),
        ("assignment", sa.Column("channel", sa.Text(), nullable=True)),
        ("assignment", _text("how", "taken")),
        ("assignment", sa.Column("expires_at", UtcDateTime(), nullable=True)),
        ("assignment", _text("reason")),
        ("assignment", sa.Column("decision_id", BigId, nullable=True)),
    ):
        op.add_column(table, column)
    # Alembic would give SQLite the key by itself, which it does not understand.
    op.execute(
        "ALTER TABLE queue ADD COLUMN overflow_queue_id "
        f"{'BIGINT' if connection.dialect.name == 'postgresql' else 'INTEGER'} "
        "CONSTRAINT fk_queue_overflow_queue_id_queue REFERENCES queue (id)"
    )
    still = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_assignment_open",
        "assignment",
        ["staff_id"],
        postgresql_where=still,
        sqlite_where=still,
    )
    standing = sa.text("ended_at IS NULL AND state = 'offered'")
    op.create_index(
        "ix_assignment_standing",
        "assignment",
        ["expires_at"],
        postgresql_where=standing,
        sqlite_where=standing,
    )
    waiting = sa.text("state = 'queued'")
    op.create_index(
        "ix_contact_route",
        "contact",
        ["queue_id", "channel", "priority", "boost", "queued_at", "id"],
        postgresql_where=waiting,
        sqlite_where=waiting,
    )
    _skills()
    _people()
    _channels(connection)
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0009_routing.sql")
        run_sql(connection, SQL / "0009_offers.sql")


def _channels(connection: sa.Connection) -> None:
    """What is open says what it is; nobody did that, so nobody's name is written down for it."""
    filled = (
        "UPDATE assignment SET channel = (SELECT c.channel FROM contact c"
        " WHERE c.id = assignment.contact_id) WHERE ended_at IS NULL"
    )
    if connection.dialect.name == "postgresql":
        op.execute("ALTER TABLE assignment DISABLE TRIGGER audit")
        op.execute(filled)
        op.execute("ALTER TABLE assignment ENABLE TRIGGER audit")
        return
    op.execute(filled)
    op.execute(
        "CREATE TRIGGER assignment_channel AFTER INSERT ON assignment BEGIN"
        " UPDATE assignment SET channel = (SELECT c.channel FROM contact c"
        " WHERE c.id = NEW.contact_id) WHERE id = NEW.id; END"
    )


def _skills() -> None:
    op.create_table(
        "skill",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_skill"),
        sa.UniqueConstraint("code", name="uq_skill_code"),
    )
    op.create_table(
        "queue_skill",
        sa.Column("queue_id", BigId, nullable=False),
        sa.Column("skill_id", BigId, nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("relax_seconds", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("queue_id", "skill_id", name="pk_queue_skill"),
        _key("queue_skill", "queue_id", "queue"),
        _key("queue_skill", "skill_id", "skill"),
    )
    op.create_table(
        "staff_skill",
        sa.Column("staff_id", BigId, nullable=False),
        sa.Column("skill_id", BigId, nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("staff_id", "skill_id", name="pk_staff_skill"),
        _key("staff_skill", "staff_id", "staff"),
        _key("staff_skill", "skill_id", "skill"),
    )
    for table in ("queue_skill", "staff_skill"):
        op.create_index(f"ix_{table}_skill_id", table, ["skill_id"])
    weights = op.create_table(
        "channel_weight",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("interruptible", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_channel_weight"),
    )
    op.bulk_insert(weights, [dict(zip(weights.c.keys(), row, strict=True)) for row in WEIGHTS])


def _people() -> None:
    op.create_table(
        "activity",
        sa.Column("staff_id", BigId, nullable=False),
        sa.Column("signed_in_at", UtcDateTime(), nullable=True),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.Column("idle_since", UtcDateTime(), nullable=True),
        _no("locked"),
        sa.Column("not_responding_since", UtcDateTime(), nullable=True),
        sa.Column("last_given_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("staff_id", name="pk_activity"),
        _key("activity", "staff_id", "staff"),
    )
    op.create_table(
        "routing_decision",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("at", UtcDateTime(), server_default=utcnow(), nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("queue_id", BigId, nullable=False),
        sa.Column("staff_id", BigId, nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("considered", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_routing_decision"),
    )
    op.create_index("ix_routing_decision_contact", "routing_decision", ["contact_id", "id"])


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")


def _number(name: str, default: int) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default=str(default))


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)


def _no(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
