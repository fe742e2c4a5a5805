"""Roles, restricted cases, staff through guarded functions and reports without names."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from crm_desktop.store.migrate import run_sql
from crm_desktop.store.models.base import BigId, UtcDateTime, utcnow

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "assessment",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("author_id", BigId, nullable=False),
        sa.Column("staff_id", BigId, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("scores", Json, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=utcnow(), nullable=False),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        *_keys("assessment", contact_id="contact.id", author_id="staff.id", staff_id="staff.id"),
    )
    op.create_table(
        "recording",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("legal_hold", sa.Boolean(), nullable=False),
        *_keys("recording", contact_id="contact.id", sha256="blob.sha256"),
    )
    for table, column in (
        *(("assessment", "contact_id"), ("assessment", "staff_id")),
        *(("recording", "contact_id"), ("recording", "sha256")),
    ):
        op.create_index(f"ix_{table}_{column}", table, [column])
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        for name in ("staff", "boundary", "quality", "report"):
            run_sql(connection, SQL / f"0005_{name}.sql")


def _keys(table: str, **foreign: str) -> list[sa.Constraint]:
    keys: list[sa.Constraint] = [sa.PrimaryKeyConstraint("id", name=f"pk_{table}")]
    for column, target in foreign.items():
        name = f"fk_{table}_{column}_{target.split('.')[0]}"
        keys.append(sa.ForeignKeyConstraint([column], [target], name=name))
    return keys
