"""Row changes and reads that matter, in a chain that shows an alteration.

Nothing that is there is read or written anew: entries begin with this revision.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from crm_desktop.store.migrate import run_sql
from crm_desktop.store.models.base import BigId, UtcDateTime, utcnow

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # The indexes over millions of events are what takes time here.
        op.execute("SET LOCAL maintenance_work_mem = '256MB'")
    for table in ("event", "read_audit"):
        op.add_column(table, sa.Column("xact", BigId, nullable=True))
    op.create_table(
        "row_audit",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("at", UtcDateTime(), server_default=utcnow(), nullable=False),
        sa.Column("xact", BigId, nullable=True),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("op", sa.Text(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("row_key", sa.Text(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=True),
        sa.Column("salt", sa.Text(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_row_audit")),
    )
    op.create_table(
        "audit_seal",
        sa.Column("number", BigId, nullable=False, autoincrement=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("from_xact", BigId, nullable=False),
        sa.Column("from_id", BigId, nullable=False),
        sa.Column("to_xact", BigId, nullable=False),
        sa.Column("to_id", BigId, nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("leaves", sa.LargeBinary(), nullable=False),
        sa.Column("key_mark", sa.Text(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_seal")),
    )
    _indexes()
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0006_audit.sql")
        run_sql(connection, SQL / "0006_reports.sql")


def _indexes() -> None:
    numbered = sa.text("xact IS NOT NULL")
    for table in ("event", "read_audit", "row_audit"):
        op.create_index(
            f"ix_{table}_xact",
            table,
            ["xact", "id"],
            unique=False,
            postgresql_where=numbered,
            sqlite_where=numbered,
        )
    op.create_index("ix_event_actor", "event", ["actor_id", "at"], unique=False)
    op.create_index("ix_read_audit_staff", "read_audit", ["staff_id", "at"], unique=False)
    op.create_index("ix_read_audit_what", "read_audit", ["what", "ref_id", "id"], unique=False)
    op.create_index("ix_row_audit_login", "row_audit", ["login", "at"], unique=False)
    op.create_index("ix_row_audit_row", "row_audit", ["table_name", "row_key"], unique=False)
    op.create_index("ix_audit_seal_source", "audit_seal", ["source", "number"], unique=False)
