"""Who may ask what of the PBX, and how much at once."""

from pathlib import Path

from alembic import op

from crm_desktop.store.migrate import run_sql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    connection = op.get_bind()
    op.create_index("ix_call_command_staff", "call_command", ["staff_id", "asked_at"])
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0017_call_commands.sql")
