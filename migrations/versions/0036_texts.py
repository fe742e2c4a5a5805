"""Documents of customers, and texts: written by desks and kiosks, sent by a gateway."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from crm_desktop.store.migrate import run_sql
from crm_desktop.store.models.base import BigId, UtcDateTime

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
_PHONE = sa.text("phone <> ''")


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("message_id", BigId, nullable=False),
        sa.Column("case_id", BigId, nullable=True),
        sa.Column("customer_id", BigId, nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name="fk_document_message_id_message"
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_document_case_id_cases"),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name="fk_document_customer_id_customer"
        ),
        sa.PrimaryKeyConstraint("message_id", name="pk_document"),
    )
    op.create_index("ix_document_case_id", "document", ["case_id"])
    op.create_table(
        "text_message",
        sa.Column("message_id", BigId, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("visit_id", BigId, nullable=True),
        sa.Column("appointment_id", BigId, nullable=True),
        sa.Column("before", sa.Integer(), nullable=True),
        sa.Column("status", sa.Text(), server_default="", nullable=False),
        sa.Column("ask_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name="fk_text_message_message_id_message"
        ),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visit.contact_id"], name="fk_text_message_visit_id_visit"
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointment.id"],
            name="fk_text_message_appointment_id_appointment",
        ),
        sa.PrimaryKeyConstraint("message_id", name="pk_text_message"),
    )
    op.create_index("ix_text_message_phone", "text_message", ["phone", "message_id"])
    op.create_index("ix_text_message_visit_id", "text_message", ["visit_id"])
    _where("ix_text_message_ask_at", "text_message", ["ask_at"], sa.text("ask_at IS NOT NULL"))
    _where("ix_visit_phone", "visit", ["day"], _PHONE)
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0036_documents.sql")
        run_sql(connection, SQL / "0036_texts_postgresql.sql")
    else:
        run_sql(connection, SQL / "0036_texts_sqlite.sql")


def _where(name: str, table: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, table, columns, postgresql_where=where, sqlite_where=where)
