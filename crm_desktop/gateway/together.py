"""Threads that wait for the same kind of work share it: whoever comes first does it for all.

A commit costs a write to the disk whether it holds one mail or ten. Nobody waits for company: what
comes while others are being done is done next, together.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

_In = TypeVar("_In")
_Out = TypeVar("_Out")


@dataclass(slots=True)
class _Waiting(Generic[_In, _Out]):
    """One thread's item in the line; `called` when it is done, or when it is this thread's turn."""

    item: _In
    called: threading.Event = field(default_factory=threading.Event)
    done: bool = False
    answer: tuple[_Out] | None = None
    error: Exception | None = None


class Together(Generic[_In, _Out]):
    """`work` does up to `most` items at once, wholly or not at all, and answers in their order."""

    def __init__(self, work: Callable[[Sequence[_In]], Sequence[_Out]], most: int) -> None:
        self._work = work
        self._most = most
        self._lock = threading.Lock()
        self._line: list[_Waiting[_In, _Out]] = []
        self._busy = False

    def do(self, item: _In) -> _Out:
        """The answer for this item; raises what it raises when it is done alone."""
        mine: _Waiting[_In, _Out] = _Waiting(item)
        with self._lock:
            self._line.append(mine)
            leads, self._busy = not self._busy, True
        if not leads:
            mine.called.wait()
        if not mine.done:
            self._lead()
        if mine.error is not None:
            raise mine.error
        if mine.answer is None:
            # Somebody's item spoiled it for all; nothing was kept, and each is tried by itself.
            return self._work([item])[0]
        return mine.answer[0]

    def _lead(self) -> None:
        """Do what waits now, and let whoever is next in the line do the same."""
        with self._lock:
            batch, self._line = self._line[: self._most], self._line[self._most :]
        try:
            answers = self._work([each.item for each in batch])
            for each, answer in zip(batch, answers, strict=True):
                each.answer = (answer,)
        except Exception as error:  # noqa: BLE001 - whose it is shows when each is done alone
            if len(batch) == 1:
                batch[0].error = error
        finally:
            with self._lock:
                if self._line:
                    self._line[0].called.set()
                else:
                    self._busy = False
            for each in batch:
                each.done = True
                each.called.set()
