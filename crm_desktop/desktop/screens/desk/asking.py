"""Short questions of the desk: why and until when a room is kept, a note, a reason."""

from __future__ import annotations

from datetime import datetime, timedelta

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.entry_form import EntryForm
from crm_desktop.domain.errors import InvalidInput

_MINUTES = (15, 30, 45, 60, 90, 120, 180, 240)
_USUAL = 60
#: Why a visitor is seen without the room; said so that whoever reads along learns nothing.
WHYS = (
    "A colleague stands by",
    "They want to stay here",
    "The room is needed for somebody else",
    "It will take a minute only",
)
_FEW_WORDS = "say it in a few words"


class AskNote(EntryForm):
    """A note for whoever is next; it may be left out. `said` carries the words."""

    said = Signal(str)

    def __init__(self, look: Look, title: str, parent: QWidget) -> None:
        super().__init__(look, title, "Send on", parent)
        self.field = QLineEdit()
        self.field.setMaxLength(500)
        self.add_field("Note for whoever sees them next", self.field)
        self.add_hint("It can be left out. It stands in the contact, not on any screen outside.")
        self.entered.connect(self._enter)
        self.field.setFocus()

    @Slot()
    def _enter(self) -> None:
        self.said.emit(self.field.text().strip())
        self.done_well()


class AskWhy(EntryForm):
    """Why somebody is seen without the room: a usual reason, or words of one's own, in `said`."""

    said = Signal(str)

    def __init__(self, look: Look, title: str, parent: QWidget) -> None:
        super().__init__(look, title, "Go on without", parent)
        self.field = QComboBox()
        self.field.setEditable(True)
        self.field.addItems(list(WHYS))
        self.add_field("Why, as it is written down", self.field)
        edit = self.field.lineEdit()
        if edit is not None:
            edit.setMaxLength(200)
            edit.setAccessibleName("Why")
            edit.selectAll()
            # The list around it keeps Enter for itself.
            edit.returnPressed.connect(self._press)
        self.entered.connect(self._enter)
        self.field.setFocus()

    @Slot()
    def _enter(self) -> None:
        why = self.field.currentText().strip()
        if not why:
            self.show_wrong(InvalidInput(fields={"Why": _FEW_WORDS}))
            return
        self.said.emit(why)
        self.done_well()


class AskHold(EntryForm):
    """Why, and until when. `said` carries words and a moment (UTC)."""

    said = Signal(str, object)

    def __init__(self, look: Look, place: str, now: datetime, parent: QWidget) -> None:
        super().__init__(look, f"Keep {place} free", "Keep it free", parent)
        self.field, self.until = QLineEdit(), QComboBox()
        self.field.setMaxLength(100)
        self.field.setPlaceholderText("Police interview")
        for minutes in _MINUTES:
            moment = (now + timedelta(minutes=minutes)).replace(second=0, microsecond=0)
            length = f"{minutes} min" if minutes < 60 else f"{minutes / 60:g} h"
            self.until.addItem(f"{words.clock_time(moment)}  ({length})", moment)
        self.until.setCurrentIndex(_MINUTES.index(_USUAL))
        self.add_field("What for", self.field)
        self.add_hint("No names: whoever stands at the counter may read it too.")
        self.add_field("Until", self.until)
        self.entered.connect(self._enter)
        self.field.setFocus()

    @Slot()
    def _enter(self) -> None:
        why = self.field.text().strip()
        if not why:
            self.show_wrong(InvalidInput(fields={"What for": _FEW_WORDS}))
            return
        self.said.emit(why, self.until.currentData())
        self.done_well()
