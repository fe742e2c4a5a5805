"""Channels and dead letters on one page: two lists, and a button to try again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.names import NETWORK_NAMES
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.banner import ErrorBar
from crm_desktop.desktop.widgets.buttons import Button
from crm_desktop.desktop.widgets.card import PanelHeader, Surface
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.social import Network
from crm_desktop.domain.views import AccountStatus, DeadLetter

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.admin.presenter import AdminPresenter

_STATUS = {"ok": ("running", Tone.OK), "trouble": ("trouble", Tone.DANGER)}
_UNKNOWN = ("not heard of", Tone.NEUTRAL)
_ICONS = {
    "imap": "mail",
    "smtp_listener": "inbox",
    "smtp": "send",
    "web_form": "file-text",
    "open311": "forward",
    "texting": "smartphone",
    "chat": "message-square",
    **{each.value: "share-2" for each in Network},
}
_KINDS = {
    "imap": "Mailbox that is read",
    "smtp_listener": "Mail delivered to us",
    "smtp": "Outgoing mail",
    "web_form": "Web forms",
    "open311": "Back office (Open311)",
    "texting": "Texts (GOV.UK Notify)",
    "chat": "Live chat",
    **{each.value: name for each, name in NETWORK_NAMES.items()},
}


class AdminScreen(Surface):
    """Implements `AdminView`. `contact_wanted` carries the contact of a dead letter."""

    contact_wanted = Signal(object)

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self._clock = clock
        self._presenter: AdminPresenter | None = None
        self._letters: dict[object, DeadLetter] = {}
        self.setAccessibleName("Channels and dead letters")
        self._error = ErrorBar(look)
        self._accounts = RowList(look, "Channels")
        self._dead = RowList(look, "Dead letters")
        self._none = Text(look, "Nothing gave up. All outgoing work is on its way.", muted=True)
        self._none.setContentsMargins(look.px(14), look.px(12), look.px(14), look.px(12))
        self._dead_head = PanelHeader(look, "Dead letters")
        self._retry = Button(look, "Try again", icon="refresh-cw")
        self._retry.clicked.connect(self._try_again)
        self._open = Button(look, "Open the contact")
        self._open.clicked.connect(self._open_contact)
        self._dead_head.add(self._open)
        self._dead_head.add(self._retry)
        self._dead.current.connect(self._letter_chosen)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._error)
        column.addWidget(PanelHeader(look, "Channels"))
        column.addWidget(self._accounts, 1)
        for each in (self._dead_head, self._none):
            column.addWidget(each)
        column.addWidget(self._dead, 1)
        self._letter_chosen(None)

    def bind(self, presenter: AdminPresenter) -> None:
        """Give the screen who answers it."""
        self._presenter = presenter

    def show_accounts(self, statuses: tuple[AccountStatus, ...]) -> None:
        """See `AdminView`."""
        now = self._clock.now()
        self._accounts.set_rows(
            [
                Row(
                    each.id,
                    each.name,
                    each.words or _KINDS.get(each.kind, each.kind),
                    _ICONS.get(each.kind, "globe"),
                    pill=_STATUS.get(each.status, _UNKNOWN),
                    right=words.when(each.at, now),
                )
                for each in statuses
            ]
        )

    def show_dead_letters(self, letters: tuple[DeadLetter, ...]) -> None:
        """See `AdminView`."""
        now = self._clock.now()
        self._letters = {each.outbox_id: each for each in letters}
        self._dead.set_rows(
            [
                Row(
                    each.outbox_id,
                    each.what,
                    f"{words.count(each.attempts, 'try', 'tries')} · {each.error}",
                    "alert-triangle",
                    Tone.DANGER,
                    words.when(each.since, now),
                    (each.state, Tone.DANGER if each.state == "dead" else Tone.WARNING),
                )
                for each in letters
            ]
        )
        self._dead_head.set_text("Dead letters", words.count(len(letters), "letter"))
        self._none.setVisible(not letters)
        self._dead.setVisible(bool(letters))
        self._letter_chosen(self._dead.current_key())

    def show_trouble(self, trouble: CrmError) -> None:
        """See `AdminView`."""
        self._error.show_trouble(trouble)

    @Slot(object)
    def _letter_chosen(self, key: object) -> None:
        letter = self._letters.get(key)
        self._retry.setEnabled(letter is not None and letter.state == "dead")
        self._open.setEnabled(letter is not None and letter.contact_id is not None)

    @Slot()
    def _try_again(self) -> None:
        key = self._dead.current_key()
        if self._presenter and isinstance(key, int):
            self._presenter.retry(key)

    @Slot()
    def _open_contact(self) -> None:
        letter = self._letters.get(self._dead.current_key())
        if letter is not None:
            self.contact_wanted.emit(letter.contact_id)
