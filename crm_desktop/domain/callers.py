"""What callers hear and what becomes of those who were not answered: the rules, without I/O."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

#: A callback that nobody has taken up for so long is missed.
CALLBACK_WITHIN = timedelta(hours=1)
#: Who calls again so soon after a call that was cut off goes to the same advisor first.
SAME_CALLER_WITHIN = timedelta(hours=4)
#: After a cut the last advisor is waited for so long, whatever the queue says.
LAST_ADVISOR_AFTER_CUT = 120
#: Points by which a callback after a cut comes before its line: all that there are.
CUT_OFF_POINTS = 5
CUT_OFF = "Cut off"
#: A recording shorter than this, or with less of a voice in it, is no message; in seconds.
SHORTEST_MESSAGE, SHORTEST_VOICE = 1.5, 0.5


class Leave(StrEnum):
    """Why somebody who waited leaves the queue without having been answered."""

    #: The queue is closed, or closed while they waited.
    CLOSED = "closed"
    #: So many wait already that the line takes no more.
    BUSY = "busy"
    #: They asked for it by a digit.
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Lately:
    """What a queue's calls did in the last `seconds`: how many were answered, after how long."""

    answered: int = 0
    wait_seconds: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Standing:
    """A caller who waits: where they stand, and what their line lets them do.

    `ahead` is how many of the queue come before them; `expected` None while nothing is known.
    """

    contact_id: int
    channel: str
    ahead: int
    expected: timedelta | None
    open: bool
    known_number: bool
    announce_seconds: int
    voicemail: bool
    callback: bool
    most_waiting: int


@dataclass(frozen=True, slots=True)
class Missed:
    """A call that the PBX kept by itself while no gateway was there, as it told.

    `unique` is the PBX's own id of it; `waited` and `talked` in seconds; `recording` the name of a
    message that was left, empty without one, and `seconds` how long that is. `answered`: somebody
    spoke to them, at the telephone `extension`.
    """

    unique: str
    at: datetime
    number: str
    dialled: str
    choice: str = ""
    waited: int = 0
    answered: bool = False
    talked: int = 0
    extension: str = ""
    recording: str = ""
    seconds: float = 0.0


def expected(ahead: int, waited: timedelta, lately: Lately) -> timedelta | None:
    """How much longer somebody waits; None when what happened lately says nothing about it.

    Those before them go at the pace at which calls were answered lately, and nobody waits less
    than others did: whoever has waited longer than that already is told nothing rather than a
    comfort.
    """
    if not lately.answered:
        return None
    pace = lately.seconds / lately.answered
    usual = lately.wait_seconds / lately.answered
    left = max(ahead * pace, usual - waited.total_seconds())
    return timedelta(seconds=left) if left > 0 else None


def minutes(wait: timedelta) -> int:
    """A wait in whole minutes, rounded up; 0 means less than one."""
    seconds = wait.total_seconds()
    return 0 if seconds < 60 else math.ceil(seconds / 60)


def announcement(standing: Standing, *, choices: bool) -> tuple[str, ...]:
    """What a waiting caller is told, as names of Asterisk's own sounds; a council's own voice is
    the same names in another language of the PBX. `choices`: also what they may press.
    """
    sounds = [*_position(standing.ahead)]
    if standing.expected is not None:
        sounds += _wait(minutes(standing.expected))
    sounds.append("queue-thankyou")
    if choices and standing.callback and standing.known_number:
        sounds.append("vm-tocallnum")
    if choices and standing.voicemail:
        sounds.append("vm-leavemsg")
    return tuple(sounds)


def _position(ahead: int) -> Iterator[str]:
    if ahead == 0:
        yield "queue-youarenext"
        return
    yield "queue-thereare"
    yield from spoken(ahead + 1)
    yield "queue-callswaiting"


def _wait(whole: int) -> Iterator[str]:
    yield "queue-holdtime"
    if whole == 0:
        yield from ("queue-less-than", "digits/1", "queue-minute")
        return
    yield from spoken(whole)
    yield "queue-minute" if whole == 1 else "queue-minutes"


def spoken(number: int) -> Iterator[str]:
    """A whole number in Asterisk's digits: 1 to 999,999, of which more is said as that."""
    number = min(number, 999_999)
    if number >= 1000:
        yield from spoken(number // 1000)
        yield "digits/thousand"
        number %= 1000
    if number >= 100:
        yield f"digits/{number // 100}"
        yield "digits/hundred"
        number %= 100
    if number > 20:
        yield f"digits/{number // 10 * 10}"
        number %= 10
    if number:
        yield f"digits/{number}"


def length_words(seconds: float) -> str:
    """How long a message is, as a person says it: "23 seconds", "1 minute 5 seconds"."""
    whole = max(round(seconds), 1)
    parts = [(whole // 60, "minute"), (whole % 60, "second")]
    return " ".join(f"{n} {name}{'' if n == 1 else 's'}" for n, name in parts if n)
