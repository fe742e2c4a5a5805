"""One desktop in its own process that is watched while others work: `python -m … ORDERS`.

ORDERS are those of `desk`, with a task of this module. The first line on standard output says which
contacts are on screen, the next what was seen: by `watch` until standard input says something, by
`scroll` for so many seconds from then on.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QEventLoop,
    QObject,
    QPoint,
    QPointF,
    QRect,
    QSocketNotifier,
    Qt,
    QTimer,
    Slot,
)
from PySide6.QtGui import QPaintEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox
from sqlalchemy import event

from crm_desktop.desktop.screens.queue.view import QueueList
from crm_desktop.desktop.screens.workspace.presenter import WorkspacePresenter
from crm_desktop.desktop.widgets.buttons import IconButton
from crm_desktop.desktop.widgets.chat_items import ITEM_ROLE
from crm_desktop.desktop.widgets.chat_view import ChatView
from tests.benchmarks.desk import Desk, memory, run
from tests.benchmarks.eye import Turns, Watcher
from tests.benchmarks.figures import percentile

_NOTCH = 120
_WHEEL_EVERY_MS = 16
#: Further down than up, so that page after page comes into sight.
_DOWN, _UP = 180, 120
#: No more lines than these come between two drawings.
_LAST_LINES = 12
_PERCENT = (50, 99, 99.9, 100)


class RowLog(Watcher):
    """Which waiting rows went from the list's sight or came into it, and when (seconds of the
    monotonic clock) the drawing that showed it was over.
    """

    def __init__(self, rows: QueueList) -> None:
        super().__init__()
        self._rows = rows
        self._drawn = self.places()
        self._new: list[tuple[int, bool]] = []
        self.seen: list[tuple[int, bool, float]] = []
        rows.viewport().installEventFilter(self)

    def places(self) -> dict[int, QRect]:
        """Where each waiting contact stands in the viewport, from the top."""
        found: dict[int, QRect] = {}
        model, sight = self._rows.queue_model, self._rows.viewport().rect()
        for at in range(model.rowCount()):
            index = model.index(at)
            row, place = model.row_at(index), self._rows.visualRect(index)
            if place.top() > sight.bottom():
                break
            if row is not None and row.owner_id is None and place.intersects(sight):
                found[row.id] = place
        return found

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note what this drawing changes; only what lies in the region that is drawn counts."""
        if event.type() != QEvent.Type.Paint:
            return False
        region = cast("QPaintEvent", event).region()
        now = self.places()
        gone = {each: place for each, place in self._drawn.items() if each not in now}
        come = {each: place for each, place in now.items() if each not in self._drawn}
        for present, places in ((False, gone), (True, come)):
            for each, place in places.items():
                if region.intersects(place):
                    self._new.append((each, present))
                    if present:
                        self._drawn[each] = place
                    else:
                        del self._drawn[each]
        for each in self._drawn.keys() & now.keys():
            self._drawn[each] = now[each]
        if self._new:
            self.tell_when_over()
        return False

    def over(self, at: float) -> None:
        """What it showed is on screen."""
        self.seen += [(each, present, at) for each, present in self._new]
        self._new.clear()


class LineLog(Watcher):
    """When each line of a chat was first on screen: the drawing that showed it was over."""

    def __init__(self, lines: ChatView) -> None:
        super().__init__()
        self._lines = lines
        self._new: list[str] = []
        self.seen: dict[str, float] = {}
        lines.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note which of the last lines this drawing shows for the first time."""
        if event.type() != QEvent.Type.Paint:
            return False
        sight, model = self._lines.viewport().rect(), self._lines.model()
        for row in range(max(0, model.rowCount() - _LAST_LINES), model.rowCount()):
            index = model.index(row, 0)
            text = index.data(ITEM_ROLE).text
            shown = self._lines.visualRect(index).intersects(sight)
            if shown and text not in self.seen and text not in self._new:
                self._new.append(text)
        if self._new:
            self.tell_when_over()
        return False

    def over(self, at: float) -> None:
        """What it showed is on screen."""
        self.seen.update((text, at) for text in self._new if text not in self.seen)
        self._new.clear()


class Wheel(QObject):
    """Somebody turns the wheel over the list, about sixty notches a second."""

    def __init__(self, rows: QueueList) -> None:
        super().__init__()
        self._target = rows.viewport()
        self._turned = 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_WHEEL_EVERY_MS)
        self._timer.timeout.connect(self._turn)
        self._timer.start()

    @Slot()
    def _turn(self) -> None:
        down = self._turned % (_DOWN + _UP) < _DOWN
        self._turned += 1
        at = QPointF(self._target.rect().center())
        event = QWheelEvent(
            at,
            self._target.mapToGlobal(at),
            QPoint(),
            QPoint(0, -_NOTCH if down else _NOTCH),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QCoreApplication.postEvent(self._target, event)


def watch(desk: Desk, orders: Mapping[str, Any]) -> list[tuple[int, bool, float]]:
    """What came and went: (contact, whether it is there now, when the drawing was over)."""
    if orders.get("queue"):
        _show_only(desk, orders["queue"])
    log = RowLog(desk.list)
    _say(list(log.places()))
    _until_told()
    return log.seen


def chat(desk: Desk, orders: Mapping[str, Any]) -> dict[str, float]:
    """When each line of an open chat of one's own was drawn, by its text."""
    desk.window.open_contact(orders["contact"])
    side = desk.window.workplace.screen.chat
    desk.until(lambda: side.is_shown and len(side.pane.view.items) > 0)
    desk.rest()
    log = LineLog(side.pane.view)
    _say([])
    _until_told()
    return log.seen


def scroll(desk: Desk, orders: Mapping[str, Any]) -> dict[str, Any]:
    """The event loop while the wheel is turned: its turns and the waits they cause, in
    milliseconds, and how many rows there are at last.
    """
    _say(list(RowLog(desk.list).places()))
    _until_told()
    turns = Turns()
    wheel = Wheel(desk.list)
    turns.start()
    desk.pause(int(orders["seconds"] * 1000))
    turns.stop()
    wheel.deleteLater()
    waits = turns.waits()
    return {
        "turns": [percentile(turns.lengths, each) for each in _PERCENT],
        "waits": [percentile(waits, each) for each in _PERCENT],
        "rows": desk.list.queue_model.rowCount(),
    }


def board(desk: Desk, orders: Mapping[str, Any]) -> dict[str, Any]:
    """The event loop while a team leader looks at the team: its turns, in milliseconds, how often
    a second the board was read, and how many people are on it.
    """
    screen = desk.window.pages.team_screen
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "'members'" in statement:
            asked.append(statement)

    desk.window.go("team")
    desk.until(lambda: screen.people.table.board.rowCount() > 0)
    desk.rest()
    event.listen(desk.desktop.desk.db.engine, "before_cursor_execute", note)
    _say([])
    _until_told()
    turns = Turns()
    turns.start()
    desk.pause(int(orders["seconds"] * 1000))
    turns.stop()
    return {
        "turns": [percentile(turns.lengths, each) for each in _PERCENT],
        "read": len(asked) / orders["seconds"],
        "people": screen.people.table.board.rowCount(),
    }


def handle(desk: Desk, orders: Mapping[str, Any]) -> tuple[float, float]:
    """Memory before and after so many contacts were opened, taken and returned, one by one."""
    begun = memory()
    presenter = desk.window.workplace.presenter
    for contact_id in desk.waiting[: orders["times"]]:
        desk.list.setFocus()
        desk.list.choose(contact_id)
        for key, holds in (
            (Qt.Key.Key_Return, partial(_is_open, presenter, contact_id)),
            (Qt.Key.Key_T, presenter.can_write),
            (Qt.Key.Key_R, partial(_is_not, presenter.can_write)),
        ):
            desk.list.setFocus()
            QTest.keyClick(desk.list, key)
            desk.until(holds)
            desk.rest()
    return begun, memory()


def _is_open(presenter: WorkspacePresenter, contact_id: int) -> bool:
    return presenter.contact is not None and presenter.contact.row.id == contact_id


def _is_not(holds: Callable[[], bool]) -> bool:
    return not holds()


def _until_told() -> None:
    """Let the window live until standard input says something, or ends."""
    loop = QEventLoop()
    told = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    told.activated.connect(loop.quit)
    loop.exec()
    told.setEnabled(False)


def _show_only(desk: Desk, queue: str) -> None:
    """Choose a queue in the filter, by keys."""
    screen = desk.window.queue
    (opener,) = (
        each
        for each in screen.findChildren(IconButton)
        if each.accessibleName() == "Filters and saved views"
    )
    opener.setFocus()
    QTest.keyClick(opener, Qt.Key.Key_Space)
    (combo,) = (
        each
        for each in screen.findChildren(QComboBox)
        if each.accessibleName() == "Only of one queue"
    )
    desk.until(lambda: combo.findText(queue) >= 0)
    combo.setFocus()
    QTest.keyClicks(combo, queue)
    desk.rest()
    if combo.currentText() != queue:
        raise RuntimeError(f"the filter shows {combo.currentText()!r}")


def _say(visible: list[int]) -> None:
    sys.stdout.write(json.dumps(visible) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(
        run({"watch": watch, "scroll": scroll, "board": board, "handle": handle, "chat": chat})
    )
