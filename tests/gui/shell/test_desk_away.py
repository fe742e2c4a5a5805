"""The desk's page while the database is away: said in words, and by keyboard alone as always."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.desk.away_list import AwayList
from crm_desktop.desktop.shell.alone import AloneWindow
from crm_desktop.desktop.widgets.chooser import Chooser
from crm_desktop.domain.errors import DatabaseAway
from crm_desktop.domain.states import ContactState
from crm_desktop.domain.visits import Need
from crm_desktop.services import Database, visits
from crm_desktop.store.models import Contact, Service, Visit
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.away import Wire, back, cut, dialog_of, press, said, wait_said
from tests.gui.shell.conftest import Open, settled
from tests.gui.shell.test_desk import at_desk, kept, shown
from tests.visits_centre import add_site, arriving, service_of

ALT, CTRL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier


def test_a_visitor_is_checked_in_called_seen_and_done_and_then_entered(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    site = add_site(centre)
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    wire = cut(desktop, qtbot)
    for key in (Qt.Key.Key_1, Qt.Key.Key_0):
        QTest.keyClick(desktop.window, key, CTRL)
    assert screen.isVisible()
    wait_said(qtbot, screen, "This desk goes on without the database.")
    name = screen.check_in.name

    QTest.keyClicks(name, "Doyle")
    QTest.keyClick(name, Qt.Key.Key_2, ALT)
    QTest.keyClick(name, Qt.Key.Key_Return)
    wait_said(qtbot, screen, "B900 For Doyle")
    QTest.keyClick(name, Qt.Key.Key_Return, CTRL)
    wait_said(qtbot, screen, "A quick question, answered at the counter.")
    assert kept(centre) == []
    QTest.keyClick(name, Qt.Key.Key_F9)
    wait_said(qtbot, screen, "Calling B900")
    desktop.window.registry.run("view.public")
    public = desktop.window.public.screen
    assert public is not None
    assert "B900, Desk 1" in public.accessibleName()
    grab(public, "desk-away-public")
    QTest.keyClick(name, Qt.Key.Key_F10)
    wait_said(qtbot, screen, "Serving B900")
    QTest.keyClick(name, Qt.Key.Key_F12)
    wait_said(qtbot, screen, "Free")
    assert "1 visitor could not" not in shown(screen)

    back(desktop, wire, qtbot)
    wait_said(qtbot, screen, "2 visitors were entered.")

    assert sorted(kept(centre)) == [
        ("A001", "", ContactState.COMPLETED), ("B900", "Doyle", ContactState.COMPLETED),
    ]  # fmt: skip
    assert desktop.desk.visitors.visits() == ()


def test_what_is_refused_is_shown_with_what_to_do(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    site = add_site(centre)
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    wire = cut(desktop, qtbot)
    QTest.keyClicks(screen.check_in.name, "Doyle")
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_Return)
    wait_said(qtbot, screen, "A900 For Doyle")
    with centre.as_owner().write() as tx:
        tx.session.get_one(Service, service_of(centre, site)).active = False
    back(desktop, wire, qtbot)
    wait_said(qtbot, screen, "1 visitor could not be entered.")
    grab(desktop.window, "desk-away-refused")

    press(screen, "1 visitor to be entered")
    box = dialog_of(qtbot, screen, AwayList)
    grab(box, "desk-away-list")
    assert "Not entered." in said(box)
    assert accessibility.problems(box) == []
    press(box, "Another service")
    chooser = dialog_of(qtbot, screen, Chooser)
    QTest.keyClick(chooser.focusWidget() or chooser, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(kept(centre)) == 1)
    qtbot.waitUntil(lambda: screen._list is None)
    wait_said(qtbot, screen, "Tell them: A900 is B001 in the line")

    with centre.as_owner().read() as tx:
        assert tx.session.scalars(select(Visit.number)).all() == [1]


def test_the_page_opens_with_what_was_known_and_a_person_can_throw_one_away(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = add_site(centre)
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    wire = cut(desktop, qtbot)
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_Return)
    wait_said(qtbot, screen, "1 visitor to be entered")
    press(screen, "1 visitor to be entered")
    box = dialog_of(qtbot, screen, AwayList)
    press(box, "Throw away")
    assert len(desktop.desk.visitors.visits()) == 1, "asked twice"
    press(box, "Throw away for good?")
    qtbot.waitUntil(lambda: desktop.desk.visitors.visits() == ())
    back(desktop, wire, qtbot)

    assert kept(centre) == []


def test_with_no_numbers_the_page_says_how_to_go_on(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    site = add_site(centre)
    anna = centre.as_person("anna")
    for number in range(10):
        visits.reserve(anna, site, f"computer {number}")
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    wire = cut(desktop, qtbot)
    wait_said(qtbot, screen, "No numbers are left on this computer: F9 calls by name.")
    QTest.keyClicks(screen.check_in.name, "Doyle")
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_Return)
    wait_said(qtbot, screen, "No number For Doyle")
    assert "Call them" in shown(screen)
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_F9)
    wait_said(qtbot, screen, "Calling by name")
    grab(desktop.window, "desk-away-no-numbers")
    back(desktop, wire, qtbot)
    wait_said(qtbot, screen, "Tell them: Doyle is A001 in the line")


def test_who_starts_without_the_database_has_the_desk(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    site = add_site(centre)
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    cut(desktop, qtbot)
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_Return)
    wait_said(qtbot, screen, "1 visitor to be entered")

    alone = AloneWindow(desktop.desk, desktop.window.workplace.services, _away)
    qtbot.addWidget(alone)
    alone.start()
    page = alone.desk_screen
    assert page is not None
    wait_said(qtbot, page, "A900, Walk-in")
    QTest.keyClick(page.check_in.name, Qt.Key.Key_Return)
    wait_said(qtbot, page, "A901")
    QTest.keyClick(page.check_in.name, Qt.Key.Key_F9)
    wait_said(qtbot, page, "Calling A900")
    grab(alone, "desk-alone")
    assert accessibility.problems(alone) == []
    QTest.keyClicks(page.check_in.name, "Doyle")
    assert page.is_busy, "the main window waits for what is being typed"
    alone.close()


def _away() -> Database:
    raise DatabaseAway


@pytest.mark.parametrize("size", [(1280, 720, 100), (1440, 900, 200)])
def test_it_has_its_pictures(  # noqa: PLR0917 - sizes and fixtures
    centre: Centre,
    open_desktop: Open,
    qtbot: QtBot,
    grab: Grab,
    look: Look,
    size: tuple[int, int, int],
) -> None:
    site = add_site(centre, desks=3)
    anna = centre.as_person("anna")
    for number, who in enumerate(("R. Doyle", "", "A. Nowak")):
        needs = (Need.HEARING_LOOP,) if not number else ()
        service = service_of(centre, site, number % 2 + 1)
        visits.check_in(anna, arriving(site, service, who, needs=needs))
    width, height, scale = size
    look.set_scale(scale)
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    desktop.window.resize(width, height)
    wire: Wire = cut(desktop, qtbot)
    for who in ("", "M. Okafor", "K. Lindqvist"):
        QTest.keyClicks(screen.check_in.name, who)
        QTest.keyClick(screen.check_in.name, Qt.Key.Key_Return)
        settled(qtbot, desktop)
    for key, words in ((Qt.Key.Key_F9, "Calling A900"), (Qt.Key.Key_F10, "Serving A900")):
        QTest.keyClick(screen.check_in.name, key)
        wait_said(qtbot, screen, words)
    chosen = screen.line.list.current_key()
    assert isinstance(chosen, int)
    assert chosen < 0, "who came before cannot be called here"
    for scheme in (Scheme.LIGHT, Scheme.DARK) if scale == 100 else (Scheme.LIGHT,):
        look.set_scheme(scheme)
        grab(desktop.window, f"desk-away-{width}-{scale}-{scheme.value}")
    assert accessibility.problems(screen) == []
    back(desktop, wire, qtbot)
    wait_said(qtbot, screen, "3 visitors were entered.")
    with centre.as_owner().read() as tx:
        assert len(tx.session.scalars(select(Contact.id)).all()) == 6
