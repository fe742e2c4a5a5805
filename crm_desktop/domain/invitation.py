"""An appointment as mail programs and calendars take it: iCalendar (RFC 5545, iTIP's methods)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from crm_desktop.domain.messages import Address

#: An alarm on the customer's own calendar, so long before.
_ALARM = "-PT2H"
_OCTETS = 75
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Method(StrEnum):
    """What the customer's calendar is to do."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Invitation:
    """One appointment; the same `uid` with a higher `sequence` replaces what was sent before."""

    method: Method
    uid: str
    sequence: int
    written_at: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str
    location: str
    organizer: Address
    attendee: Address


def written(said: Invitation) -> bytes:
    """The whole calendar object, in UTF-8, its lines folded and ended as the standard wants."""
    cancelled = said.method is Method.CANCEL
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//CRM Desktop//Appointments//EN",
        f"METHOD:{said.method}",
        "BEGIN:VEVENT",
        f"UID:{_escaped(said.uid)}",
        f"SEQUENCE:{said.sequence}",
        f"DTSTAMP:{_moment(said.written_at)}",
        f"DTSTART:{_moment(said.starts_at)}",
        f"DTEND:{_moment(said.ends_at)}",
        f"SUMMARY:{_escaped(said.summary)}",
        f"DESCRIPTION:{_escaped(said.description)}",
        f"LOCATION:{_escaped(said.location)}",
        f"STATUS:{'CANCELLED' if cancelled else 'CONFIRMED'}",
        f"ORGANIZER{_named(said.organizer)}",
        f"ATTENDEE;PARTSTAT=ACCEPTED;RSVP=FALSE{_named(said.attendee)}",
    ]
    if not cancelled:
        lines += [
            *("BEGIN:VALARM", "ACTION:DISPLAY", f"TRIGGER:{_ALARM}"),
            f"DESCRIPTION:{_escaped(said.summary)}",
            "END:VALARM",
        ]
    lines += ["END:VEVENT", "END:VCALENDAR"]
    return b"".join(_folded(line) for line in lines)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    for mark in ("\\", ";", ","):
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\n", "\\n")


def _named(who: Address) -> str:
    name = _CONTROL.sub("", " ".join(who.name.split())).replace('"', "'")
    address = re.sub(r"\s", "", who.address)
    return f';CN="{name}":mailto:{address}' if name else f":mailto:{address}"


def _folded(line: str) -> bytes:
    """A line of at most 75 octets, and what is left in lines that begin with a space."""
    parts, current = [], b""
    for each in line:
        octets = each.encode()
        if len(current) + len(octets) > _OCTETS:
            parts.append(current)
            current = b" "
        current += octets
    return b"\r\n".join([*parts, current]) + b"\r\n"
