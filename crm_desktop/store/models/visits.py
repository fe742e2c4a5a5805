"""Sites with their desks and rooms, visits with their tickets, appointments, and alarms."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, UniqueConstraint, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from crm_desktop.store.models.base import (
    Base,
    BigId,
    CreatedAt,
    Id,
    JsonList,
    JsonObject,
    Time,
    UtcDateTime,
    utcnow,
)


class Site(Base):
    """A shop, library or office that people visit, with opening hours of its own.

    After `calls` calls without an answer a visitor is a no-show. `kiosk_key` stands in the address
    of its kiosks and public screens, so that nobody elsewhere takes tickets.
    """

    __tablename__ = "site"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    name_cy: Mapped[str] = mapped_column(default="", server_default="")
    address: Mapped[str] = mapped_column(default="", server_default="")
    calendar_id: Mapped[int] = mapped_column(ForeignKey("opening_calendar.id"))
    calls: Mapped[int] = mapped_column(default=3, server_default="3")
    kiosk_key: Mapped[str] = mapped_column(unique=True)
    settings: Mapped[JsonObject] = mapped_column(default=dict, server_default="{}")
    active: Mapped[bool] = mapped_column(default=True, server_default=true())


class SiteService(Base):
    """What a visit to a site can be about; `letter` stands on its tickets, `key` is Alt+1 to 9."""

    __tablename__ = "site_service"
    __table_args__ = (UniqueConstraint("site_id", "key"),)

    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True)
    letter: Mapped[str]
    key: Mapped[int]
    name: Mapped[str] = mapped_column(default="", server_default="")
    name_cy: Mapped[str] = mapped_column(default="", server_default="")


class Place(Base):
    """A desk or room of a site (`domain.visits.PlaceKind`); a partner's desk names the partner.

    `service_ids` is the desk's profile: what Next calls there, empty for everything of the site.
    `held_until`: kept free for something, said in `held_for`, or for the visit `held_visit_id`.
    """

    __tablename__ = "place"
    __table_args__ = (UniqueConstraint("site_id", "name"),)

    id: Mapped[Id]
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    kind: Mapped[str]
    name: Mapped[str]
    name_cy: Mapped[str] = mapped_column(default="", server_default="")
    partner: Mapped[str] = mapped_column(default="", server_default="")
    service_ids: Mapped[JsonList] = mapped_column(default=list, server_default="[]")
    step_free: Mapped[bool] = mapped_column(default=True, server_default=true())
    hearing_loop: Mapped[bool] = mapped_column(default=False, server_default=false())
    held_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    held_for: Mapped[str] = mapped_column(default="", server_default="")
    held_visit_id: Mapped[int | None] = mapped_column(BigId)
    active: Mapped[bool] = mapped_column(default=True, server_default=true())


class AtPlace(Base):
    """Who works where: one row while a member of staff is at a desk or room, until `left_at`."""

    __tablename__ = "at_place"
    __table_args__ = (
        Index(
            "uq_at_place_staff",
            "staff_id",
            unique=True,
            postgresql_where=text("left_at IS NULL"),
            sqlite_where=text("left_at IS NULL"),
        ),
        Index("ix_at_place_place_id", "place_id", "came_at"),
    )

    id: Mapped[Id]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    came_at: Mapped[CreatedAt]
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Visit(Base):
    """A contact's visit: its ticket, what the visitor needs, and where they are called to.

    (site, `day`, letter, number) is unique; `day` is the site's local one. The contact's state
    says how far it is: queued, called, active at `place_id`, parked, completed, no_show, left.
    `key` is whoever checked them in's own, so that the same arrival is kept once.
    """

    __tablename__ = "visit"
    __table_args__ = (
        UniqueConstraint("site_id", "day", "letter", "number"),
        Index("ix_visit_site_day", "site_id", "day", "contact_id"),
        Index("ix_visit_called", "site_id", "called_at"),
        Index(
            "ix_visit_phone",
            "day",
            postgresql_where=text("phone <> ''"),
            sqlite_where=text("phone <> ''"),
        ),
        # Who is in the building: a few of all.
        Index(
            "ix_visit_here",
            "site_id",
            "day",
            postgresql_where=text("left_at IS NULL"),
            sqlite_where=text("left_at IS NULL"),
        ),
    )

    contact_id: Mapped[int] = mapped_column(BigId, ForeignKey("contact.id"), primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    day: Mapped[date] = mapped_column(Date)
    letter: Mapped[str]
    number: Mapped[int]
    key: Mapped[str] = mapped_column(unique=True)
    checked_in_by: Mapped[str]
    language: Mapped[str] = mapped_column(default="en", server_default="en")
    phone: Mapped[str] = mapped_column(default="", server_default="")
    needs: Mapped[JsonList] = mapped_column(default=list, server_default="[]")
    note: Mapped[str] = mapped_column(default="", server_default="")
    place_id: Mapped[int | None] = mapped_column(ForeignKey("place.id"))
    for_place_id: Mapped[int | None] = mapped_column(ForeignKey("place.id"))
    called_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    calls: Mapped[int] = mapped_column(default=0, server_default="0")
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    appointment_id: Mapped[int | None] = mapped_column(BigId)


class TicketCounter(Base):
    """The last number given of a letter at a site on a day; locked while the next is given."""

    __tablename__ = "ticket_counter"

    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    letter: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(default=0, server_default="0")


class TicketRange(Base):
    """Numbers that one computer may give of every letter while the database is away, once."""

    __tablename__ = "ticket_range"
    __table_args__ = (UniqueConstraint("site_id", "day", "first"),)

    id: Mapped[Id]
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    day: Mapped[date] = mapped_column(Date)
    computer: Mapped[str]
    first: Mapped[int]
    last: Mapped[int]
    reserved_at: Mapped[CreatedAt]


class Appointment(Base):
    """A time that somebody is expected at: booked, arrived, served, no_show or cancelled.

    It takes whole slots of five minutes of its `place_id`, and of `staff_id` where one is named.
    `reference` is read out over the telephone. Times are UTC; `sequence` grows with each change,
    as iCalendar wants; up to `told_sequence` they were mailed, -1 for nothing yet. `key` is whoever
    books it's own, so that the same booking is kept once.
    """

    __tablename__ = "appointment"
    __table_args__ = (
        Index("ix_appointment_starts_at", "site_id", "starts_at"),
        Index("ix_appointment_customer_id", "customer_id", "starts_at"),
        Index("uq_appointment_key", "key", unique=True),
        Index(
            "ix_appointment_booked",
            "starts_at",
            postgresql_where=text("state = 'booked'"),
            sqlite_where=text("state = 'booked'"),
        ),
        Index(
            "ix_appointment_untold",
            "id",
            postgresql_where=text("sequence > told_sequence AND email <> ''"),
            sqlite_where=text("sequence > told_sequence AND email <> ''"),
        ),
    )

    id: Mapped[Id]
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    customer_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("customer.id"))
    contact_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("contact.id"))
    visit_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("contact.id"))
    reference: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(default="booked", server_default="booked")
    starts_at: Mapped[Time]
    ends_at: Mapped[Time]
    who: Mapped[str]
    email: Mapped[str] = mapped_column(default="", server_default="")
    phone: Mapped[str] = mapped_column(default="", server_default="")
    needs: Mapped[JsonList] = mapped_column(default=list, server_default="[]")
    language: Mapped[str] = mapped_column(default="en", server_default="en")
    note: Mapped[str] = mapped_column(default="", server_default="")
    sequence: Mapped[int] = mapped_column(default=0, server_default="0")
    booked_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    booked_at: Mapped[CreatedAt]
    key: Mapped[str | None]
    told_sequence: Mapped[int] = mapped_column(default=-1, server_default="-1")
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    late_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_why: Mapped[str] = mapped_column(default="", server_default="")


class SlotTaken(Base):
    """Five minutes of a place or of a person that an appointment has: the key is what makes a
    double booking impossible on both dialects. `what` is place or staff.
    """

    __tablename__ = "slot_taken"
    __table_args__ = (Index("ix_slot_taken_appointment_id", "appointment_id"),)

    what: Mapped[str] = mapped_column(primary_key=True)
    ref_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    appointment_id: Mapped[int] = mapped_column(BigId, ForeignKey("appointment.id"))


class Alarm(Base):
    """A silent alarm, raised at a desk or room; `words` name it when the place is not known."""

    __tablename__ = "alarm"
    __table_args__ = (Index("ix_alarm_raised_at", "raised_at"),)

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"))
    place_id: Mapped[int | None] = mapped_column(ForeignKey("place.id"))
    words: Mapped[str] = mapped_column(default="", server_default="")
    computer: Mapped[str] = mapped_column(default="", server_default="")
    contact_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("contact.id"))
    raised_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    raised_at: Mapped[Time] = mapped_column(server_default=utcnow())
    entered_at: Mapped[CreatedAt]
    test: Mapped[bool] = mapped_column(default=False, server_default=false())
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))


class AlarmAnswer(Base):
    """Who has acknowledged an alarm, and when."""

    __tablename__ = "alarm_answer"

    alarm_id: Mapped[int] = mapped_column(BigId, ForeignKey("alarm.id"), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    at: Mapped[CreatedAt]
    words: Mapped[str] = mapped_column(default="", server_default="")


class AlarmSecret(Base):
    """What signs the alarms that desktops of a site tell each other without the database."""

    __tablename__ = "alarm_secret"

    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), primary_key=True)
    secret: Mapped[str]
    made_at: Mapped[CreatedAt]


class Incident(Base):
    """What happened, what was done, and what was learnt; after an alarm or without one."""

    __tablename__ = "incident"
    __table_args__ = (Index("ix_incident_happened_at", "happened_at"),)

    id: Mapped[Id]
    alarm_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("alarm.id"))
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"))
    place_id: Mapped[int | None] = mapped_column(ForeignKey("place.id"))
    customer_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("customer.id"))
    contact_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("contact.id"))
    marker_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("safety_marker.id"))
    happened_at: Mapped[Time]
    kind: Mapped[str]
    what: Mapped[str]
    done: Mapped[str] = mapped_column(default="", server_default="")
    lessons: Mapped[str] = mapped_column(default="", server_default="")
    police_reference: Mapped[str] = mapped_column(default="", server_default="")
    written_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    written_at: Mapped[CreatedAt]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
