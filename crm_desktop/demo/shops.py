"""The demo's one-stop-shop and library: desks and rooms, a served morning, and who waits now."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from crm_desktop.demo.centre import Ids
from crm_desktop.domain.states import (
    AssignmentState,
    Channel,
    ContactState,
    Direction,
    Resolution,
)
from crm_desktop.domain.text import fold
from crm_desktop.domain.visits import TARGET_SECONDS, CheckedInBy, Need, PlaceKind, Ticket
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Assignment,
    AtPlace,
    Contact,
    Customer,
    Event,
    OpeningCalendar,
    Place,
    Service,
    Site,
    SiteService,
    Staff,
    TicketCounter,
    Visit,
)

_LONDON = ZoneInfo("Europe/London")
#: service, letter, name on the screen, in Welsh; the keys follow the order
_SERVICES = (
    ("housing-register", "H", "Housing", "Tai"),
    ("council-tax-bill", "C", "Council Tax", "Treth Gyngor"),
    ("council-tax-reduction", "B", "Benefits", "Budd-daliadau"),
    ("blue-badge", "D", "Blue Badge", "Bathodyn Glas"),
    ("register-birth", "R", "Register office", "Swyddfa gofrestru"),
    ("parking-permit", "A", "Other", "Arall"),
)
#: kind, name, in Welsh, partner
_ROOMS = (
    *((PlaceKind.DESK, f"Desk {n}", f"Desg {n}", "") for n in range(1, 5)),
    (PlaceKind.INTERVIEW, "Interview 1", "Cyfweld 1", ""),
    (PlaceKind.INTERVIEW, "Interview 2", "Cyfweld 2", ""),
    (PlaceKind.FAMILY, "Family room", "Ystafell deulu", ""),
    (PlaceKind.SECURE, "Secure room", "Ystafell ddiogel", ""),
    (PlaceKind.PARTNER, "Police desk", "Desg yr heddlu", "Harland Vale Police"),
    (PlaceKind.PARTNER, "Advice desk", "Desg gyngor", "Citizens Advice"),
    (PlaceKind.PARTNER, "Housing partner", "Partner tai", "Vale Homes"),
)
#: What people come about in the morning, the more often the more there are of it.
_ABOUT = "HCBCHBRCDBHCABCR"
_MORNINGS, _OF_MORNING, _MORNING = 4, 34, timedelta(hours=3, minutes=20)
#: Who is there now came within so long.
_PRESENT = timedelta(minutes=32)
_OPENS = time(9)
#: Every eleventh of a morning went unseen; every sixth had a quick question.
_UNSEEN, _QUICK = 11, 6


@dataclass(frozen=True, slots=True)
class _Plan:
    """A site as an administrator sets it up. Of `places`: kind, name, in Welsh, partner."""

    code: str
    name: str
    name_cy: str
    address: str
    letters: str
    places: Sequence[tuple[PlaceKind, str, str, str]]


_GUILDHALL = _Plan(
    "guildhall",
    "Guildhall one-stop-shop",
    "Siop un stop Neuadd y Dref",
    "Market Place, Harland HV1 1AA",
    "HCBDRA",
    _ROOMS,
)
_LIBRARY = _Plan(
    "eastgate",
    "Eastgate library",
    "Llyfrgell Eastgate",
    "Eastgate, Harland HV2 3LB",
    "CDA",
    [(PlaceKind.DESK, f"Desk {n}", f"Desg {n}", "") for n in (1, 2)],
)


@dataclass(frozen=True, slots=True)
class _Waits:
    """Somebody in the line: since how many minutes, about what."""

    letter: str
    minutes: float
    who: str
    note: str = ""
    needs: tuple[Need, ...] = ()
    language: str = "en"


@dataclass(frozen=True, slots=True)
class _Seen:
    """Somebody at a desk for so many minutes, after they waited for so many."""

    letter: str
    place: str
    login: str
    minutes: float
    waited: float


_THERE = (
    _Seen("H", "Interview 2", "m.shaw", 18, 9),
    _Seen("B", "Desk 1", "k.tran", 7.9, 12),
    _Seen("C", "Desk 4", "g.mahoney", 3.4, 10),
)
_WAITING = (
    _Waits("H", 19, "R. Doyle", "interview room asked for", (Need.HEARING_LOOP, Need.PRIVATE_ROOM)),
    _Waits("B", 11, "", "form check"),
    _Waits("C", 9, "A. Nowak", "interpreter on the way", (Need.INTERPRETER,), "pl"),
    _Waits("R", 4, "K. Lindqvist", "birth certificate copy"),
)
#: The demo's customers are numbered from 1; these are not the team's callers.
_VISITORS = range(41, 41 + len(_THERE))


@dataclass
class _Shop:
    """One site, and the numbers that it has given."""

    site_id: int
    places: dict[str, int]
    ids: Ids
    now: datetime
    given: Counter[tuple[datetime, str]] = field(default_factory=Counter)

    def ago(self, minutes: float) -> datetime:
        """So long ago; soon after midnight less, for a shop's line is of its day."""
        young = (self.now - _midnight(self.now)) / _PRESENT
        return self.now - timedelta(minutes=minutes) * min(1.0, young)

    def ticket(self, letter: str, at: datetime) -> tuple[datetime, Ticket]:
        """The next number of the day, and the day's beginning."""
        day = _midnight(at)
        self.given[day, letter] += 1
        return day, Ticket(letter, self.given[day, letter])


def write(tx: Tx, ids: Ids) -> None:
    """Set both up as an administrator would, and tell of the last mornings and of now."""
    guildhall = _site(tx, ids, _GUILDHALL)
    _site(tx, ids, _LIBRARY)
    rng = Random(67_000)  # noqa: S311 - a demo is to be the same every time
    for at in _mornings(tx.now, rng):
        _came(tx, guildhall, at, rng)
    callers = [tx.session.get_one(Customer, number) for number in _VISITORS]
    for seen, customer in zip(_THERE, callers, strict=True):
        _at_desk(tx, guildhall, seen, customer)
    for waits in _WAITING:
        _in_line(tx, guildhall, waits)
    tx.session.add_all(
        TicketCounter(site_id=guildhall.site_id, day=day.date(), letter=letter, last=last)
        for (day, letter), last in guildhall.given.items()
    )
    secure = tx.session.get_one(Place, guildhall.places["Secure room"])
    secure.held_until, secure.held_for = tx.now + timedelta(minutes=45), "police interview"
    tx.session.flush()


def _site(tx: Tx, ids: Ids, plan: _Plan) -> _Shop:
    hours = tx.session.query(OpeningCalendar.id).filter(OpeningCalendar.name == "Guildhall counter")
    site = Site(
        code=plan.code,
        name=plan.name,
        name_cy=plan.name_cy,
        address=plan.address,
        calendar_id=hours.scalar(),
        kiosk_key=secrets.token_hex(16),
    )
    tx.session.add(site)
    tx.session.flush()
    offered = [each for each in _SERVICES if each[1] in plan.letters]
    for key, (service, letter, said, welsh) in enumerate(offered, start=1):
        tx.session.add(
            SiteService(
                site_id=site.id,
                service_id=ids.services[service],
                letter=letter,
                key=key,
                name=said,
                name_cy=welsh,
            )
        )
    rows = {
        each: Place(
            site_id=site.id,
            kind=kind,
            name=each,
            name_cy=welsh,
            partner=partner,
            hearing_loop=each in ("Desk 2", "Interview 1"),
        )
        for kind, each, welsh, partner in plan.places
    }
    tx.session.add_all(rows.values())
    tx.session.flush()
    return _Shop(site.id, {each: row.id for each, row in rows.items()}, ids, tx.now)


def _midnight(at: datetime) -> datetime:
    """When that moment's day began, in the council's time."""
    return datetime.combine(at.astimezone(_LONDON).date(), time(), _LONDON)


def _mornings(now: datetime, rng: Random) -> Iterator[datetime]:
    """When visitors came, oldest first: of today those who were seen before who is there now."""
    today = now.astimezone(_LONDON).date()
    for back in range(_MORNINGS - 1, -1, -1):
        opens = datetime.combine(today - timedelta(days=back), _OPENS, _LONDON)
        if not back:
            # The program is shown at any hour: the morning is what lies behind.
            opens = max(now - _MORNING - _PRESENT, _midnight(now))
        came = sorted(opens + _MORNING * rng.random() for _ in range(_OF_MORNING))
        yield from (at for at in came if at < now - _PRESENT)


def _came(tx: Tx, shop: _Shop, at: datetime, rng: Random) -> None:
    """One visitor of a morning: seen, answered at the counter, or gone unseen."""
    number = sum(shop.given.values())
    contact, visit = _arrived(tx, shop, _ABOUT[number % len(_ABOUT)], at, "")
    staff_id = shop.ids.staff[("k.tran", "g.mahoney", "m.shaw")[number % 3]]
    if number % _UNSEEN == _UNSEEN - 1:
        gone = at + timedelta(minutes=rng.uniform(14, 20))
        contact.state, contact.state_since, contact.due_at = ContactState.LEFT, gone, None
        visit.left_at = gone
        _tell(tx, contact.id, ("contact.left", gone, staff_id, {"before": "queued"}))
        return
    quick = number % _QUICK == 0
    seen = at if quick else at + timedelta(minutes=rng.choice((3, 5, 7, 9, 11, 13, 14, 17)))
    over = seen if quick else seen + timedelta(minutes=rng.uniform(4, 11))
    contact.state, contact.state_since, contact.owner_id = ContactState.COMPLETED, over, staff_id
    contact.first_taken_at, contact.completed_at, contact.due_at = seen, over, None
    contact.resolution, contact.avoidable, contact.end_reason = Resolution.RESOLVED, False, "normal"
    visit.seen_at, visit.left_at = seen, over
    if not quick:
        visit.place_id, visit.calls = shop.places[f"Desk {1 + number % 4}"], 1
        visit.called_at = seen - timedelta(seconds=25)
    given = {"resolution": Resolution.RESOLVED.value, "avoidable": False}
    _give(tx, contact, staff_id, seen, over)
    _tell(
        tx, contact.id,
        ("contact.taken", seen, staff_id, {}), ("contact.completed", over, staff_id, given),
    )  # fmt: skip


def _at_desk(tx: Tx, shop: _Shop, seen: _Seen, customer: Customer) -> None:
    since, came = shop.ago(seen.minutes), shop.ago(seen.minutes + seen.waited)
    staff_id, place_id = shop.ids.staff[seen.login], shop.places[seen.place]
    contact, visit = _arrived(tx, shop, seen.letter, came, customer.name)
    contact.customer_id, contact.owner_id = customer.id, staff_id
    contact.state, contact.state_since = ContactState.ACTIVE, since
    contact.first_taken_at = since
    visit.place_id, visit.calls, visit.seen_at = place_id, 1, since
    visit.called_at = since - timedelta(seconds=20)
    began = tx.session.get_one(Staff, staff_id).presence_since
    tx.session.add(AtPlace(staff_id=staff_id, place_id=place_id, came_at=began))
    _give(tx, contact, staff_id, since, None)
    called: dict[str, object] = {"place": place_id, "site": shop.site_id, "calls": 1}
    _tell(
        tx, contact.id,
        ("visit.called", visit.called_at, staff_id, called),
        ("contact.taken", since, staff_id, {}),
    )  # fmt: skip


def _in_line(tx: Tx, shop: _Shop, waits: _Waits) -> None:
    came = shop.ago(waits.minutes)
    contact, visit = _arrived(tx, shop, waits.letter, came, waits.who)
    contact.preview, contact.folded = waits.note, fold(f"{waits.who} {waits.note}")
    visit.note, visit.language = waits.note, waits.language
    visit.needs = [each.value for each in waits.needs]


def _arrived(tx: Tx, shop: _Shop, letter: str, at: datetime, who: str) -> tuple[Contact, Visit]:
    """Somebody stands in the line, as a check-in would have written it."""
    day, ticket = shop.ticket(letter, at)
    service = (
        tx.session.query(SiteService.service_id, SiteService.name, Service.queue_id)
        .join(Service, Service.id == SiteService.service_id)
        .filter(SiteService.site_id == shop.site_id, SiteService.letter == letter)
        .one()
    )
    contact = Contact(
        channel=Channel.VISIT,
        direction=Direction.INBOUND,
        state=ContactState.QUEUED,
        state_since=at,
        queue_id=service.queue_id,
        service_id=service.service_id,
        who=who,
        subject=service.name,
        folded=fold(who),
        received_at=at,
        queued_at=at,
        due_at=at + timedelta(seconds=TARGET_SECONDS),
    )
    tx.session.add(contact)
    tx.session.flush()
    contact.thread_id = contact.id
    visit = Visit(
        contact_id=contact.id,
        site_id=shop.site_id,
        day=day.date(),
        letter=letter,
        number=ticket.number,
        key=secrets.token_hex(16),
        checked_in_by=CheckedInBy.DESK,
    )
    tx.session.add(visit)
    told = {"channel": "visit", "queue": contact.queue_id, "site": shop.site_id}
    _tell(tx, contact.id, ("contact.received", at, None, {**told, "ticket": str(ticket)}))
    return contact, visit


def _give(tx: Tx, contact: Contact, staff_id: int, seen: datetime, over: datetime | None) -> None:
    tx.session.add(
        Assignment(
            contact_id=contact.id,
            staff_id=staff_id,
            state=AssignmentState.COMPLETED if over else AssignmentState.ACCEPTED,
            offered_at=seen,
            accepted_at=seen,
            ended_at=over,
            how="counter" if over == seen else "called",
        )
    )


def _tell(
    tx: Tx, contact_id: int, *deeds: tuple[str, datetime, int | None, dict[str, object]]
) -> None:
    tx.session.add_all(
        Event(kind=kind, at=at, actor_id=actor, contact_id=contact_id, data=data)
        for kind, at, actor, data in deeds
    )
