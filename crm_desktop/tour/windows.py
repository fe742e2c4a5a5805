"""Windows over a desktop's own: whichever of a kind is in sight."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtWidgets import QApplication, QWidget

from crm_desktop.tour.hands import Hands
from crm_desktop.tour.waiting import PATIENCE, until

W = TypeVar("W", bound=QWidget)


def shown(kind: type[W], seen: Callable[[], str], seconds: float = PATIENCE) -> W:
    """Wait for a window of a kind; `seen` says what was there instead."""
    return until(lambda: _found(kind), f"a {kind.__name__}", seen, seconds)


def in_front(window: QWidget) -> Hands:
    """Hands at a window, brought to the front as a click on it would."""

    def clicked() -> bool:
        # A popup that goes away meanwhile leaves nobody in front.
        window.activateWindow()
        return window.isActiveWindow()

    until(clicked, "the window in front", lambda: str(QApplication.activeWindow()))
    return Hands(window)


def gone(kind: type[QWidget], seen: Callable[[], str]) -> None:
    """Wait until there is no window of a kind."""
    until(lambda: _found(kind) is None, f"no {kind.__name__} any more", seen)


def _found(kind: type[W]) -> W | None:
    for each in QApplication.topLevelWidgets():
        if isinstance(each, kind) and each.isVisible():
            return each
    return None
