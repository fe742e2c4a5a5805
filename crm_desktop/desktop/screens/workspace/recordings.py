"""What can be heard of a contact, above what can be read of it."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.recording_card import RecordingCard
from crm_desktop.domain.recordings import RecordingView


class Recordings(QWidget):
    """Implements `RecordingsView`: a card each. `wanted`: which one somebody wants to hear."""

    wanted = Signal(object)

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._clock = look, clock
        self._cards: dict[int, RecordingCard] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.setAccessibleName("Recordings")
        look.changed.connect(self._space)
        self._space()
        self.hide()

    def show_recordings(self, recordings: tuple[RecordingView, ...]) -> None:
        """See `RecordingsView`."""
        wanted = {each.id for each in recordings}
        for gone in self._cards.keys() - wanted:
            card = self._cards.pop(gone)
            card.player.stop()
            card.hide()
            card.deleteLater()
        for each in recordings:
            card = self._cards.get(each.id) or self._add(each.id)
            card.show_recording(each)
        self.setVisible(bool(recordings))

    def give_sound(self, recording_id: int, sound: bytes) -> None:
        """See `RecordingsView`."""
        if recording_id in self._cards:
            self._cards[recording_id].player.set_sound(sound)

    def show_no_sound(self, recording_id: int, words: str) -> None:
        """See `RecordingsView`."""
        if recording_id in self._cards:
            self._cards[recording_id].player.show_trouble(words)

    def card(self, recording_id: int) -> RecordingCard:
        """The card of a recording that is shown."""
        return self._cards[recording_id]

    def _add(self, recording_id: int) -> RecordingCard:
        card = self._cards[recording_id] = RecordingCard(self._look, self._clock)
        card.wanted.connect(self.wanted)
        self._column.addWidget(card)
        return card

    @Slot()
    def _space(self) -> None:
        self._column.setSpacing(self._look.px(10))
