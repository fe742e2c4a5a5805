"""The change feed: what others committed, as it happens, on a connection and thread of its own.

A notice is an invalidation and never data. Payloads come from a channel that anybody with a login
may write to, so they are read defensively and a flood of them is answered with one "everything".
"""

from __future__ import annotations

import logging
import random
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from itertools import repeat

from crm_desktop.domain.changes import URGENT, Change, Changes, Topic
from crm_desktop.domain.errors import CrmError, DatabaseAway, SignInRefused
from crm_desktop.store.database import Target
from crm_desktop.store.errors import translated

_LOG = logging.getLogger(__name__)

#: Notices closer together than this arrive as one batch; in seconds.
BATCH_SECONDS = 0.01
#: While so many come within a second, they are gathered for so long: two hundred desktops that read
#: again at every one of fifty changes a second would leave the database time for nothing else.
BUSY_NOTICES = 12
BUSY_SECONDS = 0.36
#: A feed that lately heard of what is urgent rests no longer than so, in seconds.
URGENT_REST_SECONDS = 0.03
_URGENT_LATELY_SECONDS = 60.0
#: More changes than this within the window say only that everything may have changed.
MOST_CHANGES = 500
_WINDOW_SECONDS = 0.25
#: How often a flood may say so.
_FLOOD_SECONDS = 2.0
#: How soon a lost database is looked for again: the longer it is away, the less is asked of
#: whatever is coming up in its place; but a promotion is noticed within moments. In seconds.
_FIRST_RETRY = 0.1
_LONGEST_RETRY = 0.5
_PATIENT_RETRY = 2.0
_PATIENT_AFTER = 120
_LARGEST_ID = 2**63 - 1

OnChanges = Callable[[Changes], None]
OnState = Callable[[bool, CrmError | None], None]


def parse(payload: str) -> frozenset[Change]:
    """The changes of a payload `topic:id,topic:id`; what is no such thing is passed over."""
    found: set[Change] = set()
    for part in payload.split(",", MOST_CHANGES)[:MOST_CHANGES]:
        topic, _, number = part.partition(":")
        known = _TOPICS.get(topic)
        if known is None or not number.isascii() or not number.isdigit() or len(number) > 19:
            continue
        if int(number) <= _LARGEST_ID:
            found.add(Change(known, int(number)))
    return frozenset(found)


_TOPICS = {each.value: each for each in Topic if each is not Topic.EVERYTHING}


class Batcher:
    """Joins notices into batches at least BATCH_SECONDS apart, `busy_seconds` while many come but
    for what is urgent, and caps a flood.

    Not thread-safe; `now` is a monotonic clock in seconds.
    """

    def __init__(
        self,
        emit: OnChanges,
        now: Callable[[], float] = time.monotonic,
        *,
        busy_seconds: float = BUSY_SECONDS,
    ) -> None:
        self._emit = emit
        self._now = now
        self._busy_seconds = busy_seconds
        self._pending: set[Change] = set()
        self._urgent: set[Change] = set()
        self._flooded = self._busy = False
        self._next_emit = 0.0
        self._next_urgent = 0.0
        self._urgent_until = 0.0
        self._window_ends = 0.0
        self._in_window = 0
        self._flood_allowed = 0.0
        self._came: deque[float] = deque(maxlen=BUSY_NOTICES)

    @property
    def is_busy(self) -> bool:
        """Whether many notices came within the last second."""
        return len(self._came) == BUSY_NOTICES and self._now() - self._came[0] < 1

    def add(self, changes: frozenset[Change], notices: int = 1) -> None:
        """Take what so many notices told; `flush` gives it out when it is time."""
        now = self._now()
        urgent = frozenset(each for each in changes if each.topic in URGENT)
        if urgent:
            self._urgent_until = now + _URGENT_LATELY_SECONDS
        if len(urgent) < len(changes) or not changes:
            self._came.extend(repeat(now, notices))
        if now >= self._window_ends:
            self._window_ends, self._in_window = now + _WINDOW_SECONDS, 0
        self._in_window += len(changes - self._pending - self._urgent)
        if self._flooded or self._in_window > MOST_CHANGES:
            self.overflow()
        else:
            self._urgent |= urgent
            self._pending |= changes - urgent

    def overflow(self) -> None:
        """So much came that nobody counted it."""
        self._flooded = True
        self._pending.clear()
        self._urgent.clear()

    def flush(self) -> None:
        """Give out what waits, unless the last batch was just now."""
        wait = self.seconds_until_flush()
        if wait is None or wait > 0:
            return
        now = self._now()
        if self._flooded:
            self._flooded, self._flood_allowed = False, now + _FLOOD_SECONDS
            self._next_emit = self._after(now)
            self._emit(Changes.everything())
            return
        given = frozenset(self._urgent)
        self._urgent.clear()
        self._next_urgent = now + BATCH_SECONDS
        if self._pending and now >= self._next_emit:
            given |= self._pending
            self._pending.clear()
            self._next_emit = self._after(now)
        self._emit(Changes(given))

    def _after(self, now: float) -> float:
        """When the next batch may go out; all desktops hear of a burst in one instant, so each
        goes on from a moment of its own in it.
        """
        began, self._busy = not self._busy, self.is_busy
        if not self._busy:
            return now + BATCH_SECONDS
        share = random.random() if began else 1.0  # noqa: S311 - spreads load
        return now + max(BATCH_SECONDS, self._busy_seconds * share)

    def seconds_of_rest(self) -> float:
        """How long nobody needs to look for more: it would wait, and one look finds all of it."""
        if self._flooded or not self.is_busy:
            return 0.0
        now = self._now()
        rest = max(0.0, self._next_emit - now)
        return min(rest, URGENT_REST_SECONDS) if now < self._urgent_until else rest

    def seconds_until_flush(self) -> float | None:
        """How long what waits must still wait; None when nothing does."""
        if self._flooded:
            at = max(self._next_emit, self._flood_allowed)
        else:
            waiting = (
                *([self._next_emit] if self._pending else ()),
                *([self._next_urgent] if self._urgent else ()),
            )
            if not waiting:
                return None
            at = min(waiting)
        return max(0.0, at - self._now())


class Feed(ABC):
    """Runs on its own thread; calls back on it. Start once, stop once."""

    def __init__(
        self,
        target: Target,
        on_changes: OnChanges,
        on_state: OnState,
        busy_seconds: float = BUSY_SECONDS,
    ) -> None:
        self.target = target
        self._busy_seconds = busy_seconds
        self._on_changes = on_changes
        self._on_state = on_state
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="change-feed", daemon=True)
        self._connected: bool | None = None
        self._refused = False

    def start(self) -> None:
        """Begin to listen; returns at once. The first state comes when it is known."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and wait for the thread; nothing is called back afterwards."""
        self._stopping.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join()

    @abstractmethod
    def _listen(self) -> None:
        """Connect, call `_present`, deliver until stopped; raises when the database is away."""

    def _present(self) -> None:
        """The database is there (again): whatever is shown must be read again."""
        self._connected = True
        self._refused = False
        self._on_state(True, None)
        self._on_changes(Changes.everything())

    def _run(self) -> None:
        tries = 0
        while not self._stopping.is_set():
            try:
                self._listen()
            except Exception as error:  # noqa: BLE001 - _known lets bugs out
                trouble = _known(error)
                refused = isinstance(trouble, SignInRefused)
                if self._connected is not False or (refused and not self._refused):
                    _LOG.warning("the change feed lost the database: %s", trouble.code)
                    tries = 0
                    self._connected, self._refused = False, refused
                    self._on_state(False, trouble)
                self._stopping.wait(_delay(tries) * random.uniform(0.75, 1.25))  # noqa: S311 - spreads load
                tries += 1


def _delay(tries: int) -> float:
    if tries > _PATIENT_AFTER:
        return _PATIENT_RETRY
    delay: float = _FIRST_RETRY * 2 ** min(tries, 10)
    return min(delay, _LONGEST_RETRY)


def _known(error: Exception) -> CrmError:
    """Expected trouble; a bug ends the thread loudly."""
    if isinstance(error, CrmError):
        return error
    if isinstance(error, OSError):
        return DatabaseAway(error.strerror or "")
    found = translated(error)
    if found is None:
        raise error
    return found
