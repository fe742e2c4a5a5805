"""The words of telephone calls: what one is doing, who is in it, what may be asked of the PBX."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

#: A command that has not reached the PBX by then is never done.
DEADLINE = timedelta(seconds=2)


class CallState(StrEnum):
    """What a call is doing, by the PBX; whose work its contact is says the contact's own state."""

    #: In the queue, hearing music.
    WAITING = "waiting"
    #: The advisor's phone rings.
    RINGING = "ringing"
    #: Our own phone is up, the other side is being called.
    DIALLING = "dialling"
    TALKING = "talking"
    HELD = "held"
    #: The advisor talks with a third; the customer hears music.
    CONSULTING = "consulting"
    CONFERENCE = "conference"
    #: The caller leaves a message.
    VOICEMAIL = "voicemail"
    #: The caller has hung up and will be called back; or we call after a cut.
    CALLBACK = "callback"
    ENDED = "ended"


class LegRole(StrEnum):
    """Who is at the end of a channel."""

    CALLER = "caller"
    ADVISOR = "advisor"
    #: Whom the advisor asks, or the call is passed to, while it is not theirs yet.
    THIRD = "third"
    LISTENER = "listener"


class LegState(StrEnum):
    """What a channel is doing."""

    RINGING = "ringing"
    UP = "up"
    HELD = "held"
    ENDED = "ended"


class Verb(StrEnum):
    """What may be asked of the PBX. `args` of each are in docs/TELEPHONY.md."""

    #: Pick up the phone that rings, where the phone can be told to.
    ANSWER = "answer"
    HOLD = "hold"
    RESUME = "resume"
    MUTE = "mute"
    UNMUTE = "unmute"
    #: {"digits": "12#"}
    DTMF = "dtmf"
    #: {"to": {"staff": id} or {"queue": id} or {"number": "…"}}: the customer waits.
    CONSULT = "consult"
    #: Back to the customer, without the third.
    END_CONSULT = "end_consult"
    #: All three talk.
    CONFERENCE = "conference"
    #: The advisor leaves, the third has the call: warm.
    HAND_OVER = "hand_over"
    #: {"to": …}: blind.
    TRANSFER = "transfer"
    #: {"reason": "warned"} for "warned, then ended", else {}.
    HANG_UP = "hang_up"
    #: {"number": "…", "customer": id or None, "case": id or None}
    DIAL = "dial"
    PAUSE_RECORDING = "pause_recording"
    RESUME_RECORDING = "resume_recording"
    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"
    STOP_LISTENING = "stop_listening"


class CommandState(StrEnum):
    """What became of a command; `refused` by rule or by the PBX, `late` by its deadline."""

    ASKED = "asked"
    DOING = "doing"
    DONE = "done"
    REFUSED = "refused"
    LATE = "late"


class WrapUp(StrEnum):
    """What follows a call: a disposition that may be left out, must be given, or given in time."""

    OPTIONAL = "optional"
    MANDATORY = "mandatory"
    TIMED = "timed"


@dataclass(frozen=True, slots=True)
class Leg:
    """One channel of a call, as the desktop shows it."""

    id: int
    role: LegRole
    state: LegState
    staff_id: int | None
    #: Of the member of staff, or what a number is known as; may be empty.
    name: str
    number: str
    mode: str
    up_at: datetime | None


@dataclass(frozen=True, slots=True)
class Command:
    """The newest command of a call, and what became of it."""

    id: int
    verb: Verb
    state: CommandState
    words: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class CallView:
    """A call that is going on, or ended and not wrapped up, for whoever is in it or leads them."""

    contact_id: int
    state: CallState
    since: datetime
    number: str
    number_said: str
    #: Who that is, as far as known; never more than the contact's own `who`.
    who: str
    line: str
    choice: str
    callback: bool
    after_id: int | None
    muted: bool
    #: off, on or paused.
    recording: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    ended_by: str
    cut_off: bool
    talk_seconds: int
    hold_seconds: int
    #: Since when the gateway has not seen the PBX; None while all of this is sure.
    lost_since: datetime | None
    owner_id: int | None
    legs: tuple[Leg, ...] = ()
    command: Command | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """A command as a desktop asks it."""

    verb: Verb
    contact_id: int | None
    args: Mapping[str, object] = field(default_factory=dict)
