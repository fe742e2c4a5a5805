"""A team leader's main job by mouse and keys: trouble is seen, put right, and taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.figures.dialog import BehindDialog
from crm_desktop.desktop.screens.huddles.dialogs import HuddleDialog
from crm_desktop.desktop.screens.notes.dialog import NotesDialog
from crm_desktop.desktop.screens.team.board_pane import BoardPane
from crm_desktop.desktop.screens.team.dragging import mime_of
from crm_desktop.desktop.screens.team.give_dialog import GiveDialog
from crm_desktop.desktop.screens.team.panes import Pane, Panes, Place
from crm_desktop.desktop.screens.team.person_dialog import PersonDialog
from crm_desktop.desktop.screens.team.queue_dialog import QueueDialog
from crm_desktop.desktop.shell.my_day import DayDialog
from crm_desktop.desktop.shell.team_desk import TeamDesk
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import DatabaseAway
from crm_desktop.domain.huddles import Hearers, Scope
from crm_desktop.domain.states import Presence
from crm_desktop.services import huddles
from crm_desktop.store.models import Activity, Contact, Staff
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.away import back, cut
from tests.gui.shell.conftest import Open, settled
from tests.integration.conftest import postgres_centre

__all__ = ["postgres_centre"]

D = TypeVar("D", bound=QDialog)
RETURN, SPACE = Qt.Key.Key_Return, Qt.Key.Key_Space
ALT = Qt.KeyboardModifier.AltModifier


def _opened(centre: Centre, open_desktop: Open, qtbot: QtBot) -> tuple[Desktop, TeamDesk]:
    """Anna is there, and three mails wait in waste."""
    with centre.as_owner().write() as tx:
        anna = tx.session.scalars(select(Staff).where(Staff.login == "anna")).one()
        anna.presence, anna.presence_since = Presence.AVAILABLE, tx.now
        seen = tx.now + timedelta(hours=1)
        tx.session.merge(Activity(staff_id=anna.id, signed_in_at=tx.now, seen_at=seen))
    for who in ("Ada Poole", "Bea Quinn", "Cy Rowe"):
        centre.add_contact(queue="waste", who=who)
    desktop = open_desktop(centre, "rose")
    desktop.window.resize(1440, 900)
    desktop.window.registry.run("go.team")
    settled(qtbot, desktop)
    return desktop, desktop.window.pages.team


def _shown(kind: type[D]) -> D:
    return next(e for e in QApplication.topLevelWidgets() if isinstance(e, kind) and e.isVisible())


def _key(pane: BoardPane, name: str) -> int:
    return next(each.key for each in pane.table.board.rows if each.cells[0].text == name)


def _middle(pane: BoardPane, key: int) -> QPoint:
    return pane.table.visualRect(pane.table.board.index(pane.table.board.place_of(key), 0)).center()


def _click(pane: BoardPane, name: str) -> int:
    key = _key(pane, name)
    QTest.mouseClick(pane.table.viewport(), Qt.MouseButton.LeftButton, pos=_middle(pane, key))
    return key


def _owners(centre: Centre) -> dict[str, int | None]:
    with centre.as_owner().read() as tx:
        return {row.who: row.owner_id for row in tx.session.scalars(select(Contact))}


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_contacts_of_a_queue_are_given_to_a_person_and_taken_back(
    request: pytest.FixtureRequest, open_desktop: Open, qtbot: QtBot, dialect: str
) -> None:
    name = "centre" if dialect == "sqlite" else "postgres_centre"
    centre: Centre = request.getfixturevalue(name)
    desktop, team = _opened(centre, open_desktop, qtbot)
    centre.add_contact(queue="general", who="Not Of Waste")

    _click(team.screen.queues, "Waste and recycling")
    settled(qtbot, desktop)
    assert "Waste and recycling · 3 open" in " ".join(
        accessibility.texts(accessibility.tree(team.contacts))
    )
    chosen = team.contacts.list
    chosen.setFocus()
    QTest.keyClick(chosen, Qt.Key.Key_Home)
    QTest.keyClick(chosen, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(chosen, Qt.Key.Key_G)
    give = _shown(GiveDialog)
    QTest.keyClicks(give.field, "anna")
    QTest.keyClick(give.field, RETURN)
    settled(qtbot, desktop)
    assert sum(owner is not None for owner in _owners(centre).values()) == 2
    anna = _key(team.screen.people, "Anna Whitlock")
    qtbot.waitUntil(lambda: _state_of(team, anna) == "2 offered", timeout=10_000)

    desktop.window.registry.run("toast.undo")
    settled(qtbot, desktop)
    assert set(_owners(centre).values()) == {None}
    qtbot.waitUntil(lambda: _state_of(team, anna) == "Available", timeout=10_000)


def test_a_letter_means_the_row_under_the_keyboard_where_nothing_is_chosen(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop, team = _opened(centre, open_desktop, qtbot)
    centre.add_contact(queue="general", who="The Only One")
    _click(team.screen.queues, "General enquiries")
    settled(qtbot, desktop)
    only = team.contacts.list
    only.setFocus()
    # The only row is under the keyboard already: this chooses nothing.
    QTest.keyClick(only, Qt.Key.Key_Home)
    QTest.keyClick(only, Qt.Key.Key_U)
    assert only.how_many() == 0
    QTest.keyClick(only, Qt.Key.Key_G)
    give = _shown(GiveDialog)
    QTest.keyClicks(give.field, "anna")
    QTest.keyClick(give.field, RETURN)
    settled(qtbot, desktop)
    assert {who for who, owner in _owners(centre).items() if owner} == {"The Only One"}


def test_contacts_are_dragged_onto_a_person_and_onto_a_queue(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop, team = _opened(centre, open_desktop, qtbot)
    _click(team.screen.queues, "Waste and recycling")
    settled(qtbot, desktop)
    for pane, name, key in (
        (team.screen.people, "Anna Whitlock", Qt.Key.Key_Home),
        (team.screen.queues, "General enquiries", Qt.Key.Key_End),
    ):
        QTest.keyClick(team.contacts.list, key)
        _drop(pane, _key(pane, name), _dragged(team))
        settled(qtbot, desktop)

    anna = _key(team.screen.people, "Anna Whitlock")
    general = centre.queue_id("general")
    with centre.as_owner().read() as tx:
        rows = list(tx.session.scalars(select(Contact)))
        assert [row.owner_id for row in rows].count(anna) == 1
        assert [row.queue_id for row in rows].count(general) == 1


def test_everything_about_a_person_or_a_queue_is_a_key_away(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop, team = _opened(centre, open_desktop, qtbot)
    people, queues = team.screen.people, team.screen.queues
    _click(people, "Anna Whitlock")
    QTest.keyClick(people.table, RETURN)
    settled(qtbot, desktop)
    person = _shown(PersonDialog)
    assert "Anna Whitlock" in person.windowTitle()
    person.reject()
    QTest.keyClick(people.table, RETURN, ALT)
    settled(qtbot, desktop)
    _shown(NotesDialog).reject()
    people.history_wanted.emit(_key(people, "Anna Whitlock"))
    settled(qtbot, desktop)
    _shown(DayDialog).reject()

    waste = _click(queues, "Waste and recycling")
    QTest.keyClick(queues.table, RETURN, ALT)
    settled(qtbot, desktop)
    rules = _shown(QueueDialog)
    assert "Waste and recycling" in rules.windowTitle()
    rules.reject()
    queues.huddle_wanted.emit(waste)
    settled(qtbot, desktop)
    huddle = _shown(HuddleDialog)
    assert huddle.to.currentText() == "Everybody in Waste and recycling"
    huddle.reject()
    QTest.mouseClick(queues.rules, Qt.MouseButton.LeftButton)
    settled(qtbot, desktop)
    _shown(QueueDialog).reject()
    tile = team.screen.tiles.tiles[3]
    QTest.keyClick(tile, SPACE)
    settled(qtbot, desktop)
    _shown(BehindDialog).reject()


def test_somebody_who_has_gone_home_gives_everything_back(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop, team = _opened(centre, open_desktop, qtbot)
    anna = _key(team.screen.people, "Anna Whitlock")
    team.contacts.list.selectAll()
    _drop(team.screen.people, anna, _dragged(team))
    settled(qtbot, desktop)
    assert list(_owners(centre).values()).count(anna) == 3

    team.screen.people.gone_home.emit(anna)
    settled(qtbot, desktop)
    assert set(_owners(centre).values()) == {None}


def test_it_fits_every_room_and_everything_has_a_name(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    desktop, team = _opened(centre, open_desktop, qtbot)
    window, look = desktop.window, desktop.desk.look
    for width, height, scale, scheme in (
        (1440, 900, 100, Scheme.LIGHT),
        (1280, 720, 100, Scheme.DARK),
        (1440, 900, 200, Scheme.CONTRAST),
    ):
        look.set_scheme(scheme)
        look.set_scale(scale)
        window.resize(width, height)
        for key in ("queues", "people", "contacts", "decisions", "forecast", "figures"):
            team.screen.panes.show_pane(key)
            settled(qtbot, desktop)
            assert accessibility.problems(window) == []
        team.screen.focus()
        settled(qtbot, desktop)
        grab(window, f"team-{width}x{height}-{scale}-{scheme.value}")
        assert (window.width(), window.height()) == (width, height)


def test_what_is_said_at_the_top_does_not_make_the_window_grow(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop, team = _opened(centre, open_desktop, qtbot)
    huddles.send(centre.as_person("rose"), Hearers(Scope.ALL), "Storm", timedelta(hours=1))
    desktop.window.people.changed(Changes.everything())
    settled(qtbot, desktop)
    wire = cut(desktop, qtbot)
    QTest.mouseClick(team.contacts.filter_button, Qt.MouseButton.LeftButton)
    for pane in (team.contacts, team.screen):
        pane.show_trouble(DatabaseAway())
        qtbot.wait(50)

    assert desktop.window.height() == 900
    back(desktop, wire, qtbot)


def test_a_pane_that_moves_keeps_the_colours_of_the_theme(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop, team = _opened(centre, open_desktop, qtbot)
    window, look = desktop.window, desktop.desk.look
    look.set_scale(200)
    qtbot.wait(50)
    look.set_scheme(Scheme.DARK)
    look.set_scale(100)
    window.resize(1280, 720)
    qtbot.wait(50)

    shown = [text for text in team.screen.findChildren(Text) if text.isVisible()]
    wrong = [
        text.text()
        for text in shown
        if text.palette().color(QPalette.ColorRole.WindowText).lightness() < 100
    ]
    assert shown
    assert wrong == []


def _state_of(team: TeamDesk, key: int) -> str:
    board = team.screen.people.table.board
    return board.row_at(board.place_of(key)).cells[1].text


def _dragged(team: TeamDesk) -> QMimeData:
    """What the chosen contacts are once they are dragged."""
    team.contacts.list.dragging.emit()
    return mime_of(row.id for row in team.contacts.list.chosen())


def _drop(pane: BoardPane, key: int, data: QMimeData) -> None:
    spot, view = _middle(pane, key), pane.table.viewport()
    held = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton)
    keys = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(view, QDragEnterEvent(spot, *held, keys))
    QApplication.sendEvent(view, QDropEvent(spot.toPointF(), *held, keys))


def test_a_low_window_begins_without_empty_frames(look: Look, qtbot: QtBot) -> None:
    panes = Panes(look, Pane("figures", "Figures", QLabel("figures"), "left", 1))
    qtbot.addWidget(panes)
    for key, side in zip("abcd", ("left", "left", "right", "right"), strict=True):
        panes.add(Pane(key, key, QLabel(key), side, 1))
    panes.resize(look.px(1_000), look.px(500))
    panes.settle()
    panes.show()

    assert [each.isVisible() for each in panes.findChildren(Place)].count(True) == 3
