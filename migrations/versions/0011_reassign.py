"""Many contacts moved at once by a team leader, and what takes that back."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from crm_desktop.store.migrate import run_sql
from crm_desktop.store.models.base import BigId, UtcDateTime, utcnow

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "move_batch",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("at", UtcDateTime(), server_default=utcnow(), nullable=False),
        sa.Column("leader_id", BigId, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_move_batch"),
        sa.ForeignKeyConstraint(["leader_id"], ["staff.id"], name="fk_move_batch_leader_id_staff"),
    )
    op.create_index("ix_move_batch_at", "move_batch", ["at"])
    op.create_table(
        "move_item",
        sa.Column("batch_id", BigId, nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("staff_id", BigId, nullable=True),
        sa.Column("why", sa.Text(), nullable=False, server_default=""),
        sa.Column("who", sa.Text(), nullable=False, server_default=""),
        sa.Column("before", Json, nullable=True),
        sa.Column("after", Json, nullable=True),
        sa.Column("assignment_id", BigId, nullable=True),
        sa.Column("assignment_state", sa.Text(), nullable=True),
        sa.Column("message_id", BigId, nullable=True),
        sa.PrimaryKeyConstraint("batch_id", "contact_id", name="pk_move_item"),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["move_batch.id"],
            name="fk_move_item_batch_id_move_batch",
            ondelete="CASCADE",
        ),
    )
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0011_reassign.sql")
