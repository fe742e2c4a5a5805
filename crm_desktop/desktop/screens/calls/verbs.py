"""What may be asked of a call now and, of the rest, why not: one table for buttons and keys."""

from __future__ import annotations

from enum import StrEnum

from crm_desktop.domain.calls import CallState, CallView, Leg, LegRole, LegState, Verb

#: Somebody is at the other end of these.
LIVE = (
    CallState.RINGING,
    CallState.DIALLING,
    CallState.TALKING,
    CallState.HELD,
    CallState.CONSULTING,
    CallState.CONFERENCE,
)
_SPEAKING = (CallState.TALKING, CallState.CONSULTING, CallState.CONFERENCE)
_ANY = (*_SPEAKING, CallState.HELD)
#: In which states of one's own call a verb makes sense.
_WHEN: dict[Verb, tuple[CallState, ...]] = {
    Verb.ANSWER: (CallState.RINGING, CallState.WAITING),
    Verb.HOLD: (CallState.TALKING,),
    Verb.RESUME: (CallState.HELD,),
    Verb.MUTE: _SPEAKING,
    Verb.UNMUTE: _ANY,
    Verb.DTMF: _SPEAKING,
    Verb.CONSULT: (CallState.TALKING, CallState.HELD),
    Verb.TRANSFER: (CallState.TALKING, CallState.HELD),
    Verb.END_CONSULT: (CallState.CONSULTING, CallState.CONFERENCE),
    Verb.CONFERENCE: (CallState.CONSULTING,),
    Verb.HAND_OVER: (CallState.CONSULTING, CallState.CONFERENCE),
    Verb.HANG_UP: (*_ANY, CallState.DIALLING),
    Verb.PAUSE_RECORDING: _ANY,
    Verb.RESUME_RECORDING: _ANY,
}
_LISTENING = {Verb.LISTEN: "listen", Verb.WHISPER: "whisper", Verb.BARGE: "barge"}
#: What a call is doing, as the end of "Not now: …".
_DOING = {
    CallState.WAITING: "the caller waits in the queue.",
    CallState.RINGING: "your phone rings.",
    CallState.DIALLING: "nobody has answered yet.",
    CallState.TALKING: "you are talking with the customer.",
    CallState.HELD: "the customer is on hold.",
    CallState.CONSULTING: "you are asking somebody else.",
    CallState.CONFERENCE: "all of you are talking.",
    CallState.VOICEMAIL: "the caller is leaving a message.",
    CallState.CALLBACK: "the caller is to be called back.",
    CallState.ENDED: "the call has ended.",
}
NO_CALL = "There is no call."
LOST = "The telephone system is out of sight. Use the phone itself until it is back."
_PASSED_ON = "You passed this call on."
_NO_ANSWER = "They have not answered yet."


class Part(StrEnum):
    """What a person is in a call."""

    OWN = "own"
    #: Asked by whoever has the call, or it is being passed to them.
    THIRD = "third"
    LISTENER = "listener"
    NONE = "none"


def leg_of(call: CallView, me: int) -> Leg | None:
    """This person's own end of a call; None when they have none that is open."""
    mine = [each for each in call.legs if each.staff_id == me and each.state is not LegState.ENDED]
    return mine[-1] if mine else None


def third_of(call: CallView) -> Leg | None:
    """Whom the advisor asks or brought in."""
    return _open(call, LegRole.THIRD)


def listeners_of(call: CallView) -> tuple[Leg, ...]:
    """Who listens to a call."""
    return tuple(
        each
        for each in call.legs
        if each.role is LegRole.LISTENER and each.state is not LegState.ENDED
    )


def is_message(call: CallView) -> bool:
    """Whether it only says who left a voicemail, after a call of its own: nobody is in it."""
    unanswered = call.state is CallState.ENDED and call.answered_at is None
    return unanswered and call.after_id is not None and not call.callback


def part_of(call: CallView, me: int) -> Part:
    """What somebody is in a call."""
    if is_message(call):
        return Part.NONE
    leg = leg_of(call, me)
    if leg is not None and leg.role is LegRole.LISTENER:
        return Part.LISTENER
    if leg is not None and leg.role is LegRole.THIRD:
        return Part.THIRD
    return Part.OWN if call.owner_id == me else Part.NONE


def rings(call: CallView, me: int) -> bool:
    """Whether this person's own phone rings for it."""
    leg = leg_of(call, me)
    if leg is not None and leg.state is LegState.RINGING:
        return call.state is not CallState.DIALLING
    return call.state is CallState.RINGING and part_of(call, me) is Part.OWN


def is_passed_on(call: CallView, me: int) -> bool:
    """Whether this person gave the caller to somebody outside, and those two talk now."""
    third = third_of(call)
    outside = third is not None and third.staff_id is None
    return outside and call.owner_id == me and call.state in _ANY and leg_of(call, me) is None


def is_live(call: CallView, me: int) -> bool:
    """Whether somebody is at the other end for this person at this moment."""
    part = part_of(call, me)
    if part is Part.OWN:
        return call.state in LIVE and not is_passed_on(call, me)
    return part in (Part.THIRD, Part.LISTENER)


def why_not(verb: Verb, call: CallView | None, me: int) -> str:
    """Why a verb makes no sense for this person's call now; empty when it does."""
    if verb is Verb.DIAL:
        return _why_not_dial(call, me)
    if call is None:
        return NO_CALL
    if call.lost_since is not None:
        return LOST
    part = part_of(call, me)
    if part is Part.LISTENER:
        return _why_not_listening(verb, call, me)
    if part is Part.THIRD:
        return "Only whose call this is can do that. Your phone itself answers and hangs up."
    return _PASSED_ON if is_passed_on(call, me) else _why_not_own(verb, call)


def _why_not_own(verb: Verb, call: CallView) -> str:
    allowed = _WHEN.get(verb)
    if allowed is None:
        return "You are not listening to anybody."
    if call.state not in allowed:
        return f"Not now: {_DOING[call.state]}"
    third = third_of(call)
    answered = third is not None and third.state is LegState.UP
    wanting = {
        Verb.CONFERENCE: "" if answered else _NO_ANSWER,
        Verb.HAND_OVER: "" if answered else _NO_ANSWER,
        Verb.MUTE: "You are muted already." if call.muted else "",
        Verb.UNMUTE: "" if call.muted else "You are not muted.",
        Verb.PAUSE_RECORDING: "" if call.recording == "on" else "This call is not recorded now.",
        Verb.RESUME_RECORDING: "" if call.recording == "paused" else "It is not paused.",
    }
    return wanting.get(verb, "")


def _why_not_listening(verb: Verb, call: CallView, me: int) -> str:
    leg = leg_of(call, me)
    if verb is Verb.STOP_LISTENING:
        return ""
    if verb in _LISTENING:
        return "You do so already." if leg and leg.mode == _LISTENING[verb] else ""
    return "You are only listening to this call."


def _why_not_dial(call: CallView | None, me: int) -> str:
    if call is None or not is_live(call, me):
        return ""
    return LOST if call.lost_since is not None else "Finish the call that you are in first."


def _open(call: CallView, role: LegRole) -> Leg | None:
    found = [each for each in call.legs if each.role is role and each.state is not LegState.ENDED]
    return found[-1] if found else None
