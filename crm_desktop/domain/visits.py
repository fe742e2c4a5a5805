"""Visits of a one-stop-shop: sites with their desks and rooms, tickets, and who is where."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from crm_desktop.domain.states import ContactState, Resolution
from crm_desktop.domain.text import fold

#: How long anybody should wait, in seconds: the target of a visit.
TARGET_SECONDS = 15 * 60


class PlaceKind(StrEnum):
    """Where a visitor can be seen. `partner`: the desk of police, advice, a housing partner."""

    DESK = "desk"
    INTERVIEW = "interview"
    FAMILY = "family"
    SECURE = "secure"
    PARTNER = "partner"


class Need(StrEnum):
    """What a visitor needs to be seen well; kept as adjustments of a known customer."""

    HEARING_LOOP = "hearing_loop"
    INTERPRETER = "interpreter"
    STEP_FREE = "step_free"
    PRIVATE_ROOM = "private_room"
    SITTING = "sitting"


#: What each need is called among a customer's adjustments; the first is how it is written down.
_SAID = {
    Need.HEARING_LOOP: ("Hearing loop", "hard of hearing"),
    Need.INTERPRETER: ("Interpreter",),
    Need.STEP_FREE: ("Step-free", "step free", "wheelchair"),
    Need.PRIVATE_ROOM: ("Private room",),
    Need.SITTING: ("Seen sitting down", "sitting", "cannot stand"),
}


def needs_in(words: str) -> tuple[Need, ...]:
    """What a visitor needs by the words of an adjustment."""
    said = fold(words)
    return tuple(
        need for need, phrases in _SAID.items() if any(fold(each) in said for each in phrases)
    )


def need_words(need: Need, language: str = "") -> str:
    """A need as an adjustment says it: "Interpreter (Polish)"."""
    return f"{_SAID[need][0]} ({language})" if language else _SAID[need][0]


#: The most letters of what is written down of a visitor; the database takes no more.
NAME_LETTERS, NOTE_LETTERS, PHONE_LETTERS = 200, 500, 40
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def is_language(text: str) -> bool:
    """Whether it is written as a language is: "en", "cy", "pol"."""
    return _LANGUAGE.fullmatch(text) is not None


class CheckedInBy(StrEnum):
    """How a visit came into the line."""

    DESK = "desk"
    KIOSK = "kiosk"
    APPOINTMENT = "appointment"
    AWAY = "away"


#: Where the contact of a visit stands while the visitor is in the building.
HERE = (
    ContactState.QUEUED,
    ContactState.CALLED,
    ContactState.ACTIVE,
    ContactState.HELD,
    ContactState.PARKED,
    ContactState.WRAP_UP,
)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A letter of the service and a number of the day: H014. Unique at its site on its day."""

    letter: str
    number: int

    def __str__(self) -> str:
        return f"{self.letter}{self.number:03d}"


@dataclass(frozen=True, slots=True)
class SiteInfo:
    """A shop, library or office that people visit. `calls`: how often before a no-show."""

    id: int
    code: str
    name: str
    address: str
    calls: int


@dataclass(frozen=True, slots=True)
class SiteService:
    """What a visit to a site can be about: its letter on tickets, and its key (Alt+1 …)."""

    service_id: int
    name: str
    name_cy: str
    letter: str
    key: int
    waiting: int
    wait_seconds: int | None


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A desk or room now. `visit_id` is who is there, `held_until` when nobody else may use it, but
    for `held_visit_id` where it is kept for one visitor.

    `serving`: who of ours looks after the visitor there; "" at a partner's desk. `booked_at`: when
    the next appointment there begins today.
    """

    id: int
    site_id: int
    kind: PlaceKind
    name: str
    partner: str
    staff: tuple[str, ...]
    visit_id: int | None
    ticket: Ticket | None
    since: datetime | None
    held_until: datetime | None
    held_for: str
    held_visit_id: int | None = None
    state: ContactState | None = None
    serving: str = ""
    step_free: bool = True
    booked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FreeStaff:
    """A colleague at a desk or room with no visitor to look after."""

    name: str
    place: str


@dataclass(frozen=True, slots=True)
class RoomProposal:
    """Where a visitor should be seen, by rule (`domain.rooms`); a person decides.

    `place_id` None: none that is right is free. `in_twos`: with two members of staff there, of whom
    `colleagues` could be the other. `says_why`: whoever goes on without one says why.
    """

    contact_id: int
    ticket: Ticket | None
    place_id: int | None
    place: str
    in_twos: bool
    colleagues: tuple[FreeStaff, ...]
    says_why: bool


@dataclass(frozen=True, slots=True)
class Rooms:
    """Who is where at a site. `free`: colleagues with nobody to look after. `mine`: visits that
    this person has called or serves; of `decided` it was said that they do without a room.
    """

    places: tuple[PlaceView, ...]
    free: tuple[FreeStaff, ...] = ()
    mine: tuple[int, ...] = ()
    decided: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class VisitRow:
    """A visitor in the line, at a desk, or expected: as desk staff see them.

    `who` is "" for whoever gave no name. `due_at`: when they should be seen. `booked_at` of an
    appointment; `ticket` None until they arrive for it.
    """

    contact_id: int
    site_id: int
    ticket: Ticket | None
    who: str
    service_id: int | None
    service_name: str
    state: ContactState
    needs: tuple[Need, ...]
    note: str
    arrived_at: datetime | None
    due_at: datetime | None
    called_at: datetime | None
    calls: int
    place_id: int | None
    place_name: str
    staff_name: str
    booked_at: datetime | None
    has_marker: bool
    language: str


@dataclass(frozen=True, slots=True)
class CheckIn:
    """Somebody arrives. `key` is made once by whoever checks them in: the same is kept once.

    `ticket` is only given by a desk that worked on while the database was away; else the next
    number of the letter is.
    """

    key: str
    site_id: int
    service_id: int | None
    by: CheckedInBy
    who: str = ""
    customer_id: int | None = None
    appointment_id: int | None = None
    needs: tuple[Need, ...] = ()
    language: str = "en"
    phone: str = ""
    note: str = ""
    ticket: Ticket | None = None
    arrived_at: datetime | None = None


def can_be_kept(said: CheckIn) -> bool:
    """Whether the database takes what is said of a visitor."""
    return (
        len(said.who) <= NAME_LETTERS
        and len(said.note) <= NOTE_LETTERS
        and len(said.phone) <= PHONE_LETTERS
        and is_language(said.language)
    )


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """A visit that stands in the line now."""

    contact_id: int
    ticket: Ticket
    position: int
    wait_seconds: int | None
    proposal: RoomProposal | None = None


@dataclass(frozen=True, slots=True)
class Called:
    """What the public screen shows and says: a ticket and where to go; never a name.

    `proposal` is for whoever called.
    """

    contact_id: int
    ticket: Ticket
    place: str
    at: datetime
    again: bool
    proposal: RoomProposal | None = None


@dataclass(frozen=True, slots=True)
class AnsweredNow:
    """A quick question, answered at the counter. `key` as of `CheckIn`."""

    key: str
    site_id: int
    service_id: int
    resolution: Resolution
    words: str = ""


@dataclass(frozen=True, slots=True)
class To:
    """Where a visitor is sent: to a desk or room, or to another service of the same site."""

    place_id: int | None = None
    service_id: int | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """Who a visitor may be: an appointment of today, or a customer. `needs` are known ones."""

    who: str
    detail: str
    customer_id: int | None
    appointment_id: int | None
    booked_at: datetime | None
    service_id: int | None
    needs: tuple[Need, ...]
    has_marker: bool


@dataclass(frozen=True, slots=True)
class TicketNumbers:
    """Numbers of every letter that one computer may give on a day, from `first` to `last`."""

    day: date
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class SiteDay:
    """A site's day in figures, by DOMAIN's definitions; seconds where they are times."""

    site_id: int
    day: date
    footfall: int
    waiting: int
    served: int
    answered_now: int
    left_unseen: int
    no_shows: int
    average_wait: float | None
    within_target: float | None


@dataclass(frozen=True, slots=True)
class SiteLine:
    """A site now: who waits in the order in which they are called, then who is at a desk or parked.

    `called` are the newest first: what the public screen shows. `free`, `mine` and `decided` are as
    of `Rooms`.
    """

    rows: tuple[VisitRow, ...]
    places: tuple[PlaceView, ...]
    called: tuple[Called, ...]
    day: SiteDay
    free: tuple[FreeStaff, ...] = ()
    mine: tuple[int, ...] = ()
    decided: tuple[int, ...] = ()
