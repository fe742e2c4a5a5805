"""Brings the feed's notices to the GUI thread, gathered unless urgent, and says when it is away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from threading import Lock
from time import monotonic
from typing import Protocol

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import CrmError

#: Notices within this time after one reach the screens as one.
COALESCE_MS = 15
#: While notices go on the time doubles up to this: however much changes, a screen reads and draws
#: eight times a second.
LONGEST_MS = 120


@dataclass(frozen=True, slots=True)
class FeedState:
    """Whether changes arrive, and since when (UTC) that is so.

    `refused`: the database does not let this person in any more, and trying again is useless.
    """

    connected: bool
    since: datetime
    refused: CrmError | None = None


class ChangeSource(Protocol):
    """Where changes come from; both callbacks are called on the source's own thread."""

    def subscribe(
        self, on_changes: Callable[[Changes], None], on_state: Callable[[FeedState], None]
    ) -> Callable[[], None]:
        """Begin to tell; the returned function ends it and returns when no call is under way."""


class LiveFeed(QObject):
    """One feed a desktop. `changed` carries Changes, `state_changed` a FeedState, both on the
    GUI thread; own changes (`publish`) take the same path as others'.
    """

    changed = Signal(object)
    state_changed = Signal(object)
    _woken = Signal()
    _urged = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = Lock()
        self._waiting: list[Changes] = []
        self._urgent: list[Changes] = []
        self._states: list[FeedState] = []
        self._state: FeedState | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._gathers_ms = COALESCE_MS
        self._next = 0.0
        self._timer.timeout.connect(self._rested)
        self._woken.connect(self._wake, Qt.ConnectionType.QueuedConnection)
        self._urged.connect(self._tell_urgent, Qt.ConnectionType.QueuedConnection)

    @property
    def state(self) -> FeedState | None:
        """The last that the source said, None before it said anything."""
        return self._state

    @property
    def is_live(self) -> bool:
        """Whether the source tells of changes now."""
        return self._state is not None and self._state.connected

    @property
    def is_away(self) -> bool:
        """Whether the source has said that it is away; before it says anything nobody knows."""
        return self._state is not None and not self._state.connected

    @Slot()
    def rest(self) -> None:
        """Gather what comes now for a moment: this desktop writes, and shows its own answer before
        it reads what the feed tells of the same.
        """
        if not self._timer.isActive():
            self._gathers_ms = COALESCE_MS
        self._timer.start(self._gathers_ms)

    def start(self, source: ChangeSource) -> None:
        """Listen to a source, instead of the one before."""
        self.stop()
        self._unsubscribe = source.subscribe(self._take, self._take_state)

    def stop(self) -> None:
        """Listen no more."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    @Slot(object)
    def publish(self, changes: Changes) -> None:
        """Tell every screen of this desktop's own change at the next turn of the event loop."""
        with self._lock:
            self._waiting.append(changes)
        # Whoever did it does not wait until others' changes are gathered.
        self._timer.stop()
        self._next = 0.0
        self._woken.emit()

    def _take(self, changes: Changes) -> None:
        """On any thread: keep the notice and wake the GUI once for all that wait."""
        urgent, rest = changes.parted()
        with self._lock:
            first_urgent = bool(urgent) and not self._urgent
            first = bool(rest) and not self._waiting and not self._states
            if urgent:
                self._urgent.append(urgent)
            if rest:
                self._waiting.append(rest)
        if first_urgent:
            self._urged.emit()
        if first:
            self._woken.emit()

    def _take_state(self, state: FeedState) -> None:
        with self._lock:
            first = not self._waiting and not self._states
            self._states.append(state)
        if first:
            self._woken.emit()

    @Slot()
    def _tell_urgent(self) -> None:
        with self._lock:
            urgent, self._urgent = self._urgent, []
        if changes := Changes.joined(urgent):
            self.changed.emit(changes)

    @Slot()
    def _wake(self) -> None:
        # The first notice after a quiet time goes on at once, a burst is gathered.
        if self._timer.isActive():
            return
        wait = self._next - monotonic()
        if wait > 0:
            self._timer.start(ceil(wait * 1000))
        else:
            self._flush()
            self._gather(COALESCE_MS)

    @Slot()
    def _rested(self) -> None:
        if self._flush():
            self._gather(min(2 * self._gathers_ms, LONGEST_MS))

    def _gather(self, milliseconds: int) -> None:
        # No timer until something comes: mostly nothing does, and each wakes the desktop.
        self._gathers_ms, self._next = milliseconds, monotonic() + milliseconds / 1000

    def _flush(self) -> bool:
        if not self._waiting and not self._states:
            return False
        with self._lock:
            waiting, self._waiting = self._waiting, []
            states, self._states = self._states, []
        for state in states:
            if state != self._state:
                self._state = state
                self.state_changed.emit(state)
        if changes := Changes.joined(waiting):
            self.changed.emit(changes)
        return True
