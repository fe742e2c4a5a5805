"""Calling somebody: numbers of the contact at hand, those of before, or any that is typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.keypad import Keypad
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.search_field import SearchField
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain import dialling


@dataclass(frozen=True, slots=True)
class Offer:
    """A number that can be called, in E.164, and where it comes from, as "Margaret Okafor"."""

    number: str
    whence: str
    icon: str = "phone"


@dataclass(frozen=True, slots=True)
class Caution:
    """That a customer is not to be phoned, in the words of whoever wrote it down."""

    who: str
    words: str
    numbers: frozenset[str]


class DialDialog(QDialog):
    """`dialled` carries the number in E.164. A customer who must not be phoned is warned of, and
    called only by whoever says that they must be. `open()` it.
    """

    dialled = Signal(str)

    def __init__(
        self,
        look: Look,
        offers: Sequence[Offer],
        caution: Caution | None,
        parent: QWidget,
        *,
        number: str = "",
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Call somebody")
        self._look, self._offers, self._caution = look, offers, caution
        self._field = SearchField(look, "Number", hint="A number, or part of a name")
        self._list = RowList(look, "Numbers")
        self._keypad = Keypad(look)
        self._keypad.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._why = Text(look, "", Role.SMALL, muted=True, wrap=True)
        self._warning = Banner(look, Tone.DANGER, "phone-off")
        self._warning.hide()
        self._must = QCheckBox("I have read this, and the call must be made")
        self._go = PrimaryButton(look, "Call", icon="phone-outgoing", key="Return")
        back = Button(look, "Cancel")
        for each in (self._go, back):
            each.setAutoDefault(False)
        middle = QHBoxLayout()
        middle.addWidget(self._list, 1)
        middle.addWidget(self._keypad, 0, Qt.AlignmentFlag.AlignTop)
        foot = QHBoxLayout()
        foot.addWidget(back)
        foot.addStretch(1)
        foot.addWidget(self._go)
        column = QVBoxLayout(self)
        column.addWidget(self._field)
        column.addLayout(middle, 1)
        for part in (self._warning, self._must, self._why):
            column.addWidget(part)
        column.addLayout(foot)
        back.clicked.connect(self.reject)
        self._keypad.pressed.connect(self._field.insert)
        self._field.textChanged.connect(self._narrow)
        self._field.moved.connect(self._list.step)
        self._field.left.connect(self.reject)
        self._field.returnPressed.connect(self._call)
        self._list.opened.connect(self._call)
        self._list.current.connect(self._fit)
        self._must.toggled.connect(self._fit)
        self._go.clicked.connect(self._call)
        self.resize(look.px(580), look.px(470))
        self._field.setText(number)
        self._narrow(number)
        self._field.setFocus()

    @Slot(str)
    def _narrow(self, text: str) -> None:
        parts = text.casefold().split()
        digits = "".join(filter(str.isdigit, text))
        rows = []
        typed = dialling.dialable(text)
        if typed and typed not in {each.number for each in self._offers}:
            rows.append(Row(typed, dialling.shown(typed), "As typed", "phone-outgoing"))
        for each in self._offers:
            named = all(part in each.whence.casefold() for part in parts)
            meant = each.number == typed or (digits and digits in _digits(each.number))
            if named or meant:
                rows.append(Row(each.number, dialling.shown(each.number), each.whence, each.icon))
        self._list.set_rows(rows)
        self._list.setCurrentIndex(self._list.model().index(-1, 0))
        self._list.step(1)
        self._fit()

    @Slot()
    @Slot(object)
    @Slot(bool)
    def _fit(self, _what: object = None) -> None:
        number = self._number()
        warned = bool(number and self._caution and number in self._caution.numbers)
        if warned and self._warning.isHidden() and self._caution is not None:
            said = f"{self._caution.who} is not to be phoned."
            self._warning.set_text(said, self._caution.words)
            announce(self, f"{said} {self._caution.words}")
        self._warning.setVisible(warned)
        self._must.setVisible(warned)
        self._go.setEnabled(bool(number) and (not warned or self._must.isChecked()))
        typed = self._field.text().strip()
        self._why.setText("This is not a telephone number yet." if typed and not number else "")
        self._why.setVisible(bool(self._why.text()))

    @Slot()
    @Slot(object)
    def _call(self, _key: object = None) -> None:
        number = self._number()
        if number and self._go.isEnabled():
            self._go.setEnabled(False)
            self.dialled.emit(number)
            self.accept()
        elif number:
            self._must.setFocus()

    def _number(self) -> str:
        key = self._list.current_key()
        return key if isinstance(key, str) else ""


def _digits(number: str) -> str:
    """As it is typed here: 01632… and +441632… both find it."""
    return f"{number} 0{number.removeprefix('+44')}"
