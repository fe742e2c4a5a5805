"""A recording of a contact: when it was made, its player, and what becomes of it."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.card import Card
from crm_desktop.desktop.widgets.sound_player import SoundPlayer
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.recordings import RecordingKind, RecordingView

_NAMES = {RecordingKind.CALL: "Recording of the call", RecordingKind.VOICEMAIL: "Voicemail"}


class RecordingCard(Card):
    """Signal `wanted`: the id of the recording that somebody wants to hear."""

    wanted = Signal(object)

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self._clock = clock
        self._recording: RecordingView | None = None
        self._title = Text(look, "", Role.STRONG)
        self._when = Text(look, "", Role.SMALL, muted=True)
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(self._when)
        self.body.addLayout(head)
        self.player = SoundPlayer(look, "the recording")
        self.player.wanted.connect(self._want)
        self.body.addWidget(self.player)
        self._fate = Text(look, "", Role.SMALL, muted=True, wrap=True)
        self.body.addWidget(self._fate)

    @property
    def recording(self) -> RecordingView | None:
        """What is shown."""
        return self._recording

    def show_recording(self, recording: RecordingView) -> None:
        """Show this one; the same, read again, keeps its sound."""
        before, self._recording = self._recording, recording
        name, at = _NAMES[recording.kind], words.full(recording.started_at)
        self._title.setText(name)
        self._when.setText(words.when(recording.started_at, self._clock.now()))
        self._when.setToolTip(at)
        self.setAccessibleName(f"{name}, {at}")
        if before is None or _sound(before) != _sound(recording):
            self.player.show_recording(recording.seconds, recording.peaks)
            self.player.set_name(f"{name}, {at}")
        self.player.setVisible(recording.can_be_heard)
        self._fate.setText(_fate(recording))
        held = bool(recording.held) and recording.can_be_heard
        tone = Tone.WARNING if held or recording.lost else None
        self._fate.set_tone(tone, muted=tone is None)

    @Slot()
    def _want(self) -> None:
        if self._recording is not None:
            self.wanted.emit(self._recording.id)


def _sound(recording: RecordingView) -> tuple[object, ...]:
    return recording.id, recording.can_be_heard


def _fate(recording: RecordingView) -> str:
    """What becomes of it, in one sentence."""
    if recording.lost:
        return f"There is no recording. {recording.lost}"
    if recording.destroyed_at is not None:
        return f"Destroyed on {words.date(recording.destroyed_at)}, as every recording is in time."
    if recording.kept_at is None:
        return "It can be heard soon after it has ended."
    if recording.held:
        by = f" ({recording.held_by})" if recording.held_by else ""
        return f"Held past its time: {recording.held}{by}."
    if recording.keep_until is None:
        return ""
    return f"Kept until {words.date(recording.keep_until)}. Who listens is written down."
