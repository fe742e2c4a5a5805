"""The next step of one call: what to write of what the PBX shows, and what to ask of it. Pure.

`judge` looks at how a call stands in the database and at what the PBX shows now, not at the event
that came last. So an event that is lost, late, early or there twice costs nothing but time: the
next look leads to the same. It gives one write, after which it is asked again, or what to ask for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crm_desktop.domain.calls import CallState, LegRole
from crm_desktop.domain.states import ContactState
from crm_desktop.gateway.calls import naming
from crm_desktop.gateway.calls.sight import Line, Sight
from crm_desktop.services.calls import Offer, Standing, StandingLeg

#: Q.850 causes of an end that somebody meant: unknown, normal, answered elsewhere, normal
#: unspecified. After others a conversation was cut off.
MEANT = frozenset({0, 16, 26, 31})
_WHY = {17: "busy", 21: "rejected", 22: "rejected"}
#: There is no phone at the other end, or no way to it.
_UNREACHABLE = frozenset({1, 2, 3, 20, 27, 28, 34, 38, 41, 42, 44, 47, 58, 66, 88, 102, 111, 127})

_WAITS = (ContactState.QUEUED, ContactState.OFFERED)
_HAD = (ContactState.ACTIVE, ContactState.HELD)
_OVER = (ContactState.COMPLETED, ContactState.SPAM, ContactState.ABANDONED, ContactState.FAILED)


@dataclass(frozen=True, slots=True)
class Rang:
    """Write: the phone of whom it is offered to rings."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Write: they picked up."""

    offer: Offer
    channel: str


@dataclass(frozen=True, slots=True)
class NotAnswered:
    """Write: they did not; `reason` is no_answer, busy, rejected or unreachable."""

    offer: Offer
    reason: str
    cause: int | None = None


@dataclass(frozen=True, slots=True)
class LegUp:
    """Write: a channel was picked up."""

    channel: str


@dataclass(frozen=True, slots=True)
class LegEnded:
    """Write: a channel is gone."""

    channel: str
    cause: int | None


@dataclass(frozen=True, slots=True)
class Does:
    """Write: what the call does now."""

    state: CallState


@dataclass(frozen=True, slots=True)
class Over:
    """Write: the call is over."""

    by: str
    cause: int | None
    cut_off: bool


@dataclass(frozen=True, slots=True)
class Wait:
    """Ask: music for the caller."""


@dataclass(frozen=True, slots=True)
class Ring:
    """Ask: the phone of whom it is offered to."""

    offer: Offer


@dataclass(frozen=True, slots=True)
class Connect:
    """Ask: caller and advisor talk."""

    channel: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """Ask: a channel is no longer needed."""

    channel: str


@dataclass(frozen=True, slots=True)
class TearDown:
    """Ask: a bridge is no longer needed."""

    bridge: str


Write = Rang | Answered | NotAnswered | LegUp | LegEnded | Does | Over
Ask = Wait | Ring | Connect | HangUp | TearDown
Step = Write | tuple[Ask, ...]


def judge(call: Standing, sight: Sight) -> Step:
    """One write, or everything to ask for; an empty tuple when all is as it should be."""
    write: Write | None = _legs(call, sight) or _end(call, sight) or _state(call, sight)
    return write if write is not None else _asks(call, sight)


def left_over(contact_id: int, sight: Sight) -> tuple[Ask, ...]:
    """A call is over: what to take away of it. What went back into the dialplan is not ours."""
    lines = ((each, sight.line(each)) for each in sight.of(contact_id))
    return (
        *(HangUp(name) for name, line in lines if line and _ours(name, line)),
        *(TearDown(each) for each in naming.bridges(contact_id) if each in sight.bridges),
    )


def _ours(name: str, line: Line) -> bool:
    """Whether a channel is ours to end: one that we called is, until it left into the dialplan."""
    return line.here or (name.startswith("crm-") and not line.left)


def _legs(call: Standing, sight: Sight) -> Write | None:
    """Channels that rang, were picked up, or are gone."""
    return next(filter(None, (_leg(call, each, sight) for each in call.legs)), None)


def _leg(call: Standing, leg: StandingLeg, sight: Sight) -> Write | None:
    line = sight.line(leg.channel)
    if line is None:
        # Without its caller the call is over.
        gone = leg.channel in sight.gone and leg.channel != call.channel
        return _leg_gone(call, leg, sight) if gone else None
    if line.here and not leg.up:
        return _leg_up(call, leg)
    if line.rings and call.state is CallState.WAITING and _offered(call, leg):
        return Rang()
    return None


def _leg_gone(call: Standing, leg: StandingLeg, sight: Sight) -> Write:
    cause = sight.gone[leg.channel]
    others = [each for each in call.legs if each is not leg and _offered(call, each)]
    if call.offer and _offered(call, leg) and not others:
        return NotAnswered(call.offer, why(cause), cause)
    return LegEnded(leg.channel, cause)


def _leg_up(call: Standing, leg: StandingLeg) -> Write | None:
    if call.offer and _offered(call, leg):
        return Answered(call.offer, leg.channel)
    if leg.role is LegRole.ADVISOR and _too_late(call):
        return None
    return LegUp(leg.channel)


def _too_late(call: Standing) -> bool:
    """Whether whoever picks up now is offered it no longer, or somebody else has it."""
    if call.contact_state in _WAITS:
        return True
    return call.contact_state in _HAD and any(each.up for each in call.legs_of(LegRole.ADVISOR))


def _offered(call: Standing, leg: StandingLeg) -> bool:
    """Whether a channel rings for the offer that stands."""
    return (
        call.offer is not None
        and leg.role is LegRole.ADVISOR
        and not leg.up
        and naming.is_for(leg.channel, call.contact_id, call.offer.assignment_id)
    )


def _end(call: Standing, sight: Sight) -> Over | None:
    """The caller is gone, or the advisor."""
    if call.state is CallState.CALLBACK:
        return None
    gone = sight.gone
    if call.channel and call.channel in gone and sight.line(call.channel) is None:
        cause = gone[call.channel]
        by = "pbx" if cause is None else "caller"
        return Over(by, cause, cut_off=cause not in MEANT)
    if call.contact_state not in (*_HAD, ContactState.DIALLING):
        return None
    if call.legs_of(LegRole.ADVISOR):
        return None
    mine = [each for each in gone if naming.contact_of(each) == call.contact_id]
    cause = gone[mine[-1]] if mine else None
    return Over("advisor", cause, cut_off=cause is not None and cause not in MEANT)


def _state(call: Standing, sight: Sight) -> Does | None:
    """What the call does, by whose phone rings and who is in which bridge."""
    if call.contact_state in _WAITS and call.state is CallState.RINGING:
        rings = any(_offered(call, each) for each in call.legs)
        return None if rings else Does(CallState.WAITING)
    if call.contact_state not in _HAD or call.state in (CallState.CALLBACK, CallState.VOICEMAIL):
        return None
    talking = sight.among(naming.talk(call.contact_id))
    advisors = {each.channel for each in call.legs_of(LegRole.ADVISOR)}
    thirds = {each.channel for each in call.legs_of(LegRole.THIRD)}
    state = None
    if call.channel in talking and talking & advisors:
        state = CallState.CONFERENCE if talking & thirds else CallState.TALKING
    elif call.channel in sight.among(naming.hold(call.contact_id)) and advisors & (
        talking | sight.among(naming.ask(call.contact_id))
    ):
        # Also where they asked a third who is gone: the caller is brought back by hand.
        state = CallState.CONSULTING if thirds else CallState.HELD
    return Does(state) if state is not None and state is not call.state else None


def _asks(call: Standing, sight: Sight) -> tuple[Ask, ...]:
    asks: list[Ask] = []
    caller = sight.line(call.channel)
    if call.contact_state in _WAITS and call.state is not CallState.CALLBACK:
        waits = call.state in (CallState.WAITING, CallState.RINGING)
        if waits and caller and caller.here:
            if call.channel not in sight.among(naming.hold(call.contact_id)):
                asks.append(Wait())
            if call.offer and not any(_offered(call, each) for each in call.legs):
                asks.append(Ring(call.offer))
        asks.extend(_no_longer_offered(call))
    elif call.contact_state in _HAD:
        asks.extend(_connections(call, sight))
    elif call.contact_state in _OVER and not call.legs_of(LegRole.THIRD):
        asks.extend(HangUp(each) for each in sight.of(call.contact_id))
    return tuple(asks)


def _no_longer_offered(call: Standing) -> Sequence[Ask]:
    return [
        HangUp(each.channel) for each in call.legs_of(LegRole.ADVISOR) if not _offered(call, each)
    ]


def _connections(call: Standing, sight: Sight) -> Sequence[Ask]:
    """Who picked up and is in no bridge talks with the caller; other phones ring no longer."""
    advisors = call.legs_of(LegRole.ADVISOR)
    asks: list[Ask] = []
    if any(each.up for each in advisors):
        asks.extend(HangUp(each.channel) for each in advisors if not each.up)
    caller = sight.line(call.channel)
    if caller and caller.here:
        for leg in [each for each in advisors if each.up][-1:]:
            line = sight.line(leg.channel)
            if line and line.here and sight.bridge_of(leg.channel) is None:
                asks.append(Connect(leg.channel))
    return asks


def why(cause: int | None) -> str:
    """Why a phone was not answered, by the PBX's cause."""
    if cause is None or cause in _UNREACHABLE:
        return "unreachable"
    return _WHY.get(cause, "no_answer")
