"""A contact by the keyboard: found among the rows, taken, and wrapped up."""

from __future__ import annotations

from PySide6.QtCore import Qt

from crm_desktop.desktop.screens.queue.view import QueueList
from crm_desktop.desktop.widgets.chooser import ChoiceField
from crm_desktop.tour.story import Tour
from crm_desktop.tour.trouble import StepFailed

_MOST_ROWS = 60


def take(tour: Tour, title: str) -> None:
    """Go to the row that is titled so with the arrows, and take it with its key."""
    rows = tour.desk.window.queue.list
    tour.hands.wait_for(title, part=rows)
    tour.front()
    rows.setFocus()
    tour.hands.press("Home")
    for _ in range(_MOST_ROWS):
        if title in _spoken(rows):
            break
        tour.hands.press("Down")
    else:
        raise StepFailed(f"a row “{title}” within reach", tour.hands.said())
    tour.hands.press("T")
    tour.hands.wait_until(
        lambda: tour.desk.window.workplace.screen.isVisibleTo(tour.desk.window), "a workspace"
    )


def _spoken(rows: QueueList) -> str:
    return str(rows.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole))


def finish(tour: Tour, service: str, *outcome: str) -> None:
    """Wrap up: about a service, unless that is known, and with the outcome by its keys."""
    hands = tour.hands
    if not tour.workspace.is_wrapping_up:
        hands.press("F12")
    hands.wait_for("How did it end?", part=tour.workspace)
    wrap = tour.workspace.wrap_up
    chosen = wrap.findChildren(ChoiceField)[0]
    if chosen.key() is None:
        known = tour.desk.window.workplace.services
        chosen.choose(next(each.id for each in known if each.name.startswith(service)))
    tour.front()
    wrap.setFocus()
    hands.press(*outcome)
    hands.press("Return")
    hands.wait_for("is wrapped up.", part=tour.workspace)
