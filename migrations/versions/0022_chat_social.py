"""Live chats, posts on social networks, and notices for the public."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from crm_desktop.store.migrate import run_sql
from crm_desktop.store.models.base import BigId, UtcDateTime, utcnow

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    connection = op.get_bind()
    _chats()
    _typing(connection.dialect.name)
    _posts()
    _notices()
    with op.batch_alter_table("outbox") as outbox:
        outbox.add_column(sa.Column("notice_post_id", BigId, nullable=True))
        outbox.create_foreign_key(
            "fk_outbox_notice_post_id_notice_post", "notice_post", ["notice_post_id"], ["id"]
        )
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0022_chat_social.sql")


def _chats() -> None:
    op.create_table(
        "chat",
        _id(),
        sa.Column("account_id", BigId, nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        _text("state", "open"),
        sa.Column("visitor", sa.Text(), nullable=False),
        _text("email"),
        _text("language", "en"),
        *(_text(name) for name in ("page", "client")),
        _json("answers", "{}"),
        *(_number(name) for name in ("last_seq", "visitor_seq", "staff_seq")),
        _now("started_at"),
        _at("waiting_since"),
        _now("visitor_at"),
        *(_at(name) for name in ("gone_since", "ended_at")),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("rating", sa.Integer(), nullable=True),
        *(_text(name) for name in ("rating_words", "transcript_to")),
        sa.PrimaryKeyConstraint("id", name="pk_chat"),
        sa.UniqueConstraint("token_hash", name="uq_chat_token_hash"),
        _key("chat", "account_id", "channel_account"),
        _key("chat", "contact_id", "contact"),
    )
    op.create_index("ix_chat_contact_id", "chat", ["contact_id"])
    _partial("ix_chat_open", "chat", ["gone_since"], "state = 'open'")
    op.create_table(
        "chat_line",
        sa.Column("chat_id", BigId, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        _text("who"),
        sa.Column("message_id", BigId, nullable=True),
        _text("client_id"),
        _now("at"),
        sa.PrimaryKeyConstraint("chat_id", "seq", name="pk_chat_line"),
        _key("chat_line", "chat_id", "chat"),
        _key("chat_line", "contact_id", "contact"),
        _key("chat_line", "message_id", "message"),
    )
    op.create_index("ix_chat_line_message_id", "chat_line", ["message_id"])
    _partial(
        "uq_chat_line_client_id",
        "chat_line",
        ["chat_id", "client_id"],
        "client_id <> ''",
        unique=True,
    )
    op.create_table(
        "chat_block",
        _id(),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("chat_id", BigId, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", BigId, nullable=False),
        _now("at"),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_chat_block"),
        _key("chat_block", "chat_id", "chat"),
        _key("chat_block", "by_id", "staff"),
    )
    op.create_index("ix_chat_block_client", "chat_block", ["client", "until"])


def _typing(dialect: str) -> None:
    op.create_table(
        "chat_typing",
        sa.Column("chat_id", BigId, nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        _text("text"),
        _now("at"),
        sa.PrimaryKeyConstraint("chat_id", "side", name="pk_chat_typing"),
        prefixes=["UNLOGGED"] if dialect == "postgresql" else [],
    )


def _posts() -> None:
    op.create_table(
        "social_post",
        sa.Column("message_id", BigId, nullable=False),
        sa.Column("account_id", BigId, nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        *(
            _text(name)
            for name in ("post_id", "root_id", "parent_id", "url", "author_id", "handle")
        ),
        sa.Column("public", sa.Boolean(), nullable=False),
        _json("reply_ref", "{}"),
        _json("alts", "[]"),
        _json("versions", "[]"),
        *(_at(name) for name in ("edited_at", "deleted_at")),
        _now("looked_at"),
        sa.PrimaryKeyConstraint("message_id", name="pk_social_post"),
        _key("social_post", "message_id", "message"),
        _key("social_post", "account_id", "channel_account"),
    )
    op.create_index("ix_social_post_root", "social_post", ["account_id", "root_id"])
    op.create_index("ix_social_post_post", "social_post", ["account_id", "post_id"])


def _notices() -> None:
    op.create_table(
        "service_notice",
        _id(),
        sa.Column("text", sa.Text(), nullable=False),
        _text("text_cy"),
        sa.Column("service_id", BigId, nullable=True),
        *(
            sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
            for name in ("on_web", "on_chat")
        ),
        sa.Column("created_by_id", BigId, nullable=False),
        _now("created_at"),
        _now("starts_at"),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        _at("ended_at"),
        sa.Column("ended_by_id", BigId, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_service_notice"),
        _key("service_notice", "service_id", "service"),
        _key("service_notice", "created_by_id", "staff"),
        _key("service_notice", "ended_by_id", "staff"),
    )
    op.create_index("ix_service_notice_ends_at", "service_notice", ["ends_at"])
    op.create_table(
        "notice_post",
        _id(),
        sa.Column("notice_id", BigId, nullable=False),
        sa.Column("account_id", BigId, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        _text("state", "pending"),
        *(_text(name) for name in ("post_id", "url", "failure")),
        sa.PrimaryKeyConstraint("id", name="pk_notice_post"),
        sa.UniqueConstraint("notice_id", "account_id", name="uq_notice_post_notice_id_account_id"),
        _key("notice_post", "notice_id", "service_notice"),
        _key("notice_post", "account_id", "channel_account"),
    )


def _id() -> sa.Column[int]:
    return sa.Column("id", BigId, sa.Identity(always=False), nullable=False)


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")


def _partial(
    name: str, table: str, columns: list[str], where: str, *, unique: bool = False
) -> None:
    only = sa.text(where)
    op.create_index(name, table, columns, unique=unique, postgresql_where=only, sqlite_where=only)


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")


def _json(name: str, default: str) -> sa.Column[object]:
    return sa.Column(name, Json, nullable=False, server_default=default)


def _at(name: str) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=True)


def _now(name: str) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=False, server_default=utcnow())
