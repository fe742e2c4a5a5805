"""Keeps what this person has not read yet as it is, and what became of what they sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.huddles import Hearers, Huddle, Receipt, SentHuddle
from crm_desktop.services import Database, huddles

#: A timer of Qt counts no further than some weeks; this is asked again anyway.
_LONGEST_MS = 3_600_000
Failed = Callable[[CrmError], None]


class HuddleView(Protocol):
    """What the presenter of unread huddles asks of the strip."""

    def show_huddles(self, unread: tuple[Huddle, ...]) -> None:
        """Show these, oldest first, and announce those that are new."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Say what could not be done."""


class HuddlePresenter(Presenter):
    """The huddles that this person has not read."""

    def __init__(
        self,
        db: Database,
        tasks: Tasks,
        view: HuddleView,
        *,
        now: Callable[[], datetime],
        later: Callable[[int, Callable[[], None]], None],
    ) -> None:
        super().__init__(tasks)
        self._db, self._view = db, view
        self._now, self._later = now, later
        self._unread: tuple[Huddle, ...] = ()
        self._read: set[int] = set()

    def start(self) -> None:
        """Whatever was said while this person was away."""
        self._ask()

    def changed(self, changes: Changes) -> None:
        """Ask again when one was sent or ended, or this person read one elsewhere."""
        me = self._db.actor.id if self._db.actor else 0
        if changes.has(Topic.HUDDLE) or me in changes.ids(Topic.NOTE):
            self._ask()

    def read(self, huddle_id: int) -> None:
        """This person has read it: it goes at once, and comes back if that was not kept."""
        self._read.add(huddle_id)
        self._show(self._unread)
        self._tasks.write(
            partial(huddles.read, self._db, huddle_id), failed=partial(self._not_read, huddle_id)
        )

    def read_first(self) -> None:
        """The same of the oldest that is shown."""
        shown = [each for each in self._unread if each.id not in self._read]
        if shown:
            self.read(shown[0].id)

    def _not_read(self, huddle_id: int, trouble: CrmError) -> None:
        self._read.discard(huddle_id)
        self._view.show_trouble(trouble)
        self._ask()

    def _ask(self) -> None:
        self._tasks.read(
            partial(huddles.unread, self._db), self._show, failed=_keep_quiet, key="huddles"
        )

    def _show(self, unread: tuple[Huddle, ...]) -> None:
        self._unread = unread
        now = self._now()
        shown = tuple(
            each for each in unread if each.id not in self._read and each.expires_at > now
        )
        self._view.show_huddles(shown)
        if shown:
            wait = min(each.expires_at for each in shown) - now
            self._later(min(int(wait / timedelta(milliseconds=1)) + 1, _LONGEST_MS), self._expired)

    def _expired(self) -> None:
        self._show(self._unread)


def _keep_quiet(_trouble: CrmError) -> None:
    """A database that is away is told of by the feed; it is asked again when it is back."""


class SentView(Protocol):
    """What the presenter of sent huddles asks of its view."""

    def show_sent(self, sent: tuple[SentHuddle, ...]) -> None:
        """Show these, newest first."""

    def show_receipts(self, huddle_id: int, receipts: tuple[Receipt, ...]) -> None:
        """Show who has read the chosen one, and who has not."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Say what could not be done."""


class SentPresenter(Presenter):
    """A leader's own huddles, with who has read the chosen one."""

    def __init__(self, db: Database, tasks: Tasks, view: SentView) -> None:
        super().__init__(tasks)
        self._db, self._view = db, view
        self._known: frozenset[int] = frozenset()
        self._chosen: int | None = None

    def start(self) -> None:
        """Read what was sent."""
        self._ask()

    def changed(self, changes: Changes) -> None:
        """Read again when one was sent or ended, or somebody read one of these."""
        if changes.has(Topic.HUDDLE) or self._known & changes.ids(Topic.RECEIPT):
            self._ask()

    def choose(self, huddle_id: int) -> None:
        """Look at one."""
        self._chosen = huddle_id
        self._ask_receipts()

    def end(self, huddle_id: int) -> None:
        """Take one off every desktop."""
        self._tasks.write(partial(huddles.end, self._db, huddle_id), failed=self._view.show_trouble)

    def _ask(self) -> None:
        self._tasks.read(
            partial(huddles.sent, self._db), self._show, failed=_keep_quiet, key="sent"
        )
        self._ask_receipts()

    def _ask_receipts(self) -> None:
        if self._chosen is not None:
            self._tasks.read(
                partial(huddles.receipts, self._db, self._chosen),
                partial(self._view.show_receipts, self._chosen),
                failed=_keep_quiet,
                key="receipts",
            )

    def _show(self, sent: tuple[SentHuddle, ...]) -> None:
        self._known = frozenset(each.id for each in sent)
        self._view.show_sent(sent)


class HuddleSender:
    """Sends what a form has; by the form's `tasks` nothing comes back to one that is gone."""

    def __init__(self, db: Database, tasks: Tasks) -> None:
        self._db, self._tasks = db, tasks

    def send(
        self, to: Hearers, words: str, lasts: timedelta, done: Callable[[], None], failed: Failed
    ) -> None:
        """Tell people; `done` and `failed` are the form's."""

        def sent(_changes: Changes) -> None:
            done()

        self._tasks.write(partial(huddles.send, self._db, to, words, lasts), sent, failed=failed)
