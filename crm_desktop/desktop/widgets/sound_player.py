"""Plays a recording out of memory: no file of it is ever on this computer's disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QIODevice,
    QLoggingCategory,
    QSize,
    Qt,
    QUrl,
    Signal,
    Slot,
)
from PySide6.QtGui import QHideEvent, QResizeEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QSizePolicy, QSlider, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import IconButton
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.desktop.widgets.wave_bar import WaveBar

if TYPE_CHECKING:
    from PySide6.QtMultimedia import QAudioOutput, QMediaDevices, QMediaPlayer

SPEEDS = (0.75, 1.0, 1.25, 1.5, 2.0)
_NORMAL = SPEEDS.index(1.0)
#: So that Qt knows what it is without guessing.
_NAMED = QUrl("recording.ogg")
_NO_DEVICE = (
    "This computer has nothing to play sound on that the program can use. Connect a headset or "
    "loudspeaker; what is written and shown goes on without."
)
_NO_LIBRARY = (
    "This computer lacks the system's library for sound (libpulse0), so nothing can be played here. "
    "Ask your administrator to install it."
)
_LOUDEST = 100
#: Below this width (at 100 %) it takes two lines.
_NARROW = 380


class SoundPlayer(QWidget):
    """Play, pause, move, speed and volume. `wanted`: somebody wants to hear, and there is no sound
    yet: give it by `set_sound`, or say by `show_trouble` why there is none.
    """

    wanted = Signal()

    def __init__(self, look: Look, name: str, parent: QWidget | None = None) -> None:
        """`name` says what is played, as a screen reader says it."""
        super().__init__(parent)
        self._look = look
        self._sound: bytes | None = None
        self._asked = False
        self._player: QMediaPlayer | None = None
        self.play = IconButton(look, "play", "Play", size=20)
        self.play.clicked.connect(self.toggle)
        self.bar = WaveBar(look)
        self.bar.sought.connect(self._seek)
        self.bar.toggled.connect(self.toggle)
        self._time = Text(look, "", Role.SMALL, muted=True)
        self.speed = QComboBox()
        self.speed.setAccessibleName("Speed")
        self.speed.setToolTip("Speed")
        for each in SPEEDS:
            self.speed.addItem(f"{each:g}×", each)
        self.speed.setCurrentIndex(_NORMAL)
        self.speed.currentIndexChanged.connect(self._set_speed)
        self.volume = QSlider(Qt.Orientation.Horizontal)
        self.volume.setAccessibleName("Volume")
        self.volume.setToolTip("Volume")
        self.volume.setRange(0, _LOUDEST)
        self.volume.setValue(_LOUDEST)
        self.volume.setPageStep(20)
        self.volume.valueChanged.connect(self._set_volume)
        self._said = Text(look, "", Role.SMALL, wrap=True)
        self._said.hide()
        self._row = QGridLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._narrow: bool | None = None
        self._arrange(narrow=False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.changed.connect(self._relook)
        self._relook()
        self.set_name(name)
        self.show_recording(0, ())

    @property
    def is_playing(self) -> bool:
        """Whether it sounds now."""
        return self._player is not None and self._player.isPlaying()

    @property
    def has_sound(self) -> bool:
        """Whether the sound is here."""
        return self._sound is not None

    @property
    def position(self) -> int:
        """Where the listener is, in ms."""
        return self._player.position() if self._player else 0

    def show_recording(self, seconds: int, peaks: Sequence[int]) -> None:
        """Another recording, its sound not here yet."""
        self._let_go()
        self.bar.set_sound(seconds, peaks)
        self._say("", None)
        self._show_time(0)
        self._show_state()

    def set_name(self, name: str) -> None:
        """What is played, as a screen reader says it."""
        self.setAccessibleName(name)
        self.bar.setAccessibleName(f"Position in {name}")

    def set_sound(self, sound: bytes) -> None:
        """The sound that was wanted: it plays at once."""
        self._sound, self._asked = sound, False
        self._say("", None)
        try:
            self._begin(sound)
        except ImportError:
            self.show_trouble(_NO_LIBRARY)
            return
        self.toggle()

    def show_trouble(self, said: str) -> None:
        """There is no sound, and why."""
        self._asked = False
        self._say(said, Tone.DANGER)
        announce(self, said)
        self._show_state()

    @Slot()
    def toggle(self) -> None:
        """Play or pause; asks for the sound when it is not here."""
        if self._player is None:
            if not self._asked:
                self._asked = True
                self._say("Fetching the sound…", None)
                self.wanted.emit()
            return
        if self._player.isPlaying():
            self._player.pause()
        else:
            self._find_device()
            self._player.play()

    def skip(self, seconds: int) -> None:
        """Move by so much."""
        self._seek(max(0, self.position + seconds * 1000))

    def stop(self) -> None:
        """Be quiet and forget the sound."""
        self._let_go()
        self._show_state()

    def hideEvent(self, event: QHideEvent) -> None:
        """What is not seen is not heard: a locked desktop is silent."""
        super().hideEvent(event)
        if self._player is not None:
            self._player.pause()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room, the bar has a line of its own."""
        super().resizeEvent(event)
        self._arrange(narrow=event.size().width() < self._look.px(_NARROW))

    def minimumSizeHint(self) -> QSize:
        """A narrow player is two lines high."""
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), self._look.px(220)), hint.height())

    def _arrange(self, *, narrow: bool) -> None:
        if narrow == self._narrow:
            return
        self._narrow = narrow
        aside: tuple[QWidget, ...] = (self._time, self.speed, self.volume)
        for each in (self.play, self.bar, *aside, self._said):
            self._row.removeWidget(each)
        self._row.addWidget(self.play, 0, 0)
        self._row.addWidget(self.bar, 0, 1, 1, 4 if narrow else 1)
        for column, part in enumerate(aside, start=2):
            self._row.addWidget(part, 1 if narrow else 0, column)
        self._row.addWidget(self._said, 2, 0, 1, 5)
        self._row.setColumnStretch(1, 1)

    def _begin(self, sound: bytes) -> None:
        # Loaded when something is played: the library is large, and most desktops start daily
        # without ever needing it.
        # What it lacks on this computer is told to people in words, and to no log.
        QLoggingCategory.setFilterRules("qt.multimedia*=false")
        from PySide6.QtMultimedia import QAudioOutput, QMediaDevices, QMediaPlayer

        self._end_player()
        self._player = QMediaPlayer(self)
        self._output: QAudioOutput = QAudioOutput(self._player)
        self._devices: QMediaDevices = QMediaDevices(self._player)
        self._devices.audioOutputsChanged.connect(self._find_device)
        # A voice stays a voice at another speed.
        self._player.setPitchCompensation(True)
        buffer = QBuffer(self._player)
        buffer.setData(QByteArray(sound))
        buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        self._player.setSourceDevice(buffer, _NAMED)
        self._player.positionChanged.connect(self._moved)
        self._player.playingChanged.connect(self._show_state)
        self._player.errorOccurred.connect(self._failed)
        self._set_speed()
        self._set_volume()

    def _let_go(self) -> None:
        self._sound, self._asked = None, False
        self._end_player()

    def _end_player(self) -> None:
        if self._player is not None:
            self._player.stop()
            self._player.deleteLater()
            self._player = None

    @Slot()
    def _find_device(self) -> None:
        """A headset may have been plugged in meanwhile, or been taken."""
        from PySide6.QtMultimedia import QMediaDevices

        device = QMediaDevices.defaultAudioOutput()
        if device.isNull():
            if self._player is not None:
                self._player.setAudioOutput(None)  # type: ignore[arg-type]  # Qt takes none
            self._say(_NO_DEVICE, Tone.WARNING)
            announce(self, _NO_DEVICE)
            return
        self._say("", None)
        if self._player is not None:
            if self._output.device() != device:
                self._output.setDevice(device)
            self._player.setAudioOutput(self._output)

    @Slot()
    def _failed(self) -> None:
        self.show_trouble("This sound cannot be played on this computer.")

    @Slot(int)
    def _seek(self, ms: int) -> None:
        if self._player is not None:
            self._player.setPosition(ms)
            self._show_time(ms)
        else:
            self.bar.show_at(0)

    @Slot("qlonglong")
    def _moved(self, ms: int) -> None:
        self.bar.show_at(ms)
        self._show_time(ms)
        # With nothing to sound on, Qt plays on past the end.
        player = self._player
        if player is not None and player.isPlaying() and 0 < player.duration() <= ms:
            player.stop()

    @Slot()
    def _set_speed(self) -> None:
        if self._player is not None:
            self._player.setPlaybackRate(self.speed.currentData())

    @Slot()
    def _set_volume(self) -> None:
        if self._player is not None:
            self._output.setVolume(self.volume.value() / _LOUDEST)

    @Slot()
    def _show_state(self) -> None:
        playing = self.is_playing
        self.play.set_icon(*(("pause", "Pause") if playing else ("play", "Play")))

    def _show_time(self, ms: int) -> None:
        self._time.setText(f"{words.stopwatch(ms // 1000)} / {words.stopwatch(self.bar.maximum())}")

    def _say(self, said: str, tone: Tone | None) -> None:
        self._said.set_tone(tone, muted=tone is None)
        self._said.setText(said)
        self._said.setVisible(bool(said))

    @Slot()
    def _relook(self) -> None:
        self._row.setHorizontalSpacing(self._look.px(8))
        self._row.setVerticalSpacing(self._look.px(4))
        self.volume.setFixedWidth(self._look.px(72))
