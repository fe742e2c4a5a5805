"""What a caller left on the PBX's disk: how long it is, and whether there is a voice in it."""

from __future__ import annotations

import wave
from array import array
from contextlib import suppress
from pathlib import Path

from crm_desktop.channels.voice.ari import Ari
from crm_desktop.channels.voice.trouble import AriNotFound
from crm_desktop.domain.callers import SHORTEST_MESSAGE, SHORTEST_VOICE
from crm_desktop.gateway.unseen import unseen_file

#: Of 16 bit; a quiet voice on a bad line is louder, an open line's noise is not.
_LOUD = 500
_SLICES_A_SECOND = 10


def length(ari: Ari, name: str) -> float:
    """The seconds of a message at the PBX, 0 when it is none: too short, silent, or not there."""
    with unseen_file() as path:
        try:
            ari.fetch_recording(name, path)
        except AriNotFound:
            return 0.0
        return message_seconds(path)


def remove(ari: Ari, name: str) -> None:
    """It is no message: the PBX keeps it no longer."""
    with suppress(AriNotFound):
        ari.delete_recording(name)


def message_seconds(path: Path) -> float:
    """Of a WAV file of 16 bit mono: its seconds, 0 when nobody speaks in it."""
    try:
        with wave.open(str(path)) as file:
            rate = file.getframerate()
            samples = array("h", file.readframes(file.getnframes()))
    except (wave.Error, EOFError, ValueError):
        return 0.0
    if rate <= 0:
        return 0.0
    piece = max(rate // _SLICES_A_SECOND, 1)
    loud = sum(
        max(samples[at : at + piece], default=0) > _LOUD for at in range(0, len(samples), piece)
    )
    seconds = len(samples) / rate
    is_message = seconds >= SHORTEST_MESSAGE and loud / _SLICES_A_SECOND >= SHORTEST_VOICE
    return seconds if is_message else 0.0
