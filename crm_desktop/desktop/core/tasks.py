"""Runs services off the GUI thread and brings the answers back on it, only to who still waits.

Three threads at most: one ordered lane to the database (writes first, in order; a read never
overtakes a write), one for searches, so that no write ever waits behind a search, and one for
files, which may lie on a share that does not answer for a minute. Each is made when it is needed.

What the showing of an answer asks for next begins when the answer has been drawn: threads share
one interpreter, and a person waits for the drawing.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count
from threading import Lock
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from crm_desktop.desktop.core.presenting import CancelToken
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import CrmError

T = TypeVar("T")


#: By then what an answer shows has been laid out and drawn.
_DRAWING_MS = 25


class Lane(IntEnum):
    """What kind of work it is; a smaller number runs first."""

    WRITE = 0
    READ = 1
    SEARCH = 2
    FILES = 3


@dataclass(order=True, slots=True)
class _Task:
    """One piece of work, ordered by lane and then by arrival."""

    lane: Lane
    number: int
    work: Callable[[], Any] = field(compare=False)
    done: Callable[[Any], None] | None = field(compare=False)
    failed: Callable[[CrmError], None] | None = field(compare=False)
    owner: QObject = field(compare=False)
    slot: tuple[int, str] | None = field(compare=False)
    token: CancelToken = field(compare=False)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of a task: an answer, expected trouble, a bug, or nothing when given up."""

    task: _Task
    value: Any = None
    trouble: BaseException | None = None
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class _Thread:
    """A thread, and what waits for it, the most urgent first."""

    waiting: list[_Task]
    pool: ThreadPoolExecutor


class TaskRunner(QObject):
    """The desktop's only threads besides the change feed. Lives on the GUI thread.

    Signals: `writing` that a write was asked for; `wrote` what it returned, when that is Changes or
    has them as its `changes`; `trouble` a CrmError that no caller handles; `bug` any other
    exception of a task.
    """

    trouble = Signal(object)
    bug = Signal(object)
    writing = Signal()
    wrote = Signal(object)
    _arrived = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._numbers = count(1)
        self._lock = Lock()
        self._newest: dict[tuple[int, str], _Task] = {}
        self._outstanding = 0
        self._open = True
        self._showing = False
        self._after_drawing: list[_Task] = []
        self._drawn = QTimer(self)
        self._drawn.setSingleShot(True)
        self._drawn.timeout.connect(self._go_on)
        database, search, files = (
            _Thread([], ThreadPoolExecutor(1, thread_name_prefix=name))
            for name in ("database", "search", "files")
        )
        self._threads = {
            Lane.WRITE: database,
            Lane.READ: database,
            Lane.SEARCH: search,
            Lane.FILES: files,
        }
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        work: Callable[[], T],
        *,
        owner: QObject,
        done: Callable[[T], None] | None = None,
        failed: Callable[[CrmError], None] | None = None,
        key: str = "",
        lane: Lane = Lane.READ,
        token: CancelToken | None = None,
    ) -> CancelToken:
        """Run `work` on another thread; `done` or `failed` come on the GUI thread.

        Nothing comes once `owner` is destroyed or the returned token cancelled, nor, for all but
        writes, when a newer one of the same owner and non-empty `key` was asked for.
        """
        slot = (id(owner), key) if key and lane is not Lane.WRITE else None
        task = _Task(
            lane, next(self._numbers), work, done, failed, owner, slot, token or CancelToken()
        )
        if not self._open:
            return task.token
        if slot is not None:
            older = self._newest.get(slot)
            if older is not None:
                older.token.cancel()
            self._newest[slot] = task
        self._outstanding += 1
        if lane is Lane.WRITE:
            self.writing.emit()
        if self._showing:
            self._after_drawing.append(task)
        else:
            self._queue(task)
        return task.token

    def for_owner(self, owner: QObject) -> OwnedTasks:
        """The `Tasks` of presenting, for the presenter whose view is `owner`."""
        return OwnedTasks(self, owner)

    def is_idle(self) -> bool:
        """Whether every task asked for has run and its answer was delivered or dropped."""
        return self._outstanding == 0

    def shutdown(self, *, wait: bool) -> None:
        """Take no more work: all but writes is given up, writes are finished.

        With `wait` returns only when the last write is through; no answers are delivered.
        """
        self._open = False
        self._go_on()
        with self._lock:
            waiting = [each for thread in self._threads.values() for each in thread.waiting]
            given_up = [*waiting, *self._newest.values()]
        for task in given_up:
            if task.lane is not Lane.WRITE:
                task.token.cancel()
        # Nobody who goes home waits for a file server.
        self._threads[Lane.FILES].pool.shutdown(wait=False)
        self._threads[Lane.SEARCH].pool.shutdown(wait=wait)
        self._threads[Lane.WRITE].pool.shutdown(wait=wait)

    def _queue(self, task: _Task) -> None:
        thread = self._threads[task.lane]
        with self._lock:
            heapq.heappush(thread.waiting, task)
        thread.pool.submit(self._run_next, thread.waiting)

    def _run_next(self, waiting: list[_Task]) -> None:
        """On a worker thread: run the most urgent task that waits."""
        box = [self._attempt_next(waiting)]
        self._arrived.emit(box)

    def _attempt_next(self, waiting: list[_Task]) -> _Answer:
        with self._lock:
            task = heapq.heappop(waiting)
        return _attempt(task)

    @Slot()
    def _go_on(self) -> None:
        """What was shown has been drawn."""
        waiting, self._after_drawing = self._after_drawing, []
        for task in waiting:
            self._queue(task)

    @Slot(object)
    def _deliver(self, box: list[_Answer]) -> None:
        # The worker may still hold the box, and must not be the last to hold a widget: what is
        # destroyed on another thread than the GUI's takes its timers with it there.
        answer = box.pop()
        # What follows a write is what the person waits for.
        self._showing = answer.task.lane is not Lane.WRITE
        try:
            self._show(answer)
        finally:
            self._showing = False
            if self._after_drawing:
                self._drawn.start(_DRAWING_MS)

    def _show(self, answer: _Answer) -> None:
        self._outstanding -= 1
        task = answer.task
        if task.slot is not None and self._newest.get(task.slot) is task:
            del self._newest[task.slot]
        wanted = not (answer.skipped or task.token.cancelled)
        if task.lane is Lane.WRITE:
            self._tell_what_changed(answer.value)
        if answer.trouble is not None:
            if wanted or task.lane is Lane.WRITE:
                self._fail(task, answer.trouble)
        elif wanted and task.done is not None and self._open and shiboken6.isValid(task.owner):
            task.done(answer.value)

    def _fail(self, task: _Task, trouble: BaseException) -> None:
        if not isinstance(trouble, CrmError):
            self.bug.emit(trouble)
        elif task.failed is None or not shiboken6.isValid(task.owner):
            self.trouble.emit(trouble)
        else:
            task.failed(trouble)

    def _tell_what_changed(self, value: object) -> None:
        changes = value if isinstance(value, Changes) else getattr(value, "changes", None)
        if isinstance(changes, Changes) and changes:
            self.wrote.emit(value)


def _attempt(task: _Task) -> _Answer:
    """Run a task unless it was given up; whatever it raises is an answer too."""
    if task.token.cancelled and task.lane is not Lane.WRITE:
        return _Answer(task, skipped=True)
    try:
        return _Answer(task, value=task.work())
    except Exception as trouble:  # noqa: BLE001 - a bug must reach the crash path, not a thread
        return _Answer(task, trouble=trouble)


class OwnedTasks:
    """`presenting.Tasks` over a TaskRunner for one owner."""

    def __init__(self, runner: TaskRunner, owner: QObject) -> None:
        self._runner = runner
        self._owner = owner

    def read(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        *,
        failed: Callable[[CrmError], None] | None = None,
        key: str = "",
    ) -> None:
        """See `presenting.Tasks.read`."""
        self._runner.run(work, owner=self._owner, done=done, failed=failed, key=key)

    def write(
        self,
        work: Callable[[], T],
        done: Callable[[T], None] | None = None,
        *,
        failed: Callable[[CrmError], None] | None = None,
    ) -> None:
        """See `presenting.Tasks.write`."""
        self._runner.run(work, owner=self._owner, done=done, failed=failed, lane=Lane.WRITE)

    def files(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        *,
        failed: Callable[[CrmError], None] | None = None,
        key: str = "",
    ) -> None:
        """See `presenting.Tasks.files`."""
        self._runner.run(
            work, owner=self._owner, done=done, failed=failed, key=key, lane=Lane.FILES
        )

    def search(
        self,
        work: Callable[[CancelToken], T],
        done: Callable[[T], None],
        *,
        failed: Callable[[CrmError], None] | None = None,
        key: str = "",
    ) -> None:
        """See `presenting.Tasks.search`."""
        token = CancelToken()

        def search() -> T:
            return work(token)

        self._runner.run(
            search,
            owner=self._owner,
            done=done,
            failed=failed,
            key=key,
            lane=Lane.SEARCH,
            token=token,
        )
