"""A telephone's sound becomes a small file in which the same can be heard."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_desktop.gateway.recording.opus import PEAKS, SoundUnreadable, encode
from tests.servers.sounds import seconds_of, write_tones


def test_the_same_is_heard_in_less_than_24_kbit_a_second(tmp_path: Path) -> None:
    wav = write_tones(tmp_path / "call.wav", (400, 4), (0, 2), (900, 4))

    made = encode(wav)

    assert made.seconds == 10
    assert len(made.sound) * 8 / 10 <= 24_000
    for hertz in (400, 900):
        assert 3.6 <= seconds_of(made.sound, hertz, among=(400, 900)) <= 4.2
    assert len(made.peaks) == PEAKS
    assert max(made.peaks) <= 100
    assert max(made.peaks[100:140]) < 3, "in the silence nothing is drawn"
    assert min(made.peaks[5:90]) > 30


def test_a_long_call_has_so_many_bars_and_no_more(tmp_path: Path) -> None:
    made = encode(write_tones(tmp_path / "call.wav", (400, 30)))

    assert len(made.peaks) == PEAKS


@pytest.mark.parametrize("content", [b"", b"no sound at all", b"RIFF\x00\x00\x00\x00WAVE"])
def test_what_is_no_sound_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    wav = tmp_path / "call.wav"
    wav.write_bytes(content)

    with pytest.raises(SoundUnreadable):
        encode(wav)
