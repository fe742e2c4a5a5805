"""Posts: how they are read, answered and corrected."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from crm_desktop.store.migrate import run_sql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    connection = op.get_bind()
    op.add_column(
        "social_post",
        sa.Column("watched", sa.Boolean(), nullable=False, server_default=sa.true()),
    )
    op.drop_index("ix_social_post_root", "social_post")
    op.create_index("ix_social_post_root", "social_post", ["account_id", "root_id", "message_id"])
    op.create_index("ix_social_post_handle", "social_post", ["account_id", "handle"])
    watched = sa.text("watched")
    op.create_index(
        "ix_social_post_watched",
        "social_post",
        ["account_id", "looked_at"],
        postgresql_where=watched,
        sqlite_where=watched,
    )
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0024_social.sql")
    else:
        _in_order()


def _in_order() -> None:
    """SQLite chooses among equal indexes by their order, which the copying of `outbox` in 0022 left
    to chance.
    """
    of_state = {
        "ix_outbox_due": (["lane", "not_before"], "state IN ('pending', 'claimed')"),
        "ix_outbox_handoff": (["handoff_id"], None),
        "ix_outbox_message": (["message_id"], None),
        "ix_outbox_claimed": (["lane", "claimed_until"], "state = 'claimed'"),
        "ix_outbox_stuck": (["id"], "state IN ('held', 'dead')"),
    }
    for name in of_state:
        op.drop_index(name, "outbox")
    for name, (columns, where) in of_state.items():
        op.create_index(
            name, "outbox", columns, sqlite_where=sa.text(where) if where is not None else None
        )
