"""Calls that the PBX kept by itself while no gateway was there, read in once each.

The shipped dialplan (resources/asterisk/extensions.conf) keeps them in its own database under the
channel's id. What is in it was written by the PBX, of what callers sent: it is read with suspicion.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime

from crm_desktop.channels.voice.ari import Ari
from crm_desktop.channels.voice.trouble import AriRefused
from crm_desktop.domain.callers import Missed
from crm_desktop.gateway.calls import messages_left
from crm_desktop.gateway.calls.pbx import Pbx
from crm_desktop.services import callers

_LOG = logging.getLogger(__name__)

_FAMILY = "crm-missed"
#: At the dialplan's: forgets one.
_FORGET = "Local/{key}@crm-missed-read"
_PARTS = 9
_LONGEST = 64
#: So many at once at the most: those who wait now come first.
_AT_ONCE = 50


def read_in(pbx: Pbx) -> None:
    """Read in what is kept, oldest first, and let the PBX forget it."""
    keys = sorted(filter(None, pbx.ari.variable(f"DB_KEYS({_FAMILY})").split(",")))
    for key in keys[:_AT_ONCE]:
        words = pbx.ari.variable(f"DB({_FAMILY}/{key})")
        missed = parse(key, words)
        if missed is None:
            _LOG.warning("what the PBX kept as %.40r cannot be read; it is left there", key)
            continue
        if missed.recording:
            missed = _with_length(pbx.ari, missed)
        callers.read_in(pbx.db, pbx.account_id, missed, pbx.lease)
        _forget(pbx, key)


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


def _forget(pbx: Pbx, key: str) -> None:
    try:
        pbx.ari.originate(_FORGET.format(key=key), app=pbx.settings.app, args=("forget",))
    except AriRefused as refusal:
        # It is recognised the next time.
        _LOG.warning("the PBX does not forget what was read in: %s", refusal)
