"""What a person chose to be, for how long, and what the system saw."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from crm_desktop.store.migrate import run_sql
from crm_desktop.store.models.base import BigId, UtcDateTime, utcnow

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    connection = op.get_bind()
    # Alembic would give SQLite the key by itself, which it does not understand.
    op.execute(
        "ALTER TABLE staff ADD COLUMN presence_by_id "
        f"{'BIGINT' if connection.dialect.name == 'postgresql' else 'INTEGER'} "
        "CONSTRAINT fk_staff_presence_by_id_staff REFERENCES staff (id)"
    )
    op.add_column("activity", sa.Column("desktop", sa.Text(), nullable=False, server_default=""))
    op.add_column("activity", sa.Column("off_channels", Json, nullable=False, server_default="[]"))
    op.create_table(
        "presence_mark",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("staff_id", BigId, nullable=False),
        sa.Column("at", UtcDateTime(), server_default=utcnow(), nullable=False),
        sa.Column("signed_in", sa.Boolean(), nullable=False),
        sa.Column("presence", sa.Text(), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.Column("by_id", BigId, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_presence_mark"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_presence_mark_staff_id_staff"),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name="fk_presence_mark_by_id_staff"),
    )
    op.create_index("ix_presence_mark_staff", "presence_mark", ["staff_id", "id"])
    run_sql(connection, SQL / f"0010_presence_{connection.dialect.name}.sql")
