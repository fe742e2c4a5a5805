"""Private notes: people at the left, what was said and a field to answer at the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.banner import ErrorBar
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.card import Card
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.huddles import NOTE_LETTERS, Note, Talk

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.notes.presenter import NotesPresenter

_PRIVATE = "Only you two read this: not other leaders, not administrators."


class _Said(QScrollArea):
    """What was said, oldest first; the newest is in sight."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._shown: tuple[Note, ...] = ()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("What was said")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def show_notes(self, notes: tuple[Note, ...], name: str, clock: Clock) -> None:
        """Show these; nothing is built anew when they are shown already."""
        if notes == self._shown and self.widget() is not None:
            return
        self._shown = notes
        look, now = self._look, clock.now()
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, look.px(6), 0)
        column.setSpacing(look.px(8))
        for note in notes:
            card = Card(look, Tone.ACCENT if note.mine else None)
            who = "You" if note.mine else name
            seen = f" · read {words.when(note.read_at, now)}" if note.mine and note.read_at else ""
            head = f"{who} · {words.when(note.at, now)}{seen}"
            card.body.addWidget(Text(look, head, Role.SMALL, muted=True))
            card.body.addWidget(Text(look, note.words, wrap=True, selectable=True))
            column.addWidget(card)
        column.addStretch(1)
        self.setWidget(inner)
        QTimer.singleShot(0, self, self._to_the_end)

    @Slot()
    def _to_the_end(self) -> None:
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())


class NotesDialog(QDialog):
    """Implements `NotesView`. `unsent` keeps by person what was typed, also after it closes."""

    def __init__(self, look: Look, clock: Clock, unsent: dict[int, str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Private notes")
        self._clock, self._unsent = clock, unsent
        self._presenter: NotesPresenter | None = None
        self._talks: tuple[Talk, ...] = ()
        self._also: tuple[int, str] | None = None
        self._other: int | None = None
        self._newest = 0
        self._error = ErrorBar(look)
        self.list = RowList(look, "People")
        self.list.current.connect(self._chosen)
        self._name = Text(look, "", Role.HEADING)
        self._said = _Said(look)
        self.field = QPlainTextEdit()
        self.field.setTabChangesFocus(True)
        self.field.setMaximumHeight(look.px(84))
        self.field.setPlaceholderText("Write a note")
        self.field.setAccessibleName("Write a note")
        self.field.textChanged.connect(self._typed)
        self.send = PrimaryButton(look, "Send", icon="send", key="Ctrl+Return")
        self.send.setAutoDefault(False)
        self.send.clicked.connect(self._send)
        close = Button(look, "Close")
        close.setAutoDefault(False)
        close.clicked.connect(self.accept)
        self._empty = EmptyState(
            look, "message-square", "No private notes", "A team leader begins one with a person."
        )
        self._lay_out(look, close)
        self._empty.hide()
        self.resize(look.px(740), look.px(500))
        self._typed()

    def _lay_out(self, look: Look, close: Button) -> None:
        right = QWidget()
        side = QVBoxLayout(right)
        side.setContentsMargins(look.px(10), 0, 0, 0)
        side.addWidget(self._name)
        side.addWidget(Text(look, _PRIVATE, Role.SMALL, muted=True, wrap=True))
        side.addWidget(self._said, 1)
        side.addWidget(self.field)
        self._both = QSplitter()
        self._both.addWidget(self.list)
        self._both.addWidget(right)
        self._both.setSizes([look.px(260), look.px(440)])
        self._both.setChildrenCollapsible(False)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(close)
        foot.addWidget(self.send)
        column = QVBoxLayout(self)
        column.addWidget(self._error)
        column.addWidget(self._both, 1)
        column.addWidget(self._empty, 1)
        column.addLayout(foot)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter sends; Enter alone does not."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.send.click()
            return
        super().keyPressEvent(event)

    def bind(self, presenter: NotesPresenter) -> None:
        """Give the dialog who answers it."""
        self._presenter = presenter

    def speak_to(self, staff_id: int, name: str) -> None:
        """Begin with one person, with whom there may be no conversation yet."""
        self._also = (staff_id, name)
        self.show_talks(self._talks)
        self.list.make_current(staff_id)
        self.field.setFocus()

    def show_talks(self, talks: tuple[Talk, ...]) -> None:
        """See `NotesView`."""
        self._talks = talks
        now = self._clock.now()
        rows = [
            Row(
                each.staff_id,
                each.name,
                each.last.replace("\n", " "),
                "user",
                right=words.when(each.at, now),
                pill=(f"{each.unread} new", Tone.ACCENT) if each.unread else None,
            )
            for each in talks
        ]
        if self._also is not None and self._also[0] not in {each.staff_id for each in talks}:
            rows.insert(0, Row(*self._also, "nothing written yet", "user"))
        self.list.set_rows(rows)
        self._both.setVisible(bool(rows))
        self._empty.setVisible(not rows)
        if rows and self.list.current_key() is None:
            self.list.make_current(rows[0].key)
            self.field.setFocus()

    def show_notes(self, other: int, notes: tuple[Note, ...]) -> None:
        """See `NotesView`."""
        if other != self._other:
            return
        self._said.show_notes(notes, self._name.text(), self._clock)
        theirs = [each for each in notes if not each.mine]
        if theirs and theirs[-1].id > self._newest:
            self._newest = theirs[-1].id
            announce(self, f"{self._name.text()}: {theirs[-1].words}")

    def show_trouble(self, trouble: CrmError) -> None:
        """See `NotesView`."""
        self.send.setEnabled(True)
        self._error.show_trouble(trouble)

    @Slot(object)
    def _chosen(self, key: object) -> None:
        if not isinstance(key, int) or key == self._other:
            return
        self._other, self._newest = key, 0
        row = next(each for each in self.list.rows() if each.key == key)
        self._name.setText(row.title)
        self._said.show_notes((), row.title, self._clock)
        self.field.setPlainText(self._unsent.get(key, ""))
        if self._presenter is not None:
            self._presenter.choose(key)

    @Slot()
    def _typed(self) -> None:
        text = self.field.toPlainText().strip()
        if self._other is not None:
            self._unsent[self._other] = text
        fits = 0 < len(text) <= NOTE_LETTERS
        self.send.setEnabled(fits and self._other is not None)

    @Slot()
    def _send(self) -> None:
        if self._presenter is None or self._other is None:
            return
        self.send.setEnabled(False)
        self._presenter.write(
            self._other, self.field.toPlainText().strip(), self._sent, self.show_trouble
        )

    def _sent(self) -> None:
        self._error.hide()
        self.field.clear()
        self.field.setFocus()
