"""The few words at the end of a queue row: how long is left, and how urgent that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.domain.calls import CallState, CallView
from crm_desktop.domain.states import Channel, ContactState
from crm_desktop.domain.views import QueueRow

_SOON = 3600
#: From here on seconds are counted.
_COUNTED = 600
#: Somebody holds the line: what has passed matters more than what is left.
_LIVE = (Channel.CALL, Channel.CHAT)

_IN_HAND = {
    ContactState.ACTIVE: ("in hand", "in hand"),
    ContactState.HELD: ("held", "on hold"),
    ContactState.WRAP_UP: ("wrap-up", "in wrap-up"),
}
#: What somebody else's call is doing.
_OF_CALLS = {
    ContactState.ACTIVE: ("on call", "on a call"),
    ContactState.HELD: ("on hold", "a call on hold"),
    ContactState.DIALLING: ("calling", "being called"),
}
_CALLS = {
    CallState.RINGING: ("rings", Tone.ACCENT),
    CallState.DIALLING: ("calling", Tone.ACCENT),
    CallState.TALKING: ("on call", Tone.OK),
    CallState.HELD: ("on hold", Tone.WARNING),
    CallState.CONSULTING: ("asking", Tone.INFO),
    CallState.CONFERENCE: ("together", Tone.INFO),
}


@dataclass(frozen=True, slots=True)
class PillText:
    """What a pill says, what a screen reader says for it, and its tone."""

    words: str
    spoken: str
    tone: Tone


def pill_of(row: QueueRow, now: datetime, call: CallView | None = None) -> PillText | None:
    """The pill of a row at `now` (UTC); None when there is nothing to say. `call` is this person's
    own, which says what it is doing and for how long.
    """
    if call is not None and call.state in _CALLS:
        return _on_call(call, now)
    if row.state is ContactState.PARKED:
        return _parked(row, now)
    if row.channel is Channel.CALL and row.state in _OF_CALLS:
        return PillText(*_OF_CALLS[row.state], Tone.NEUTRAL)
    if row.due_at is not None and row.channel in _LIVE and row.state not in _IN_HAND:
        return _on_line(row.received_at, row.due_at, now)
    left = None if row.due_at is None else (row.due_at - now).total_seconds()
    in_hand = _IN_HAND.get(row.state)
    if in_hand and (left is None or left > _SOON):
        return PillText(*in_hand, Tone.NEUTRAL)
    return None if left is None else _left(left)


def _on_call(call: CallView, now: datetime) -> PillText:
    said, tone = _CALLS[call.state]
    talking = call.state is CallState.TALKING and call.answered_at is not None
    since = call.answered_at if talking and call.answered_at is not None else call.since
    lasts = (now - since).total_seconds()
    if call.lost_since is not None:
        said, tone = "not seen", Tone.DANGER
    # Said by the state alone: a reader that speaks every second cannot be listened to.
    return PillText(f"{said} {words.stopwatch(lasts)}", said, tone)


def _parked(row: QueueRow, now: datetime) -> PillText:
    if row.parked_for_reply:
        return PillText("until reply", "parked until the customer replies", Tone.NEUTRAL)
    if row.parked_until is None:
        return PillText("parked", "parked", Tone.NEUTRAL)
    at = words.local(row.parked_until)
    today = at.date() == words.local(now).date()
    shown = f"{at:%H:%M}" if today else f"{at:%a %H:%M}"
    return PillText(f"until {shown}", f"parked until {shown}", Tone.NEUTRAL)


def _on_line(since: datetime, due: datetime, now: datetime) -> PillText:
    waited, allowed = (now - since).total_seconds(), (due - since).total_seconds()
    spoken = f"waiting {words.spoken_span(waited)} of {words.spoken_span(allowed)}"
    tone = Tone.DANGER if waited > allowed else Tone.WARNING
    return PillText(words.waited_of(waited, allowed), spoken, tone)


def _left(left: float) -> PillText:
    if 0 <= left <= _COUNTED:
        # Said by the minute: a reader that speaks every second cannot be listened to.
        said = words.count(int(left) // 60 + 1, "minute")
        return PillText(f"{words.stopwatch(left)} left", f"{said} left", Tone.WARNING)
    tone = Tone.DANGER if left < 0 else Tone.WARNING if left <= _SOON else Tone.OK
    # The largest unit alone, as the eyes have it.
    length = " ".join(words.spoken_span(abs(left)).split(" ")[:2])
    spoken = f"{length} {'overdue' if left < 0 else 'left'}"
    return PillText(words.remaining(left), spoken, tone)
