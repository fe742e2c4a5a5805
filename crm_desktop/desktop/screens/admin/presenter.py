"""Keeps the accounts' states and the stuck outgoing work as they are."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.views import AccountStatus, DeadLetter
from crm_desktop.services import Database, accounts, handoffs


class AdminView(Protocol):
    """What the presenter asks of the screen."""

    def show_accounts(self, statuses: tuple[AccountStatus, ...]) -> None:
        """Show how each account is doing."""

    def show_dead_letters(self, letters: tuple[DeadLetter, ...]) -> None:
        """Show what gave up."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Say what could not be done."""


class AdminPresenter(Presenter):
    """The screen of channels and dead letters."""

    def __init__(self, db: Database, tasks: Tasks, view: AdminView) -> None:
        super().__init__(tasks)
        self._db = db
        self._view = view
        self._started = False

    def start(self) -> None:
        """Read both lists."""
        self._started = True
        self._read()

    def changed(self, changes: Changes) -> None:
        """Read again what the gateway reported."""
        if self._started and changes.has(Topic.ACCOUNT, Topic.HANDOFF):
            self._read()

    def retry(self, outbox_id: int) -> None:
        """Try a dead letter again."""
        self._tasks.write(
            partial(handoffs.retry, self._db, outbox_id),
            self._retried,
            failed=self._view.show_trouble,
        )

    def _retried(self, _changes: Changes) -> None:
        self._read()

    def _read(self) -> None:
        self._tasks.read(
            partial(accounts.statuses, self._db),
            self._view.show_accounts,
            failed=self._view.show_trouble,
            key="accounts",
        )
        self._tasks.read(
            partial(handoffs.dead_letters, self._db),
            self._view.show_dead_letters,
            failed=self._view.show_trouble,
            key="letters",
        )
