"""Lets the person who locked a desktop in again, and nobody who guesses."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import CancelToken, Presenter, Tasks
from crm_desktop.domain.errors import AccountRefused, CrmError, SignInRefused, SwitchedOff
from crm_desktop.services import Database, session

#: So many wrong passwords cost nothing; then the wait doubles from the first to the longest.
FREE_TRIES = 5
_FIRST_WAIT, _LONGEST_WAIT = 5, 300
_SECOND_MS = 1_000


class LockView(Protocol):
    """What the presenter asks of the screen."""

    def show_busy(self, busy: bool) -> None:
        """Say that the password is being looked at."""

    def show_wrong(self) -> None:
        """Say that it was not the password."""

    def show_wait(self, seconds: int) -> None:
        """Say for how long nothing can be tried; 0: now it can."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Say what else is in the way."""


class LockPresenter(Presenter):
    """`unlocked` is called when the person is back, `over` when they may not come back.

    The wrong tries are counted until somebody is let in: lock and unlock with one presenter.
    """

    def __init__(
        self,
        db: Database,
        tasks: Tasks,
        *,
        unlocked: Callable[[], None],
        over: Callable[[CrmError], None],
        later: Callable[[int, Callable[[], None]], None],
    ) -> None:
        super().__init__(tasks)
        self._db = db
        self._unlocked, self._over, self._later = unlocked, over, later
        self._view: LockView | None = None
        self._wrong = 0
        self._wait = 0

    @property
    def asks_password(self) -> bool:
        """Whether this session began with a password that proves who comes back."""
        return bool(self._db.target.password)

    @property
    def is_embedded(self) -> bool:
        """Whether the database is one person's file, which protects nobody."""
        return self._db.dialect == "sqlite"

    def show(self, view: LockView) -> None:
        """Serve another screen."""
        self._view = view
        view.show_wait(self._wait)

    def unlock(self, password: str) -> None:
        """Try; nothing happens while there is a wait."""
        if self._view is None or self._wait:
            return
        if self.is_embedded:
            self._let_in(None)
            return
        self._view.show_busy(True)
        self._tasks.search(
            partial(_prove, self._db, password), self._let_in, failed=self._refused, key="unlock"
        )

    def _let_in(self, _proved: None) -> None:
        self._wrong = 0
        self._view = None
        self._unlocked()

    def _refused(self, trouble: CrmError) -> None:
        if self._view is None:
            return
        self._view.show_busy(False)
        if isinstance(trouble, SwitchedOff):
            self._over(trouble)
        elif isinstance(trouble, SignInRefused) and not isinstance(trouble, AccountRefused):
            self._wrong += 1
            self._view.show_wrong()
            if self._wrong >= FREE_TRIES:
                self._wait = min(_FIRST_WAIT * 2 ** (self._wrong - FREE_TRIES), _LONGEST_WAIT)
                self._view.show_wait(self._wait)
                self._later(_SECOND_MS, self._count_down)
        else:
            self._view.show_trouble(trouble)

    def _count_down(self) -> None:
        self._wait -= 1
        if self._view is not None:
            self._view.show_wait(self._wait)
        if self._wait:
            self._later(_SECOND_MS, self._count_down)


def _prove(db: Database, password: str, _token: CancelToken) -> None:
    session.prove(db.target, password)
