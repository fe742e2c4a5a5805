"""The audit screen: what it asks, what it shows, and that everything can be reached by keyboard."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.presenting import ImmediateTasks
from crm_desktop.desktop.screens.audit.presenter import AuditPresenter
from crm_desktop.desktop.screens.audit.screen import DID, SEEN, AuditScreen
from crm_desktop.desktop.widgets.buttons import IconButton
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.audit_views import AuditedPerson, Deed, Hour, RowChange, Sighting
from crm_desktop.domain.errors import NotAllowed
from crm_desktop.domain.views import FoundCustomer
from crm_desktop.services import audit_export, contacts
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, settled
from tests.gui.shell.test_pictures import CASES, Case

NOW = datetime(2026, 11, 24, 16, 20, tzinfo=UTC)
SIGHTINGS = tuple(
    Sighting(
        100 - at,
        NOW - timedelta(minutes=47 * at),
        ("Anna Whitlock", "Ben Achebe", "Rose Boateng")[at % 3],
        ("customer", "attachment", "report.customer", "contact", "customer")[at % 5],
        7 if at % 5 != 2 else None,
        {0: "Missed recycling bin in Mill Lane", 1: "bin-in-the-road.jpg", 3: "Council Tax"}.get(
            at % 5, ""
        ),
    )
    for at in range(40)
)
DEEDS = tuple(
    Deed(
        ("event", "read", "row")[at % 3],
        100 - at,
        NOW - timedelta(minutes=11 * at),
        "contact.taken",
        ("Taken", "Opened a customer's record", "Changed a customer's record")[at % 3],
        ("Margaret Okafor · Missed recycling bin", "Margaret Okafor", "Jo Brandt")[at % 3],
        7 if at % 3 == 0 else None,
        1000 + at,
        (2, 0, 1)[at % 3],
    )
    for at in range(30)
)
CHANGES = (
    RowChange(
        1, "U", "contact", "7", "Changed a contact",
        {"state": "queued", "owner_id": None, "first_taken_at": None},
        {"state": "active", "owner_id": 3, "first_taken_at": "2026-11-24T16:20:00+00:00"},
    ),
    RowChange(2, "I", "assignment", "12", "Added the holder of a contact"),
    RowChange(3, "U", "customer", "4", "Changed a customer's record", redacted=True),
)  # fmt: skip
HOURS = tuple(
    Hour(datetime(2026, 11, 24, hour, tzinfo=UTC), reads, changes)
    for hour, reads, changes in ((8, 4, 1), (9, 12, 7), (10, 15, 9), (11, 8, 3), (13, 14, 6))
)
PEOPLE = (AuditedPerson(3, "Anna Whitlock", True), AuditedPerson(4, "Old Hand", False))


@pytest.fixture
def screen(look: Look, qtbot: QtBot) -> AuditScreen:
    clock = Clock()
    clock.set_by(NOW, datetime.now(UTC))
    made = AuditScreen(look, clock)
    qtbot.addWidget(made)
    made.resize(1200, 760)
    made.show()
    return made


def seen_shown(screen: AuditScreen) -> None:
    screen.tabs.choose(SEEN)
    screen.show_found(
        (FoundCustomer(4, "Margaret Okafor", "12 Mill Lane, NR1 3PX"),), asked="okafor"
    )
    screen.seen.name_customer("Margaret Okafor")
    screen.show_seen(SIGHTINGS, more=True)


def did_shown(screen: AuditScreen) -> None:
    screen.tabs.choose(DID)
    screen.show_people(PEOPLE)
    screen.did.person.choose(3)
    screen.show_hours(HOURS)
    screen.show_did(DEEDS, more=True)
    screen.did.list.setCurrentIndex(screen.did.list.model().index(0, 0))
    screen.show_changes(CHANGES)


@pytest.mark.parametrize("case", CASES, ids=[f"{each[0]}-{each[4].value}" for each in CASES])
def test_both_questions_look_right_and_have_names(
    look: Look, screen: AuditScreen, grab: Grab, case: Case
) -> None:
    name, width, height, scale, scheme = case
    look.set_scheme(scheme)
    look.set_scale(scale)
    # What the rail, the bar above and the strip below leave of a window.
    screen.resize(width - 60, height - 80)

    for page, show in ((SEEN, seen_shown), (DID, did_shown)):
        show(screen)
        grab(screen, f"audit-{page}-{name}-{scheme.value}")
        assert accessibility.problems(screen) == []
    assert (screen.width(), screen.height()) == (width - 60, height - 80)


def test_sightings_stand_under_their_days_in_plain_words(screen: AuditScreen) -> None:
    seen_shown(screen)

    rows = screen.seen.list.rows()
    assert rows[0].heading
    assert rows[0].title == "24 Nov 2026"
    assert rows[1].title == "Anna Whitlock"
    assert rows[1].detail == "Opened the record from contact “Missed recycling bin in Mill Lane”"
    assert rows[2].detail == "Opened the file “bin-in-the-road.jpg”"
    assert screen.seen.earlier.isVisible()


def test_what_one_may_not_ask_is_said_and_nothing_stays(screen: AuditScreen) -> None:
    seen_shown(screen)

    screen.show_trouble(NotAllowed("no"))

    assert not screen.seen.list.isVisible()
    assert not screen.seen.export.isEnabled()


def test_a_row_opens_its_contact_with_enter(screen: AuditScreen, qtbot: QtBot) -> None:
    seen_shown(screen)
    opened: list[object] = []
    screen.contact_wanted.connect(opened.append)

    screen.seen.list.setFocus()
    screen.seen.list.make_current(SIGHTINGS[0].id)
    QTest.keyClick(screen.seen.list, Qt.Key.Key_Return)

    assert opened == [7]


def test_the_arrows_beside_the_day_go_to_its_neighbours(screen: AuditScreen, qtbot: QtBot) -> None:
    days: list[object] = []
    screen.did.day_chosen.connect(days.append)
    screen.tabs.choose(DID)

    screen.did.before.click()
    screen.did.day.setFocus()
    screen.did.day.setText("20/11/26")
    QTest.keyClick(screen.did.day, Qt.Key.Key_Return)

    assert days == [date(2026, 11, 23), date(2026, 11, 20)]


def leader_s(centre: Centre, screen: AuditScreen) -> AuditPresenter:
    presenter = AuditPresenter(
        centre.as_person("rose"), ImmediateTasks(), screen, now=lambda: datetime.now(UTC)
    )
    screen.bind(presenter)
    return presenter


def test_the_questions_are_answered_from_the_database(centre: Centre, screen: AuditScreen) -> None:
    contact_id = centre.add_contact(customer="margaret.okafor@example.org")
    anna = centre.as_person("anna")
    contacts.take(anna, contact_id)
    customer = contacts.open_contact(anna, contact_id).customer
    assert customer is not None
    presenter = leader_s(centre, screen)
    presenter.start()

    screen.seen.field.setText("okafor")
    screen.ask_about_customer(customer.id, customer.name)

    assert [row.title for row in screen.seen.list.rows()][1:] == ["Rose Boateng", "Anna Whitlock"]
    screen.tabs.choose(DID)
    screen.did.person.chosen.emit(anna.actor and anna.actor.id)
    assert [row.title for row in screen.did.list.rows()][-1] == "Taken"
    assert screen.did.list.rows()[-1].detail == "Margaret Okafor · Missed bin"


def test_an_export_is_a_table_that_no_spreadsheet_runs(centre: Centre, tmp_path: Path) -> None:
    contact_id = centre.add_contact(subject="=cmd()", customer="margaret.okafor@example.org")
    anna = centre.as_person("anna")
    customer = contacts.open_contact(anna, contact_id).customer
    assert customer is not None

    lines = audit_export.who_saw(centre.as_person("rose"), customer.id, tmp_path / "seen.csv")

    text = (tmp_path / "seen.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.reader(text.splitlines()))
    assert lines == 2
    assert rows[0] == ["When", "Who", "What", "Contact", "About"]
    assert rows[2][1:] == ["Anna Whitlock", "customer", str(contact_id), "'=cmd()"]


def test_a_leader_comes_from_the_customer_s_record_and_an_advisor_cannot(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    centre.add_contact(customer="margaret.okafor@example.org")
    rose = open_desktop(centre, "rose", live=False)
    rose.window.go("customers")
    rose.window.pages.customers.open(1)
    settled(qtbot, rose)
    (button,) = _buttons(rose)

    button.click()
    settled(qtbot, rose)

    (screen,) = rose.window.findChildren(AuditScreen)
    assert screen.isVisible()
    rose.window.resize(1280, 720)
    grab(rose.window, "audit-window-1280x720-light")
    assert [row.title for row in screen.seen.list.rows()][1:] == ["Rose Boateng", "Rose Boateng"]
    assert accessibility.problems(rose.window) == []
    anna = open_desktop(centre, "anna", live=False)
    anna.window.go("customers")
    assert _buttons(anna) == []
    assert anna.window.findChildren(AuditScreen) == []


def _buttons(desktop: Desktop) -> list[IconButton]:
    """Those that ask, on the customers page."""
    page = desktop.window.pages.customers_screen
    return [
        each
        for each in page.findChildren(IconButton)
        if each.accessibleName() == "Who has seen this customer"
    ]
