"""Several people share a number: a quiet question, which names nothing but their names."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.widgets.buttons import Button, Kind
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text

#: What a caller is asked for, and nobody tells them.
_ASK = "Ask for their full name, their postcode and their date of birth before you choose."


class WhoIsIt(QWidget):
    """`chosen` carries the id of whoever it is, by Enter or a click on their name; `other` says
    that it is none of them.
    """

    chosen = Signal(object)
    other = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setAccessibleName("Who is it?")
        self._title = Text(look, "", Role.STRONG, wrap=True)
        self._ask = Text(look, _ASK, muted=True, wrap=True)
        self._list = RowList(look, "Who is it?")
        self._column = QVBoxLayout(self)
        other = Button(look, "Somebody else…", kind=Kind.QUIET)
        other.clicked.connect(self.other)
        for each in (self._title, self._ask, self._list):
            self._column.addWidget(each)
        self._column.addWidget(other, 0, Qt.AlignmentFlag.AlignLeft)
        self._list.opened.connect(self.chosen)
        self._list.clicked.connect(self._clicked)
        look.changed.connect(self._space)
        self._space()

    def ask(self, found: tuple[tuple[int, str], ...]) -> None:
        """Offer these, (id, name) each."""
        people = words.count(len(found), "person has", "people have")
        self._title.setText(f"Who is it? {people} this number.")
        self._list.set_rows([Row(each, name, icon="user") for each, name in found])
        self._space()

    @Slot()
    def _clicked(self) -> None:
        key = self._list.current_key()
        if key is not None:
            self.chosen.emit(key)

    @Slot()
    def _space(self) -> None:
        edge = self._look.px(14)
        self._column.setContentsMargins(edge, edge, edge, edge)
        self._column.setSpacing(self._look.px(8))
        self._list.setFixedHeight(self._list.content_height() + 2)
