"""What a customer is told of an appointment, in English or Welsh."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

_LONDON = ZoneInfo("Europe/London")


class Telling(StrEnum):
    """What a mail about an appointment is for."""

    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    REMINDER = "reminder"


@dataclass(frozen=True, slots=True)
class Facts:
    """What there is to say. `service` is "" for what is better not named in a mail."""

    telling: Telling
    language: str
    service: str
    reference: str
    starts_at: datetime
    minutes: int
    site: str
    address: str
    needs: str
    centre: str


_DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "cy": tuple(
        f"Dydd {day}" for day in ("Llun", "Mawrth", "Mercher", "Iau", "Gwener", "Sadwrn", "Sul")
    ),
}
_MONTHS = {
    "en": (
        *("January", "February", "March", "April", "May", "June", "July", "August"),
        *("September", "October", "November", "December"),
    ),
    "cy": (
        *("Ionawr", "Chwefror", "Mawrth", "Ebrill", "Mai", "Mehefin", "Gorffennaf", "Awst"),
        *("Medi", "Hydref", "Tachwedd", "Rhagfyr"),
    ),
}
_SUBJECT = {
    "en": {
        Telling.BOOKED: "Your appointment on {day}",
        Telling.MOVED: "Your appointment is now on {day}",
        Telling.CANCELLED: "Your appointment on {day} is cancelled",
        Telling.REMINDER: "Reminder: your appointment on {day}",
    },
    "cy": {
        Telling.BOOKED: "Eich apwyntiad {day}",
        Telling.MOVED: "Mae eich apwyntiad bellach {day}",
        Telling.CANCELLED: "Mae eich apwyntiad {day} wedi'i ganslo",
        Telling.REMINDER: "Nodyn atgoffa: eich apwyntiad {day}",
    },
}
_FIRST = {
    "en": {
        Telling.BOOKED: "Your appointment is booked.",
        Telling.MOVED: "Your appointment has changed. This is when and where it is now.",
        Telling.CANCELLED: "This appointment is cancelled. You do not need to come.",
        Telling.REMINDER: "This is a reminder of your appointment.",
    },
    "cy": {
        Telling.BOOKED: "Mae eich apwyntiad wedi'i drefnu.",
        Telling.MOVED: "Mae eich apwyntiad wedi newid. Dyma'r amser a'r lle newydd.",
        Telling.CANCELLED: "Mae'r apwyntiad hwn wedi'i ganslo. Nid oes angen i chi ddod.",
        Telling.REMINDER: "Dyma nodyn i'ch atgoffa am eich apwyntiad.",
    },
}
_LABELS = {
    "en": ("About", "When", "Where", "You need", "Reference", "{minutes} minutes"),
    "cy": ("Ynglŷn â", "Pryd", "Ble", "Eich anghenion", "Cyfeirnod", "{minutes} munud"),
}
_LAST = {
    "en": {
        True: "If you would like another time, please reply to this email.",
        False: "When you arrive, please give your reference. If you cannot come or will be late,\n"
        "please reply to this email.",
    },
    "cy": {
        True: "Os hoffech gael amser arall, atebwch yr e-bost hwn.",
        False: "Pan gyrhaeddwch, rhowch eich cyfeirnod. Os na allwch ddod neu os byddwch yn hwyr,\n"
        "atebwch yr e-bost hwn.",
    },
}
_SUMMARY = {"en": "Appointment", "cy": "Apwyntiad"}


def subject(facts: Facts) -> str:
    """The mail's subject: what it is, and the day; never what it is about."""
    said = _SUBJECT[_tongue(facts)][facts.telling].format(day=day_words(facts))
    return f"{said} [{facts.reference}]"


def summary(facts: Facts) -> str:
    """What stands in the customer's calendar."""
    word = _SUMMARY[_tongue(facts)]
    return f"{word}: {facts.service}" if facts.service else f"{word}, {facts.centre or facts.site}"


def text(facts: Facts) -> str:
    """The mail."""
    tongue = _tongue(facts)
    about, when, where, needs, reference, length = _LABELS[tongue]
    clock = facts.starts_at.astimezone(_LONDON).strftime("%H:%M")
    rows = (
        (about, facts.service),
        (when, f"{day_words(facts)}, {clock} ({length.format(minutes=facts.minutes)})"),
        (where, ", ".join(each for each in (facts.site, facts.address) if each)),
        (needs, facts.needs),
        (reference, facts.reference),
    )
    lines = "\n".join(f"{label}: {value}" for label, value in rows if value)
    last = _LAST[tongue][facts.telling is Telling.CANCELLED]
    parts = (_FIRST[tongue][facts.telling], lines, last, facts.centre)
    return "\n\n".join(each for each in parts if each) + "\n"


def day_words(facts: Facts) -> str:
    """The local day: Friday 4 December 2026."""
    return long_day(_tongue(facts), facts.starts_at)


def long_day(language: str, at: datetime) -> str:
    """The local day of a moment, in full, in "en" or "cy"."""
    day = at.astimezone(_LONDON)
    weekday = _DAYS[language][day.weekday()]
    return f"{weekday} {day.day} {_MONTHS[language][day.month - 1]} {day.year}"


def _tongue(facts: Facts) -> str:
    return "cy" if facts.language == "cy" else "en"
