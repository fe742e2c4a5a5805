"""Visits: on PostgreSQL by guarded functions (0029_visiting.sql and later), on SQLite by the same
rules in `visits_sqlite`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, or_, select

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict
from crm_desktop.domain.references import parse_reference
from crm_desktop.domain.states import ContactState
from crm_desktop.domain.text import fold
from crm_desktop.domain.views import FoundCustomer
from crm_desktop.domain.visits import (
    NOTE_LETTERS,
    AnsweredNow,
    Called,
    CheckIn,
    Match,
    Need,
    SiteDay,
    SiteInfo,
    SiteLine,
    SiteService,
    Ticket,
    TicketNumbers,
    To,
    VisitRow,
    can_be_kept,
    needs_in,
)
from crm_desktop.store.database import Tx
from crm_desktop.store.leading import call, call_json
from crm_desktop.store.models import (
    Adjustment,
    Appointment,
    SafetyMarker,
    Site,
    Visit,
)
from crm_desktop.store.queries import rooms, rooms_sqlite
from crm_desktop.store.queries import visit_line_sqlite as line_sqlite
from crm_desktop.store.queries import visits_sqlite as sqlite
from crm_desktop.store.queries.from_json import maybe_moment, moment, parsed

_MATCHES = 8
_FOLDED = 1_000


def sites(tx: Tx) -> tuple[SiteInfo, ...]:
    """The sites in use, by name."""
    rows = tx.session.execute(
        select(Site.id, Site.code, Site.name, Site.address, Site.calls)
        .where(Site.active)
        .order_by(Site.name)
    )
    return tuple(SiteInfo(*row) for row in rows)


def site_services(tx: Tx, site_id: int) -> tuple[SiteService, ...]:
    """What a visit there can be about, in the order of its keys."""
    if tx.dialect == "postgresql":
        rows = parsed(call(tx, "site_services", site=site_id))
    else:
        rows = line_sqlite.site_services(tx, site_id)
    return tuple(
        SiteService(
            service_id=row[0],
            name=row[1],
            name_cy=row[2],
            letter=row[3],
            key=row[4],
            waiting=row[5],
            wait_seconds=None if row[6] is None else int(row[6]),
        )
        for row in rows
    )


def line(tx: Tx, site_id: int, today: date) -> SiteLine:
    """A site now; raises NotFound."""
    if tx.dialect == "postgresql":
        found, where = parsed(call(tx, "desk_line", site=site_id))
    else:
        found = line_sqlite.site_line(tx, site_id)
        where = rooms_sqlite.site_rooms(tx, site_id)
    rows, _, called, day = found
    here = rooms.rooms_of(site_id, where)
    return SiteLine(
        rows=tuple(_row(site_id, each) for each in rows),
        places=here.places,
        called=tuple(
            Called(number, Ticket(letter, n), place, moment(at), bool(again))
            for number, letter, n, place, at, again in called
        ),
        day=_day(site_id, today, day),
        free=here.free,
        mine=here.mine,
        decided=here.decided,
    )


def check_in(tx: Tx, said: CheckIn) -> tuple[int, Ticket]:
    """Put somebody into the line, once for each key: their contact and ticket."""
    if not can_be_kept(said):
        raise Conflict("this cannot be checked in")
    given: dict[str, Any] = {
        "key": said.key,
        "site": said.site_id,
        "service": said.service_id,
        "by": said.by.value,
        "who": said.who.strip(),
        "customer": said.customer_id,
        "appointment": said.appointment_id,
        "needs": [each.value for each in said.needs],
        "language": said.language,
        "phone": said.phone.strip(),
        "note": said.note.strip(),
        "folded": fold(f"{said.who} {said.note}")[:_FOLDED],
    }
    if said.ticket is not None:
        given |= {"letter": said.ticket.letter, "number": said.ticket.number}
    if said.arrived_at is not None:
        given["arrived"] = said.arrived_at.isoformat()
    if tx.dialect == "postgresql":
        made = parsed(call_json(tx, "visit_check_in", given))
    else:
        made = sqlite.check_in(tx, given)
    contact_id, letter, number = made
    _told(tx, contact_id, said.site_id)
    return contact_id, Ticket(letter, number)


def answered(tx: Tx, said: AnsweredNow) -> int:
    """A quick question that was answered at once; its contact."""
    if len(said.words.strip()) > NOTE_LETTERS:
        raise Conflict("this cannot be checked in")
    given = {
        "key": said.key,
        "site": said.site_id,
        "service": said.service_id,
        "resolution": said.resolution.value,
        "words": said.words.strip(),
        "folded": fold(said.words)[:_FOLDED],
    }
    if tx.dialect == "postgresql":
        contact_id: int = call_json(tx, "visit_answered", given)
    else:
        contact_id = sqlite.answered(tx, given)
    _told(tx, contact_id, said.site_id)
    return contact_id


def call_next(tx: Tx, place_id: int) -> Called | None:
    """Call whoever is next for a desk where this person works; None: nobody waits for it, or would
    be done before its next appointment.
    """
    if tx.dialect == "postgresql":
        found = call(tx, "desk_call", contact=None, place=place_id)
        return _proposing(tx, *parsed(found)) if found else None
    row = sqlite.call_next(tx, place_id)
    return _proposing(tx, row, rooms_sqlite.seeks(tx, row[0])) if row else None


def call_one(tx: Tx, contact_id: int, place_id: int) -> Called:
    """Call this one, out of turn."""
    if tx.dialect == "postgresql":
        return _proposing(tx, *parsed(call(tx, "desk_call", contact=contact_id, place=place_id)))
    row = sqlite.call_one(tx, contact_id, place_id)
    return _proposing(tx, row, rooms_sqlite.seeks(tx, contact_id))


def into_room(tx: Tx, contact_id: int, place_id: int) -> Called:
    """Whoever is called or served goes to that room, which is kept for them."""
    return _called(tx, rooms.into_room(tx, contact_id, place_id))


def for_partner(tx: Tx, contact_id: int | None, place_id: int) -> Called | None:
    """Call for a partner, this visitor or who is next; None: nobody waits for them."""
    found = rooms.for_partner(tx, contact_id, place_id)
    return _called(tx, found) if found else None


def recall(tx: Tx, contact_id: int) -> Called:
    """Call whoever was called and did not come once more."""
    if tx.dialect == "postgresql":
        return _called(tx, parsed(call(tx, "visit_recall", contact=contact_id)))
    return _called(tx, sqlite.recall(tx, contact_id))


def serve(tx: Tx, contact_id: int) -> None:
    """Whoever was called is there."""
    if tx.dialect == "postgresql":
        call(tx, "visit_serve", contact=contact_id)
    else:
        sqlite.serve(tx, contact_id)
    _told(tx, contact_id, site_of(tx, contact_id))


def move(tx: Tx, contact_id: int, to: ContactState) -> None:
    """To the line again (queued, in the old place), or gone unseen (no_show, left)."""
    if tx.dialect == "postgresql":
        call(tx, "visit_moves", contact=contact_id, to=to.value)
    else:
        sqlite.move(tx, contact_id, to)
    _told(tx, contact_id, site_of(tx, contact_id))


def transfer(tx: Tx, contact_id: int, to: To, note: str) -> None:
    """To another desk, room or service; ticket and place in the line are kept."""
    if tx.dialect == "postgresql":
        call(
            tx, "visit_transfer",
            contact=contact_id, place=to.place_id, service=to.service_id, note=note,
        )  # fmt: skip
    else:
        sqlite.transfer(tx, contact_id, to, note)
    _told(tx, contact_id, site_of(tx, contact_id))


def be_at(tx: Tx, place_id: int | None) -> None:
    """This person works there now, or nowhere any more."""
    if tx.dialect == "postgresql":
        sites_told: Sequence[int] = call(tx, "be_at", place=place_id)
    else:
        sites_told = sqlite.be_at(tx, place_id)
    for each in sites_told:
        tx.changed(Topic.SITE, each)


def reserve(tx: Tx, site_id: int, computer: str) -> TicketNumbers:
    """Today's numbers of this computer for when the database is away."""
    if tx.dialect == "postgresql":
        day, first, last = parsed(call(tx, "ticket_reserve", site=site_id, computer=computer))
    else:
        day, first, last = sqlite.reserve(tx, site_id, computer)
    return TicketNumbers(date.fromisoformat(day), first, last)


def booked(tx: Tx, site_id: int, said: str, first: datetime, last: datetime) -> tuple[Match, ...]:
    """Appointments that begin between `first` and `last`, by their reference or the name."""
    words = fold(said).split()
    reference = parse_reference(said, "A")
    named = and_(*(func.lower(Appointment.who).contains(each, autoescape=True) for each in words))
    rows = tx.session.execute(
        select(
            Appointment.id,
            Appointment.reference,
            Appointment.who,
            Appointment.customer_id,
            Appointment.starts_at,
            Appointment.service_id,
            Appointment.needs,
        )
        .where(
            Appointment.site_id == site_id,
            Appointment.state == "booked",
            Appointment.starts_at.between(first, last),
            or_(Appointment.reference == reference, named),
        )
        .order_by(Appointment.starts_at)
        .limit(_MATCHES)
    ).all()
    marked = _marked(tx, [row.customer_id for row in rows if row.customer_id])
    return tuple(
        Match(
            row.who,
            f"booked, {row.reference}",
            row.customer_id,
            row.id,
            row.starts_at,
            row.service_id,
            tuple(map(Need, row.needs)),
            row.customer_id in marked,
        )
        for row in rows
    )


def people(tx: Tx, found: Sequence[FoundCustomer]) -> tuple[Match, ...]:
    """Customers that a search found, with what they need."""
    ids = [each.id for each in found]
    marked = _marked(tx, ids)
    needs: dict[int, list[Need]] = {}
    for customer_id, words in tx.session.execute(
        select(Adjustment.customer_id, Adjustment.words).where(Adjustment.customer_id.in_(ids))
    ):
        needs.setdefault(customer_id, []).extend(needs_in(words))
    return tuple(
        Match(
            each.name,
            each.detail,
            each.id,
            None,
            None,
            None,
            tuple(dict.fromkeys(needs.get(each.id, ()))),
            each.id in marked,
        )
        for each in found
    )


def site_of(tx: Tx, contact_id: int) -> int:
    """The site of a visit; 0 when it is not for this person to know."""
    if tx.dialect == "postgresql":
        return int(call(tx, "visit_site", contact=contact_id) or 0)
    return tx.session.scalar(select(Visit.site_id).where(Visit.contact_id == contact_id)) or 0


def keep_needs(tx: Tx, customer_id: int, words: Sequence[str]) -> None:
    """What a customer needs and nobody had written down is kept as adjustments."""
    known = {
        fold(each)
        for each in tx.session.scalars(
            select(Adjustment.words).where(Adjustment.customer_id == customer_id)
        )
    }
    fresh = [each for each in words if fold(each) not in known]
    tx.session.add_all(Adjustment(customer_id=customer_id, words=each) for each in fresh)
    tx.session.flush()
    if fresh:
        tx.changed(Topic.CUSTOMER, customer_id)


def _marked(tx: Tx, ids: Sequence[int]) -> set[int]:
    """Who of these customers has a safety marker in force."""
    return set(
        tx.session.scalars(
            select(SafetyMarker.customer_id).where(
                SafetyMarker.customer_id.in_(ids), SafetyMarker.state.in_(("active", "review_due"))
            )
        )
    )


def _told(tx: Tx, contact_id: int, site_id: int) -> None:
    tx.changed(Topic.CONTACT, contact_id)
    tx.changed(Topic.SITE, site_id)


def _proposing(tx: Tx, found: Sequence[Any], seeks: Sequence[Any] | None) -> Called:
    """Who was called, with the room that the rule proposes."""
    return replace(_called(tx, found), proposal=rooms.proposed(tx, seeks))


def _called(tx: Tx, found: Sequence[Any]) -> Called:
    contact_id, letter, number, place, at, site_id = found
    _told(tx, contact_id, site_id)
    tx.changed(Topic.CALLED, site_id)
    return Called(contact_id, Ticket(letter, number), place, moment(at), again=False)


def _day(site_id: int, today: date, found: Sequence[Any]) -> SiteDay:
    footfall, waiting, served, quick, left, no_shows, wait, within = found
    return SiteDay(
        site_id=site_id,
        day=today,
        footfall=footfall,
        waiting=waiting,
        served=served,
        answered_now=quick,
        left_unseen=left,
        no_shows=no_shows,
        average_wait=None if wait is None else float(wait),
        within_target=None if within is None else float(within),
    )


def _row(site_id: int, each: Sequence[Any]) -> VisitRow:
    (id_, letter, number, who, service_id, service, state, needs, note, arrived, due, called_at,
     calls, place_id, place, staff, booked, marker, language) = each  # fmt: skip
    return VisitRow(
        contact_id=id_,
        site_id=site_id,
        ticket=Ticket(letter, number),
        who=who,
        service_id=service_id,
        service_name=service,
        state=ContactState(state),
        needs=tuple(map(Need, parsed(needs))),
        note=note,
        arrived_at=moment(arrived),
        due_at=maybe_moment(due),
        called_at=maybe_moment(called_at),
        calls=calls,
        place_id=place_id,
        place_name=place,
        staff_name=staff,
        booked_at=maybe_moment(booked),
        has_marker=bool(marker),
        language=language,
    )
