"""What is done at the desk while it is watched. Times in the answers are milliseconds."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from crm_desktop.desktop.widgets.chips import ChipButton
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.states import Channel, ContactState
from tests.benchmarks import call_tasks
from tests.benchmarks.desk import Desk, Task, memory
from tests.benchmarks.desktop import REPLY

_HISTORY = 20


def _press(widget: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier | None = None) -> float:
    """Press a key; the moment before it."""
    begun = time.monotonic()
    QTest.keyClick(widget, key, modifier or Qt.KeyboardModifier.NoModifier)
    return begun


def queue(desk: Desk, orders: Mapping[str, Any]) -> list[float]:
    """From letting the key on a filter chip go, which is when a button acts, until that part of the
    queue is drawn, its first page of 50 read with the counts.
    """
    chips = {each.chip.key: each for each in desk.window.queue.findChildren(ChipButton)}
    taken = []
    for _ in range(orders["times"]):
        for key, forms in ((Channel.WEB_FORM.value, True), ("all", False)):
            chips[key].setFocus(Qt.FocusReason.TabFocusReason)
            QTest.keyPress(chips[key], Qt.Key.Key_Space)
            desk.rest()
            begun = time.monotonic()
            QTest.keyRelease(chips[key], Qt.Key.Key_Space)
            over = desk.eye.wait(
                f"the queue's page {key}",
                (desk.list.viewport(), lambda: _lists_only_forms(desk) is forms),  # noqa: B023
            )
            taken.append((over - begun) * 1000)
            desk.rest()
    return taken


def _lists_only_forms(desk: Desk) -> bool:
    model = desk.list.queue_model
    rows = [model.row_at(model.index(at)) for at in range(model.rowCount())]
    return all(row.channel is Channel.WEB_FORM for row in rows if row and row.owner_id is None)


def workspace(desk: Desk, orders: Mapping[str, Any]) -> dict[str, list[float]]:
    """From Enter on a row until its conversation, head and customer are drawn.

    `long` are the contacts whose customer has 20 entries of history.
    """
    screen = desk.window.workplace.screen
    presenter = desk.window.workplace.presenter
    parts = (screen.header, *(each.widget() for each in (screen.conversation, screen.customer)))
    found: dict[str, list[float]] = {"long": [], "short": []}
    for contact_id in _walk(desk, orders["times"]):
        shown = partial(_is_open, desk, contact_id)
        begun = _press(desk.list, Qt.Key.Key_Return)
        over = desk.eye.wait("the workspace", *((part, shown) for part in parts))
        contact = presenter.contact
        assert contact is not None
        history = len(contact.customer.history) if contact.customer else 0
        found["long" if history >= _HISTORY else "short"].append((over - begun) * 1000)
        desk.rest()
    return found


def _is_open(desk: Desk, contact_id: int) -> bool:
    contact = desk.window.workplace.presenter.contact
    return contact is not None and contact.row.id == contact_id


def _walk(desk: Desk, count: int) -> Any:
    """Go down the waiting contacts one by one; each is chosen when it is given out."""
    desk.list.setFocus()
    _press(desk.list, Qt.Key.Key_Home)
    given = 0
    while given < count:
        row = desk.list.current_row()
        if row is not None and row.owner_id is None:
            desk.rest()
            given += 1
            yield row.id
            desk.list.setFocus()
        before = desk.list.currentIndex().row()
        _press(desk.list, Qt.Key.Key_Down)
        desk.rest()
        if desk.list.currentIndex().row() == before:
            return


def take_and_reply(desk: Desk, orders: Mapping[str, Any]) -> dict[str, list[float]]:
    """From T until the contact stands in one's own part of the list and can be answered; from
    Ctrl+Enter until the reply stands in the conversation.
    """
    screen, presenter = desk.window.workplace.screen, desk.window.workplace.presenter
    answer: dict[str, list[float]] = {"take": [], "reply": []}
    mails = [id_ for id_ in desk.waiting if _is_mail(desk, id_)]
    for wanted in mails[: orders["times"]]:
        desk.list.setFocus()
        desk.list.choose(wanted)
        _press(desk.list, Qt.Key.Key_Return)
        desk.until(lambda: presenter.contact_id == wanted and presenter.contact is not None)  # noqa: B023
        desk.rest()
        begun = _press(desk.list, Qt.Key.Key_T)
        over = desk.eye.wait(
            "the taking",
            (desk.list.viewport(), partial(_is_mine, desk, wanted)),
            (screen.header, presenter.can_write),
        )
        answer["take"].append((over - begun) * 1000)
        desk.rest()
        _press(desk.list, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
        editor = screen.compose.composer.editor
        QTest.keyClicks(editor, REPLY)
        desk.rest()
        assert presenter.contact is not None
        before = len(presenter.contact.messages)
        begun = _press(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        more = partial(_has_more, desk, before)
        over = desk.eye.wait("the reply", (screen.conversation.widget(), more))
        answer["reply"].append((over - begun) * 1000)
        desk.rest()
        desk.list.setFocus()
        _press(desk.list, Qt.Key.Key_R)
        desk.until(lambda: not _is_mine(desk, wanted))  # noqa: B023
        desk.rest()
    return answer


def _has_more(desk: Desk, messages: int) -> bool:
    contact = desk.window.workplace.presenter.contact
    return contact is not None and len(contact.messages) > messages


def _is_mail(desk: Desk, contact_id: int) -> bool:
    row = desk.list.queue_model.row_at(desk.list.queue_model.place_of(contact_id))
    return row is not None and row.channel is Channel.EMAIL and not row.needs_checking


def _is_mine(desk: Desk, contact_id: int) -> bool:
    row = desk.list.queue_model.row_at(desk.list.queue_model.place_of(contact_id))
    return row is not None and row.state is ContactState.ACTIVE


def search(desk: Desk, orders: Mapping[str, Any]) -> list[float]:
    """From a text's last key in the palette until what was found is drawn, in their order."""
    palette = desk.window.palette_box
    (count,), (results,) = palette.findChildren(Text), palette.findChildren(RowList)
    answer = []
    for text in orders["texts"]:
        desk.list.setFocus()
        _press(desk.list, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        desk.until(palette.isVisible)
        field = QApplication.focusWidget()
        assert field is not None
        QTest.keyClicks(field, text[:-1])
        desk.rest()
        begun = time.monotonic()
        QTest.keyClicks(field, text[-1])
        over = desk.eye.wait(
            f"the search {text!r}",
            (count, lambda: palette.answered == text.strip()),  # noqa: B023
            also=results.viewport(),
        )
        answer.append((over - begun) * 1000)
        desk.rest()
        _press(field, Qt.Key.Key_Escape)
        palette.close_palette()
        desk.rest()
    return answer


def work(desk: Desk, orders: Mapping[str, Any]) -> dict[str, Any]:
    """All of it one after the other, as on a working day, and the memory at its end."""
    return {
        "queue": queue(desk, orders),
        "workspace": workspace(desk, orders),
        **take_and_reply(desk, orders),
        "memory": memory(),
    }


TASKS: Mapping[str, Task] = {
    "queue": queue,
    "workspace": workspace,
    "take_and_reply": take_and_reply,
    "search": search,
    "work": work,
    "calls": call_tasks.calls,
}
