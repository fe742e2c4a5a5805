"""Skills and queues for a while, huddles and notes, and what waits for a decision."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from crm_desktop.store.migrate import run_sql
from crm_desktop.store.models.base import BigId, UtcDateTime, utcnow

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
# What waits for somebody is little among much that ended: each is found without reading the rest.
UNDECIDED = (
    ("safety_marker_undecided", "safety_marker", ["proposed_at"], "proposed review_due"),
    ("outbox_stuck", "outbox", ["id"], "held dead"),
    ("handoff_trouble", "handoff", ["queue_id", "state_since"], "overdue bounced"),
    (
        "cases_due",
        "cases",
        ["service_id", "due_at"],
        "new open waiting_customer waiting_back_office",
    ),
)


def upgrade() -> None:
    _huddles()
    _between_two()
    for name, table, columns, states in UNDECIDED:
        listed = ", ".join(f"'{each}'" for each in states.split())
        _partial(f"ix_{name}", table, columns, f"state IN ({listed})")
    _partial("ix_contact_callback", "contact", ["due_at"], "state = 'callback_due'")
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        for name in ("people", "huddles", "decisions"):
            run_sql(connection, SQL / f"0012_{name}.sql")


def _huddles() -> None:
    op.create_table(
        "huddle",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("author_id", BigId, nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("staff_id", BigId, nullable=True),
        sa.Column("queue_id", BigId, nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), server_default=utcnow(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_huddle"),
        *_keys("huddle", author_id="staff", staff_id="staff", queue_id="queue"),
    )
    op.create_index("ix_huddle_author", "huddle", ["author_id", "id"])
    op.create_table(
        "huddle_receipt",
        sa.Column("huddle_id", BigId, nullable=False),
        sa.Column("staff_id", BigId, nullable=False),
        sa.Column("author_id", BigId, nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("huddle_id", "staff_id", name="pk_huddle_receipt"),
        *_keys("huddle_receipt", huddle_id="huddle", staff_id="staff", author_id="staff"),
    )
    _partial("ix_huddle_receipt_unread", "huddle_receipt", ["staff_id"], "read_at IS NULL")


def _between_two() -> None:
    op.create_table(
        "staff_note",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("from_id", BigId, nullable=False),
        sa.Column("to_id", BigId, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), server_default=utcnow(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_staff_note"),
        *_keys("staff_note", from_id="staff", to_id="staff"),
    )
    op.create_index("ix_staff_note_from", "staff_note", ["from_id", "to_id", "id"])
    op.create_index("ix_staff_note_to", "staff_note", ["to_id", "from_id", "id"])
    op.create_table(
        "sign_out",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("staff_id", BigId, nullable=False),
        sa.Column("by_id", BigId, nullable=False),
        sa.Column("at", UtcDateTime(), server_default=utcnow(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_out"),
        *_keys("sign_out", staff_id="staff", by_id="staff"),
    )
    op.create_index("ix_sign_out_staff", "sign_out", ["staff_id", "id"])


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    only = sa.text(where)
    op.create_index(name, table, columns, postgresql_where=only, sqlite_where=only)


def _keys(table: str, **foreign: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}_{target}")
        for column, target in foreign.items()
    ]
