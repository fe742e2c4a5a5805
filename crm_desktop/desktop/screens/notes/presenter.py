"""Keeps a person's private notes as they are: who wrote, what was said, and what is unread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.huddles import Note, Talk
from crm_desktop.services import Database, huddles

Failed = Callable[[CrmError], None]


def _concerns(db: Database, changes: Changes) -> bool:
    """Whether something was written to or read by the person who is signed in."""
    me = db.actor.id if db.actor else 0
    return me in changes.ids(Topic.NOTE) or changes.has(Topic.EVERYTHING)


class TalksPresenter(Presenter):
    """How many notes are unread, for the top bar: `show` hears (unread, conversations)."""

    def __init__(self, db: Database, tasks: Tasks, show: Callable[[int, int], None]) -> None:
        super().__init__(tasks)
        self._db, self._show = db, show

    def start(self) -> None:
        """Read what waits."""
        self._tasks.read(
            partial(huddles.talks, self._db), self._count, failed=_keep_quiet, key="talks"
        )

    def changed(self, changes: Changes) -> None:
        """Read again when a note came or was read."""
        if _concerns(self._db, changes):
            self.start()

    def _count(self, talks: tuple[Talk, ...]) -> None:
        self._show(sum(each.unread for each in talks), len(talks))


class NotesView(Protocol):
    """What the presenter asks of the dialog."""

    def show_talks(self, talks: tuple[Talk, ...]) -> None:
        """Show with whom there are conversations."""

    def show_notes(self, other: int, notes: tuple[Note, ...]) -> None:
        """Show what was said with one of them, oldest first."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Say what could not be done."""


class NotesPresenter(Presenter):
    """Conversations, and the chosen one; what is shown of it has been read."""

    def __init__(self, db: Database, tasks: Tasks, view: NotesView) -> None:
        super().__init__(tasks)
        self._db, self._view = db, view
        self._other: int | None = None

    def start(self) -> None:
        """Read the conversations."""
        self._tasks.read(
            partial(huddles.talks, self._db),
            self._view.show_talks,
            failed=self._view.show_trouble,
            key="talks",
        )
        self._read_chosen()

    def changed(self, changes: Changes) -> None:
        """Read again when a note came or was read."""
        if _concerns(self._db, changes):
            self.start()

    def choose(self, other: int) -> None:
        """Look at the notes with a colleague."""
        self._other = other
        self._read_chosen()

    def write(self, other: int, text: str, done: Callable[[], None], failed: Failed) -> None:
        """Write to a colleague; `done` and `failed` are the dialog's."""

        def written(_changes: Changes) -> None:
            done()

        self._tasks.write(
            partial(huddles.write_note, self._db, other, text), written, failed=failed
        )

    def _read_chosen(self) -> None:
        if self._other is not None:
            self._tasks.read(
                partial(huddles.notes, self._db, self._other),
                partial(self._show, self._other),
                failed=self._view.show_trouble,
                key="notes",
            )

    def _show(self, other: int, notes: tuple[Note, ...]) -> None:
        if other != self._other:
            return
        self._view.show_notes(other, notes)
        unread = [each.id for each in notes if not each.mine and each.read_at is None]
        if unread:
            self._tasks.write(
                partial(huddles.notes_read, self._db, other, unread[-1]), failed=_keep_quiet
            )


def _keep_quiet(_trouble: CrmError) -> None:
    """It is asked again at the next change, and when the database is back."""
