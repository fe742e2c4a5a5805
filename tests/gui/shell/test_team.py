"""A team leader sees trouble at once and reaches everything from there, by mouse and by keys."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot
from sqlalchemy import event

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.screens.team.board_pane import BoardPane
from crm_desktop.desktop.screens.team.dragging import CONTACTS
from crm_desktop.desktop.screens.team.screen import TeamScreen
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.states import Channel, Presence
from crm_desktop.services import contacts
from crm_desktop.store.models import Activity, QueueStat, Staff
from tests.centre import Centre
from tests.gui.shell.conftest import Open, settled


def _at_work(centre: Centre) -> None:
    """Anna is there; a call has waited for too long in general, two mails lie in waste."""
    with centre.as_owner().write() as tx:
        anna = tx.session.query(Staff).filter(Staff.login == "anna").one()
        anna.presence, anna.presence_since = Presence.AVAILABLE, tx.now
        seen = tx.now + timedelta(hours=1)
        tx.session.merge(Activity(staff_id=anna.id, signed_in_at=tx.now, seen_at=seen))
        for code, channel, count, left in (
            ("general", Channel.CALL, 1, -131),
            ("waste", Channel.EMAIL, 2, 9_000),
        ):
            tx.session.add(
                QueueStat(
                    queue_id=centre.queue_id(code),
                    channel=channel,
                    waiting=count,
                    oldest_at=tx.now - timedelta(seconds=151),
                    next_due_at=tx.now + timedelta(seconds=left),
                )
            )


def _opened(centre: Centre, open_desktop: Open, qtbot: QtBot) -> tuple[Desktop, TeamScreen]:
    _at_work(centre)
    desktop = open_desktop(centre, "rose")
    QTest.keyClick(desktop.window, Qt.Key.Key_8, Qt.KeyboardModifier.ControlModifier)
    settled(qtbot, desktop)
    return desktop, desktop.window.pages.team_screen


def _cells(pane: BoardPane, name: str) -> list[str]:
    row = next(each for each in pane.table.board.rows if each.cells[0].text == name)
    return [cell.text for cell in row.cells]


def _middle(pane: BoardPane, key: int, column: int = 0) -> QPoint:
    index = pane.table.board.index(pane.table.board.place_of(key), column)
    return pane.table.visualRect(index).center()


def _key(pane: BoardPane, name: str) -> int:
    return next(each.key for each in pane.table.board.rows if each.cells[0].text == name)


def _readings(desktop: Desktop) -> list[str]:
    """The board's statements from now on."""
    read: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "'members'" in statement:
            read.append(statement)

    event.listen(desktop.desk.db.engine, "before_cursor_execute", note)
    return read


def test_it_is_for_those_who_lead(centre: Centre, open_desktop: Open) -> None:
    window = open_desktop(centre, "anna").window
    assert window.pages.widget("team") is None
    assert not window.registry.has("go.team")


def test_a_queue_in_trouble_says_so_in_words_and_everybody_is_told_apart(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop, screen = _opened(centre, open_desktop, qtbot)

    general = _cells(screen.queues, "General enquiries")
    assert general[1] == "1 call"
    assert general[2].startswith("2:3")
    assert general[2].endswith("late")
    assert general[3] == "1 of 1"
    assert _cells(screen.queues, "Waste and recycling")[1] == "2 emails"
    said = " ".join(accessibility.texts(accessibility.tree(screen)))
    assert "General enquiries, in trouble" in said
    assert "past its target" in said
    assert _cells(screen.people, "Anna Whitlock")[1] == "Available"
    assert _cells(screen.people, "Ben Achebe")[1] == "Not here"
    assert accessibility.problems(desktop.window) == []


def test_what_a_colleague_takes_shows_by_a_difference_and_nothing_is_read_while_nobody_looks(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    contact = centre.add_contact(subject="Bin not emptied")
    desktop, screen = _opened(centre, open_desktop, qtbot)
    resets: list[int] = []
    screen.people.table.board.modelReset.connect(lambda: resets.append(1))

    contacts.take(centre.as_person("anna"), contact)
    qtbot.waitUntil(lambda: _cells(screen.people, "Anna Whitlock")[1] == "1 email")
    assert _cells(screen.people, "Anna Whitlock")[3] == "Bin not emptied"
    assert not resets

    read = _readings(desktop)
    desktop.window.go("queue")
    contacts.release(centre.as_person("anna"), contact)
    QTest.qWait(700)
    settled(qtbot, desktop)
    assert not read
    desktop.window.go("team")
    qtbot.waitUntil(lambda: _cells(screen.people, "Anna Whitlock")[1] == "Available")


def test_queues_are_chosen_by_mouse_and_keys_and_their_settings_asked_for(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    _, screen = _opened(centre, open_desktop, qtbot)
    table, general = screen.queues.table, _key(screen.queues, "General enquiries")
    chosen: list[object] = []
    asked: list[object] = []
    screen.queues.queues_chosen.connect(chosen.append)
    screen.queues.settings_wanted.connect(asked.append)

    QTest.mouseClick(
        table.viewport(), Qt.MouseButton.LeftButton, pos=_middle(screen.queues, general)
    )
    QTest.keyClick(table, Qt.Key.Key_Down)
    QTest.keyClick(table, Qt.Key.Key_Down)
    QTest.keyClick(table, Qt.Key.Key_Return)
    QTest.keyClick(table, Qt.Key.Key_Return, Qt.KeyboardModifier.AltModifier)
    QTest.keyClick(table, Qt.Key.Key_Escape)

    waste = _key(screen.queues, "Waste and recycling")
    assert chosen == [(general,), (waste,), ()]
    assert asked == [waste]


def test_contacts_are_dropped_on_a_queue_or_a_person(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    _, screen = _opened(centre, open_desktop, qtbot)
    dropped: list[tuple[str, object]] = []
    for pane, name in ((screen.queues, "Waste and recycling"), (screen.people, "Anna Whitlock")):
        pane.contacts_dropped.connect(lambda kind, key: dropped.append((kind, key)))
        data = QMimeData()
        data.setData(CONTACTS, b"[1]")
        spot = _middle(pane, _key(pane, name))
        held = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton)
        keys = Qt.KeyboardModifier.NoModifier
        view = pane.table.viewport()
        QApplication.sendEvent(view, QDragEnterEvent(spot, *held, keys))
        QApplication.sendEvent(view, QDragMoveEvent(spot, *held, keys))
        QApplication.sendEvent(view, QDropEvent(spot.toPointF(), *held, keys))

    assert dropped == [
        ("queue", _key(screen.queues, "Waste and recycling")),
        ("person", _key(screen.people, "Anna Whitlock")),
    ]


def test_sorting_and_filter_are_kept(centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    desktop, screen = _opened(centre, open_desktop, qtbot)
    QTest.keyClick(screen.people.chips._buttons[1], Qt.Key.Key_Space)
    assert [each.cells[0].text for each in screen.people.table.board.rows] == ["Anna Whitlock"]
    screen.queues.table.setFocus()
    QTest.keyClick(screen.queues.table, Qt.Key.Key_Menu)
    screen.queues.sort_by("waiting")
    names = [each.cells[0].text for each in screen.queues.table.board.rows]
    # What is in trouble stands above all, however it is sorted.
    assert names[:2] == ["General enquiries", "Waste and recycling"]

    again = TeamScreen(desktop.desk.look, desktop.desk.clock, desktop.desk.settings)
    assert again.people.chips.keys() == ("available",)
    assert desktop.desk.settings.get("team/queue/sort") == "waiting up"
    again.deleteLater()


def test_the_menu_of_a_row_opens_by_its_key(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    _, screen = _opened(centre, open_desktop, qtbot)
    wanted: list[object] = []
    screen.people.person_wanted.connect(wanted.append)
    table, anna = screen.people.table, _key(screen.people, "Anna Whitlock")
    QTest.mouseClick(
        table.viewport(), Qt.MouseButton.LeftButton, pos=_middle(screen.people, anna, 5)
    )
    menu = next(each for each in screen.people.findChildren(QMenu) if each.isVisible())
    assert "Gone home: give everything back" in [each.text() for each in menu.actions()]
    menu.actions()[0].trigger()
    menu.close()
    assert wanted == [anna]


def test_a_notice_of_what_does_not_concern_the_board_reads_nothing(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop, _ = _opened(centre, open_desktop, qtbot)
    read = _readings(desktop)
    with centre.as_owner().write() as tx:
        tx.changed(Topic.KNOWLEDGE, 1)
    QTest.qWait(500)
    settled(qtbot, desktop)
    assert not read
