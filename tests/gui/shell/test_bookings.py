"""Appointments by keyboard: booked from a contact, seen in the calendar, moved and cancelled."""

from __future__ import annotations

from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.desktop.core import accessibility, words
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.appointments.book_dialog import BookDialog
from crm_desktop.desktop.screens.appointments.calendar_dialog import CalendarDialog
from crm_desktop.desktop.widgets.chooser import Chooser
from crm_desktop.desktop_root import Desktop
from crm_desktop.services import appointments
from crm_desktop.store.models import Appointment, Contact
from tests.bookings_centre import a_day, at, booking, booking_site
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, settled
from tests.visits_centre import places, service_of

ALT, CTRL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier


def form_of(desktop: Desktop, qtbot: QtBot) -> BookDialog:
    """The booking form, with times to choose from."""
    desktop.window.registry.run("appointment.book")
    form = desktop.window.bookings.form
    assert form is not None
    qtbot.waitUntil(lambda: form.site.key() is not None)
    settled(qtbot, desktop)
    return form


def calendar_of(desktop: Desktop, qtbot: QtBot) -> CalendarDialog:
    """The calendar of the site."""
    desktop.window.registry.run("appointment.calendar")
    calendar = desktop.window.bookings.calendar
    assert calendar is not None
    qtbot.waitUntil(lambda: calendar.site.key() is not None)
    settled(qtbot, desktop)
    return calendar


def test_a_contact_s_customer_is_booked_by_keyboard(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = booking_site(centre)
    contact = centre.add_contact(customer="doyle@example.org")
    desktop = open_desktop(centre, "anna")
    desktop.window.open_contact(contact)
    settled(qtbot, desktop)

    form = form_of(desktop, qtbot)
    assert form.email.text() == "doyle@example.org"
    form.service.choose(service_of(centre, site))
    form.service.chosen.emit(form.service.key())
    qtbot.waitUntil(lambda: form.times.slot() is not None)
    QTest.keyClick(form.times, Qt.Key.Key_Down)
    QTest.keyClick(form.times, Qt.Key.Key_Right)
    slot = form.times.slot()
    assert slot is not None
    QTest.keyClick(form, Qt.Key.Key_Return, CTRL)
    QTest.keyClick(form, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: desktop.window.bookings.form is None)
    settled(qtbot, desktop)

    with centre.as_owner().read() as tx:
        (kept,) = tx.session.scalars(select(Appointment)).all()
        customer = tx.session.get_one(Contact, contact).customer_id
        assert (kept.contact_id, kept.customer_id) == (contact, customer)
        assert kept.starts_at == slot.starts_at
        assert kept.reference in desktop.window.bookings.bar.text()


def test_who_was_faster_leaves_what_was_entered(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = booking_site(centre, desks=1)
    service = service_of(centre, site)
    desktop = open_desktop(centre, "anna", live=False)
    form = form_of(desktop, qtbot)
    form.who.setText("R. Doyle")
    form.service.choose(service)
    form.service.chosen.emit(service)
    qtbot.waitUntil(lambda: form.times.slot() is not None)
    # Of another day: the first of today may begin within this test.
    QTest.keyClick(form.times, Qt.Key.Key_Right)
    slot = form.times.slot()
    assert slot is not None
    appointments.book(centre.as_person("ben"), booking(site, service, slot.starts_at))

    QTest.keyClick(form.times, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "a moment ago" in form._wrong.text())
    settled(qtbot, desktop)

    assert form.who.text() == "R. Doyle"
    later = form.times.slot()
    assert later is not None
    assert later.starts_at > slot.starts_at, "the times are read again"


def test_the_chosen_time_stays_while_it_is_offered(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = booking_site(centre)
    desktop = open_desktop(centre, "anna", live=False)
    form = form_of(desktop, qtbot)
    service = service_of(centre, site)
    form.service.choose(service)
    form.service.chosen.emit(service)
    qtbot.waitUntil(lambda: form.times.slot() is not None)
    QTest.keyClick(form.times, Qt.Key.Key_Right)
    for _ in range(3):
        QTest.keyClick(form.times, Qt.Key.Key_Down)
    slot = form.times.slot()
    assert slot is not None

    read: list[bool] = []
    form.times.picked.connect(lambda: read.append(True))
    form.minutes.choose(60)
    form.minutes.chosen.emit(60)
    settled(qtbot, desktop)

    assert read, "the times are read again"
    now = form.times.slot()
    assert now is not None
    assert now.starts_at == slot.starts_at


def test_what_is_cancelled_is_what_was_asked_about_though_the_calendar_changes(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site, day = booking_site(centre), a_day(centre)
    service, place = service_of(centre, site), places(centre, site)[0]
    anna, ben = centre.as_person("anna"), centre.as_person("ben")
    new = booking(site, service, at(day, "10:00"), place_id=place)
    asked_about = appointments.book(anna, new)[0].id
    desktop = open_desktop(centre, "anna", live=False)
    calendar = calendar_of(desktop, qtbot)
    calendar._day = day
    calendar._read()
    settled(qtbot, desktop)
    calendar.table.setCurrentCell(4, 0)
    calendar.cancel.click()
    chooser = calendar.findChild(Chooser)
    assert chooser is not None

    appointments.move(ben, asked_about, at(day, "11:00"), 30, place)
    new = booking(site, service, at(day, "10:00"), who="M. Ahmed", place_id=place)
    stays = appointments.book(ben, new)[0].id
    calendar.refresh()
    settled(qtbot, desktop)
    current = calendar.current()
    assert current is not None
    assert current.id == asked_about, "the keyboard stays on who was chosen"
    calendar.table.setCurrentCell(4, 0)
    QTest.keyClick(chooser.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: appointments.one(anna, asked_about).state == "cancelled")

    assert appointments.one(anna, stays).state == "booked"


def test_the_calendar_moves_and_cancels(centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    site, day = booking_site(centre), a_day(centre)
    anna = centre.as_person("anna")
    appointments.book(anna, booking(site, service_of(centre, site), at(day, "10:00")))
    desktop = open_desktop(centre, "anna", live=False)
    calendar = calendar_of(desktop, qtbot)
    calendar._day = day
    calendar._read()
    settled(qtbot, desktop)
    calendar.table.setCurrentCell(4, 0)
    row = calendar.current()
    assert row is not None
    assert row.who == "R. Doyle"
    assert not calendar.arrived.isEnabled(), "it is on another day"

    QTest.keyClick(calendar.table, Qt.Key.Key_M, ALT)
    form = desktop.window.bookings.form
    assert form is not None
    qtbot.waitUntil(lambda: form.times.slot() is not None)
    QTest.keyClick(form.times, Qt.Key.Key_Right)
    QTest.keyClick(form.times, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: desktop.window.bookings.form is None)
    moved = appointments.one(anna, row.id)
    assert moved.starts_at != row.starts_at
    settled(qtbot, desktop)
    calendar._day = words.local(moved.starts_at).date()
    calendar._read()
    settled(qtbot, desktop)
    calendar.table.setCurrentCell(*calendar._cell_of(moved) or (0, 0))
    # A window manager would bring it to the front again.
    calendar.activateWindow()
    qtbot.waitUntil(calendar.isActiveWindow)
    QTest.keyClick(calendar.table, Qt.Key.Key_C, ALT)
    chooser = calendar.findChild(Chooser)
    assert chooser is not None
    QTest.keyClick(chooser.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: appointments.one(anna, row.id).state == "cancelled")


@pytest.mark.parametrize("kind", [(100, Scheme.LIGHT), (100, Scheme.DARK), (200, Scheme.LIGHT)])
def test_form_and_calendar_look_right_and_have_names(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab, kind: tuple[int, Scheme]
) -> None:
    scale, scheme = kind
    site, day = booking_site(centre, desks=3), a_day(centre)
    anna, service = centre.as_person("anna"), service_of(centre, site)
    for clock, place, who in (("09:30", 0, "R. Doyle"), ("10:00", 1, "Siân Price-Williams"),
                              ("11:15", 0, "M. Ahmed")):  # fmt: skip
        new = booking(site, service, at(day, clock), who=who, place_id=places(centre, site)[place])
        appointments.book(anna, new)
    desktop = open_desktop(centre, "anna", live=False)
    desktop.desk.look.set_scheme(scheme)
    desktop.desk.look.set_scale(scale)
    desktop.window.resize(1280, 720)
    form = form_of(desktop, qtbot)
    form.service.choose(service)
    form.service.chosen.emit(service)
    qtbot.waitUntil(lambda: form.times.slot() is not None)
    settled(qtbot, desktop)
    grab(form, f"booking-{scale}-{scheme.value}")
    assert accessibility.problems(form) == []
    form.reject()

    calendar = calendar_of(desktop, qtbot)
    calendar._day = day
    calendar._read()
    settled(qtbot, desktop)
    calendar.table.setCurrentCell(2, 0)
    grab(calendar, f"calendar-{scale}-{scheme.value}")
    assert accessibility.problems(calendar) == []
    calendar.room.choose(places(centre, site)[0])
    calendar._read()
    settled(qtbot, desktop)
    grab(calendar, f"calendar-week-{scale}-{scheme.value}")
    assert timedelta(days=calendar.table.columnCount()) == timedelta(days=7)
