"""Keeps what a person logs until the database has it, and enters it in order, each once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.presenting import CancelToken, Tasks
from crm_desktop.domain.errors import CrmError, DatabaseTrouble, InvalidInput
from crm_desktop.domain.logged import LoggedContact, ToEnter
from crm_desktop.services import Database, logged

if TYPE_CHECKING:
    from crm_desktop.services.logged import Logged

Later = Callable[[int, Callable[[], None]], None]
#: What could not be entered though the database seemed to be there is tried again.
_AGAIN_MS = 10_000


class Log(Protocol):
    """The encrypted files on this computer, for worker threads."""

    def entries(self) -> tuple[ToEnter, ...]:
        """What is to be entered, in the order in which it was logged."""

    def keep(self, entry: ToEnter) -> ToEnter:
        """Keep it in the place of an earlier one of its key; on the disk when this returns."""

    def forget(self, key: str) -> None:
        """It was entered, or thrown away."""


class LogView(Protocol):
    """What the log book asks of the window."""

    def show_to_enter(self, entries: tuple[ToEnter, ...]) -> None:
        """Show what the database does not have yet."""

    def show_kept(self, entry: ToEnter) -> None:
        """It is safe on this computer: whoever typed it may go on."""

    def show_entered(self, said: LoggedContact, became: Logged) -> None:
        """The database has it now."""


class LogBook:
    """One person's. `clock`: now, as well as it is known (UTC)."""

    def __init__(
        self,
        db: Database,
        tasks: Tasks,
        log: Log,
        view: LogView,
        *,
        clock: Callable[[], datetime],
        is_away: Callable[[], bool],
        later: Later,
    ) -> None:
        self._db, self._tasks, self._log, self._view = db, tasks, log, view
        self._clock, self._is_away, self._later = clock, is_away, later
        self._entries: tuple[ToEnter, ...] = ()
        self._entering: str | None = None
        self._mending: str | None = None
        self._number = 0
        self._later_asked = False

    @property
    def entries(self) -> tuple[ToEnter, ...]:
        """What the database does not have yet."""
        return self._entries

    def start(self) -> None:
        """Read what an earlier run left, and enter it."""
        self._local(self._log.entries, self._read)

    def keep(self, said: LoggedContact) -> None:
        """Keep a contact on this computer, then enter it: at once, or when the database is back."""
        entry = ToEnter(said, self._clock())
        self._local(partial(self._log.keep, entry), self._kept)

    def mend(self, key: str) -> ToEnter | None:
        """A person changes this one: it is not entered until `keep` or `let_be`.

        None when it is on its way, or was entered.
        """
        if key == self._entering:
            return None
        self._mending = key
        return next((each for each in self._entries if each.said.key == key), None)

    def let_be(self) -> None:
        """It stays as it was."""
        self._mending = None
        self.enter()

    def try_again(self, key: str) -> None:
        """What refused it may have been put right."""
        entry = next((each for each in self._entries if each.said.key == key), None)
        if entry is not None and key != self._entering:
            self._local(partial(self._log.keep, replace(entry, refused="")), self._changed)

    def discard(self, key: str) -> None:
        """Throw one away that is not entered; one that is on its way stays."""
        if key != self._entering:
            self._local(partial(self._forget, key), self._read)

    def enter(self) -> None:
        """Enter what waits, unless the database is away: its return asks again."""
        if self._entering is not None or self._is_away():
            return
        free = (each for each in self._entries if not each.refused)
        entry = next(free, None)
        # In their order: what comes after one that a person has open waits with it.
        if entry is None or entry.said.key == self._mending:
            return
        self._entering = entry.said.key
        self._tasks.write(
            partial(logged.log_contact, self._db, entry.said),
            partial(self._entered, entry),
            failed=partial(self._not_entered, entry),
        )

    def _local(self, work: Callable[[], object], done: Callable[..., None]) -> None:
        """Files are touched beside the database's thread, which may wait for a lost connection."""
        self._number += 1
        self._tasks.search(partial(_ignoring_token, work), done, key=f"logged {self._number}")

    def _read(self, entries: tuple[ToEnter, ...]) -> None:
        self._entries = entries
        self._view.show_to_enter(entries)
        self.enter()

    def _kept(self, entry: ToEnter) -> None:
        self._mending = None
        self._view.show_kept(entry)
        self.start()

    def _changed(self, _entry: ToEnter) -> None:
        self.start()

    def _forget(self, key: str) -> tuple[ToEnter, ...]:
        self._log.forget(key)
        return self._log.entries()

    def _entered(self, entry: ToEnter, became: Logged) -> None:
        self._entering = None
        key = entry.said.key
        # At once, so that nobody mends what is entered already; the file follows.
        self._entries = tuple(each for each in self._entries if each.said.key != key)
        self._view.show_entered(entry.said, became)
        self._local(partial(self._forget, key), self._read)

    def _not_entered(self, entry: ToEnter, trouble: CrmError) -> None:
        self._entering = None
        if isinstance(trouble, DatabaseTrouble):
            # It may have arrived all the same: the key makes the next try the same contact.
            if not self._later_asked:
                self._later_asked = True
                self._later(_AGAIN_MS, self._again)
            return
        refused = replace(entry, refused=_why(trouble))
        self._local(partial(self._refuse, refused), self._read)

    def _refuse(self, entry: ToEnter) -> tuple[ToEnter, ...]:
        # One that was thrown away or mended meanwhile is not brought back.
        if entry.said in [each.said for each in self._log.entries()]:
            self._log.keep(entry)
        return self._log.entries()

    def _again(self) -> None:
        self._later_asked = False
        self.enter()


def _why(trouble: CrmError) -> str:
    fields = trouble.params.get("fields")
    if isinstance(trouble, InvalidInput) and isinstance(fields, dict):
        return ". ".join(str(each) for each in fields.values()) + "."
    return words_for(trouble).happened


def _ignoring_token(work: Callable[[], object], _token: CancelToken) -> object:
    return work()
