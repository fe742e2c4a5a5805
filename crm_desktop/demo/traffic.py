"""The demo's contacts: when people write, what happens to it, and who answers.

A stream in order of arrival, in constant memory, as long as it is asked for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from crm_desktop.demo.content import DemoCentre, DemoService
from crm_desktop.demo.phrasing import HOME, FilledForm, Letter, filled_forms, letters
from crm_desktop.demo.population import Population
from crm_desktop.domain.states import (
    CaseState,
    Channel,
    ContactState,
    Direction,
    HandoffState,
    Resolution,
    StaffRole,
    Visibility,
)

_HOUR = timedelta(hours=1)
#: How much of a day's mail comes in each hour after midnight, and of a week's on each weekday.
_HOURS = (1, 1, 1, 1, 1, 2, 4, 9, 20, 30, 32, 28, 22, 23, 24, 22, 20, 16, 12, 11, 10, 8, 5, 2)
_WEEKDAYS = (13, 11, 10, 10, 9, 4, 4)
_POOL = 3000
_FORMS = 0.32
_STRANGERS = 0.06
_FOLLOW_UPS = 0.08
_PARKED = 0.15
_RESOLUTIONS = (
    (Resolution.RESOLVED, 62),
    (Resolution.HANDED_OFF, 22),
    (Resolution.SIGNPOSTED_COUNCIL, 5),
    (Resolution.SIGNPOSTED_OUTSIDE, 5),
    (Resolution.CALLBACK, 2),
    (Resolution.NO_ACTION, 3),
    (Resolution.TRANSFERRED_OUT, 1),
)
_RESOLUTION_DRAW = tuple(which for which, share in _RESOLUTIONS for _ in range(share))
_UNDER_WAY = (HandoffState.SENT, HandoffState.ACKNOWLEDGED, HandoffState.IN_PROGRESS)
_RECENT = timedelta(days=6)


@dataclass(slots=True)
class DemoMessage:
    """One utterance; `author` is a login, empty for the customer."""

    direction: Direction
    visibility: Visibility
    author: str
    at: datetime
    text: str


@dataclass(slots=True)
class DemoContact:
    """One contact with its messages, oldest first; `number` counts from 0 in order of arrival.

    `customer` is a customer's number, None for a stranger (`sender_email` may be empty). `follows`
    is the number of the earlier contact whose thread this continues. `answers` are a web form's.
    `case` is the state of the case that it opened, `handoff` where that was passed on.
    Not frozen: that would double the cost of making one.
    """

    number: int
    channel: Channel
    customer: int | None
    sender_name: str
    sender_email: str
    service: str | None
    queue: str
    subject: str
    state: ContactState
    received_at: datetime
    messages: list[DemoMessage]
    follows: int | None = None
    answers: dict[str, object] | None = None
    owner: str = ""
    parked_until: datetime | None = None
    parked_for_reply: bool = False
    taken_at: datetime | None = None
    completed_at: datetime | None = None
    resolution: Resolution | None = None
    avoidable: bool | None = None
    case: CaseState | None = None
    handoff: HandoffState | None = None


@dataclass(slots=True)
class Traffic:
    """A stream of contacts up to `now` from `customers` customers of a population."""

    centre: DemoCentre
    population: Population
    rng: Random
    now: datetime
    customers: int
    _letters: list[Letter] = field(init=False)
    _forms: list[FilledForm] = field(init=False)
    _services: dict[str, DemoService] = field(init=False)
    _workers: dict[str, tuple[str, ...]] = field(init=False)
    _recent: deque[DemoContact] = field(init=False)

    def __post_init__(self) -> None:
        self._letters = letters(self.centre, self.rng, _POOL)
        self._forms = filled_forms(self.centre, self.rng, _POOL, self.now.date())
        self._services = {service.code: service for service in self.centre.services}
        self._workers = {
            queue.code: _workers(self.centre, queue.code) for queue in self.centre.queues
        }
        self._recent = deque(maxlen=200)

    def contacts(self, count: int, *, span: timedelta, open_count: int) -> Iterator[DemoContact]:
        """`count` contacts of the last `span`; of the latest, `open_count` are still open.

        Open ones wait or are parked; the others are completed, with their disposition.
        """
        open_left = min(open_count, count)
        latest = open_left * 3 // 4  # nobody can have answered these yet
        first_open = count - min(count, 2 * open_left)
        for number, at in enumerate(_arrivals(self.rng, self.now, span, count)):
            # Of what is left, exactly as many as still have to be open are drawn as open.
            draw = self.rng.random() * (count - number - latest)
            is_open = number >= first_open and draw < open_left - latest
            if number >= count - latest:
                is_open = True
            open_left -= is_open
            contact = self._arrived(number, at)
            if is_open:
                self._leave_open(contact)
            else:
                self._complete(contact)
            self._recent.append(contact)
            yield contact

    def _arrived(self, number: int, at: datetime) -> DemoContact:
        draw = self.rng.random()
        if draw < _FORMS:
            return self._web_form(number, at)
        if draw < _FORMS + _FOLLOW_UPS and self._recent:
            earlier = self._recent[int(self.rng.random() * len(self._recent))]
            if earlier.sender_email and earlier.state is ContactState.COMPLETED:
                return self._follow_up(number, at, earlier)
        return self._email(number, at)

    def _email(self, number: int, at: datetime) -> DemoContact:
        letter = self._letters[number % _POOL]
        customer, name, email, home = self._writer(number, mails=True)
        service = self._services[letter.service] if letter.service else None
        body = letter.body.replace(HOME, home)
        return DemoContact(
            number,
            Channel.EMAIL,
            customer,
            name,
            email,
            letter.service,
            service.queue if service else "general",
            letter.subject.replace(HOME, home),
            ContactState.QUEUED,
            at,
            [_said(at, f"{body}\n{name}")],
        )

    def _web_form(self, number: int, at: datetime) -> DemoContact:
        form = self._forms[number % _POOL]
        customer, name, email, home = self._writer(number, mails=False)
        answers = dict(form.answers)
        for question in form.own_home:
            answers[question] = home
        service = form.service
        return DemoContact(
            number,
            Channel.WEB_FORM,
            customer,
            name,
            email,
            service.code,
            service.queue,
            service.name,
            ContactState.QUEUED,
            at,
            [_said(at, form.text.replace(HOME, home))],
            answers=answers,
            case=CaseState.NEW,
        )

    def _follow_up(self, number: int, at: datetime, earlier: DemoContact) -> DemoContact:
        subject = earlier.subject
        follow_ups = self.centre.words.follow_ups
        return DemoContact(
            number,
            Channel.EMAIL,
            earlier.customer,
            earlier.sender_name,
            earlier.sender_email,
            earlier.service,
            earlier.queue,
            subject if subject.startswith("Re: ") else f"Re: {subject}",
            ContactState.QUEUED,
            at,
            [_said(at, follow_ups[int(self.rng.random() * len(follow_ups))])],
            follows=earlier.number,
        )

    def _writer(self, number: int, *, mails: bool) -> tuple[int | None, str, str, str]:
        """Customer, name, mail address, house and street of whoever writes.

        A few customers write often. Strangers have numbers beyond the customers'.
        """
        people = self.population
        draw = self.rng.random()
        customer = self._customer(draw, mails=mails) if draw >= _STRANGERS else None
        who = self.customers + number if customer is None else customer
        while not (email := people.email(who)) and mails:
            who += 1  # only strangers get here, and there is no end of them
        return customer, people.name(who), email, people.home(who)

    def _customer(self, draw: float, *, mails: bool) -> int | None:
        share = (draw - _STRANGERS) / (1 - _STRANGERS)
        who = int(share * share * self.customers)
        for number in range(who, min(who + 20, self.customers)):
            if not mails or self.population.email(number):
                return number
        return None

    def _leave_open(self, contact: DemoContact) -> None:
        draw = self.rng.random()
        if draw >= _PARKED:
            return
        worker = self._worker(contact)
        contact.state = ContactState.PARKED
        contact.owner = worker
        contact.taken_at = min(contact.received_at + _HOUR * (0.1 + draw), self.now)
        contact.parked_until = self.now + _HOUR * (1 + int(draw * 480))
        if draw < _PARKED / 2:
            contact.parked_for_reply = True
            contact.messages.append(self._reply(contact, worker, contact.taken_at))
        else:
            contact.messages.append(self._note(contact, worker, contact.taken_at))
        if contact.case is not None:
            waits = contact.parked_for_reply
            contact.case = CaseState.WAITING_CUSTOMER if waits else CaseState.OPEN

    def _complete(self, contact: DemoContact) -> None:
        draw = self.rng.random()
        worker = self._worker(contact)
        left = (self.now - contact.received_at).total_seconds()
        wait = min(60 + 40_000 * draw * draw, left * 0.6)
        work = min(90 + 900 * self.rng.random(), left * 0.3)
        contact.taken_at = contact.received_at + timedelta(seconds=wait)
        contact.completed_at = done = contact.taken_at + timedelta(seconds=work)
        contact.owner = worker
        contact.state = ContactState.COMPLETED
        if draw < 0.3:
            contact.messages.append(self._note(contact, worker, contact.taken_at))
        contact.messages.append(self._reply(contact, worker, done))
        if draw > 0.93:
            thanks = self.centre.words.follow_ups[contact.number % 10]
            between = contact.received_at + timedelta(seconds=wait / 2)
            contact.messages.insert(1, _said(between, thanks))
        self._dispose(contact, done)

    def _dispose(self, contact: DemoContact, done: datetime) -> None:
        draw = self.rng.random()
        resolution = _RESOLUTION_DRAW[int(draw * len(_RESOLUTION_DRAW))]
        service = self._services[contact.service] if contact.service else None
        if resolution is Resolution.HANDED_OFF and not (service and service.handoff):
            resolution = Resolution.RESOLVED
        contact.resolution = resolution
        contact.avoidable = contact.number % 11 < 2
        recent = self.now - done < _RECENT
        if resolution is Resolution.HANDED_OFF:
            contact.case = CaseState.WAITING_BACK_OFFICE if recent else CaseState.CLOSED
            contact.handoff = _UNDER_WAY[contact.number % 3] if recent else HandoffState.DONE
        elif contact.case is not None or (service and draw < 0.3):
            contact.case = CaseState.RESOLVED if recent else CaseState.CLOSED

    def _worker(self, contact: DemoContact) -> str:
        workers = self._workers[contact.queue]
        return workers[int(self.rng.random() * len(workers))]

    def _reply(self, contact: DemoContact, author: str, at: datetime) -> DemoMessage:
        replies = self.centre.words.replies
        fitting = replies.get(contact.service or "", replies[""])
        said = fitting[int(self.rng.random() * len(fitting))]
        text = f"Dear {contact.sender_name}\n\n{said}"
        return DemoMessage(Direction.OUTBOUND, Visibility.PUBLIC, author, at, text)

    def _note(self, contact: DemoContact, author: str, at: datetime) -> DemoMessage:
        notes = self.centre.words.notes
        fitting = notes.get(contact.service or "", notes[""])
        text = fitting[int(self.rng.random() * len(fitting))]
        return DemoMessage(Direction.OUTBOUND, Visibility.INTERNAL, author, at, text)


def _said(at: datetime, text: str) -> DemoMessage:
    return DemoMessage(Direction.INBOUND, Visibility.PUBLIC, "", at, text)


def _workers(centre: DemoCentre, queue: str) -> tuple[str, ...]:
    """Who answers a queue: its advisors and desk staff, else anybody in it."""
    members = [person for person in centre.staff if queue in person.queues]
    answering = [
        person.login for person in members if person.role in (StaffRole.ADVISOR, StaffRole.DESK)
    ]
    return tuple(answering or [person.login for person in members])


def _arrivals(rng: Random, now: datetime, span: timedelta, count: int) -> Iterator[datetime]:
    """Moments in order: mostly in the morning of a working day, hardly any at night."""
    start = now - span
    hours = max(1, int(span / _HOUR))
    weights = [
        _HOURS[at.hour] * _WEEKDAYS[at.weekday()]
        for at in (start + _HOUR * index for index in range(hours))
    ]
    total, reached, made = sum(weights), 0, 0
    for index, weight in enumerate(weights):
        reached += weight
        due = count * reached // total
        opening = start + _HOUR * index
        for part in sorted(rng.random() for _ in range(due - made)):
            yield opening + _HOUR * part
        made = due
