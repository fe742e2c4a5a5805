"""The demo's telephones: its lines, who has which, and the calls of the last days as a PBX tells.

There is no PBX: the account is switched off, and nobody is rung.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from crm_desktop.demo.centre import Ids
from crm_desktop.demo.content import DemoCentre
from crm_desktop.domain.calls import CallState, LegRole, LegState
from crm_desktop.domain.states import (
    AssignmentState,
    Channel,
    ContactState,
    Direction,
    IdentifierKind,
    MessageState,
    Resolution,
    StaffRole,
    Visibility,
)
from crm_desktop.domain.telephones import Pbx
from crm_desktop.domain.text import excerpt
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Assignment,
    Call,
    CallLeg,
    ChannelAccount,
    Contact,
    Customer,
    Event,
    Identifier,
    LineChoice,
    Message,
    Staff,
    TelephoneLine,
)

#: Where an Asterisk of this computer would be; `crm-desktop demo` says that there is none.
PBX = Pbx("http://127.0.0.1:8088", "crm")
_FIRST_EXTENSION = 101
#: number, name, queue, service, menu (digit, name, queue)
_LINES = (
    (
        "+441632960200",
        "Main line",
        "general",
        (
            ("1", "Bins and recycling", "waste"),
            ("2", "Council Tax", "council-tax"),
            ("3", "Housing", "housing"),
            ("0", "Anything else", "general"),
        ),
    ),
    ("+441632960210", "Council Tax", "council-tax", ()),
    ("+441632960220", "Streets and environment", "streets", ()),
    ("+441632960230", "Housing repairs", "housing", ()),
    ("+441632960240", "Adult social care", "adult-care", ()),
    ("+441632960250", "Blue Badge and concessions", "blue-badge", ()),
)
#: queue, service, what was said
_TALKS = (
    ("waste", "missed-bin", "Green bin not emptied on Tuesday, out by six. New round booked."),
    ("waste", "bulky-waste", "Wants a sofa taken away. Told the price and the next days."),
    ("council-tax", "council-tax-bill", "Why is the bill higher? Explained band and adult care."),
    ("council-tax", "council-tax-move", "Moves on the first. Both addresses taken down."),
    ("council-tax", "council-tax-discount", "Lives alone since March. Discount applied for."),
    ("housing", "housing-repair", "No hot water since last night. Engineer comes today."),
    ("streets", "pothole", "Deep hole outside number 14. Passed to the highways crew."),
    ("streets", "street-light", "Third lamp from the corner is out. Column number taken."),
    ("general", "parking-permit", "Permit runs out this week. Renewed for a year."),
    ("general", "electoral-register", "Has moved within the borough. Form sent."),
    ("adult-care", "care-assessment", "Mother came out of hospital. Assessment asked for."),
)
_CALLS_A_DAY, _DAYS = 14, 3
#: Every seventh caller gives up before anybody answers; the first of them at once.
_GIVES_UP = 7
_RINGS = 4
_LONDON = ZoneInfo("Europe/London")
_OPENS, _OPEN_HOURS = time(9), 7.5


@dataclass(frozen=True, slots=True)
class _Spoken:
    """One call: who called about what, when, and how long each part of it took, in seconds."""

    customer: int
    name: str
    folded: str
    number: str
    talk: tuple[str, str, str]
    at: datetime
    waited: int
    #: None: they gave up.
    advisor: int | None
    talked: int = 0
    held: int = 0
    wrapped: int = 0

    @property
    def answered(self) -> datetime:
        """When somebody picked up, or they gave up."""
        return self.at + timedelta(seconds=self.waited)

    @property
    def rang(self) -> datetime:
        """When the advisor's telephone began to ring."""
        return self.at + timedelta(seconds=max(0, self.waited - _RINGS))

    @property
    def over(self) -> datetime:
        """When they hung up."""
        return self.answered + timedelta(seconds=self.talked + self.held)

    @property
    def done(self) -> datetime:
        """When it was wrapped up."""
        return self.over + timedelta(seconds=self.wrapped)


@dataclass(frozen=True, slots=True)
class _Places:
    """The PBX's account, and which line, and which of its keys, leads to a queue."""

    ids: Ids
    account_id: int
    lines: Mapping[str, tuple[int, str]]


def write(tx: Tx, centre: DemoCentre, ids: Ids, rng: Random) -> None:
    """Set telephones up as an administrator would, and tell of the calls since they were."""
    account = ChannelAccount(
        kind="asterisk",
        name="Telephones",
        settings=PBX.to_data(),
        secret_name=PBX.secret_name,
        active=False,
    )
    tx.session.add(account)
    tx.session.flush()
    places = _Places(ids, account.id, _lines(tx, ids))
    working = [each for each in centre.staff if each.role is not StaffRole.ADMIN]
    for number, each in enumerate(working):
        person = tx.session.get_one(Staff, ids.staff[each.login])
        person.extension = str(_FIRST_EXTENSION + number)
    advisors = {
        queue.code: [
            ids.staff[each.login]
            for each in working
            if queue.code in each.queues and each.role is StaffRole.ADVISOR
        ]
        for queue in centre.queues
    }
    for number, spoken in enumerate(_spoken(_callers(tx), advisors, tx.now, rng)):
        _write(tx, places, number, spoken)
    tx.session.flush()


def _lines(tx: Tx, ids: Ids) -> dict[str, tuple[int, str]]:
    """The lines; gives which line, and which of its keys, leads to a queue."""
    leads: dict[str, tuple[int, str]] = {}
    for number, name, queue, menu in _LINES:
        line = TelephoneLine(number=number, name=name, queue_id=ids.queues[queue])
        tx.session.add(line)
        tx.session.flush()
        leads.setdefault(queue, (line.id, ""))
        for digit, words, to in menu:
            choice = LineChoice(line_id=line.id, digit=digit, name=words, queue_id=ids.queues[to])
            tx.session.add(choice)
            leads[to] = (line.id, digit)
    return leads


def _callers(tx: Tx) -> Sequence[tuple[int, str, str, str]]:
    """Customers with a number: id, name, folded name, E.164."""
    found = (
        tx.session.query(Customer.id, Customer.name, Customer.folded, Identifier.norm)
        .join(Identifier, Identifier.customer_id == Customer.id)
        .filter(Identifier.kind == IdentifierKind.PHONE)
        .order_by(Customer.id)
        .limit(_CALLS_A_DAY * _DAYS)
    )
    return [(row.id, row.name, row.folded, row.norm) for row in found]


def _spoken(
    callers: Sequence[tuple[int, str, str, str]],
    advisors: dict[str, list[int]],
    now: datetime,
    rng: Random,
) -> Iterator[_Spoken]:
    """The calls of the last days' opening hours, oldest first; none of them goes on still."""
    begins = sorted(
        datetime.combine(now.astimezone(_LONDON).date() - timedelta(days=day), _OPENS, _LONDON)
        + timedelta(hours=_OPEN_HOURS * rng.random())
        for day in range(1, _DAYS + 1)
        for _ in range(_CALLS_A_DAY)
    )
    for number, (at, caller) in enumerate(zip(begins, callers, strict=False)):
        talk = _TALKS[rng.randrange(len(_TALKS))]
        if number % _GIVES_UP == _GIVES_UP - 1:
            waited = 3 if number == _GIVES_UP - 1 else rng.randint(40, 180)
            yield _Spoken(*caller, talk, at, waited, None)
            continue
        hands = advisors[talk[0]]
        yield _Spoken(
            *caller,
            talk,
            at,
            rng.randint(4, 75),
            hands[rng.randrange(len(hands))],
            rng.randint(70, 420),
            rng.choice((0, 0, 25, 48)),
            rng.randint(15, 110),
        )


def _write(tx: Tx, places: _Places, number: int, each: _Spoken) -> None:
    contact = _contact(places, each)
    tx.session.add(contact)
    tx.session.flush()
    contact.thread_id = contact.id
    line_id, digit = places.lines[each.talk[0]]
    channel = f"demo-{number}"
    tx.session.add(
        Call(
            contact_id=contact.id,
            account_id=places.account_id,
            line_id=line_id,
            state=CallState.ENDED,
            state_since=each.over,
            channel=channel,
            linked=channel,
            number=each.number,
            number_said=each.number,
            choice=digit,
            started_at=each.at,
            answered_at=each.answered if each.advisor else None,
            ended_at=each.over,
            ended_by="caller",
            cause=16,
            talk_seconds=each.talked,
            hold_seconds=each.held,
        )
    )
    tx.session.add(_leg(contact.id, channel, each))
    if each.advisor is not None:
        tx.session.add(_leg(contact.id, f"{channel}-advisor", each, each.advisor))
        _answer(tx, contact.id, each)
    tx.session.add_all(
        Event(kind=kind, at=at, actor_id=actor, contact_id=contact.id, data=data)
        for kind, at, data, actor in _deeds(each)
    )


def _contact(places: _Places, each: _Spoken) -> Contact:
    queue, service, words = each.talk
    spoken = each.advisor is not None
    return Contact(
        channel=Channel.CALL,
        direction=Direction.INBOUND,
        state=ContactState.COMPLETED if spoken else ContactState.ABANDONED,
        state_since=each.done,
        queue_id=places.ids.queues[queue],
        service_id=places.ids.services[service] if spoken else None,
        customer_id=each.customer,
        who=each.name,
        preview=excerpt(words) if spoken else "",
        folded=each.folded,
        received_at=each.at,
        queued_at=each.at,
        account_id=places.account_id,
        first_taken_at=each.answered if spoken else None,
        completed_at=each.done if spoken else None,
        owner_id=each.advisor,
        resolution=Resolution.RESOLVED if spoken else None,
        avoidable=False if spoken else None,
        end_reason="normal" if spoken else "abandoned",
    )


def _leg(contact_id: int, channel: str, each: _Spoken, staff_id: int | None = None) -> CallLeg:
    """The caller's, or the advisor's whom it is given."""
    theirs = staff_id is None
    return CallLeg(
        contact_id=contact_id,
        channel=channel,
        role=LegRole.CALLER if theirs else LegRole.ADVISOR,
        state=LegState.ENDED,
        staff_id=staff_id,
        number=each.number if theirs else "",
        began_at=each.at if theirs else each.rang,
        up_at=each.at if theirs else each.answered,
        ended_at=each.over,
        cause=16,
    )


def _answer(tx: Tx, contact_id: int, each: _Spoken) -> None:
    """Who spoke with them, and what they wrote down."""
    tx.session.add(
        Assignment(
            contact_id=contact_id,
            staff_id=each.advisor,
            state=AssignmentState.COMPLETED,
            offered_at=each.rang,
            accepted_at=each.answered,
            ended_at=each.done,
            how="push",
        )
    )
    tx.session.add(
        Message(
            contact_id=contact_id,
            direction=Direction.OUTBOUND,
            visibility=Visibility.INTERNAL,
            state=MessageState.SENT,
            author_id=each.advisor,
            body_text=each.talk[2],
            reply_text=each.talk[2],
            at=each.done,
            sent_at=each.done,
        )
    )


def _deeds(each: _Spoken) -> Iterator[tuple[str, datetime, dict[str, object], int | None]]:
    """The events that a gateway and the advisor would have written."""
    waited = float(each.waited)
    ended = {"by": "caller", "cause": 16, "cut_off": False, "talk": each.talked, "hold": each.held}
    yield "contact.received", each.at, {}, None
    if each.advisor is None:
        yield "call.ended", each.over, ended, None
        yield "contact.abandoned", each.over, {"waited": waited, "ringing": False}, None
        return
    staff = {"staff": each.advisor}
    yield "contact.offered", each.rang, dict(staff), None
    yield "call.ringing", each.rang, dict(staff), None
    yield "contact.taken", each.answered, dict(staff), None
    yield "call.answered", each.answered, {**staff, "waited": waited}, None
    if each.held:
        holds = each.answered + timedelta(seconds=each.talked / 2)
        yield "call.held", holds, {}, None
        yield "call.resumed", holds + timedelta(seconds=each.held), {}, None
    yield "call.ended", each.over, ended, None
    yield "contact.wrap_up", each.over, dict(staff), None
    given: dict[str, object] = {"resolution": Resolution.RESOLVED, "avoidable": False}
    yield "contact.completed", each.done, given, each.advisor
