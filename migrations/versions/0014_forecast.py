"""What is expected by the half hour, and team leaders who set their queues' rules."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from crm_desktop.store.migrate import run_sql
from crm_desktop.store.models.base import BigId, UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.create_table(
        "arrival_forecast",
        sa.Column("half_hour", UtcDateTime(), nullable=False),
        sa.Column("queue_id", BigId, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("planned", sa.Double(), nullable=False),
        sa.Column("expected", sa.Double(), nullable=False),
        sa.Column("aht_seconds", sa.Double(), nullable=True),
        sa.Column("patience_seconds", sa.Double(), nullable=True),
        sa.Column("needed", sa.Double(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("half_hour", "queue_id", "channel", name="pk_arrival_forecast"),
        sa.ForeignKeyConstraint(
            ["queue_id"], ["queue.id"], name="fk_arrival_forecast_queue_id_queue"
        ),
    )
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0014_forecast.sql")
        run_sql(connection, SQL / "0014_queue_settings.sql")
