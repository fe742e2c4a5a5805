"""The desk's keys wherever the keyboard is, and while the database is away; each does one thing."""

from __future__ import annotations

import threading

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.screens.desk.asking import AskNote
from crm_desktop.desktop.screens.desk.screen import DeskScreen
from crm_desktop.desktop.widgets.chooser import Chooser
from crm_desktop.domain.states import ContactState
from crm_desktop.domain.visits import Need
from crm_desktop.services import visits
from crm_desktop.store.models import AtPlace
from tests.centre import Centre
from tests.gui.shell.away import back, cut, wait_said
from tests.gui.shell.conftest import Open, settled
from tests.gui.shell.test_desk import at_desk, kept, said, shown
from tests.visits_centre import add_place, add_site, arriving, known, places, service_of

ALT, CTRL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
SHIFT, PLAIN = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier


def _choosers(screen: DeskScreen) -> list[Chooser]:
    return [each for each in screen.findChildren(Chooser) if each.isVisible()]


def _calling(centre: Centre, screen: DeskScreen, qtbot: QtBot) -> None:
    """The first of the line comes to this desk."""
    qtbot.waitUntil(screen.line.next.isEnabled)
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: "Calling A001" in shown(screen))


def test_the_keyboard_is_in_the_page_from_its_first_moment_on(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    for code in ("eastgate", "guildhall"):
        site = add_site(centre, code)
    visits.check_in(centre.as_person("anna"), arriving(site, service_of(centre, site), "Doyle"))
    desktop = open_desktop(centre, "rose")
    QTest.keyClick(desktop.window, Qt.Key.Key_0, CTRL)
    screen = desktop.window.pages.desk_screen
    qtbot.waitUntil(lambda: bool(_choosers(screen)))
    (sites,) = _choosers(screen)
    QTest.keyClicks(sites.field, "guild")
    QTest.keyClick(sites.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "Doyle" in shown(screen))
    settled(qtbot, desktop)

    focus = desktop.window.focusWidget()
    assert focus is screen.check_in.name
    QTest.keyClick(focus, Qt.Key.Key_F9)
    settled(qtbot, desktop)
    assert [each.windowTitle() for each in _choosers(screen)] == ["Which desk is this?"]
    assert kept(centre)[0][2] == ContactState.QUEUED, "the window's F9 would have taken somebody"


def test_who_left_the_question_is_asked_again_and_moves_to_another_site(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    eastgate, guildhall = add_site(centre, "eastgate"), add_site(centre, "guildhall")
    desktop = open_desktop(centre, "rose")
    QTest.keyClick(desktop.window, Qt.Key.Key_0, CTRL)
    screen = desktop.window.pages.desk_screen

    def answer(question: str, words: str, key: Qt.Key = Qt.Key.Key_Return) -> None:
        qtbot.waitUntil(lambda: [e.windowTitle() for e in _choosers(screen)] == [question])
        (asked,) = _choosers(screen)
        QTest.keyClicks(asked.field, words)
        QTest.keyClick(asked.field, key)
        qtbot.waitUntil(lambda: asked not in _choosers(screen))
        settled(qtbot, desktop)

    answer("Which site is this?", "", Qt.Key.Key_Escape)
    for question, words in (("Which site is this?", "guild"), ("Which desk is this?", "desk 2")):
        QTest.keyClick(screen.check_in.name, Qt.Key.Key_F9)
        answer(question, words)
    assert "Desk 2, Guildhall one-stop-shop" in said(desktop)

    # Whoever goes to another site says so where they say at which desk they are.
    screen.line._where.click()
    answer("Which desk is this?", "eastgate")
    answer("Which desk is this?", "desk 1")
    assert "Desk 1, Eastgate one-stop-shop" in said(desktop)
    with centre.as_owner().read() as tx:
        stood = list(tx.session.execute(select(AtPlace.place_id, AtPlace.left_at)))
    (first, left), (second, there) = stood
    assert (first, second) == (places(centre, guildhall)[1], places(centre, eastgate)[0])
    assert left is not None
    assert there is None


def test_nobody_goes_to_another_site_while_a_visitor_is_with_them(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = add_site(centre, "guildhall")
    visits.check_in(centre.as_person("anna"), arriving(site, service_of(centre, site)))
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    _calling(centre, screen, qtbot)
    settled(qtbot, desktop)

    desktop.window.pages.at_desk.choose_site(add_site(centre, "eastgate"))
    settled(qtbot, desktop)

    assert "You still have A001 at your desk." in shown(screen)
    assert "Desk 1, Guildhall one-stop-shop" in said(desktop)
    with centre.as_owner().read() as tx:
        now = list(tx.session.scalars(select(AtPlace.place_id).where(AtPlace.left_at.is_(None))))
    assert now == [places(centre, site)[0]]


def test_the_forms_keys_fill_it_in_from_anywhere_on_the_page(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = add_site(centre)
    visits.check_in(centre.as_person("anna"), arriving(site, service_of(centre, site)))
    _, screen = at_desk(centre, open_desktop, qtbot, site)
    form = screen.check_in
    places = screen.rooms.board.tiles()
    for at, service in ((screen.line.list, 2), (places[0], 3), (form.language, 1)):
        QTest.keyClick(at, Qt.Key[f"Key_{service}"], ALT)
        assert form._chosen == service_of(centre, site, service)
        QTest.keyClick(at, Qt.Key.Key_S, ALT)
        assert form.needs.keys() == (Need.STEP_FREE.value,)
        QTest.keyClick(at, Qt.Key.Key_S, ALT)
        assert form.needs.keys() == ()


def test_a_list_of_choices_keeps_its_arrows_and_leaves_the_privacy_key_to_the_page(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = add_site(centre)
    known(centre, "Ann Kaur")
    known(centre, "Mei Kaur")
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    form = screen.check_in
    QTest.keyClicks(form.name, "Kaur")
    qtbot.waitUntil(form.matches.isVisible)
    before = form.matches.current_key()
    QTest.keyClick(form.language, Qt.Key.Key_Down)
    assert form.language.currentData() == "cy"
    assert form.matches.current_key() == before
    for hidden in (True, False):
        QTest.keyClick(form.language, Qt.Key.Key_F4)
        assert screen.is_private is hidden
        assert not form.language.view().isVisible()
    wire = cut(desktop, qtbot)
    QTest.keyClick(screen.line.done.outcome, Qt.Key.Key_F4)
    assert screen.is_private
    back(desktop, wire, qtbot)


def test_a_key_that_is_pressed_twice_in_a_moment_is_one_press(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    """Calls are counted: so many make a no-show."""
    site = add_site(centre)
    visits.check_in(centre.as_person("anna"), arriving(site, service_of(centre, site)))
    visits.check_in(centre.as_person("anna"), arriving(site, service_of(centre, site), "R. Doyle"))
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    qtbot.waitUntil(screen.line.next.isEnabled)
    # However busy this computer is.
    moment = screen.line._recalled
    moment.setInterval(600_000)
    for held, calls in ((PLAIN, "once"), (SHIFT, "2 times")):
        for _ in range(2):
            QTest.keyClick(screen.check_in.name, Qt.Key.Key_F9, held)
        settled(qtbot, desktop)
        # The first is answered by now; the next press was no wish for another either.
        QTest.keyClick(screen.check_in.name, Qt.Key.Key_F9, held)
        settled(qtbot, desktop)
        assert f"called {calls}" in shown(screen)
    moment.setInterval(1)
    moment.start()
    qtbot.waitUntil(lambda: screen.line.may_recall)
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_F9, SHIFT)
    qtbot.waitUntil(lambda: "called 3 times" in shown(screen))


def test_enter_pressed_twice_in_the_line_calls_once_and_complains_of_nothing(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = add_site(centre)
    visits.check_in(centre.as_person("anna"), arriving(site, service_of(centre, site)))
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    qtbot.waitUntil(screen.line.next.isEnabled)
    screen.line.focus()
    for _ in range(2):
        QTest.keyClick(screen.line.list, Qt.Key.Key_Return)
    settled(qtbot, desktop)
    assert "called once" in shown(screen)
    assert screen._error.isHidden()


def test_a_key_that_is_held_down_is_one_press(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = add_site(centre)
    visits.check_in(centre.as_person("anna"), arriving(site, service_of(centre, site)))
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    _calling(centre, screen, qtbot)
    settled(qtbot, desktop)
    for again in (False, True, True):
        key = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_F9, SHIFT, "", again)
        QApplication.sendEvent(screen.check_in.name, key)
        settled(qtbot, desktop)
    assert "called 2 times" in shown(screen)


def test_a_double_press_of_enter_is_one_ticket_however_fast_the_first_was_given(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = add_site(centre)
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    name, usual = screen.check_in.name, QApplication.doubleClickInterval()
    # Long, so that the second press comes in time on a slow computer too.
    QApplication.setDoubleClickInterval(60_000)
    try:
        for modifier, come in ((PLAIN, 1), (CTRL, 2)):
            for _ in range(2):
                QTest.keyClick(name, Qt.Key.Key_Return, modifier)
                qtbot.waitUntil(lambda come=come: len(kept(centre)) == come)  # type: ignore[misc]
                settled(qtbot, desktop)
            assert len(kept(centre)) == come
        for who in ("Doyle", "Bell"):
            QTest.keyClicks(name, who)
            QTest.keyClick(name, Qt.Key.Key_Return)
            qtbot.waitUntil(lambda who=who: kept(centre)[-1][1] == who)  # type: ignore[misc]
            settled(qtbot, desktop)
    finally:
        QApplication.setDoubleClickInterval(usual)
    assert len(kept(centre)) == 4


def test_a_search_that_hangs_keeps_nobody_waiting_for_a_ticket(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = add_site(centre)
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    goes_on = threading.Event()
    desktop.desk.runner.for_owner(screen).search(lambda _token: goes_on.wait(60), lambda _: None)
    try:
        QTest.keyClicks(screen.check_in.name, "Doyle")
        QTest.keyClick(screen.check_in.name, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: [who for _, who, _ in kept(centre)] == ["Doyle"])
    finally:
        goes_on.set()
    settled(qtbot, desktop)


def test_f12_at_the_desk_shows_the_wrap_up_that_it_begins(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = add_site(centre)
    visits.check_in(centre.as_person("anna"), arriving(site, service_of(centre, site)))
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    _calling(centre, screen, qtbot)
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_F12)
    settled(qtbot, desktop)
    assert screen.isVisible(), "who is called only is not done"
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_F10)
    qtbot.waitUntil(desktop.window.workplace.presenter.can_write)
    settled(qtbot, desktop)
    QTest.keyClick(desktop.window, Qt.Key.Key_0, CTRL)
    qtbot.waitUntil(lambda: "Serving A001" in shown(screen))

    QTest.keyClick(screen.check_in.name, Qt.Key.Key_F12)
    assert desktop.window.workplace.screen.wrap_up.isVisible()
    assert not screen.isVisible()
    settled(qtbot, desktop)


def test_what_waits_for_the_database_is_refused_before_anything_is_asked(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = add_site(centre)
    add_place(centre, site, "interview", "Interview 1")
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    name = screen.check_in.name
    QTest.keyClick(name, Qt.Key.Key_R, ALT)
    QTest.keyClick(name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: screen.rooms.bar.text() == "A001: Interview 1 is free.")
    QTest.keyClick(name, Qt.Key.Key_A, ALT)
    qtbot.waitUntil(screen.toast.isVisible)
    settled(qtbot, desktop)
    wire = cut(desktop, qtbot)
    assert not screen.toast.isVisible(), "nobody knows whether that can be taken back"

    QTest.keyClicks(name, "Olga")
    QTest.keyClick(name, Qt.Key.Key_R, ALT)
    QTest.keyClick(name, Qt.Key.Key_Return)
    wait_said(qtbot, screen, "A900 For Olga.")
    QTest.keyClick(name, Qt.Key.Key_F9)
    wait_said(qtbot, screen, "Calling A900")
    QTest.keyClick(name, Qt.Key.Key_F10)
    wait_said(qtbot, screen, "Serving A900")
    assert not screen.rooms.bar.isVisible(), "nobody knows which room is free"
    screen.line.list.make_current(screen.line.list.rows()[0].key)
    QTest.keyClick(screen.line.list, Qt.Key.Key_Return)
    assert screen.isVisible(), "there is no contact to open"

    for key, modifier, words in (
        (Qt.Key.Key_F8, PLAIN, "Nobody is sent on while the database is away."),
        (Qt.Key.Key_K, ALT, "Nobody waits apart while the database is away."),
    ):
        QTest.keyClick(name, key, modifier)
        assert words in shown(screen)
        assert not _choosers(screen)
        assert not [each for each in screen.findChildren(AskNote) if each.isVisible()]
    room = next(t for t in screen.rooms.board.tiles() if t.place and t.place.name == "Interview 1")
    room.click()
    assert "Rooms and partners’ desks wait for the database." in shown(screen)
    (chooser,) = _choosers(screen)
    assert [row.title for row in chooser._all] == ["This computer is here"]
    chooser.reject()

    back(desktop, wire, qtbot)
    wait_said(qtbot, screen, "1 visitor was entered.")
    assert not screen._error.isVisible(), "it need not wait any more"
    qtbot.waitUntil(lambda: ("A900", "Olga", ContactState.ACTIVE) in kept(centre))


def test_a_narrow_page_has_its_form_back_and_whole(
    centre: Centre, open_desktop: Open, qtbot: QtBot, look: Look
) -> None:
    site = add_site(centre)
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    look.set_scale(200)
    desktop.window.resize(1280, 720)
    settled(qtbot, desktop)
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_P, ALT)
    assert not screen.check_in.isVisible(), "who is where has its place"
    for key in (Qt.Key.Key_1, Qt.Key.Key_0):
        QTest.keyClick(desktop.window, key, CTRL)
    settled(qtbot, desktop)
    assert screen.check_in.name.isVisible()
    assert screen._form.viewport().width() >= screen.check_in.width()
