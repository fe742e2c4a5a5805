"""How the time of one telephone call went, by its events: talking, on hold, and wrapping it up.

A call is with somebody from `call.answered` on. On hold is also a caller who hears music while a
colleague is asked. Whoever is put back into a queue waits, and that is nobody's handling time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from crm_desktop.domain.states import IN_HAND

CALL = "call."
ANSWERED, ENDED, TRANSFERRED = "call.answered", "call.ended", "call.transferred"
_COMPLETED, _WRAP_UP = "contact.completed", "contact.wrap_up"
_IN_HAND = frozenset({"contact.taken", "contact.resumed", _WRAP_UP})
_OUT_OF_HAND = frozenset(
    f"contact.{each}"
    for each in (
        "returned", "parked", "transferred", "woken", "reopened", "undone", "callback",
        "abandoned", "spam", "completed",
    )
)  # fmt: skip


class _Line(StrEnum):
    """What the telephone does."""

    NONE = "none"
    TALK = "talk"
    HOLD = "hold"


_LINE_AFTER = {
    ANSWERED: _Line.TALK, "call.resumed": _Line.TALK, "call.conference": _Line.TALK,
    "call.held": _Line.HOLD, "call.consulting": _Line.HOLD, ENDED: _Line.NONE,
}  # fmt: skip


class Happened(Protocol):
    """An event, as `domain.counting.Happening`."""

    @property
    def at(self) -> datetime:
        """When."""

    @property
    def kind(self) -> str:
        """What."""

    @property
    def data(self) -> Mapping[str, Any]:
        """With what."""


@dataclass(frozen=True, slots=True)
class CallTimes:
    """Whole seconds of everybody who had the call, until it was first completed.

    `with_us`: somebody answered, or wrapped up an attempt; `passed_on`: somebody who had it
    transferred it.
    """

    talk: int
    hold: int
    wrap_up: int
    with_us: bool
    passed_on: bool

    @property
    def handling(self) -> int:
        """Talk, hold and wrap-up."""
        return self.talk + self.hold + self.wrap_up


def is_call(history: Iterable[Happened]) -> bool:
    """Whether a telephone system told of it; what was logged by hand is timed as other contacts."""
    return any(each.kind.startswith(CALL) for each in history)


def times(history: Iterable[Happened]) -> CallTimes:
    """What the events say, in the order in which they happened.

    The sums that `call.ended` brings win over the times between the events: the gateway took them
    from the PBX, also of what it did not see happen. Wrap-up is always between events.
    """
    watch = _Watch()
    for each in history:
        watch.see(each)
        if each.kind == _COMPLETED:
            break
    return watch.result()


class _Watch:
    """Goes through a history and stops the time."""

    def __init__(self) -> None:
        self._line = _Line.NONE
        self._in_hand = self._over = self._with_us = self._passed_on = False
        self._since: datetime | None = None
        self._spent = {"talk": 0.0, "hold": 0.0, "wrap_up": 0.0}
        self._told: dict[str, float] = {}

    def see(self, each: Happened) -> None:
        """Count the time until this event, then see what it changes."""
        if self._since is not None:
            doing = self._doing()
            if doing:
                self._spent[doing] += max(0.0, (each.at - self._since).total_seconds())
        self._since = each.at
        self._ring(each)
        self._move(each)

    def result(self) -> CallTimes:
        """All of it."""
        talk, hold = (round(self._told.get(each, self._spent[each])) for each in ("talk", "hold"))
        wrap_up = round(self._spent["wrap_up"])
        return CallTimes(talk, hold, wrap_up, self._with_us, self._passed_on)

    def _doing(self) -> str:
        if self._line is not _Line.NONE:
            return self._line.value
        return "wrap_up" if self._in_hand and self._over else ""

    def _ring(self, each: Happened) -> None:
        """What the telephone does after it."""
        self._line = _LINE_AFTER.get(each.kind, self._line)
        if each.kind == ANSWERED:
            self._over, self._with_us = False, True
        elif each.kind == ENDED:
            self._over = True
            self._told |= {
                name: float(each.data[name])
                for name in ("talk", "hold")
                if isinstance(each.data.get(name), (int, float))
            }
        elif each.kind == TRANSFERRED:
            self._passed_on = True
            # A colleague who was asked has them now; everybody else is yet to answer.
            to = each.data.get("to")
            stays = each.data.get("how") == "warm" and isinstance(to, Mapping) and "staff" in to
            self._line = _Line.TALK if stays else _Line.NONE

    def _move(self, each: Happened) -> None:
        """Whose work it is after it."""
        if each.kind == _WRAP_UP:
            self._over = self._with_us = True
        if each.kind in _IN_HAND:
            self._in_hand = True
        elif each.kind in _OUT_OF_HAND:
            self._in_hand = each.data.get("state") in IN_HAND
            if not self._in_hand:
                self._line = _Line.NONE
