"""What the pages of set-up share: the trouble above, the undo below, and how one begins."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.banner import ErrorBar, UndoToast
from crm_desktop.desktop.widgets.card import Surface
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.domain.errors import CrmError, InvalidInput


class SetUpScreen(Surface):
    """Implements `SetUpView`. Shows `nothing` until something is set up, then what `_fill` gave."""

    def __init__(
        self, look: Look, name: str, nothing: EmptyState, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, parent=parent)
        self._undo: Callable[[], None] | None = None
        self.setAccessibleName(name)
        self._error = ErrorBar(look)
        self.toast = UndoToast(look)
        self.toast.undone.connect(self._take_back)
        self._whole = QStackedWidget()
        self._whole.addWidget(nothing)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._error)
        outer.addWidget(self._whole, 1)
        outer.addWidget(self.toast)
        # Nothing is known before it was read.
        self._whole.hide()

    def _fill(self, *parts: QWidget) -> None:
        """These below each other are the page; the last has the room."""
        self._whole.addWidget(column(*parts))

    def _show_whole(self, *, set_up: bool) -> None:
        self._whole.setCurrentIndex(1 if set_up else 0)
        self._whole.show()

    def show_done(self, words: str) -> None:
        """See `SetUpView`."""
        self._error.hide()
        announce(self, words)

    def show_undoable(self, words: str, undo: Callable[[], None]) -> None:
        """See `SetUpView`."""
        self._error.hide()
        self._undo = undo
        self.toast.offer(words)

    def show_trouble(self, trouble: CrmError) -> None:
        """See `SetUpView`; what is in the way is said in its own words."""
        fields = trouble.params.get("fields")
        self._error.show_trouble(trouble)
        if isinstance(trouble, InvalidInput) and isinstance(fields, dict):
            said = "; ".join(f"{name}: {why}" for name, why in fields.items())
            self._error.set_text(f"{said[:1].upper()}{said[1:]}.", "Nothing was changed.")
            announce(self, self._error.text())

    @Slot()
    def _take_back(self) -> None:
        if self._undo is not None:
            self._undo()
            self._undo = None


def column(*parts: QWidget, filling: int = 1) -> QWidget:
    """These below each other without a gap; the last, or the last few, have the room."""
    whole = QWidget()
    layout = QVBoxLayout(whole)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for place, part in enumerate(parts):
        layout.addWidget(part, 1 if place >= len(parts) - filling else 0)
    return whole
