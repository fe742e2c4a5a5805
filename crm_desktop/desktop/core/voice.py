"""A chime and a spoken call, where this computer has sound and a voice."""

from __future__ import annotations

import ctypes
import io
import math
import struct
import wave
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QLoggingCategory, QObject, QTimer, QUrl

if TYPE_CHECKING:
    from PySide6.QtMultimedia import QAudioOutput, QMediaPlayer
    from PySide6.QtTextToSpeech import QTextToSpeech

_RATE = 22_050
#: Two notes, a third apart, as shops have them: hertz, and seconds.
_NOTES = ((659.3, 0.35), (523.3, 0.55))
_LOUD = 0.45
_AFTER_CHIME_MS = 900
_LIBRARIES = {"speechd": "libspeechd.so.2", "flite": "libflite.so.1"}


class Voice(QObject):
    """Sounds first, then speaks. What the computer lacks is left out, and `missing` says so."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._player: QMediaPlayer | None = None
        self._output: QAudioOutput | None = None
        self._speech: QTextToSpeech | None = None
        self._buffer = QBuffer(self)
        self.missing = self._prepare()

    def call(self, words: str) -> None:
        """A chime, then these words, after those that are being said."""
        if self._player is not None:
            self._player.stop()
            self._player.setPosition(0)
            self._player.play()
        if self._speech is not None:
            QTimer.singleShot(_AFTER_CHIME_MS, self, lambda: self._say(words))

    def _say(self, words: str) -> None:
        if self._speech is not None:
            self._speech.enqueue(words)

    def _prepare(self) -> str:
        """What cannot be had here, in words for whoever hung the screen; empty: nothing."""
        lacks = [each for each in (self._prepare_chime(), self._prepare_speech()) if each]
        return f"This computer has no {' and no '.join(lacks)}." if lacks else ""

    def _prepare_chime(self) -> str:
        # What it lacks on this computer is told to people in words, and to no log.
        QLoggingCategory.setFilterRules("qt.multimedia*=false")
        try:
            from PySide6.QtMultimedia import QAudioOutput, QMediaDevices, QMediaPlayer
        except ImportError:
            return "sound library (libpulse0)"
        if QMediaDevices.defaultAudioOutput().isNull():
            return "loudspeaker"
        self._buffer.setData(QByteArray(chime()))
        self._buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        self._output = QAudioOutput(self)
        self._player = QMediaPlayer(self)
        self._player.setAudioOutput(self._output)
        self._player.setSourceDevice(self._buffer, QUrl("chime.wav"))
        return ""

    def _prepare_speech(self) -> str:
        try:
            from PySide6.QtTextToSpeech import QTextToSpeech
        except ImportError:
            return "voice"
        real = [each for each in QTextToSpeech.availableEngines() if _can_speak(each)]
        if not real:
            return "voice"
        self._speech = QTextToSpeech(real[0], self)
        return ""


def _can_speak(engine: str) -> bool:
    """Whether what a plug-in needs is here: Qt lists those that cannot be loaded, too."""
    if engine == "mock":
        return False
    try:
        if engine in _LIBRARIES:
            ctypes.CDLL(_LIBRARIES[engine])
    except OSError:
        return False
    return True


def chime() -> bytes:
    """The two notes as a WAV file, 16 bits, one channel."""
    frames = bytearray()
    for hertz, seconds in _NOTES:
        many = int(_RATE * seconds)
        for at in range(many):
            fading = math.exp(-4.0 * at / many)
            value = math.sin(2 * math.pi * hertz * at / _RATE) * fading * _LOUD
            frames += struct.pack("<h", int(value * 32_767))
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(bytes(frames))
    return made.getvalue()


def spoken(letter: str, number: int, place: str) -> str:
    """A call as it is said: "Ticket H, 14, please go to Desk 2"."""
    return f"Ticket {letter}, {number}, please go to {place}."
