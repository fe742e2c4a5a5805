"""Calls that the PBX kept by itself while no gateway was there, read in once each.

The shipped dialplan (resources/asterisk/extensions.conf) keeps them in its own database under the
channel's id, and forgets one when its gateway gives back the channel by which it told of it. What
is in it was written by the PBX, of what callers sent: it is read with suspicion.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime

from crm_desktop.channels.voice.ari import Ari
from crm_desktop.channels.voice.events import StasisStart
from crm_desktop.channels.voice.trouble import AriRefused
from crm_desktop.domain.callers import Missed
from crm_desktop.gateway.calls import messages_left
from crm_desktop.gateway.calls.pbx import Pbx
from crm_desktop.services import callers

_LOG = logging.getLogger(__name__)

#: The dialplan's: tells one after the other, each on a channel with these arguments.
_ASK = "Local/all@crm-missed-read"
_ASKED, _TOLD = "ask-missed", "missed"
_PARTS = 9
_LONGEST = 64


def ask(pbx: Pbx) -> None:
    """Let the PBX tell what it kept; nothing happens when that is nothing."""
    try:
        pbx.ari.originate(_ASK, app=pbx.settings.app, args=(_ASKED,), seconds=60)
    except AriRefused as refusal:
        # A dialplan that is not ours keeps nothing.
        _LOG.info("the PBX cannot be asked for what it kept: %s", refusal)


def is_told(event: StasisStart) -> bool:
    """Whether a channel tells of a call that was kept."""
    return event.args[:1] in ((_TOLD,), (_ASKED,))


def read_in(pbx: Pbx, event: StasisStart) -> None:
    """Read one in; then the PBX forgets it, and tells the next."""
    if event.args[:1] == (_TOLD,):
        key, words = event.args[1] if len(event.args) > 1 else "", ",".join(event.args[2:])
        missed = parse(key, words)
        if missed is None:
            _LOG.error("what the PBX kept as %.40r cannot be read", key)
        else:
            missed = _with_length(pbx.ari, missed) if missed.recording else missed
            callers.read_in(pbx.db, pbx.account_id, missed, pbx.lease)
    pbx.ari.continue_in_dialplan(event.channel.id)


def parse(key: str, words: str) -> Missed | None:
    """What is kept of a call: number|called|digit|began|answered|seconds|outcome|recording|phone.

    None when it is anything else.
    """
    parts = words.split("|")
    if len(parts) != _PARTS or not 0 < len(key) <= _LONGEST:
        return None
    number, called, digit, began, answered, seconds, outcome, recording, phone = parts
    try:
        at = datetime.fromtimestamp(int(began), UTC)
        lasted = max(int(seconds), 0)
        waited = max(int(answered) - int(began), 0) if answered else lasted
    except (ValueError, OverflowError, OSError):
        return None
    was_answered = outcome == "answered"
    return Missed(
        unique=key,
        at=at,
        number=number[:_LONGEST],
        dialled=called[:_LONGEST],
        choice=digit[:8],
        waited=waited,
        answered=was_answered,
        talked=max(lasted - waited, 0) if was_answered else 0,
        extension=phone.partition("/")[2] if was_answered else "",
        recording=recording[:_LONGEST] if outcome == "message" else "",
    )


def _with_length(ari: Ari, missed: Missed) -> Missed:
    seconds = messages_left.length(ari, missed.recording)
    if not seconds:
        messages_left.remove(ari, missed.recording)
        return replace(missed, recording="")
    return replace(missed, seconds=seconds, waited=max(missed.waited - round(seconds), 0))
