"""What the queue of an ended call asks of whoever wraps it up: read once it ended, and changed."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.views import Moved
from crm_desktop.domain.wrap_up import WrapUpRule
from crm_desktop.services import Database, wrap_up


class AfterCallView(Protocol):
    """What the presenter asks of the workspace."""

    def show_rule(self, contact_id: int, rule: WrapUpRule | None) -> None:
        """Show how the wrap-up of this call ends; None: it is none, or not any more."""

    def left(self, contact_id: int) -> None:
        """It is done without the three answers."""

    def not_done(self, trouble: CrmError) -> None:
        """Say why it is not."""


class WrapUpPresenter(Presenter):
    """Of the call that one workspace shows."""

    def __init__(self, db: Database, tasks: Tasks, view: AfterCallView) -> None:
        super().__init__(tasks)
        self._db, self._view = db, view

    def read(self, contact_id: int) -> None:
        """Ask how the wrap-up of a call ends."""
        self._tasks.read(
            partial(wrap_up.of, self._db, contact_id),
            partial(self._view.show_rule, contact_id),
            failed=self._view.not_done,
            key="wrap-up",
        )

    def extend(self, contact_id: int) -> None:
        """Have the time once more; its change is read as any other."""
        self._tasks.write(partial(wrap_up.extend, self._db, contact_id), failed=self._view.not_done)

    def leave(self, contact_id: int) -> None:
        """Be done without the three answers."""
        self._tasks.write(
            partial(wrap_up.leave, self._db, contact_id),
            partial(self._done, contact_id),
            failed=self._view.not_done,
        )

    def _done(self, contact_id: int, _moved: Moved) -> None:
        self._view.left(contact_id)
