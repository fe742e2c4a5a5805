"""Lists cases as they are now, by what is typed and the state chosen."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.states import CaseState
from crm_desktop.domain.views import CaseRow
from crm_desktop.services import Database, cases

_LIMIT = 100


class CasesView(Protocol):
    """What the presenter asks of the screen."""

    def show_cases(self, found: tuple[CaseRow, ...]) -> None:
        """Show these, newest first."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Say why the list may be old."""


class CasesPresenter(Presenter):
    """The cases screen."""

    def __init__(self, db: Database, tasks: Tasks, view: CasesView) -> None:
        super().__init__(tasks)
        self._db = db
        self._view = view
        self._text = ""
        self._state: CaseState | None = None
        self._started = False

    def start(self) -> None:
        """Read the newest cases."""
        self._started = True
        self._read()

    def search(self, text: str) -> None:
        """Only those whose reference or customer fits."""
        self._text = text.strip()
        self._read()

    def choose_state(self, state: CaseState | None) -> None:
        """Only those in one state; None: every state."""
        self._state = state
        self._read()

    def changed(self, changes: Changes) -> None:
        """Read the list again when a case changed."""
        if self._started and changes.has(Topic.CASE):
            self._read()

    def _read(self) -> None:
        self._tasks.read(
            partial(cases.list_cases, self._db, self._text, self._state, _LIMIT),
            self._view.show_cases,
            failed=self._view.show_trouble,
            key="list",
        )
