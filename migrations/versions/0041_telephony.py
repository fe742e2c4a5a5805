"""One PBX is in use at a time, and who passed a call on to the outside wraps it up at once."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from crm_desktop.store.migrate import run_sql

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
_IN_USE = "kind = 'asterisk' AND active"


def upgrade() -> None:
    # Where there were more, the one that Admin shows stays.
    newest = f"SELECT max(id) FROM channel_account WHERE {_IN_USE}"  # noqa: S608 - ours alone
    op.execute(f"UPDATE channel_account SET active = false WHERE {_IN_USE} AND id < ({newest})")  # noqa: S608
    op.create_index(
        "ix_one_pbx",
        "channel_account",
        ["kind"],
        unique=True,
        postgresql_where=sa.text(_IN_USE),
        sqlite_where=sa.text(_IN_USE),
    )
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0041_telephony.sql")
