"""Rooms and partners on the desk's page by keys alone: who is where, kept, proposed, called for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.desk.asking import AskHold, AskNote, AskWhy
from crm_desktop.desktop.screens.desk.places import PlaceTile
from crm_desktop.desktop.screens.desk.screen import DeskScreen
from crm_desktop.desktop.screens.desk.words import refused
from crm_desktop.desktop.widgets.chooser import Chooser
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.errors import Conflict
from crm_desktop.domain.states import ContactState
from crm_desktop.domain.visits import Need, To
from crm_desktop.services import rooms, visits
from crm_desktop.store.models import Event
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, settled
from tests.gui.shell.test_desk import at_desk, kept, shown
from tests.visits_centre import add_place, add_site, arriving, book, known, places, service_of

ALT = Qt.KeyboardModifier.AltModifier


def _tile(screen: DeskScreen, name: str) -> PlaceTile:
    return next(t for t in screen.rooms.board.tiles() if t.place and t.place.name == name)


def _says(screen: DeskScreen, name: str) -> str:
    return _tile(screen, name).accessibleName()


def _go_to(screen: DeskScreen, name: str) -> PlaceTile:
    """With the arrows, from wherever the keyboard is."""
    # Where there is no window manager, nothing does this when a form has closed.
    screen.window().activateWindow()
    QTest.qWaitForWindowActive(screen.window())
    QTest.keyClick(QApplication.focusWidget() or screen, Qt.Key.Key_P, ALT)
    tiles = screen.rooms.board.tiles()
    wanted = tiles.index(_tile(screen, name))
    for _ in range(20):
        at = next(n for n, tile in enumerate(tiles) if tile.hasFocus())
        if at == wanted:
            return tiles[at]
        step = min(2, abs(wanted - at)) * (1 if wanted > at else -1)
        keys = {2: Qt.Key.Key_Down, 1: Qt.Key.Key_Right, -1: Qt.Key.Key_Left, -2: Qt.Key.Key_Up}
        QTest.keyClick(tiles[at], keys[step])
    raise AssertionError(name)


def _pick(screen: DeskScreen, words: str) -> None:
    """Of what is offered, what begins with these words."""
    (chooser,) = [each for each in screen.findChildren(Chooser) if each.isVisible()]
    QTest.keyClicks(chooser.field, words)
    QTest.keyClick(chooser.field, Qt.Key.Key_Return)


def _form(screen: DeskScreen, kind: type[QWidget]) -> QWidget:
    (form,) = [each for each in screen.findChildren(kind) if each.isVisible()]
    return form


def _rooms(centre: Centre) -> int:
    """A site with two desks, rooms and the police."""
    site = add_site(centre)
    add_place(centre, site, "interview", "Interview 1")
    add_place(centre, site, "secure", "Room 5")
    add_place(centre, site, "partner", "Police desk", partner="Harland Vale Police")
    return site


def _marked(centre: Centre, site: int) -> int:
    """Somebody with a safety marker in force waits."""
    customer = known(centre, "R. Doyle", marker=True)
    said = arriving(site, service_of(centre, site), "R. Doyle", customer_id=customer)
    return visits.check_in(centre.as_person("anna"), said)[0].contact_id


def _calling(
    centre: Centre, open_desktop: Open, qtbot: QtBot, site: int
) -> tuple[Desktop, DeskScreen]:
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    qtbot.waitUntil(screen.line.next.isEnabled)
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: "Calling A001" in shown(screen))
    settled(qtbot, desktop)
    return desktop, screen


def test_a_room_is_kept_free_by_keys_let_go_and_that_taken_back(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = _rooms(centre)
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    QTest.keyClick(_go_to(screen, "Interview 1"), Qt.Key.Key_Return)
    _pick(screen, "keep")
    form = _form(screen, AskHold)
    assert isinstance(form, AskHold)
    QTest.keyClick(form.field, Qt.Key.Key_Return)
    assert form.isVisible(), "not without words"
    QTest.keyClicks(form.field, "Mrs Smith")
    QTest.keyClick(form.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "Kept until" in _says(screen, "Interview 1"))
    assert "Mrs Smith" in _says(screen, "Interview 1")

    elsewhere, room = centre.as_person("rose"), places(centre, site)[-1]
    rooms.hold(elsewhere, room, datetime.now(UTC) + timedelta(hours=1), "cleaning")
    qtbot.waitUntil(lambda: "cleaning" in _says(screen, "Room 5"))

    QTest.keyClick(screen.check_in.name, Qt.Key.Key_F4)
    assert "Mrs Smith" not in shown(screen), "the privacy key hides what was written by hand"
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_F4)
    QTest.keyClick(_go_to(screen, "Interview 1"), Qt.Key.Key_Return)
    _pick(screen, "let")
    qtbot.waitUntil(lambda: "Free" in _says(screen, "Interview 1"))
    qtbot.waitUntil(screen.toast.isVisible)
    screen.toast.undo()
    qtbot.waitUntil(lambda: "Mrs Smith" in _says(screen, "Interview 1"))
    settled(qtbot, desktop)


def test_what_the_rules_refuse_is_said_in_words_for_the_counter() -> None:
    for trouble, happened in (
        (Conflict("A001 is at Interview 1"), "A001 is at Interview 1."),
        (Conflict("Room 5 is kept free"), "Room 5 is kept free."),
        (Conflict("they call for themselves"), "The partner’s own people are signed in there."),
        (Conflict("that was too long ago"), "That was more than ten minutes ago."),
    ):
        said, to_do = refused(trouble)
        assert said == happened
        assert to_do.endswith("."), "and what to do"


def test_the_room_that_is_proposed_is_one_key_away(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = _rooms(centre)
    _marked(centre, site)
    desktop, screen = _calling(centre, open_desktop, qtbot, site)
    assert screen.rooms.bar.text() == "A001: Room 5 is free."
    told = shown(screen).lower()
    assert "two staff" not in told, "nobody at the counter reads what the marker is about"

    QTest.keyClick(screen.check_in.name, Qt.Key.Key_A, ALT)
    qtbot.waitUntil(lambda: "Calling A001 in Room 5" in shown(screen))

    assert screen.check_in.name.text() == ""
    assert not screen.rooms.bar.isVisible()
    assert "Room 5" in screen.side.serving.accessibleName()
    qtbot.waitUntil(lambda: "A001 called" in _says(screen, "Room 5"))
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_F10)
    qtbot.waitUntil(lambda: kept(centre)[0][2] == ContactState.ACTIVE)
    settled(qtbot, desktop)


def test_without_the_room_a_reason_is_asked_once_and_kept(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = _rooms(centre)
    visit = _marked(centre, site)
    desktop, screen = _calling(centre, open_desktop, qtbot, site)

    QTest.keyClick(screen.check_in.name, Qt.Key.Key_F10)
    form = _form(screen, AskWhy)
    assert isinstance(form, AskWhy)
    assert kept(centre)[0][2] == ContactState.CALLED, "not served without a word"
    edit = form.field.lineEdit()
    assert edit is not None
    QTest.keyClick(edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: kept(centre)[0][2] == ContactState.ACTIVE)
    settled(qtbot, desktop)

    assert not screen.rooms.bar.isVisible()
    with centre.as_owner().read() as tx:
        (said,) = tx.session.scalars(
            select(Event.data).where(Event.contact_id == visit, Event.kind == "visit.without_room")
        )
    assert said["why"] == "A colleague stands by"


def test_a_private_room_is_proposed_at_check_in_and_kept_for_them(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = _rooms(centre)
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_R, ALT)
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: screen.rooms.bar.text() == "A001: Interview 1 is free.")
    settled(qtbot, desktop)
    assert screen.rooms.bar.isVisible()

    QTest.keyClick(screen.check_in.name, Qt.Key.Key_A, ALT)

    qtbot.waitUntil(lambda: "Kept until" in _says(screen, "Interview 1"))
    assert "A001" in _says(screen, "Interview 1")
    assert not screen.rooms.bar.isVisible()


def test_a_partner_waves_and_the_desk_calls_for_them(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = _rooms(centre)
    visits.check_in(centre.as_person("anna"), arriving(site, service_of(centre, site), "A. Nowak"))
    desktop, screen = _calling(centre, open_desktop, qtbot, site)
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_F8)
    _pick(screen, "police")
    form = _form(screen, AskNote)
    assert isinstance(form, AskNote)
    QTest.keyClicks(form.field, "has the crime number")
    QTest.keyClick(form.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "A001 waits" in _says(screen, "Police desk"))
    settled(qtbot, desktop)

    for words, then in (
        ("call", "A001 called"),
        ("A001 is there", "A001, "),
    ):
        QTest.keyClick(_go_to(screen, "Police desk"), Qt.Key.Key_Return)
        _pick(screen, words)
        qtbot.waitUntil(lambda then=then: then in _says(screen, "Police desk"))  # type: ignore[misc]
        settled(qtbot, desktop)
    assert kept(centre)[0][2] == ContactState.PARKED
    assert screen.line.next.isEnabled(), "this desk goes on"
    QTest.keyClick(_go_to(screen, "Police desk"), Qt.Key.Key_Return)
    _pick(screen, "send")
    (chooser,) = [each for each in screen.findChildren(Chooser) if each.isVisible()]
    assert chooser.windowTitle() == "Send A001 on to"
    chooser.reject()
    QTest.keyClick(_go_to(screen, "Police desk"), Qt.Key.Key_Return)
    _pick(screen, "done")
    qtbot.waitUntil(lambda: kept(centre)[0][2] == ContactState.COMPLETED)


def test_nobody_is_called_over_a_booking_and_it_is_said_why(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = _rooms(centre)
    visits.check_in(centre.as_person("anna"), arriving(site, service_of(centre, site)))
    book(centre, site, service_of(centre, site), "AB12CD", after=timedelta(minutes=6))
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    assert "next booked" in shown(screen)
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_F9)
    qtbot.waitUntil(lambda: "would be done before the booking" in shown(screen))
    settled(qtbot, desktop)

    screen.line.list.make_current(screen.line.list.rows()[0].key)
    screen.line.focus()
    QTest.keyClick(screen.line.list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "Calling A001" in shown(screen))
    settled(qtbot, desktop)


def test_who_is_moved_by_a_key_is_brought_back_by_undo(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = _rooms(centre)
    visit, _ = visits.check_in(centre.as_person("anna"), arriving(site, service_of(centre, site)))
    desktop, screen = _calling(centre, open_desktop, qtbot, site)
    visits.recall(centre.as_person("rose"), visit.contact_id)
    undo = ALT | Qt.KeyboardModifier.ControlModifier

    # Called twice by then, as often as the site wants before somebody is a no-show.
    for key, state, back in (
        (Qt.Key.Key_B, ContactState.QUEUED, ContactState.CALLED),
        (Qt.Key.Key_N, ContactState.NO_SHOW, ContactState.QUEUED),
    ):
        QTest.keyClick(screen.check_in.name, key, ALT)
        qtbot.waitUntil(partial(_stands, centre, state))
        qtbot.waitUntil(screen.toast.isVisible)
        QTest.keyClick(screen.check_in.name, Qt.Key.Key_Z, undo)
        qtbot.waitUntil(partial(_stands, centre, back))
        settled(qtbot, desktop)

    QTest.keyClick(screen.check_in.name, Qt.Key.Key_F9)
    qtbot.waitUntil(partial(_stands, centre, ContactState.CALLED))
    settled(qtbot, desktop)
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_F10)
    qtbot.waitUntil(partial(_stands, centre, ContactState.ACTIVE))
    settled(qtbot, desktop)
    QTest.keyClick(desktop.window, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(screen.check_in.name, Qt.Key.Key_K, ALT)
    (chooser,) = [each for each in screen.line.findChildren(Chooser) if each.isVisible()]
    QTest.keyClick(chooser.field, Qt.Key.Key_Return)
    qtbot.waitUntil(partial(_stands, centre, ContactState.PARKED))
    qtbot.waitUntil(lambda: "waits apart" in shown(screen))
    settled(qtbot, desktop)


def _stands(centre: Centre, state: ContactState) -> bool:
    return kept(centre)[0][2] == state


def test_it_has_its_pictures(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab, look: Look
) -> None:
    site = _a_busy_shop(centre)
    desktop, screen = _calling(centre, open_desktop, qtbot, site)
    for width, height, scale in ((1440, 900, 100), (1280, 720, 100), (1440, 900, 200)):
        look.set_scheme(Scheme.LIGHT)
        look.set_scale(scale)
        desktop.window.resize(width, height)
        settled(qtbot, desktop)
        screen.focus()
        _go_to(screen, "Interview 2")
        for scheme in (Scheme.LIGHT, Scheme.DARK) if scale == 100 else (Scheme.LIGHT,):
            look.set_scheme(scheme)
            grab(desktop.window, f"desk-rooms-{width}-{scale}-{scheme.value}")
    assert accessibility.problems(screen) == []


def _a_busy_shop(centre: Centre) -> int:
    """Everything that a tile can say, and a visitor with a marker who is first in the line."""
    site = add_site(centre, desks=4)
    ids = {
        name: add_place(centre, site, kind, name, partner=partner)
        for kind, name, partner in (
            ("interview", "Interview 1", ""),
            ("interview", "Interview 2", ""),
            ("family", "Family room", ""),
            ("secure", "Secure room", ""),
            ("partner", "Police desk", "Harland Vale Police"),
            ("partner", "Welfare advice", "Citizens Advice"),
            ("partner", "Housing partner", "Vale Homes"),
        )
    }
    anna, ben, rose = (centre.as_person(login) for login in ("anna", "ben", "rose"))
    service, by_name = service_of(centre, site), places(centre, site)
    _marked(centre, site)
    came = [
        visits.check_in(anna, arriving(site, service, who, needs=needs))[0].contact_id
        for who, needs in (("A. Nowak", ()), ("", (Need.HEARING_LOOP,)), ("K. Lindqvist", ()))
    ]
    visits.at(anna, by_name[2])
    visits.at(ben, by_name[3])
    visits.call(ben, came[0], by_name[3])
    rooms.into_room(ben, came[0], ids["Interview 2"])
    visits.serve(ben, came[0])
    soon = datetime.now(UTC) + timedelta(minutes=45)
    rooms.hold(rose, ids["Secure room"], soon, "police interview")
    visits.transfer(rose, came[2], To(place_id=ids["Police desk"]), "")
    return site
