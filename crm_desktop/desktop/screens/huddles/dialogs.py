"""Writing a huddle, and looking at who has read it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QPlainTextEdit,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.banner import Banner, ErrorBar
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.huddles import HUDDLE_LETTERS, Hearers, Receipt, Scope, SentHuddle
from crm_desktop.domain.views import QueueInfo

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.huddles.presenter import HuddleSender, SentPresenter

_LASTS = (
    ("30 minutes", timedelta(minutes=30)),
    ("1 hour", timedelta(hours=1)),
    ("4 hours", timedelta(hours=4)),
    ("the whole day", timedelta(hours=12)),
    ("2 days", timedelta(days=2)),
    ("a week", timedelta(days=7)),
)
_USUAL = 1


class HuddleDialog(QDialog):
    """To whom, what, and for how long. `people` are (id, name)."""

    def __init__(
        self,
        look: Look,
        queues: tuple[QueueInfo, ...],
        people: tuple[tuple[int, str], ...],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("New huddle")
        self._look = look
        self._sender: HuddleSender | None = None
        self._wrong = Banner(look, Tone.DANGER, "circle-alert")
        self._wrong.hide()
        self.to = QComboBox()
        self._add("Everybody", Hearers(Scope.ALL))
        for queue in queues:
            self._add(f"Everybody in {queue.name}", Hearers(Scope.QUEUE, queue.id))
        for id_, name in people:
            self._add(name, Hearers(Scope.ONE, id_))
        self.to.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.words = QPlainTextEdit()
        self.words.setTabChangesFocus(True)
        self.words.setPlaceholderText("What everybody needs to know, in a sentence or two")
        self.words.setFixedHeight(look.px(104))
        self.words.textChanged.connect(self._typed)
        self.to.currentIndexChanged.connect(self._typed)
        self._left = Text(look, "", Role.SMALL, muted=True)
        self.lasts = QComboBox()
        for said, span in _LASTS:
            self.lasts.addItem(f"For {said}", span)
        self.lasts.setCurrentIndex(_USUAL)
        self._go = PrimaryButton(look, "Send", icon="megaphone", key="Ctrl+Return")
        self._go.setAutoDefault(False)
        self._go.clicked.connect(self._send)
        back = Button(look, "Cancel")
        back.setAutoDefault(False)
        back.clicked.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self._wrong)
        self._labelled(column, "To", self.to)
        self._labelled(column, "What", self.words)
        column.addWidget(self._left)
        self._labelled(column, "Shown", self.lasts)
        hint = "It stays at the top of each desktop until it is read, or the time is over."
        column.addWidget(Text(look, hint, Role.SMALL, muted=True, wrap=True))
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(back)
        foot.addWidget(self._go)
        column.addLayout(foot)
        self.setMinimumWidth(look.px(460))
        self.words.setFocus()
        self._typed()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter sends; Enter alone does not."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self._go.click()
            return
        super().keyPressEvent(event)

    def bind(self, sender: HuddleSender) -> None:
        """Give the form who sends."""
        self._sender = sender

    def speak_to(self, hearers: Hearers) -> None:
        """Begin with one person or queue chosen; with nobody, where there is no such choice."""
        known = (at for at in range(self.to.count()) if self.to.itemData(at) == hearers)
        self.to.setCurrentIndex(next(known, -1))

    def _add(self, said: str, hearers: Hearers) -> None:
        self.to.addItem(said, hearers)

    def _labelled(self, column: QVBoxLayout, said: str, field: QWidget) -> None:
        label = Text(self._look, said, Role.SMALL_STRONG, muted=True)
        label.setBuddy(field)
        field.setAccessibleName(said)
        column.addWidget(label)
        column.addWidget(field)

    @Slot()
    def _typed(self) -> None:
        text = self.words.toPlainText().strip()
        left = HUDDLE_LETTERS - len(text)
        said = f"{words.count(left, 'letter')} left"
        self._left.setText(said if left >= 0 else f"{words.count(-left, 'letter')} too many")
        chosen = self.to.currentIndex() >= 0
        self._go.setEnabled(chosen and bool(text) and left >= 0)

    @Slot()
    def _send(self) -> None:
        if self._sender is None:
            return
        self._go.setEnabled(False)
        self._sender.send(
            self.to.currentData(),
            self.words.toPlainText().strip(),
            self.lasts.currentData(),
            self.accept,
            self._not_sent,
        )

    def _not_sent(self, trouble: CrmError) -> None:
        told = words_for(trouble)
        self._wrong.set_text(told.happened, told.rest())
        self._wrong.show()
        self._go.setEnabled(True)
        announce(self, self._wrong.text())


class SentDialog(QDialog):
    """Implements `SentView`: one's huddles at the left, who has read the chosen at the right."""

    def __init__(self, look: Look, clock: Clock, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Huddles sent")
        self._clock = clock
        self._presenter: SentPresenter | None = None
        self._sent: dict[object, SentHuddle] = {}
        self._error = ErrorBar(look)
        self.list = RowList(look, "Huddles sent")
        self.receipts = RowList(look, "Who has read it")
        self.receipts.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._empty = EmptyState(
            look, "megaphone", "No huddles yet", "Ctrl+Shift+H writes one to everybody or a few."
        )
        self._words = Text(look, "", wrap=True)
        self._count = Text(look, "", Role.STRONG)
        self._end = Button(look, "Show it no more", icon="x")
        self._end.clicked.connect(self._end_it)
        self.list.current.connect(self._chosen)
        head = QHBoxLayout()
        head.addWidget(self._count, 1)
        head.addWidget(self._end)
        right = QWidget()
        side = QVBoxLayout(right)
        side.setContentsMargins(look.px(10), 0, 0, 0)
        side.addWidget(self._words)
        side.addLayout(head)
        side.addWidget(self.receipts, 1)
        self._both = QSplitter()
        self._both.addWidget(self.list)
        self._both.addWidget(right)
        self._both.setSizes([look.px(340), look.px(380)])
        self._both.setChildrenCollapsible(False)
        close = Button(look, "Close")
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.addWidget(self._error)
        column.addWidget(self._both, 1)
        column.addWidget(self._empty, 1)
        column.addLayout(foot)
        self._empty.hide()
        self.resize(look.px(760), look.px(480))

    def bind(self, presenter: SentPresenter) -> None:
        """Give the dialog who answers it."""
        self._presenter = presenter

    def show_sent(self, sent: tuple[SentHuddle, ...]) -> None:
        """See `SentView`."""
        now = self._clock.now()
        self._sent = {each.id: each for each in sent}
        self.list.set_rows([self._row(each) for each in sent])
        self._both.setVisible(bool(sent))
        self._empty.setVisible(not sent)
        if sent and self.list.current_key() not in self._sent:
            self.list.make_current(sent[0].id)
        chosen = self._sent.get(self.list.current_key())
        if chosen is not None:
            self._words.setText(chosen.words)
            self._count.setText(_read_words(chosen))
            self._end.setEnabled(chosen.expires_at > now)

    def show_receipts(self, huddle_id: int, receipts: tuple[Receipt, ...]) -> None:
        """See `SentView`."""
        if huddle_id != self.list.current_key():
            return
        now = self._clock.now()
        self.receipts.set_rows(
            [
                Row(
                    each.staff_id,
                    each.name,
                    icon="check" if each.read_at else "circle",
                    tone=Tone.OK if each.read_at else Tone.NEUTRAL,
                    right=words.when(each.read_at, now) if each.read_at else "",
                    pill=None if each.read_at else ("not yet", Tone.WARNING),
                    spoken=f"{each.name}, read {words.when(each.read_at, now)}"
                    if each.read_at
                    else f"{each.name}, has not read it yet",
                )
                for each in receipts
            ]
        )

    def show_trouble(self, trouble: CrmError) -> None:
        """See `SentView`."""
        self._error.show_trouble(trouble)

    def _row(self, huddle: SentHuddle) -> Row:
        now = self._clock.now()
        on = huddle.expires_at > now
        everybody = huddle.read == huddle.sent_to
        return Row(
            huddle.id,
            huddle.words.replace("\n", " "),
            f"to {huddle.to} · {'shown until' if on else 'over since'} "
            f"{words.when(huddle.expires_at, now)}",
            "megaphone",
            Tone.ACCENT if on else Tone.NEUTRAL,
            pill=(
                f"{huddle.read} of {huddle.sent_to}",
                Tone.OK if everybody else Tone.NEUTRAL,
            ),
            spoken=f"{huddle.words}, to {huddle.to}, {_read_words(huddle)}",
        )

    @Slot(object)
    def _chosen(self, key: object) -> None:
        huddle = self._sent.get(key)
        if huddle is not None and self._presenter is not None:
            self.receipts.set_rows([])
            self._words.setText(huddle.words)
            self._count.setText(_read_words(huddle))
            self._end.setEnabled(huddle.expires_at > self._clock.now())
            self._presenter.choose(huddle.id)

    @Slot()
    def _end_it(self) -> None:
        key = self.list.current_key()
        if isinstance(key, int) and self._presenter is not None:
            self._presenter.end(key)


def _read_words(huddle: SentHuddle) -> str:
    return f"{huddle.read} of {huddle.sent_to} have read it"
