"""The PBX's WAV becomes Opus in Ogg: a tenth of the size, and all that a voice needs."""

from __future__ import annotations

import io
from array import array
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import AudioFrame

#: With Ogg's own bytes the file stays below 24 kbit/s.
_BITS_A_SECOND = 20_000
#: What Opus knows, in Hz; a telephone has the first.
_RATES = (8_000, 12_000, 16_000, 24_000, 48_000)
#: So many bars a player draws, and of how many ms each first measure is.
PEAKS = 240
_MEASURE_MS = 50
_LOUDEST = 32_768


class SoundUnreadable(Exception):
    """What the PBX gave is no sound."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """The sound as it is kept; `peaks` are the loudest of equal parts, 0 to 100."""

    sound: bytes
    seconds: int
    peaks: tuple[int, ...]


@dataclass(slots=True)
class _Measured:
    """How long and how loud what has been read so far is."""

    rate: int
    samples: int = 0
    loud: list[int] = field(default_factory=list)

    def add(self, frame: AudioFrame) -> None:
        samples = array("h", bytes(frame.planes[0])[: frame.samples * 2])
        self.samples += len(samples)
        step = max(1, self.rate * _MEASURE_MS // 1000)
        for start in range(0, len(samples), step):
            part = samples[start : start + step]
            loudest, lowest = max(part), min(part)
            self.loud.append(max(loudest, -lowest))

    @property
    def peaks(self) -> tuple[int, ...]:
        count = min(PEAKS, len(self.loud))
        edges = [len(self.loud) * each // count for each in range(count + 1)] if count else [0]
        parts = (self.loud[a:b] for a, b in pairwise(edges))
        return tuple(max(part) * 100 // _LOUDEST for part in parts)


def encode(wav: Path) -> Encoded:
    """Read a sound file and make Opus of it, in memory; raises SoundUnreadable."""
    import av  # a library of its own size: only the gateway that keeps recordings needs it

    made = io.BytesIO()
    try:
        with av.open(str(wav), "r") as source, av.open(made, "w", format="ogg") as target:
            heard = source.streams.audio[0]
            rate = next((each for each in _RATES if each >= heard.rate), _RATES[-1])
            voice = target.add_stream("libopus", rate=rate, layout="mono")
            voice.bit_rate = _BITS_A_SECOND
            voice.options = {"application": "voip", "vbr": "constrained"}
            mono = av.AudioResampler(format="s16", layout="mono", rate=rate)
            measured = _Measured(rate)
            for frame in (*source.decode(heard), None):
                for part in mono.resample(frame):
                    measured.add(part)
                    target.mux(voice.encode(part))
            target.mux(voice.encode(None))
    except (av.FFmpegError, IndexError, ValueError) as trouble:
        raise SoundUnreadable(str(trouble)) from trouble
    if not measured.samples:
        raise SoundUnreadable("there is nothing in it")
    return Encoded(made.getvalue(), round(measured.samples / rate), measured.peaks)
