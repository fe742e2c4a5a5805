"""One editor for each kind of question; all speak the values of `domain.forms`."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QFontMetrics, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.date_entry import DateEntry
from crm_desktop.desktop.widgets.flow import FlowLayout
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.forms import Field, FieldKind


class Editor(QWidget):
    """Asks one question. `inputs` are the widgets that take the focus, in their order."""

    edited = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self.inputs: tuple[QWidget, ...] = ()

    def value(self) -> object:
        """What is entered now, not checked; None, "" or [] when nothing is."""
        raise NotImplementedError

    def set_value(self, value: object) -> None:
        """Show an answer; None empties the editor."""
        raise NotImplementedError

    def set_read_only(self, read_only: bool) -> None:
        """Let the answer be read, or changed again."""
        for each in self.inputs:
            each.setEnabled(not read_only)

    def describe(self, name: str, description: str) -> None:
        """What a screen reader says of this question."""
        self.setAccessibleName(name)
        for each in self.inputs:
            each.setAccessibleDescription(description)

    def set_invalid(self, invalid: bool) -> None:
        """Mark the inputs; the style sheet draws the mark."""
        for each in self.inputs:
            each.setProperty("invalid", invalid)
            each.style().unpolish(each)
            each.style().polish(each)

    def _hold(self, *inputs: QWidget) -> None:
        """Fill the editor with its only input."""
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        for each in inputs:
            box.addWidget(each)
        self.inputs = inputs
        self.setFocusProxy(inputs[0])


class LineEditor(Editor):
    """One line of text, a number, an address; a date reads days and has a calendar."""

    def __init__(self, look: Look, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        dated = field.kind is FieldKind.DATE
        self._line: QLineEdit | DateEntry = DateEntry(look) if dated else QLineEdit()
        if not dated:
            self._line.setPlaceholderText(field.hint)
        self._line.textChanged.connect(self.edited)
        self._hold(self._line)

    def value(self) -> object:
        """The text; a day as ISO text."""
        line = self._line
        return line.value() if isinstance(line, DateEntry) else line.text()

    def set_value(self, value: object) -> None:
        """Show a text, a number or a day."""
        text = "" if value is None else str(value)
        line = self._line
        line.set_value(text) if isinstance(line, DateEntry) else line.setText(text)
        line.setCursorPosition(0)

    def set_read_only(self, read_only: bool) -> None:
        """The text can still be selected and copied."""
        self._line.setReadOnly(read_only)

    def describe(self, name: str, description: str) -> None:
        """The line carries the question's name itself."""
        super().describe(name, description)
        self._line.setAccessibleName(name)


class AreaEditor(Editor):
    """Several lines of text; Tab goes on to the next question."""

    def __init__(self, look: Look, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self._look = look
        self._area = QPlainTextEdit()
        self._area.setTabChangesFocus(True)
        self._area.setPlaceholderText(field.hint)
        self._area.textChanged.connect(self.edited)
        self._hold(self._area)
        look.changed.connect(self._relook)
        self._relook()

    def value(self) -> object:
        """The text."""
        return self._area.toPlainText()

    def set_value(self, value: object) -> None:
        """Show a text."""
        self._area.setPlainText("" if value is None else str(value))

    def set_read_only(self, read_only: bool) -> None:
        """The text can still be scrolled, selected and copied."""
        self._area.setReadOnly(read_only)

    def describe(self, name: str, description: str) -> None:
        """The area carries the question's name itself."""
        super().describe(name, description)
        self._area.setAccessibleName(name)

    @Slot()
    def _relook(self) -> None:
        line = QFontMetrics(self._look.font()).lineSpacing()
        self._area.setFixedHeight(3 * line + self._look.px(18))


class ListEditor(Editor):
    """One answer of a longer list."""

    def __init__(self, look: Look, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self._list = _CalmComboBox()
        self._list.addItem("Select…", None)
        for choice in field.choices:
            self._list.addItem(choice.words, choice.value)
        self._list.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._list.setMinimumContentsLength(8)
        self._list.currentIndexChanged.connect(self.edited)
        self._hold(self._list)

    def value(self) -> object:
        """The chosen value, None when none is."""
        return self._list.currentData()

    def set_value(self, value: object) -> None:
        """Choose a value; one that an older form had is added to the list."""
        known = [choice.value for choice in self.field.choices]
        if value is not None and value not in known and self._list.findData(value) < 0:
            self._list.addItem(str(value), value)
        self._list.setCurrentIndex(0 if value is None else self._list.findData(value))

    def describe(self, name: str, description: str) -> None:
        """The list carries the question's name itself."""
        super().describe(name, description)
        self._list.setAccessibleName(name)
        self._list.view().setAccessibleName(name)


class ButtonsEditor(Editor):
    """A few answers side by side: radio buttons, or ticks where several may be given."""

    def __init__(self, look: Look, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self._look = look
        self._several = field.kind is FieldKind.CHECKBOXES
        self._group = QButtonGroup(self)
        self._box = QVBoxLayout(self) if _is_long(field) else FlowLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._buttons: list[QAbstractButton] = []
        for choice in field.choices:
            button = QCheckBox(choice.words) if self._several else QRadioButton(choice.words)
            button.toggled.connect(self.edited)
            if not self._several:
                # Tab passes over all but one button of any group, and arrows walk exclusive ones.
                self._group.addButton(button)
            self._box.addWidget(button)
            self._buttons.append(button)
        self.inputs = tuple(self._buttons)
        look.changed.connect(self._relook)
        self._relook()

    def value(self) -> object:
        """The ticked values as a list, or the chosen one; a yes or no as True or False."""
        ticked = [
            choice.value
            for choice, button in zip(self.field.choices, self._buttons, strict=True)
            if button.isChecked()
        ]
        if self._several:
            return ticked
        if not ticked:
            return None
        return ticked[0] == "yes" if self.field.kind is FieldKind.YES_NO else ticked[0]

    def set_value(self, value: object) -> None:
        """Tick or choose; what the form does not know is left out."""
        if isinstance(value, bool):
            value = "yes" if value else "no"
        wanted = value if isinstance(value, list | tuple) else [value]
        self._group.setExclusive(False)
        for choice, button in zip(self.field.choices, self._buttons, strict=True):
            button.setChecked(choice.value in wanted)
        self._group.setExclusive(True)

    def describe(self, name: str, description: str) -> None:
        """Each button says its question: heard alone, "Yes" says nothing."""
        super().describe(name, description)
        for choice, button in zip(self.field.choices, self._buttons, strict=True):
            button.setAccessibleName(f"{name}: {choice.words}")

    @Slot()
    def _relook(self) -> None:
        if isinstance(self._box, FlowLayout):
            self._box.set_gap(self._look.px(8))
        else:
            self._box.setSpacing(self._look.px(2))


class FilesEditor(Editor):
    """The names of files that came with the form; files are added to the contact, not here."""

    def __init__(self, look: Look, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self._names: tuple[str, ...] = ()
        self._text = Text(look, "", wrap=True, selectable=True)
        self._hold(self._text)
        self.set_value(None)

    def value(self) -> object:
        """The names."""
        return list(self._names)

    def set_value(self, value: object) -> None:
        """Show the names, one a line."""
        self._names = tuple(str(one) for one in value) if isinstance(value, list | tuple) else ()
        self._text.setText("\n".join(self._names) or "None")

    def set_read_only(self, read_only: bool) -> None:
        """It always is."""

    def describe(self, name: str, description: str) -> None:
        """A screen reader says the question, then the names."""
        super().describe(name, description)
        self._text.setAccessibleName(f"{name}: {self._text.text()}")


class _CalmComboBox(QComboBox):
    """A list that the wheel does not change in passing: the form scrolls instead."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to whoever scrolls."""
        event.ignore()


BUTTONS = (FieldKind.RADIOS, FieldKind.CHECKBOXES, FieldKind.YES_NO)


def is_wide(field: Field) -> bool:
    """Whether a question needs the whole width of the form."""
    if field.kind in (FieldKind.TEXTAREA, FieldKind.ADDRESS, FieldKind.FILE, FieldKind.PAYMENT):
        return True
    return field.kind in BUTTONS and _letters([one.words for one in field.choices]) > 34


def _is_long(field: Field) -> bool:
    """Whether answers read better one under the other."""
    return _letters([choice.words for choice in field.choices]) > 110


def _letters(words: Sequence[str]) -> int:
    """How wide some buttons side by side are, in letters."""
    return sum(len(each) + 4 for each in words)
