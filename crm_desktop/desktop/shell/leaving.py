"""Whoever signs out with contacts in hand is asked first, and told what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.names import CHANNEL_NAMES
from crm_desktop.desktop.shell.desk import Desk
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.states import IN_HAND
from crm_desktop.domain.views import QueueFilter, QueuePage, QueueRow
from crm_desktop.services import queue

#: Who wants to leave does not wait longer for a database that does not answer.
_PATIENCE_MS = 3_000
_ONE = "If you sign out it goes back to its queue and keeps its place there. Your drafts are kept."
_SEVERAL = (
    "If you sign out they go back to their queues and keep their places. Your drafts are kept."
)


class Leaving(QObject):
    """`ask` reads what is in hand, then calls `go`, or asks first. A second `ask` goes at once."""

    def __init__(self, desk: Desk, window: QWidget, go: Callable[[], None]) -> None:
        super().__init__(window)
        self._desk, self._window, self._go = desk, window, go
        self._tasks = desk.runner.for_owner(self)
        self._asking = False
        self._dialog: LeavingDialog | None = None
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self._leave)

    @Slot()
    def ask(self) -> None:
        """The person wants to sign out."""
        if self._dialog is not None:
            self._dialog.raise_()
            return
        if self._asking or self._desk.live.is_away:
            self._leave()
            return
        self._asking = True
        self._patience.start()
        self._tasks.read(
            partial(queue.page, self._desk.db, QueueFilter(mine=True), None, 1),
            self._found,
            failed=self._never_mind,
            key="leaving",
        )

    def _found(self, page: QueuePage) -> None:
        if not self._asking:
            return
        held = tuple(row for row in page.mine if row.state in IN_HAND)
        if not held:
            self._leave()
            return
        self._asking = False
        self._patience.stop()
        self._dialog = LeavingDialog(self._desk.look, held, self._window)
        self._dialog.accepted.connect(self._leave)
        self._dialog.finished.connect(self._answered)
        self._dialog.open()

    def _never_mind(self, _trouble: CrmError) -> None:
        self._leave()

    @Slot()
    def _answered(self) -> None:
        self._dialog = None

    @Slot()
    def _leave(self) -> None:
        self._asking = False
        self._patience.stop()
        self._go()


class LeavingDialog(QDialog):
    """Accepted: sign out all the same."""

    def __init__(self, look: Look, held: tuple[QueueRow, ...], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Sign out")
        title = Text(
            look, f"You have {words.count(len(held), 'contact')} in hand", Role.HEADING, wrap=True
        )
        told = Text(
            look,
            _ONE if len(held) == 1 else _SEVERAL,
            wrap=True,
        )
        rows = RowList(look, "Contacts in hand")
        rows.set_rows(
            [
                Row(
                    row.id,
                    row.who,
                    " · ".join(filter(None, (row.subject, row.queue_name))),
                    right=CHANNEL_NAMES[row.channel],
                )
                for row in held
            ]
        )
        rows.setFixedHeight(min(rows.content_height() + 2, look.px(260)))
        stay, go = PrimaryButton(look, "Stay"), Button(look, "Sign out")
        stay.setDefault(True)
        go.setAutoDefault(False)
        stay.clicked.connect(self.reject)
        go.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(go)
        foot.addWidget(stay)
        column = QVBoxLayout(self)
        for each in (title, told, rows):
            column.addWidget(each)
        column.addLayout(foot)
        self.setMinimumWidth(look.px(440))
        stay.setFocus()
