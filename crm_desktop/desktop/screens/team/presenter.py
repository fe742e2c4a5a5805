"""When the team leader's board is read again: often enough to see trouble, never by everybody at
once, and not at all while nobody looks at it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.team import TeamBoard
from crm_desktop.services import Database
from crm_desktop.services import team as teams

#: After a change the board is read within this time; what changes meanwhile goes with it.
_SOON_MS = (200, 350)
#: Nobody tells when a desktop falls silent.
_AGAIN_MS = (25_000, 35_000)

Later = Callable[[int, Callable[[], None]], None]


class TeamView(Protocol):
    """What the presenter asks of the screen."""

    def show_board(self, board: TeamBoard) -> None:
        """Show queues and people as they are now."""

    def show_trouble(self, trouble: CrmError | None) -> None:
        """Say why the board may be old; None: it is fresh."""


class TeamPresenter(Presenter):
    """Keeps the board as the database has it, while it is looked at."""

    def __init__(self, db: Database, tasks: Tasks, view: TeamView, *, later: Later) -> None:
        super().__init__(tasks)
        self._db = db
        self._view = view
        self._later = later
        self._seen = False
        self._stale = True
        self._soon = self._reading = False
        self._round = 0

    def set_seen(self, seen: bool) -> None:
        """The screen is looked at, or no more."""
        self._seen = seen
        if seen and self._stale:
            self._read()
        if seen:
            self._round += 1
            self._go_round(self._round)

    def changed(self, changes: Changes) -> None:
        """Something changed: the board is read soon, when it can concern it."""
        if not changes.has(Topic.CONTACT, Topic.STAFF, Topic.QUEUE_STAT):
            return
        self._stale = True
        if changes.has(Topic.EVERYTHING):
            self._read()
        else:
            self._read_soon()

    def _go_round(self, number: int) -> None:
        self._later(random.randint(*_AGAIN_MS), partial(self._again, number))  # noqa: S311

    def _again(self, number: int) -> None:
        if self._seen and number == self._round:
            self._stale = True
            self._read()
            self._go_round(number)

    def _read_soon(self) -> None:
        if self._seen and not self._soon and not self._reading:
            self._soon = True
            self._later(random.randint(*_SOON_MS), self._read)  # noqa: S311 - no secret

    def _read(self) -> None:
        self._soon = False
        if not self._seen or not self._stale or self._reading:
            return
        self._stale, self._reading = False, True
        self._tasks.read(
            partial(teams.board, self._db), self._show, failed=self._not_read, key="board"
        )

    def _show(self, board: TeamBoard) -> None:
        self._reading = False
        self._view.show_trouble(None)
        self._view.show_board(board)
        if self._stale:
            self._read_soon()

    def _not_read(self, trouble: CrmError) -> None:
        self._reading, self._stale = False, True
        self._view.show_trouble(trouble)
