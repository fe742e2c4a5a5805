"""Texts to mobile telephones: to whom one may go, and what each says, in English or Welsh.

A text names nobody, and nothing that a service is about: it may be read over a shoulder.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

_LONDON = ZoneInfo("Europe/London")
#: The kind of account that texts leave through, and the lane of the outbox.
ACCOUNT, LANE = "texting", "texts"
#: So many texts a number gets within a day, whoever enters it.
MOST_A_DAY = 10
#: With so many before them or fewer a visitor is told that it is nearly their turn.
NEAR = 2
#: Kept for examples and tests by Ofcom; nobody has them, so that they are no trouble either.
_EXAMPLES = "7700900"
_COUNTRY = 44


class TextKind(StrEnum):
    """What a text is for."""

    TICKET = "ticket"
    NEAR = "near"
    CALLED = "called"
    REMINDER = "reminder"


@dataclass(frozen=True, slots=True)
class TextFacts:
    """What there is to say; `place` of a call, `at` of an appointment, `reference` of a reminder.

    `before` is how many are called earlier, `wait_seconds` None when nobody knows.
    """

    kind: TextKind
    language: str
    site: str
    ticket: str = ""
    before: int = 0
    wait_seconds: int | None = None
    place: str = ""
    at: datetime | None = None
    reference: str = ""


def mobile(text: str) -> str | None:
    """A mobile number of the United Kingdom or the islands as +44…; None for any other."""
    import phonenumbers  # its tables are slow to load, and many processes never ask

    try:
        number = phonenumbers.parse(text if text.isascii() else "", "GB")
    except phonenumbers.NumberParseException:
        return None
    national = str(number.national_number)
    example = national.startswith(_EXAMPLES) and len(national) == 10
    mobiles = phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    if number.country_code != _COUNTRY or number.extension or not (mobiles or example):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


_WORDS = {
    "en": {
        TextKind.TICKET: "You are {ticket} at {site}.{booked}{line} "
        "We will text you again when it is nearly your turn.",
        TextKind.NEAR: "{ticket}: it is nearly your turn at {site}. Please be in the waiting area.",
        TextKind.CALLED: "{ticket}: please come to {place} now, at {site}.",
        TextKind.REMINDER: "A reminder of your appointment: {day} at {clock}, {site}. "
        "Please give your reference when you arrive: {reference}",
    },
    "cy": {
        TextKind.TICKET: "Eich tocyn yw {ticket} yn {site}.{booked}{line} "
        "Byddwn yn anfon neges arall pan fydd eich tro bron â dod.",
        TextKind.NEAR: "{ticket}: mae eich tro bron â dod yn {site}. "
        "Arhoswch yn yr ardal aros, os gwelwch yn dda.",
        TextKind.CALLED: "{ticket}: dewch i {place} nawr, yn {site}.",
        TextKind.REMINDER: "Nodyn atgoffa am eich apwyntiad: {day} am {clock}, {site}. "
        "Rhowch eich cyfeirnod pan gyrhaeddwch: {reference}",
    },
}
_LAST = {
    "en": "You are {ticket} at {site}.{booked}{line} Please stay in the waiting area.",
    "cy": "Eich tocyn yw {ticket} yn {site}.{booked}{line} Arhoswch yn yr ardal aros.",
}
_BOOKED = {
    "en": " Your appointment is at {clock}.",
    "cy": " Mae eich apwyntiad am {clock}.",
}
_BEFORE = {
    "en": {0: " You are next.", 1: " 1 person is before you{wait}.",
           2: " {before} people are before you{wait}."},
    "cy": {0: " Chi sydd nesaf.", 1: " Mae 1 person o’ch blaen{wait}.",
           2: " Mae {before} o bobl o’ch blaen{wait}."},
}  # fmt: skip
_WAIT = {"en": ", about {minutes} min", "cy": ", tua {minutes} munud"}


def words(facts: TextFacts) -> str:
    """The text."""
    tongue = "cy" if facts.language == "cy" else "en"
    said = _WORDS[tongue][facts.kind]
    if facts.kind is TextKind.TICKET and facts.before <= NEAR:
        # Nobody is told twice in a row that it is nearly their turn.
        said = _LAST[tongue]
    here = facts.at.astimezone(_LONDON) if facts.at else None
    clock = f"{here:%H:%M}" if here else ""
    return said.format(
        ticket=facts.ticket,
        site=facts.site,
        place=facts.place,
        reference=facts.reference,
        clock=clock,
        day=f"{here.day}/{here.month}/{here.year}" if here else "",
        booked=_BOOKED[tongue].format(clock=clock) if here else "",
        line="" if here else _line(facts, tongue),
    )


def _line(facts: TextFacts, tongue: str) -> str:
    wait = ""
    if facts.wait_seconds:
        wait = _WAIT[tongue].format(minutes=max(1, math.ceil(facts.wait_seconds / 60)))
    return _BEFORE[tongue][min(facts.before, 2)].format(before=facts.before, wait=wait)
