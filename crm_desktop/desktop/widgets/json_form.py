"""The case form: a service's questions as widgets, two columns where there is room."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.editors import make_editor
from crm_desktop.desktop.widgets.form_editors import Editor, is_wide
from crm_desktop.desktop.widgets.payment_editor import PaymentEditor
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.forms import Answer, Cleaned, Field, Form

#: From this width on (pixels at 100 %) questions stand side by side.
_TWO_COLUMNS = 520


class JsonForm(QWidget):
    """All questions of a form, the advisor's own included; conditional ones come and go.

    `changed` follows every change a person makes (not `set_answers`); the caller saves when
    it thinks fit: `typed()` for a draft, `answers()` for the case.
    """

    changed = Signal()
    #: Of a question that is a payment: see `PaymentEditor`.
    paying = Signal(bool)
    page_wanted = Signal(str)

    def __init__(self, look: Look, form: Form, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._form = form
        self._columns = 0
        self._asked: tuple[str, ...] = ()
        self._filling = False
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._questions = {field.name: _Question(look, field, self) for field in form.fields}
        for question in self._questions.values():
            question.edited.connect(self._on_edited)
            if isinstance(question.editor, PaymentEditor):
                question.editor.paying.connect(self.paying)
                question.editor.page_wanted.connect(self.page_wanted)
        look.changed.connect(self._relook)
        self._relook()
        self._refresh()

    @property
    def form(self) -> Form:
        """The form that is shown."""
        return self._form

    def typed(self) -> dict[str, object]:
        """Everything as it stands, unfinished and hidden answers too: what a draft keeps."""
        values = {name: each.editor.value() for name, each in self._questions.items()}
        return {name: value for name, value in values.items() if value not in (None, "", [])}

    def answers(self) -> dict[str, Answer]:
        """The usable answers to the questions that are asked, as `Form.clean` gives them."""
        return self._cleaned().answers

    def errors(self) -> dict[str, str]:
        """What must be mended, by question, in words; nothing is shown by asking."""
        return self._cleaned().errors

    def set_answers(self, answers: Mapping[str, object]) -> None:
        """Show these answers (or what `typed()` gave) and empty every other question."""
        self._filling = True
        for name, question in self._questions.items():
            question.editor.set_value(answers.get(name))
            question.show_error("")
        self._filling = False
        self._refresh()

    def check(self) -> bool:
        """Show what must be mended, go to the first of it, and say whether nothing is."""
        errors = self.errors()
        self.show_errors(errors)
        first = next((name for name in self._asked if name in errors), None)
        if first is None:
            return True
        self._questions[first].editor.inputs[0].setFocus()
        announce(self, f"{len(errors)} to mend: {errors[first]}")
        return False

    def show_errors(self, errors: Mapping[str, str]) -> None:
        """Show these words at their questions and none at the others."""
        for name, question in self._questions.items():
            question.show_error(errors.get(name, ""))

    def set_read_only(self, read_only: bool) -> None:
        """Let the answers be read only, or changed again."""
        for question in self._questions.values():
            question.editor.set_read_only(read_only)

    def leave(self) -> None:
        """The form goes away: no payment is being taken in it any more."""
        for question in self._questions.values():
            if isinstance(question.editor, PaymentEditor):
                question.editor.leave()

    def inputs(self) -> tuple[QWidget, ...]:
        """What takes the keyboard, in the order of the questions; hidden ones too."""
        return tuple(each for one in self._questions.values() for each in one.editor.inputs)

    def editor(self, name: str) -> Editor:
        """The editor of a question; KeyError when the form has none of that name."""
        return self._questions[name].editor

    def resizeEvent(self, event: QResizeEvent) -> None:
        """One column or two, as the new width has it."""
        super().resizeEvent(event)
        if self._columns_for(event.size().width()) != self._columns:
            self._lay_out()

    def minimumSizeHint(self) -> QSize:
        """A column's width will do: two become one."""
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), self._look.px(240)), hint.height())

    def _cleaned(self) -> Cleaned:
        return self._form.clean(self.typed())

    @Slot()
    def _on_edited(self) -> None:
        if self._filling:
            return
        self._refresh()
        errors = self.errors()
        for name, question in self._questions.items():
            if question.error:
                question.show_error(errors.get(name, ""))
        self.changed.emit()

    def _refresh(self) -> None:
        """Show the questions that are asked now."""
        asked = tuple(field.name for field in self._form.visible(self.answers()))
        if asked != self._asked:
            self._asked = asked
            self._lay_out()

    def _lay_out(self) -> None:
        """Place the questions from left to right; a wide one takes a row of its own."""
        self._columns = self._columns_for(self.width())
        for question in self._questions.values():
            self._grid.removeWidget(question)
            question.setVisible(question.field.name in self._asked)
        row, column = 0, 0
        for name in self._asked:
            question = self._questions[name]
            span = self._columns if is_wide(question.field) else 1
            if column + span > self._columns:
                row, column = row + 1, 0
            self._grid.addWidget(question, row, column, 1, span)
            column += span
        for index in range(2):
            self._grid.setColumnStretch(index, 1 if index < self._columns else 0)
        # Room to spare goes below the last question, not between them.
        for index in range(self._grid.rowCount()):
            self._grid.setRowStretch(index, 1 if index > row else 0)
        self._grid.setRowStretch(row + 1, 1)
        self.updateGeometry()

    def _columns_for(self, width: int) -> int:
        return 2 if width >= self._look.px(_TWO_COLUMNS) else 1

    @Slot()
    def _relook(self) -> None:
        self._grid.setHorizontalSpacing(self._look.px(16))
        self._grid.setVerticalSpacing(self._look.px(12))
        self._lay_out()


class _Question(QWidget):
    """The words of a question, its editor, and under it what must be mended."""

    edited = Signal()

    def __init__(self, look: Look, field: Field, parent: QWidget) -> None:
        super().__init__(parent)
        self.field = field
        self.error = ""
        self._look = look
        star = " *" if field.required else ""
        self._label = Text(look, field.question + star, Role.SMALL_STRONG, muted=True, wrap=True)
        self.editor = make_editor(look, field)
        self._words = Text(look, "", Role.SMALL, tone=Tone.DANGER, wrap=True)
        self._words.hide()
        self._label.setBuddy(self.editor.inputs[0])
        self._label.setToolTip(field.hint)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        for each in (self._label, self.editor, self._words):
            self._box.addWidget(each)
        self._box.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.editor.edited.connect(self.edited)
        look.changed.connect(self._relook)
        self._relook()
        self._describe()

    def show_error(self, words: str) -> None:
        """Show what must be mended, "" for nothing."""
        if words == self.error:
            return
        self.error = words
        self._words.setText(words)
        self._words.setVisible(bool(words))
        self.editor.set_invalid(bool(words))
        self._describe()

    def _describe(self) -> None:
        name = self.field.question + (", required" if self.field.required else "")
        error = f"Error: {self.error}" if self.error else ""
        said = [part for part in (error, self.field.hint) if part]
        self.editor.describe(name, ". ".join(said))

    @Slot()
    def _relook(self) -> None:
        self._box.setSpacing(self._look.px(4))
