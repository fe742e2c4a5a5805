"""The desk of a one-stop-shop by keyboard alone: checked in, called, seen, sent on, and private."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.desktop.core import accessibility, tickets
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.core.tickets import Paper, TicketPrint
from crm_desktop.desktop.screens.desk.screen import DeskScreen
from crm_desktop.desktop.widgets.chooser import Chooser
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import Conflict, CrmError, DatabaseAway
from crm_desktop.domain.states import ContactState
from crm_desktop.domain.visits import Need
from crm_desktop.services import visits
from crm_desktop.store.models import Contact, Customer, Visit
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, settled
from tests.visits_centre import add_site, arriving, book, places, service_of

ALT, CTRL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def said(desktop: Desktop) -> str:
    """Everything in the window that a reader could find."""
    return " ".join(accessibility.texts(accessibility.tree(desktop.window)))


def shown(screen: DeskScreen) -> str:
    """Everything of the page that a reader could find."""
    return " ".join(accessibility.texts(accessibility.tree(screen)))


def at_desk(
    centre: Centre, open_desktop: Open, qtbot: QtBot, site: int, *, desk: int = 0
) -> tuple[Desktop, DeskScreen]:
    """A desktop whose page is the desk's, standing at one of the site's."""
    desktop = open_desktop(centre, "rose")
    QTest.keyClick(desktop.window, Qt.Key.Key_0, CTRL)
    screen = desktop.window.pages.desk_screen
    qtbot.waitUntil(lambda: bool(screen.check_in._services))
    desktop.window.pages.at_desk.choose_place(places(centre, site)[desk])
    qtbot.waitUntil(lambda: f"Desk {desk + 1}, " in said(desktop))
    settled(qtbot, desktop)
    return desktop, screen


def kept(centre: Centre) -> list[tuple[str, str, str]]:
    """Every visit: its ticket, who, and where it stands."""
    with centre.as_owner().read() as tx:
        rows = tx.session.execute(
            select(Visit.letter, Visit.number, Contact.who, Contact.state)
            .join(Contact, Contact.id == Visit.contact_id)
            .order_by(Visit.contact_id)
        )
        return [(f"{letter}{number:03d}", who, state) for letter, number, who, state in rows]


def _is_shown(screen: DeskScreen, words: str) -> bool:
    return words in shown(screen)


def refusing(trouble: CrmError) -> Callable[..., None]:
    """A service that says no."""

    def refuse(*_: object) -> None:
        raise trouble

    return refuse


def test_a_visitor_is_checked_in_by_a_few_keys(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    site = add_site(centre)
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    QTest.keyClicks(screen.check_in.name, "Doyle")
    for key in (Qt.Key.Key_2, Qt.Key.Key_H):
        QTest.keyClick(screen.check_in.name, key, ALT)
    grab(desktop.window, "desk-check-in")
    for _ in range(2):
        QTest.keyClick(screen.check_in.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(kept(centre)) == 1)
    qtbot.waitUntil(lambda: "B001" in said(desktop))
    settled(qtbot, desktop)

    assert kept(centre) == [("B001", "Doyle", ContactState.QUEUED)], "Enter twice is one ticket"
    with centre.as_owner().read() as tx:
        assert tx.session.scalars(select(Visit.needs)).one() == [Need.HEARING_LOOP]
    assert screen.check_in.name.text() == ""
    assert screen.check_in.name.hasFocus()


def test_a_quick_question_is_one_key(centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    site = add_site(centre)
    _, screen = at_desk(centre, open_desktop, qtbot, site)

    QTest.keyClick(screen.check_in.name, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: len(kept(centre)) == 1)

    assert kept(centre)[0][2] == ContactState.COMPLETED


def test_f9_calls_and_another_desk_sees_it(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = add_site(centre)
    owner = centre.as_person("anna")
    first, _ = visits.check_in(owner, arriving(site, service_of(centre, site), "R. Doyle"))
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    other, _ = at_desk(centre, open_desktop, qtbot, site, desk=1)

    qtbot.waitUntil(lambda: "R. Doyle" in said(desktop))
    desktop.window.pages.at_desk.choose_place(places(centre, site)[0])
    settled(qtbot, desktop, other)
    qtbot.waitUntil(screen.line.next.isEnabled)
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: kept(centre)[0][2] == ContactState.CALLED)
    qtbot.waitUntil(lambda: "called, Desk 1" in said(other))
    qtbot.waitUntil(lambda: "Calling A001" in said(desktop))
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_F9, SHIFT)
    qtbot.waitUntil(lambda: "called 2 times" in said(desktop))
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_F10)
    qtbot.waitUntil(lambda: kept(centre)[0][2] == ContactState.ACTIVE)

    # The same panels as every other contact.
    qtbot.waitUntil(lambda: desktop.window.workplace.presenter.contact_id == first.contact_id)


def test_the_privacy_key_hides_every_name_at_once(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    site = add_site(centre)
    visits.check_in(centre.as_person("anna"), arriving(site, service_of(centre, site), "R. Doyle"))
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    qtbot.waitUntil(lambda: "R. Doyle" in said(desktop))

    QTest.keyClick(screen.check_in.name, Qt.Key.Key_F4)
    assert "R. Doyle" not in shown(screen)
    assert "Names are hidden" in shown(screen)
    grab(desktop.window, "desk-private")
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_F4)
    assert "R. Doyle" in shown(screen)

    QTest.keyClick(desktop.window, Qt.Key.Key_F4, CTRL)
    assert not screen.isVisible()
    assert "Personal data is hidden" in said(desktop)
    QTest.keyClick(desktop.window.focusWidget(), Qt.Key.Key_F4)
    assert screen.isVisible()


def test_who_went_without_being_seen_leaves_the_line(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = add_site(centre)
    visit, _ = visits.check_in(
        centre.as_person("anna"), arriving(site, service_of(centre, site), "R. Doyle")
    )
    _, screen = at_desk(centre, open_desktop, qtbot, site)
    screen.line.list.make_current(visit.contact_id)
    screen.line.focus()

    QTest.keyClick(screen.line.list, Qt.Key.Key_Delete)

    qtbot.waitUntil(lambda: kept(centre)[0][2] == ContactState.LEFT)


def test_keys_act_on_the_visitor_that_they_say(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = add_site(centre)
    for who in ("R. Doyle", "A. Nowak"):
        visit, _ = visits.check_in(
            centre.as_person("anna"), arriving(site, service_of(centre, site), who)
        )
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: "Calling A001" in shown(screen))
    screen.line.list.make_current(visit.contact_id)
    here = screen.line._buttons["serve"]

    def asked_by_f8(focused: QWidget) -> str:
        focused.setFocus()
        QTest.keyClick(focused, Qt.Key.Key_F8)
        (chooser,) = [each for each in screen.findChildren(Chooser) if each.isVisible()]
        chooser.reject()
        return chooser.windowTitle()

    assert asked_by_f8(screen.check_in.name) == "Send A001 on to"
    assert asked_by_f8(here) == "Send A001 on to"
    assert asked_by_f8(screen.line.list) == "Send A002 on to"
    here.setFocus()
    QTest.keyClick(here, Qt.Key.Key_Delete)
    settled(qtbot, desktop)
    assert [state for _, _, state in kept(centre)] == [ContactState.CALLED, ContactState.QUEUED]


def test_what_was_refused_stays_said_and_can_be_tried_again(
    centre: Centre, open_desktop: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = add_site(centre)
    anna = centre.as_person("anna")
    visits.check_in(anna, arriving(site, service_of(centre, site), "R. Doyle"))
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    with monkeypatch.context() as patch:
        patch.setattr(visits, "call_next", refusing(Conflict("A. Nowak is there")))
        QTest.keyClick(screen.check_in.name, Qt.Key.Key_F9)
        settled(qtbot, desktop)
    assert screen.line.next.isEnabled()
    visits.check_in(anna, arriving(site, service_of(centre, site), "K. Lindqvist"))
    qtbot.waitUntil(lambda: "K. Lindqvist" in shown(screen))
    assert screen._error.isVisible(), "no reading takes it away"
    assert screen._error.text().startswith("A. Nowak is at this desk.")

    QTest.keyClick(screen.check_in.name, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: "Calling A001" in shown(screen))
    settled(qtbot, desktop)
    assert not screen._error.isVisible()

    with monkeypatch.context() as patch:
        patch.setattr(visits, "line", refusing(DatabaseAway()))
        desktop.window.pages.at_desk.changed(Changes.everything())
        settled(qtbot, desktop)
        assert screen._error.isVisible()
    desktop.window.pages.at_desk.changed(Changes.everything())
    settled(qtbot, desktop)
    assert not screen._error.isVisible(), "it was read again"


def test_who_is_booked_is_offered_while_the_name_is_typed(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = add_site(centre)
    book(centre, site, service_of(centre, site, 2), "AB12CD", who="R. Doyle")
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)

    QTest.keyClicks(screen.check_in.name, "Doyl")
    qtbot.waitUntil(screen.check_in.matches.isVisible)
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(kept(centre)) == 1)
    settled(qtbot, desktop)

    assert kept(centre) == [("B001", "R. Doyle", ContactState.QUEUED)]


def test_keys_that_come_before_the_answer_mean_what_it_offers(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = add_site(centre)
    book(centre, site, service_of(centre, site, 2), "A-8F3-T9K-4", who="R. Doyle")
    centre.add_contact(customer="brandt@example.org")
    with centre.as_owner().write() as tx:
        known = tx.session.scalars(select(Customer)).all()[-1]
        known.name, known.folded = "Tanya Brandt", "tanya brandt"
        number = known.id
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)

    QTest.keyClicks(screen.check_in.name, "A-8F3-T9K-4")
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(kept(centre)) == 1)
    settled(qtbot, desktop)
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_H, ALT)
    QTest.keyClicks(screen.check_in.name, "Brandt")
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_Down)
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(kept(centre)) == 2)
    settled(qtbot, desktop)

    assert [who for _, who, _ in kept(centre)] == ["R. Doyle", "Tanya Brandt"]
    with centre.as_owner().read() as tx:
        last = tx.session.scalars(select(Contact).order_by(Contact.id.desc())).first()
        assert last is not None
        assert last.customer_id == number
        needs = tx.session.scalars(select(Visit.needs).order_by(Visit.contact_id.desc())).first()
        assert needs == [Need.HEARING_LOOP]


def test_needs_that_were_chosen_stay_while_the_name_is_typed(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = add_site(centre)
    booked = service_of(centre, site, 2)
    book(centre, site, booked, "AB12CD", who="R. Doyle")
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_H, ALT)
    QTest.keyClicks(screen.check_in.name, "Doyl")
    settled(qtbot, desktop)
    assert screen.check_in._chosen == booked
    assert screen.check_in.needs.keys() == (Need.HEARING_LOOP,), "the visitor has asked for it"
    for key in (Qt.Key.Key_1, Qt.Key.Key_I):
        QTest.keyClick(screen.check_in.name, key, ALT)
    QTest.keyClicks(screen.check_in.name, "e")
    settled(qtbot, desktop)

    assert screen.check_in.needs.keys() == (Need.HEARING_LOOP, Need.INTERPRETER)
    assert screen.check_in._chosen == service_of(centre, site)


def test_a_slow_printer_holds_nothing_up_and_prints_every_ticket(
    centre: Centre, open_desktop: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = add_site(centre)
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    desktop.window.pages.at_desk.set_printing("The slow one", Paper.ROLL)
    goes_on, printed = threading.Event(), []

    def print_slowly(_printer: str, _paper: Paper, ticket: TicketPrint) -> None:
        goes_on.wait(30)
        printed.append(ticket.ticket)

    monkeypatch.setattr(tickets, "print_ticket", print_slowly)
    try:
        for ticket in ("A001", "A002", "A003"):
            QTest.keyClicks(screen.check_in.name, "B")
            QTest.keyClick(screen.check_in.name, Qt.Key.Key_Return)
            qtbot.waitUntil(partial(_is_shown, screen, ticket))
    finally:
        goes_on.set()
    settled(qtbot, desktop)

    assert printed == ["A001", "A002", "A003"]


@pytest.mark.parametrize("size", [(1440, 900, 100), (1280, 720, 100), (1440, 900, 200)])
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
    for number, who in enumerate(("R. Doyle", "", "A. Nowak", "K. Lindqvist")):
        visits.check_in(
            anna,
            arriving(
                site, service_of(centre, site, number % 2 + 1), who,
                needs=(Need.HEARING_LOOP,) if not number else (),
            ),
        )  # fmt: skip
    width, height, scale = size
    look.set_scale(scale)
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    desktop.window.resize(width, height)
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: "Calling A001" in said(desktop))
    assert desktop.window.width() == width, "no page holds the window wider"
    for scheme in (Scheme.LIGHT, Scheme.DARK) if scale == 100 else (Scheme.LIGHT,):
        look.set_scheme(scheme)
        grab(desktop.window, f"desk-{width}-{scale}-{scheme.value}")
    assert accessibility.problems(screen) == []
