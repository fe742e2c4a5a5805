"""What may be said with each verb that is asked of the PBX; the database holds the same limits."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from crm_desktop.domain.calls import Ask, Verb
from crm_desktop.domain.errors import InvalidInput

#: Of one person: what is not done yet, and all within a minute.
MOST_OPEN = 10
MOST_A_MINUTE = 200
MOST_WORDS = 200
#: Digits alone, so that nothing in it means anything to a dial plan or in an endpoint's name.
NUMBER = re.compile(r"\+?[0-9]{3,15}\Z", re.ASCII)
DIGITS = re.compile(r"[0-9*#]{1,32}\Z", re.ASCII)
_LARGEST_ID = 2**63 - 1

#: Asked by whoever has the call in hand, once the conversation stands.
TALKING = frozenset(
    {
        *(Verb.HOLD, Verb.RESUME, Verb.MUTE, Verb.UNMUTE, Verb.DTMF),
        *(Verb.CONSULT, Verb.END_CONSULT, Verb.CONFERENCE, Verb.HAND_OVER, Verb.TRANSFER),
        *(Verb.PAUSE_RECORDING, Verb.RESUME_RECORDING),
    }
)
#: Asked by a team leader of the contact's queue.
LISTENING = frozenset({Verb.LISTEN, Verb.WHISPER, Verb.BARGE, Verb.STOP_LISTENING})

Args = Mapping[str, object]


def check(ask: Ask) -> None:
    """Raises InvalidInput for what is not what its verb takes; who may ask it is another matter."""
    if (ask.contact_id is None) != (ask.verb is Verb.DIAL):
        raise InvalidInput("a call is named, but for a new one")
    judge = _TAKES.get(ask.verb, _nothing)
    if not judge(ask.args):
        raise InvalidInput(f"{ask.verb} does not take that", fields={"args": ask.verb.value})


def _nothing(args: Args) -> bool:
    return not args


def _dtmf(args: Args) -> bool:
    return set(args) == {"digits"} and _fits(DIGITS, args["digits"])


def _consult(args: Args) -> bool:
    return set(args) == {"to"} and _target(args["to"], {"staff", "number"})


def _transfer(args: Args) -> bool:
    return (
        set(args) - {"note"} == {"to"}
        and _target(args["to"], {"staff", "queue", "number"})
        and _words(args.get("note", ""))
    )


def _hang_up(args: Args) -> bool:
    if not args:
        return True
    words = args.get("words")
    return (
        set(args) == {"reason", "words"}
        and args["reason"] == "warned"
        and _words(words)
        and bool(str(words).strip())
    )


def _dial(args: Args) -> bool:
    return (
        set(args) - {"customer", "case"} == {"number"}
        and _fits(NUMBER, args["number"])
        and all(args.get(each) is None or _id(args[each]) for each in ("customer", "case"))
    )


def _target(to: object, kinds: set[str]) -> bool:
    if not isinstance(to, Mapping) or len(to) != 1:
        return False
    ((kind, value),) = to.items()
    return kind in kinds and (_fits(NUMBER, value) if kind == "number" else _id(value))


def _fits(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.match(value) is not None


def _id(value: object) -> bool:
    return type(value) is int and 0 < value <= _LARGEST_ID


def _words(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MOST_WORDS and "\0" not in value


_TAKES: Mapping[Verb, Callable[[Args], bool]] = {
    Verb.DTMF: _dtmf,
    Verb.CONSULT: _consult,
    Verb.TRANSFER: _transfer,
    Verb.HANG_UP: _hang_up,
    Verb.DIAL: _dial,
}
