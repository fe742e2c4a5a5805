"""Sounds that a test knows: tones as a telephone sends them, and what is heard in a recording."""

from __future__ import annotations

import io
import math
import wave
from array import array
from pathlib import Path

RATE = 8_000


def tones(*parts: tuple[int, float]) -> bytes:
    """A WAV of tones one after the other, each (Hz, seconds); 0 Hz is silence."""
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for hertz, seconds in parts:
            samples = array(
                "h",
                (
                    int(12_000 * math.sin(2 * math.pi * hertz * each / RATE))
                    for each in range(int(seconds * RATE))
                ),
            )
            file.writeframes(samples.tobytes())
    return made.getvalue()


def write_tones(path: Path, *parts: tuple[int, float]) -> Path:
    """The same as a file."""
    path.write_bytes(tones(*parts))
    return path


def decoded(sound: bytes) -> array[int]:
    """The samples of a sound of whatever kind, at RATE, one channel."""
    import av

    samples = array("h")
    with av.open(io.BytesIO(sound), "r") as source:
        mono = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        for frame in (*source.decode(source.streams.audio[0]), None):
            for part in mono.resample(frame):
                samples.frombytes(bytes(part.planes[0])[: part.samples * 2])
    return samples


def seconds_of(sound: bytes, hertz: int, *, among: tuple[int, ...] = ()) -> float:
    """For how long a tone is the loudest of itself and `among`, and is loud at all."""
    samples = decoded(sound)
    step = RATE // 20
    heard = 0
    for start in range(0, len(samples) - step, step):
        part = samples[start : start + step]
        own = _power(part, hertz)
        if own > 1e5 and all(own > 4 * _power(part, each) for each in among if each != hertz):
            heard += 1
    return heard / 20


def _power(samples: array[int], hertz: int) -> float:
    """How much of a tone there is (Goertzel), for each sample."""
    turn = 2 * math.cos(2 * math.pi * hertz / RATE)
    before, last = 0.0, 0.0
    for each in samples:
        before, last = last, each + turn * last - before
    power = last * last + before * before - turn * last * before
    return power / max(1, len(samples)) / max(1, len(samples)) * 4
