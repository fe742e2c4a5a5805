"""A site's figures on SQLite, in the shape of 0034_site_figures.sql's functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from crm_desktop.domain.errors import NotAllowed, NotFound
from crm_desktop.domain.figures import half_hour
from crm_desktop.domain.site_figures import SiteSums
from crm_desktop.domain.states import ContactState, StaffRole
from crm_desktop.domain.visits import TARGET_SECONDS, Ticket
from crm_desktop.store.database import Tx
from crm_desktop.store.leading import me
from crm_desktop.store.models import Appointment, Contact, Place, Queue, Service, Site, Visit
from crm_desktop.store.queries.visit_line_sqlite import day_of, iso

_LONDON = ZoneInfo("Europe/London")
_CAME = ("arrived", "served")
_MOST = 500


@dataclass(frozen=True, slots=True)
class _Came:
    """A visit of a day, as app.site_came has it."""

    contact_id: int
    day: date
    service_id: int | None
    queue_id: int
    place_id: int | None
    state: str
    letter: str
    number: int
    received_at: datetime
    seen_at: datetime | None
    left_at: datetime | None
    owner_id: int | None
    who: str

    @property
    def quick(self) -> bool:
        return self.seen_at is not None and self.seen_at == self.left_at

    @property
    def served(self) -> bool:
        return self.seen_at is not None and not self.quick

    @property
    def wait(self) -> float | None:
        return None if self.seen_at is None else (self.seen_at - self.received_at).total_seconds()

    @property
    def waits(self) -> bool:
        """What is left of a visit whose visitor has gone is paper, and nobody waits."""
        return self.state == ContactState.QUEUED and self.left_at is None

    def unseen(self, state: ContactState) -> bool:
        return self.seen_at is None and self.state == state

    def is_behind(self, what: str) -> bool:
        """Whether it is among those behind a number."""
        return {
            "came": True,
            "waiting": self.waits,
            "served": self.served,
            "within": self.served,
            "answered_now": self.quick,
            "left": self.unseen(ContactState.LEFT),
            "no_show": self.unseen(ContactState.NO_SHOW),
        }.get(what, False)

    def sums(self) -> SiteSums:
        """It alone."""
        wait = self.wait or 0.0
        return SiteSums(
            1,
            int(self.waits),
            self.received_at if self.waits else None,
            int(self.served),
            int(self.quick),
            int(self.unseen(ContactState.LEFT)),
            int(self.unseen(ContactState.NO_SHOW)),
            wait if self.served else 0.0,
            int(self.served and wait <= TARGET_SECONDS),
        )


def figures(
    tx: Tx, site_id: int, days: Sequence[date], until: time | None
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """See app.site_figures."""
    _watcher(tx, site_id)
    known = _known(tx)
    parts: dict[tuple[Any, ...], SiteSums] = {}
    for each in _came(tx, site_id, days, until):
        service_id = each.service_id if each.queue_id in known else None
        key = (each.day, half_hour(each.received_at), service_id, each.place_id)
        parts[key] = parts.get(key, SiteSums()) + each.sums()
    return (
        [
            (
                day.isoformat(), half.isoformat(), service_id, place_id, s.came, s.waiting,
                iso(s.since), s.served, s.answered_now, s.left, s.no_shows, s.wait_seconds,
                s.within,
            )
            for (day, half, service_id, place_id), s in parts.items()
        ],
        [row for day in days for row in _appointed(tx, site_id, day)],
    )  # fmt: skip


def behind(tx: Tx, site_id: int, day: date, what: str) -> list[tuple[Any, ...]]:
    """See app.site_behind."""
    _watcher(tx, site_id)
    if what in ("kept", "late", "missed"):
        return _booked_behind(tx, site_id, day, what)
    known, own = _known(tx), me(tx)
    services = dict(tx.session.execute(select(Service.id, Service.name)).all())
    places = dict(tx.session.execute(select(Place.id, Place.name)).all())
    rows = [
        each
        for each in _came(tx, site_id, [day], None)
        if each.queue_id in known and each.is_behind(what)
    ]
    rows.sort(key=lambda each: (each.received_at, each.contact_id), reverse=True)
    found = []
    for each in rows[:_MOST]:
        waited = (tx.now - each.received_at).total_seconds() if each.wait is None else each.wait
        mine = each.queue_id in own.queues or each.owner_id == own.id
        found.append(
            (
                each.contact_id, str(Ticket(each.letter, each.number)), iso(each.received_at),
                waited, services.get(each.service_id or 0, ""), places.get(each.place_id or 0, ""),
                what != "within" or waited <= TARGET_SECONDS, mine, each.who if mine else "",
                each.service_id, each.place_id,
            )
        )  # fmt: skip
    return found


def _watcher(tx: Tx, site_id: int) -> None:
    person = me(tx)
    if person.role is not StaffRole.DESK and not person.leads:
        raise NotAllowed("a site's figures are for desk staff and team leaders")
    if tx.session.get(Site, site_id) is None:
        raise NotFound("no such site")


def _known(tx: Tx) -> set[int]:
    own = me(tx).queues
    rows = tx.session.execute(select(Queue.id, Queue.restricted))
    return {row.id for row in rows if not row.restricted or row.id in own}


def _came(tx: Tx, site_id: int, days: Sequence[date], until: time | None) -> Iterator[_Came]:
    rows = tx.session.execute(
        select(
            Visit.contact_id,
            Visit.day,
            Contact.service_id,
            Contact.queue_id,
            Visit.place_id,
            Contact.state,
            Visit.letter,
            Visit.number,
            Contact.received_at,
            Visit.seen_at,
            Visit.left_at,
            Contact.owner_id,
            Contact.who,
        )
        .join(Contact, Contact.id == Visit.contact_id)
        .where(Visit.site_id == site_id, Visit.day.in_(days))
    )
    for row in rows:
        came = _Came(**row._mapping)
        if until is None or came.received_at.astimezone(_LONDON).time() <= until:
            yield came


def _booked(tx: Tx, site_id: int, day: date) -> Sequence[Any]:
    begins = datetime.combine(day, time(), _LONDON)
    return tx.session.execute(
        select(Appointment, Contact.received_at)
        .outerjoin(Contact, Contact.id == Appointment.visit_id)
        .where(
            Appointment.site_id == site_id,
            Appointment.starts_at >= begins,
            Appointment.starts_at < datetime.combine(day + timedelta(days=1), time(), _LONDON),
        )
        .order_by(Appointment.starts_at.desc(), Appointment.reference)
    ).all()


def _appointed(tx: Tx, site_id: int, day: date) -> Iterator[tuple[Any, ...]]:
    rows = _booked(tx, site_id, day)
    states = [each.state for each, _ in rows]
    if rows:
        yield (
            day_of(rows[0][0].starts_at).isoformat(),
            states.count("booked"),
            sum(state in _CAME for state in states),
            sum(_late(each, came) for each, came in rows),
            states.count("no_show"),
            states.count("cancelled"),
        )


def _late(each: Appointment, came: datetime | None) -> bool:
    return each.state in _CAME and came is not None and came > each.starts_at


def _booked_behind(tx: Tx, site_id: int, day: date, what: str) -> list[tuple[Any, ...]]:
    known, own = _known(tx), me(tx).queues
    services = {each.id: each for each in tx.session.scalars(select(Service))}
    places = dict(tx.session.execute(select(Place.id, Place.name)).all())
    found = []
    for each, came in _booked(tx, site_id, day):
        wanted = {
            "missed": each.state == "no_show",
            "late": _late(each, came),
            "kept": each.state in _CAME,
        }[what]
        service = services[each.service_id]
        if not wanted or service.queue_id not in known:
            continue
        contact_id = each.visit_id or each.contact_id
        mine = service.queue_id in own and contact_id is not None
        found.append(
            (
                contact_id, each.reference, iso(each.starts_at),
                None if came is None else (came - each.starts_at).total_seconds(), service.name,
                places[each.place_id], True, mine, each.who if mine else "",
                each.service_id, each.place_id,
            )
        )  # fmt: skip
    return found[:_MOST]
