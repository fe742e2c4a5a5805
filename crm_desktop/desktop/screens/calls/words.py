"""What the call bar says of a call: its state in words, a clock, who it is, what else matters."""

from __future__ import annotations

from datetime import datetime

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.calls.verbs import (
    Part,
    is_passed_on,
    leg_of,
    listeners_of,
    part_of,
    rings,
    third_of,
)
from crm_desktop.desktop.widgets.call_said import Mark, Said
from crm_desktop.domain.calls import CallState, CallView, Leg, LegState, Verb

WITHHELD = "Number withheld"
#: While a command is under way.
DOING: dict[Verb, str] = {
    Verb.ANSWER: "Answering…",
    Verb.HOLD: "Putting on hold…",
    Verb.RESUME: "Going back to the call…",
    Verb.MUTE: "Muting…",
    Verb.UNMUTE: "Unmuting…",
    Verb.DTMF: "Sending the digits…",
    Verb.CONSULT: "Calling your colleague…",
    Verb.END_CONSULT: "Going back to the customer…",
    Verb.CONFERENCE: "Bringing everybody together…",
    Verb.HAND_OVER: "Handing over…",
    Verb.TRANSFER: "Transferring…",
    Verb.HANG_UP: "Hanging up…",
    Verb.DIAL: "Asking for the call…",
    Verb.PAUSE_RECORDING: "Pausing the recording…",
    Verb.RESUME_RECORDING: "Going on with the recording…",
    Verb.LISTEN: "Beginning to listen…",
    Verb.WHISPER: "Beginning to whisper…",
    Verb.BARGE: "Joining the call…",
    Verb.STOP_LISTENING: "Leaving the call…",
}
#: What was not done, as the beginning of a sentence.
NOT_DONE: dict[Verb, str] = {
    Verb.ANSWER: "Not answered",
    Verb.HOLD: "Not put on hold",
    Verb.RESUME: "Still on hold",
    Verb.MUTE: "Not muted: they still hear you",
    Verb.UNMUTE: "Still muted",
    Verb.DTMF: "Digits not sent",
    Verb.CONSULT: "Nobody was called",
    Verb.END_CONSULT: "Not back with the customer",
    Verb.CONFERENCE: "Not brought together",
    Verb.HAND_OVER: "Not handed over",
    Verb.TRANSFER: "Not transferred",
    Verb.HANG_UP: "Not hung up",
    Verb.DIAL: "Not dialled",
    Verb.PAUSE_RECORDING: "The recording goes on",
    Verb.RESUME_RECORDING: "The recording is still paused",
    Verb.LISTEN: "You are not listening",
    Verb.WHISPER: "You are not whispering",
    Verb.BARGE: "You have not joined",
    Verb.STOP_LISTENING: "You are still in the call",
}
LATE = "No answer within 2 seconds; it will not be done later."
#: What the database says of a command that makes no sense, in words for people.
REFUSED = {
    "they are on the telephone": "They are on the telephone.",
    "no telephone of theirs is known": "No telephone is known for them.",
    "no such colleague": "They do not work here any more.",
    "only a member of its queue may have this contact": (
        "Only a member of its queue may have this call."
    ),
    "no telephone of yours is known": "No telephone is known for you. Ask your administrator.",
    "you are on the telephone": "You are on the telephone.",
    "no telephone system is set up": "This centre has no telephone system set up.",
    "nobody is talking": "Nobody is talking.",
    "it is your own call": "It is your own call.",
    "a team leader of its queue listens to a call": "Only a team leader of its queue may listen.",
    "the call has ended": "The call has ended.",
    "too much is asked at once": "Too much was asked at once. Wait a moment.",
    "no such call": "It is not there any more, or not yours to see.",
    "a member of no queue calls nobody": "You are a member of no queue.",
}
_MODES = {
    "listen": ("listens to you", "Listening", "ear"),
    "whisper": ("whispers to you", "Whispering", "message-circle"),
    "barge": ("is in the call", "In the call", "users"),
}
_ENDED_BY = {"caller": "They hung up", "advisor": "You hung up"}


def shown(call: CallView, me: int, number: str) -> Said:
    """A call as the bar of `me` has it; `number` is the other side's as people write it."""
    part = part_of(call, me)
    if part is Part.LISTENER:
        return _listening(call, me, number)
    if part is Part.THIRD:
        return _asked(call, me, number)
    return _own(call, me, number)


def name_of(call: CallView, number: str) -> str:
    """Who is at the other end, as far as it is known."""
    return call.who or number or WITHHELD


def _own(call: CallView, me: int, number: str) -> Said:
    state, tone, icon, verbs = _STATES[call.state]
    name = name_of(call, number)
    if is_passed_on(call, me):
        with_whom = f"talks with {_named(third_of(call))}"
        return Said("Passed on", tone, "phone-forwarded", name, with_whom, None, (), _OVER)
    parts = [number if number and number != name else "", *_about(call)]
    third = third_of(call)
    since: datetime | None = call.answered_at or call.since
    if call.state is CallState.HELD:
        since = call.since
    elif call.state is CallState.CONSULTING:
        asked = _named(third)
        calling = third is None or third.state is not LegState.UP
        state = f"Calling {asked}" if calling else f"With {asked}"
        since = call.since
        parts.insert(0, "on hold, hears music")
    elif call.state is CallState.CONFERENCE:
        state = f"All together with {_named(third)}"
    elif call.state is CallState.DIALLING:
        own = leg_of(call, me)
        if own is None or own.state is not LegState.UP:
            state = "Pick up your phone"
            parts.insert(0, "is called as soon as you do")
        since = call.since
    elif call.state is CallState.ENDED:
        parts, since = [_ended(call)], None
    detail = " · ".join(part for part in parts if part)
    if call.lost_since is not None:
        return _lost(call, name)
    return Said(state, tone, icon, name, detail, since, _marks(call, me), verbs)


def _lost(call: CallView, name: str) -> Said:
    assert call.lost_since is not None
    since = words.clock_time(call.lost_since)
    return Said(
        "Telephone system out of sight",
        Tone.DANGER,
        "wifi-off",
        name,
        f"since {since}: what this says of the call may be old. You can go on talking; hold and "
        "hang up at the phone itself.",
        None,
    )


def _asked(call: CallView, me: int, number: str) -> Said:
    """Somebody else's call, into which this person is asked."""
    owner = next((each.name for each in call.legs if each.staff_id == call.owner_id), "")
    owner = owner or "A colleague"
    name = name_of(call, number)
    if call.lost_since is not None:
        return _lost(call, name)
    if rings(call, me):
        state, icon, tone = f"{owner} calls you", "phone-incoming", Tone.ACCENT
    else:
        together = call.state is CallState.CONFERENCE
        state = f"All together with {owner}" if together else f"With {owner}"
        icon, tone = "users", Tone.OK
    own = leg_of(call, me)
    since = own.up_at if own is not None and own.up_at is not None else call.since
    return Said(state, tone, icon, f"about {name}", "", since)


def _listening(call: CallView, me: int, number: str) -> Said:
    leg = leg_of(call, me)
    if call.lost_since is not None:
        return _lost(call, name_of(call, number))
    _, state, icon = _MODES.get(leg.mode if leg else "", _MODES["listen"])
    if rings(call, me):
        state, icon = "Pick up your phone", "phone-incoming"
    owner = next((each.name for each in call.legs if each.staff_id == call.owner_id), "")
    since = leg.up_at if leg is not None and leg.up_at is not None else call.since
    return Said(
        state,
        Tone.INFO,
        icon,
        f"{owner or 'A colleague'} with {name_of(call, number)}",
        "Both know that you are in the call." if leg and leg.mode == "barge" else "",
        since,
        (),
        ("listen.stop", "listen.listen", "listen.whisper", "listen.barge"),
    )


def _marks(call: CallView, me: int) -> tuple[Mark, ...]:
    found = []
    if call.state is CallState.ENDED:
        if call.cut_off:
            found.append(Mark("Cut off", Tone.DANGER, "phone-off"))
        return tuple(found)
    if call.muted:
        found.append(Mark("Muted", Tone.WARNING, "mic-off"))
    if call.recording == "on":
        found.append(Mark("Recording", Tone.NEUTRAL, "circle-dot"))
    elif call.recording == "paused":
        found.append(Mark("Recording paused", Tone.WARNING, "pause"))
    for leg in listeners_of(call):
        if leg.staff_id != me and leg.state is LegState.UP:
            does, _, icon = _MODES.get(leg.mode, _MODES["listen"])
            found.append(Mark(f"{_named(leg)} {does}", Tone.INFO, icon))
    return tuple(found)


def _about(call: CallView) -> list[str]:
    said = [call.line, f"chose {call.choice}" if call.choice else ""]
    if call.state is CallState.RINGING and call.answered_at is None and not call.callback:
        said.append(f"waited {words.span((call.since - call.started_at).total_seconds())}")
    if call.after_id is not None:
        said.append("was cut off before")
    elif call.callback:
        said.append("asked to be called back")
    return said


def _ended(call: CallView) -> str:
    said = [_ENDED_BY.get(call.ended_by, "")]
    if call.cut_off:
        said = ["The connection broke off"]
    elif call.answered_at is None:
        said = ["Not reached"]
    if call.talk_seconds:
        said.append(f"talked {words.stopwatch(call.talk_seconds)}")
    if call.hold_seconds:
        said.append(f"on hold {words.stopwatch(call.hold_seconds)}")
    return " · ".join(part for part in said if part)


def _named(leg: Leg | None) -> str:
    if leg is None:
        return "your colleague"
    return leg.name or leg.number or "your colleague"


_TALK = ("call.hold", "call.hang_up", "call.transfer", "call.mute", "call.keypad", "call.record")
_OVER = ("contact.wrap_up",)
#: Words, tone, icon and commands of one's own call in each state.
_STATES: dict[CallState, tuple[str, Tone, str, tuple[str, ...]]] = {
    CallState.WAITING: ("Waiting", Tone.NEUTRAL, "phone-incoming", ()),
    CallState.RINGING: (
        "Your phone rings", Tone.ACCENT, "phone-incoming", ("offer.accept", "offer.decline"),
    ),
    CallState.DIALLING: ("Calling", Tone.ACCENT, "phone-outgoing", ("call.hang_up",)),
    CallState.TALKING: ("On call", Tone.OK, "phone-call", _TALK),
    CallState.HELD: (
        "On hold", Tone.WARNING, "pause",
        ("call.hold", "call.hang_up", "call.transfer", "call.record"),
    ),
    CallState.CONSULTING: (
        "Asking", Tone.INFO, "message-circle",
        (
            "call.back", "call.hand_over", "call.join", "call.hang_up", "call.mute",
            "call.keypad",
        ),
    ),
    CallState.CONFERENCE: (
        "All together", Tone.INFO, "users",
        ("call.hang_up", "call.hand_over", "call.back", "call.mute", "call.keypad"),
    ),
    CallState.VOICEMAIL: ("Leaving a message", Tone.NEUTRAL, "voicemail", ()),
    CallState.CALLBACK: ("To be called back", Tone.ACCENT, "phone-outgoing", ("contact.take",)),
    CallState.ENDED: ("Call ended", Tone.NEUTRAL, "phone-off", _OVER),
}  # fmt: skip
