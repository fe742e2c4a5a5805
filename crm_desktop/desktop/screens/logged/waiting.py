"""What is logged and not entered yet: looked at, changed, thrown away."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.names import CHANNEL_NAMES
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import Button, Kind, PrimaryButton
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.logged import ToEnter


class WaitingDialog(QDialog):
    """Signals carry a key: `change_asked`, `discard_asked` (asked twice), `again_asked`."""

    change_asked = Signal(object)
    discard_asked = Signal(object)
    again_asked = Signal(object)

    def __init__(self, look: Look, parent: QWidget, *, problem: str, damaged: int) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Contacts to be entered")
        self._entries: tuple[ToEnter, ...] = ()
        self._sure: object = None
        self._said = Text(look, "", Role.STRONG, wrap=True)
        self._list = RowList(look, "Contacts to be entered")
        self._why = Text(look, "", tone=Tone.DANGER, wrap=True)
        self._change = PrimaryButton(look, "Open and change")
        self._again = Button(look, "Try again")
        self._discard = Button(look, "Throw away", kind=Kind.DANGER)
        close = Button(look, "Close", key="Esc")
        buttons = QHBoxLayout()
        for each in (self._discard, self._again):
            buttons.addWidget(each)
        buttons.addStretch(1)
        for each in (close, self._change):
            buttons.addWidget(each)
        column = QVBoxLayout(self)
        column.addWidget(self._said)
        for words_ in (problem, _damaged(damaged)):
            if words_:
                column.addWidget(Text(look, words_, Role.SMALL, tone=Tone.WARNING, wrap=True))
        column.addWidget(self._list, 1)
        column.addWidget(self._why)
        column.addLayout(buttons)
        self._list.current.connect(self._chosen)
        self._list.opened.connect(self.change_asked)
        self._change.clicked.connect(self._ask_change)
        self._again.clicked.connect(self._ask_again)
        self._discard.clicked.connect(self._ask_discard)
        close.clicked.connect(self.reject)
        for each in (self._change, self._again, self._discard, close):
            each.setAutoDefault(False)
        self.resize(look.px(600), look.px(420))

    def show_entries(self, entries: tuple[ToEnter, ...]) -> None:
        """Show what is left; nothing closes the dialog."""
        self._entries = entries
        if not entries:
            self.accept()
            return
        self._said.setText(
            f"{words.count(len(entries), 'contact')} to be entered. They are entered by "
            "themselves, in this order, when the database can be reached."
        )
        self._list.set_rows([_row(each) for each in entries])
        if self._list.current_key() is None:
            self._list.step(1)
        self._chosen(self._list.current_key())

    @Slot(object)
    def _chosen(self, key: object) -> None:
        entry = next((each for each in self._entries if each.said.key == key), None)
        refused = entry.refused if entry else ""
        self._why.setText(f"It was not entered. {refused}" if refused else "")
        self._why.setVisible(bool(refused))
        self._again.setVisible(bool(refused))
        self._be_sure(None)

    def _be_sure(self, key: object) -> None:
        self._sure = key
        self._discard.setText("Throw away for good?" if key else "Throw away")

    @Slot()
    def _ask_change(self) -> None:
        self.change_asked.emit(self._list.current_key())

    @Slot()
    def _ask_again(self) -> None:
        self.again_asked.emit(self._list.current_key())

    @Slot()
    def _ask_discard(self) -> None:
        key = self._list.current_key()
        if self._sure is not None and self._sure == key:
            self.discard_asked.emit(key)
        else:
            self._be_sure(key)


def _row(entry: ToEnter) -> Row:
    said = entry.said
    facts = (f"happened {words.full(said.happened_at)}", said.about, said.service_name)
    return Row(
        said.key,
        f"{said.who} · {CHANNEL_NAMES[said.channel].lower()}",
        " · ".join(each for each in facts if each),
        "circle-alert" if entry.refused else "clock",
        Tone.DANGER if entry.refused else Tone.NEUTRAL,
        pill=("not entered", Tone.DANGER) if entry.refused else None,
    )


def _damaged(count: int) -> str:
    if not count:
        return ""
    return (
        f"{words.count(count, 'file')} of logged contacts could not be read. "
        "Nothing was deleted: tell your administrator, who finds it beside the others."
    )
