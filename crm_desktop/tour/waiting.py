"""Waiting for what must happen, while the desktop in this process goes on working."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

from PySide6.QtTest import QTest

from crm_desktop.tour.trouble import StepFailed

T = TypeVar("T")

#: Seconds that anything may take, on a slow and busy machine; a slower one is given more.
PATIENCE = float(os.environ.get("CRM_TOUR_PATIENCE", "30"))
_TURN_MS = 20


def until(
    ask: Callable[[], T | None],
    expected: str,
    seen: Callable[[], str] | str,
    seconds: float = PATIENCE,
) -> T:
    """The first answer of `ask` that is something; StepFailed after `seconds`.

    The event loop runs between two questions. `seen` says what was there instead.
    """
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise StepFailed(
                f"{expected} within {seconds:g} s", seen if isinstance(seen, str) else seen()
            )
        QTest.qWait(_TURN_MS)


def settle(milliseconds: int = 60) -> None:
    """Let layouts, repaints and queued answers happen before a picture is taken."""
    QTest.qWait(milliseconds)
