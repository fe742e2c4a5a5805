"""Sites with desks and rooms, visits with tickets, appointments, and alarms."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from crm_desktop.store.migrate import run_sql
from crm_desktop.store.models.base import BigId, UtcDateTime, utcnow

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    _sites()
    _visits()
    _appointments()
    _alarms()
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        run_sql(connection, SQL / "0028_visits.sql")


def _sites() -> None:
    op.create_table(
        "site",
        _id(),
        _word("code"),
        _word("name"),
        _text("name_cy"),
        _text("address"),
        _ref("calendar_id"),
        sa.Column("calls", sa.Integer(), server_default="3", nullable=False),
        _word("kiosk_key"),
        sa.Column("settings", Json, server_default="{}", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        _key("site", "calendar_id", "opening_calendar"),
        sa.PrimaryKeyConstraint("id", name="pk_site"),
        sa.UniqueConstraint("code", name="uq_site_code"),
        sa.UniqueConstraint("kiosk_key", name="uq_site_kiosk_key"),
        sa.UniqueConstraint("name", name="uq_site_name"),
    )
    op.create_table(
        "place",
        _id(),
        _ref("site_id"),
        _word("kind"),
        _word("name"),
        _text("name_cy"),
        _text("partner"),
        sa.Column("service_ids", Json, server_default="[]", nullable=False),
        sa.Column("step_free", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("hearing_loop", sa.Boolean(), server_default=sa.false(), nullable=False),
        _at("held_until"),
        _text("held_for"),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        _key("place", "site_id", "site"),
        sa.PrimaryKeyConstraint("id", name="pk_place"),
        sa.UniqueConstraint("site_id", "name", name="uq_place_site_id_name"),
    )
    op.create_table(
        "at_place",
        _id(),
        _ref("staff_id"),
        _ref("place_id"),
        _now("came_at"),
        _at("left_at"),
        _key("at_place", "place_id", "place"),
        _key("at_place", "staff_id", "staff"),
        sa.PrimaryKeyConstraint("id", name="pk_at_place"),
    )
    op.create_index("ix_at_place_place_id", "at_place", ["place_id", "came_at"])
    op.create_index(
        "uq_at_place_staff",
        "at_place",
        ["staff_id"],
        unique=True,
        postgresql_where=sa.text("left_at IS NULL"),
        sqlite_where=sa.text("left_at IS NULL"),
    )
    op.create_table(
        "site_service",
        _ref("site_id"),
        _ref("service_id"),
        _word("letter"),
        sa.Column("key", sa.Integer(), nullable=False),
        _text("name"),
        _text("name_cy"),
        _key("site_service", "service_id", "service"),
        _key("site_service", "site_id", "site"),
        sa.PrimaryKeyConstraint("site_id", "service_id", name="pk_site_service"),
        sa.UniqueConstraint("site_id", "key", name="uq_site_service_site_id_key"),
    )


def _visits() -> None:
    op.create_table(
        "ticket_counter",
        _ref("site_id"),
        sa.Column("day", sa.Date(), nullable=False),
        _word("letter"),
        sa.Column("last", sa.Integer(), server_default="0", nullable=False),
        _key("ticket_counter", "site_id", "site"),
        sa.PrimaryKeyConstraint("site_id", "day", "letter", name="pk_ticket_counter"),
    )
    op.create_table(
        "ticket_range",
        _id(),
        _ref("site_id"),
        sa.Column("day", sa.Date(), nullable=False),
        _word("computer"),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        _now("reserved_at"),
        _key("ticket_range", "site_id", "site"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_range"),
        sa.UniqueConstraint("site_id", "day", "first", name="uq_ticket_range_site_id_day_first"),
    )
    op.create_table(
        "visit",
        _ref("contact_id"),
        _ref("site_id"),
        sa.Column("day", sa.Date(), nullable=False),
        _word("letter"),
        sa.Column("number", sa.Integer(), nullable=False),
        _word("key"),
        _word("checked_in_by"),
        _text("told", "spoken"),
        _text("language", "en"),
        _text("phone"),
        sa.Column("needs", Json, server_default="[]", nullable=False),
        _text("note"),
        sa.Column("expected_seconds", sa.Integer(), nullable=True),
        _ref("place_id", nullable=True),
        _ref("for_place_id", nullable=True),
        _at("called_at"),
        sa.Column("calls", sa.Integer(), server_default="0", nullable=False),
        _at("seen_at"),
        _at("left_at"),
        _ref("appointment_id", nullable=True),
        _key("visit", "contact_id", "contact"),
        _key("visit", "for_place_id", "place"),
        _key("visit", "place_id", "place"),
        _key("visit", "site_id", "site"),
        sa.PrimaryKeyConstraint("contact_id", name="pk_visit"),
        sa.UniqueConstraint("key", name="uq_visit_key"),
        sa.UniqueConstraint(
            "site_id", "day", "letter", "number", name="uq_visit_site_id_day_letter_number"
        ),
    )
    op.create_index("ix_visit_called", "visit", ["site_id", "called_at"])
    op.create_index("ix_visit_site_day", "visit", ["site_id", "day", "contact_id"])


def _appointments() -> None:
    op.create_table(
        "appointment",
        _id(),
        _ref("site_id"),
        _ref("service_id"),
        _ref("place_id"),
        _ref("staff_id", nullable=True),
        _ref("customer_id", nullable=True),
        _ref("contact_id", nullable=True),
        _ref("visit_id", nullable=True),
        _word("reference"),
        _text("state", "booked"),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        _word("who"),
        _text("email"),
        _text("phone"),
        sa.Column("needs", Json, server_default="[]", nullable=False),
        _text("language", "en"),
        _text("note"),
        sa.Column("sequence", sa.Integer(), server_default="0", nullable=False),
        _ref("booked_by_id", nullable=True),
        _now("booked_at"),
        _at("reminded_at"),
        _at("cancelled_at"),
        _text("cancelled_why"),
        _key("appointment", "booked_by_id", "staff"),
        _key("appointment", "contact_id", "contact"),
        _key("appointment", "customer_id", "customer"),
        _key("appointment", "place_id", "place"),
        _key("appointment", "service_id", "service"),
        _key("appointment", "site_id", "site"),
        _key("appointment", "staff_id", "staff"),
        _key("appointment", "visit_id", "contact"),
        sa.PrimaryKeyConstraint("id", name="pk_appointment"),
        sa.UniqueConstraint("reference", name="uq_appointment_reference"),
    )
    op.create_index("ix_appointment_customer_id", "appointment", ["customer_id", "starts_at"])
    op.create_index("ix_appointment_starts_at", "appointment", ["site_id", "starts_at"])
    op.create_table(
        "slot_taken",
        _word("what"),
        _ref("ref_id"),
        sa.Column("at", UtcDateTime(), nullable=False),
        _ref("appointment_id"),
        _key("slot_taken", "appointment_id", "appointment"),
        sa.PrimaryKeyConstraint("what", "ref_id", "at", name="pk_slot_taken"),
    )
    op.create_index("ix_slot_taken_appointment_id", "slot_taken", ["appointment_id"])


def _alarms() -> None:
    op.create_table(
        "alarm",
        _id(),
        _word("key"),
        _ref("site_id", nullable=True),
        _ref("place_id", nullable=True),
        _text("words"),
        _text("computer"),
        _ref("contact_id", nullable=True),
        _ref("raised_by_id"),
        _now("raised_at"),
        _now("entered_at"),
        sa.Column("test", sa.Boolean(), server_default=sa.false(), nullable=False),
        _at("ended_at"),
        _ref("ended_by_id", nullable=True),
        _key("alarm", "contact_id", "contact"),
        _key("alarm", "ended_by_id", "staff"),
        _key("alarm", "place_id", "place"),
        _key("alarm", "raised_by_id", "staff"),
        _key("alarm", "site_id", "site"),
        sa.PrimaryKeyConstraint("id", name="pk_alarm"),
        sa.UniqueConstraint("key", name="uq_alarm_key"),
    )
    op.create_index("ix_alarm_raised_at", "alarm", ["raised_at"])
    op.create_table(
        "alarm_answer",
        _ref("alarm_id"),
        _ref("staff_id"),
        _now("at"),
        _text("words"),
        _key("alarm_answer", "alarm_id", "alarm"),
        _key("alarm_answer", "staff_id", "staff"),
        sa.PrimaryKeyConstraint("alarm_id", "staff_id", name="pk_alarm_answer"),
    )
    op.create_table(
        "incident",
        _id(),
        _ref("alarm_id", nullable=True),
        _ref("site_id", nullable=True),
        _ref("place_id", nullable=True),
        _ref("customer_id", nullable=True),
        _ref("contact_id", nullable=True),
        _ref("marker_id", nullable=True),
        sa.Column("happened_at", UtcDateTime(), nullable=False),
        _word("kind"),
        _word("what"),
        _text("done"),
        _text("lessons"),
        _text("police_reference"),
        _ref("written_by_id"),
        _now("written_at"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        _at("closed_at"),
        _key("incident", "alarm_id", "alarm"),
        _key("incident", "contact_id", "contact"),
        _key("incident", "customer_id", "customer"),
        _key("incident", "marker_id", "safety_marker"),
        _key("incident", "place_id", "place"),
        _key("incident", "site_id", "site"),
        _key("incident", "written_by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name="pk_incident"),
    )
    op.create_index("ix_incident_happened_at", "incident", ["happened_at"])


def _id() -> sa.Column[int]:
    return sa.Column("id", BigId, sa.Identity(always=False), nullable=False)


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")


def _ref(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, BigId, nullable=nullable)


def _word(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)


def _at(name: str) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=True)


def _now(name: str) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=False, server_default=utcnow())
