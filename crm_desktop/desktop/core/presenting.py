"""What a presenter stands on, free of Qt: tasks to run elsewhere, changes to react to.

A presenter knows services and a `View` protocol of its own, never a widget, so that its test
needs neither a QApplication nor threads (`ImmediateTasks`).
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock
from typing import Protocol, TypeVar

from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import CrmError

T = TypeVar("T")


class CancelToken:
    """Tells work on another thread that nobody waits for its answer any more."""

    def __init__(self) -> None:
        self._cancelled = Event()
        self._lock = Lock()
        self._stop: Callable[[], None] | None = None

    @property
    def cancelled(self) -> bool:
        """Whether the answer is no longer wanted; ask between steps."""
        return self._cancelled.is_set()

    def on_cancel(self, stop: Callable[[], None] | None) -> None:
        """Name what interrupts the work (a database's own cancel); None when it is past that.

        `stop` is called on the cancelling thread, at once when already cancelled.
        """
        with self._lock:
            self._stop = stop
            late = self._cancelled.is_set()
        if late and stop:
            stop()

    def cancel(self) -> None:
        """Say that the answer is not wanted; interrupts the work where it can be."""
        with self._lock:
            self._cancelled.set()
            stop = self._stop
        if stop:
            stop()


class Tasks(Protocol):
    """Runs services off the GUI thread and brings answers back on it.

    Of several of one kind with one non-empty `key` only the newest answer arrives. What
    fails with a CrmError goes to `failed`, or to the window's error bar when that is None; any
    other exception is a bug and takes the crash path.
    """

    def read(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        *,
        failed: Callable[[CrmError], None] | None = None,
        key: str = "",
    ) -> None:
        """Ask the database; runs after every write asked for before."""

    def write(
        self,
        work: Callable[[], T],
        done: Callable[[T], None] | None = None,
        *,
        failed: Callable[[CrmError], None] | None = None,
    ) -> None:
        """Change the database; in order, never skipped, before waiting reads."""

    def search(
        self,
        work: Callable[[CancelToken], T],
        done: Callable[[T], None],
        *,
        failed: Callable[[CrmError], None] | None = None,
        key: str = "",
    ) -> None:
        """Anything slow that may be given up: never holds up a read or a write."""

    def files(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        *,
        failed: Callable[[CrmError], None] | None = None,
        key: str = "",
    ) -> None:
        """Read or draw files of this computer or a share: never holds up any of the others."""


class ImmediateTasks:
    """Tasks done on the spot, for tests of presenters."""

    def read(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        *,
        failed: Callable[[CrmError], None] | None = None,
        key: str = "",
    ) -> None:
        """Run now."""
        self.write(work, done, failed=failed)

    def write(
        self,
        work: Callable[[], T],
        done: Callable[[T], None] | None = None,
        *,
        failed: Callable[[CrmError], None] | None = None,
    ) -> None:
        """Run now; trouble with nobody to tell is raised."""
        try:
            answer = work()
        except CrmError as trouble:
            if failed is None:
                raise
            failed(trouble)
            return
        if done is not None:
            done(answer)

    def search(
        self,
        work: Callable[[CancelToken], T],
        done: Callable[[T], None],
        *,
        failed: Callable[[CrmError], None] | None = None,
        key: str = "",
    ) -> None:
        """Run now with a token that is never cancelled."""

        def run() -> T:
            return work(CancelToken())

        self.write(run, done, failed=failed)

    def files(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        *,
        failed: Callable[[CrmError], None] | None = None,
        key: str = "",
    ) -> None:
        """Run now."""
        self.write(work, done, failed=failed)


class Presenter:
    """The base of every screen's presenter: what to do when something changed, and when it ends."""

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks

    def start(self) -> None:
        """The screen is shown for the first time: read what it shows."""

    def changed(self, changes: Changes) -> None:
        """Others or this desktop changed something: read again what is on the screen."""

    def stop(self) -> None:
        """The screen goes away: save what must not be lost."""
