"""Keeps the list of what waits for this leader's decision, and does what they decide."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.decisions import Decision
from crm_desktop.domain.errors import CrmError
from crm_desktop.services import Database, decisions, handoffs, replies

#: Much changes in a busy centre, and this list little: it is read at most so often.
_REST_MS = 1_000
_TOPICS = (Topic.CONTACT, Topic.CASE, Topic.CUSTOMER, Topic.HANDOFF, Topic.ACCOUNT)


class DecisionsView(Protocol):
    """What the presenter asks of the pane."""

    def show_decisions(self, waiting: tuple[Decision, ...]) -> None:
        """Show these, the most urgent first."""

    def show_done(self, words: str) -> None:
        """Say what was decided."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Say what could not be done."""


class DecisionsPresenter(Presenter):
    """`later` is after milliseconds on the GUI thread."""

    def __init__(
        self,
        db: Database,
        tasks: Tasks,
        view: DecisionsView,
        *,
        later: Callable[[int, Callable[[], None]], None],
    ) -> None:
        super().__init__(tasks)
        self._db, self._view, self._later = db, view, later
        self._started = self._resting = self._again = False

    def start(self) -> None:
        """Read what waits."""
        self._started = True
        self._ask()

    def changed(self, changes: Changes) -> None:
        """Read again what may be decided by now, or is new."""
        if self._started and changes.has(*_TOPICS):
            self._ask()

    def approve_marker(self, decision: Decision, review_on: date) -> None:
        """Warn colleagues, until it is reviewed on that day."""
        self._do(
            partial(decisions.approve_marker, self._db, decision.ref, review_on),
            f"The safety marker of {decision.who} is active",
        )

    def decline_marker(self, decision: Decision) -> None:
        """Warn nobody."""
        self._do(
            partial(decisions.decline_marker, self._db, decision.ref),
            f"The safety marker of {decision.who} is declined",
        )

    def release(self, decision: Decision) -> None:
        """Send a stopped reply after all."""
        if decision.message_id is not None:
            self._do(
                partial(replies.release_stopped, self._db, decision.message_id),
                f"The reply to {decision.who} goes out",
            )

    def retry(self, decision: Decision) -> None:
        """Try again what gave up."""
        self._do(
            partial(handoffs.retry, self._db, decision.ref), f"{decision.who}: tried again now"
        )

    def let_be(self, decision: Decision) -> None:
        """Give up what was stopped or gave up."""
        self._do(
            partial(decisions.let_be, self._db, decision.ref), f"{decision.who}: not sent any more"
        )

    def _do(self, work: Callable[[], Changes], said: str) -> None:
        def done(_changes: Changes) -> None:
            self._view.show_done(said)
            self._read()

        self._tasks.write(work, done, failed=self._failed)

    def _failed(self, trouble: CrmError) -> None:
        self._view.show_trouble(trouble)
        self._read()

    def _ask(self) -> None:
        """Read now, or when the rest after the last reading is over."""
        if self._resting:
            self._again = True
            return
        self._resting = True
        self._later(_REST_MS, self._rested)
        self._read()

    def _rested(self) -> None:
        self._resting = False
        if self._again:
            self._again = False
            self._ask()

    def _read(self) -> None:
        self._tasks.read(
            partial(decisions.needs, self._db),
            self._view.show_decisions,
            failed=self._view.show_trouble,
            key="decisions",
        )
