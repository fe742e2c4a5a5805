"""What a caller said lies on no disk of the gateway's while it is looked how long it is."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from crm_desktop.gateway.calls import messages_left
from tests.servers.sounds import write_tones


class _Ari:
    """A PBX that has one message."""

    def __init__(self, sound: bytes) -> None:
        self._sound = sound

    def fetch_recording(self, _: str, into: Path) -> int:
        return into.write_bytes(self._sound)


def test_a_message_is_measured_without_a_file_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ari: Any = _Ari(write_tones(tmp_path / "message.wav", (400, 6)).read_bytes())

    def no_disk(*_: object, **__: object) -> None:
        raise AssertionError("a file was made")

    for name in ("mkdtemp", "mkstemp", "TemporaryDirectory", "NamedTemporaryFile"):
        monkeypatch.setattr(tempfile, name, no_disk)

    assert messages_left.length(ari, "crm-voicemail-7-1") == pytest.approx(6, abs=0.1)


def test_what_is_no_sound_is_no_message(tmp_path: Path) -> None:
    timeless = bytearray(write_tones(tmp_path / "message.wav", (400, 6)).read_bytes())
    timeless[24:28] = bytes(4)
    for sound in (b"", b"RIFF", bytes(timeless)):
        ari: Any = _Ari(sound)

        assert messages_left.length(ari, "crm-voicemail-7-1") == 0
