"""An administrator sets up sites on the Admin page, by keyboard alone."""

from __future__ import annotations

from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QLineEdit, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import update

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.admin.pages import AdminPages
from crm_desktop.desktop.screens.admin.site_addresses import AddressesDialog
from crm_desktop.desktop.screens.admin.site_cards import PlaceCard, ServiceCard
from crm_desktop.desktop.screens.admin.site_form import SiteForm
from crm_desktop.desktop.screens.admin.site_hours import read_windows, say_windows
from crm_desktop.desktop.screens.admin.sites_screen import SITES, SitesScreen
from crm_desktop.desktop.widgets.chooser import ChoiceField, Chooser
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.states import StaffRole
from crm_desktop.services import kiosks, sites, staff, visits
from crm_desktop.services.staff import NewStaff
from crm_desktop.store.models import Staff
from tests.centre import PASSWORD, Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, settled
from tests.visits_centre import add_site, arriving, places, service_of

SPACE, RETURN = Qt.Key.Key_Space, Qt.Key.Key_Return


def _opened(
    centre: Centre, open_desktop: Open, qtbot: QtBot, login: str = "ada"
) -> tuple[Desktop, SitesScreen]:
    if login == "ada":
        owner = centre.as_owner()
        staff.add(owner, NewStaff("ada", "Ada Grant", StaffRole.ADMIN, ("general",)), PASSWORD)
    desktop = open_desktop(centre, login)
    desktop.window.registry.run("go.admin")
    pages = desktop.window.pages.widget("admin")
    assert isinstance(pages, AdminPages)
    pages.tabs.choose(SITES)
    settled(qtbot, desktop)
    return desktop, pages.sites


def _press(inside: QWidget, words: str) -> None:
    buttons = inside.findChildren(QAbstractButton)
    button = next(e for e in buttons if e.text() == words and e.isVisible())
    assert button.isEnabled()
    assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
    QTest.keyClick(button, SPACE)


def _form(kind: type[QDialog]) -> QDialog:
    return next(e for e in QApplication.topLevelWidgets() if isinstance(e, kind) and e.isVisible())


def _site_form() -> SiteForm:
    form = _form(SiteForm)
    assert isinstance(form, SiteForm)
    return form


def _field(form: QWidget, name: str) -> QLineEdit:
    return next(e for e in form.findChildren(QLineEdit) if e.accessibleName() == name)


def _choose(form: QWidget, name: str, words: str) -> None:
    fields = form.findChildren(ChoiceField)
    field = next(e for e in fields if e.accessibleName().startswith(f"{name}:"))
    QTest.keyClick(field, SPACE)
    chooser = next(e for e in field.findChildren(Chooser) if e.isVisible())
    QTest.keyClicks(chooser.field, words)
    QTest.keyClick(chooser.field, RETURN)


def _said(inside: QWidget) -> str:
    return " ".join(accessibility.texts(accessibility.tree(inside)))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("9-17", "09:00-17:00"),
        ("9.30 to 12:30 and 13:00–17:00", "09:30-12:30, 13:00-17:00"),
        ("13:00-17:00, 09:00-12:00", "09:00-12:00, 13:00-17:00"),
        ("22:00-24:00", "22:00-24:00"),
        ("closed", ""),
        ("", ""),
        ("17-9", None),
        ("9-13, 12-17", None),
        ("all day", None),
    ],
)
def test_opening_times_are_read_as_people_type_them(typed: str, read: str | None) -> None:
    found = read_windows(typed)
    assert (None if found is None else say_windows(found)) == read


def test_from_nothing_to_a_site_that_takes_visitors(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop, screen = _opened(centre, open_desktop, qtbot)
    assert "No site yet" in _said(screen)
    _press(screen, "Add a site…")
    form = _site_form()
    QTest.keyClicks(_field(form, "Name"), "Guildhall one-stop-shop")
    QTest.keyClicks(_field(form, "Code"), "Guildhall!")
    form.tabs.choose("hours")
    for day in ("Monday", "Tuesday"):
        QTest.keyClicks(_field(form, f"Open on {day}"), "9-17 or so")
    _press(form, "Add a special day")
    QTest.keyClicks(_field(form, "Special day"), "24/12/2026")
    QTest.keyClicks(_field(form, "Open on that day"), "9-12")
    QTest.keyClick(_field(form, "Open on Monday"), RETURN)
    settled(qtbot, desktop)
    # What cannot be read is said by its day, and everything stays as it was typed.
    assert "Monday: 09:00-17:00, or 09:00-12:30, 13:00-17:00" in _said(form)
    for day in ("Monday", "Tuesday"):
        _field(form, f"Open on {day}").setText("9-17")
    form.tabs.choose("services")
    for words in ("missed", "council tax"):
        _press(form, "Add a service")
        _choose(form.findChildren(ServiceCard)[-1], "Service", words)
    second = form.findChildren(ServiceCard)[1]
    second.letter.setText("A")
    form.tabs.choose("places")
    _press(form, "Add a desk or room")
    card = form.findChild(PlaceCard)
    assert card is not None
    assert card.name.text() == "Desk 1"
    assert accessibility.problems(form) == []
    QTest.keyClick(card.name, RETURN)
    settled(qtbot, desktop)
    said = _said(form)
    assert "code: small letters, digits and hyphens" in said
    assert "letter A: taken: Missed bin collection and Council Tax change of address" in said
    second.letter.setText("c")
    form.tabs.choose("site")
    _field(form, "Code").setText("guildhall")
    QTest.keyClick(_field(form, "Name"), RETURN)
    settled(qtbot, desktop)

    (known,) = sites.read(centre.as_owner()).sites
    assert [each.letter for each in known.site.services] == ["A", "C"]
    assert [str(each) for each in known.site.hours.week[0]] == ["09:00-17:00"]
    assert known.site.hours.special[0][0] == date(2026, 12, 24)
    assert [row.title for row in screen.list.rows()] == ["Guildhall one-stop-shop"]
    assert "2 services" in screen.list.rows()[0].detail
    visits.check_in(centre.as_person("anna"), arriving(known.id, known.site.services[0].service_id))


def test_what_is_in_use_stays_and_a_closed_site_is_opened_again(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = add_site(centre, services=("missed_bin", "council_tax"))
    anna = centre.as_person("anna")
    visits.at(anna, places(centre, site)[0])
    desktop, screen = _opened(centre, open_desktop, qtbot)
    assert "1 of 2 desks and rooms staffed" in screen.list.rows()[0].detail

    _press(screen, "Close site")
    settled(qtbot, desktop)
    assert "Closing: Anna Whitlock is there" in _said(screen)
    assert sites.read(centre.as_owner()).sites[0].site.active
    visits.at(anna, None)
    qtbot.waitUntil(lambda: "0 of 2" in screen.list.rows()[0].detail)
    _press(screen, "Close site")
    settled(qtbot, desktop)
    assert not sites.read(centre.as_owner()).sites[0].site.active
    desktop.window.registry.run("toast.undo")
    settled(qtbot, desktop)
    assert sites.read(centre.as_owner()).sites[0].site.active

    # A profile is ticked by name, and says what it means.
    QTest.keyClick(screen.list, RETURN)
    form = _site_form()
    form.tabs.choose("places")
    settled(qtbot, desktop)
    card = form.findChildren(PlaceCard)[1]
    assert "everything that the site offers" in _said(card)
    _press(card, "Council Tax change of address")
    assert "what is ticked" in _said(card)
    form.tabs.choose("alarms")
    some = next(e for e in form.findChildren(QAbstractButton) if "these people" in e.text())
    QTest.keyClick(some, SPACE)
    _press(form, "Anna Whitlock")
    assert accessibility.problems(form) == []
    _press(form, "Save")
    settled(qtbot, desktop)
    (known,) = sites.read(centre.as_owner()).sites
    assert known.site.places[1].services == (service_of(centre, site, 2),)
    assert known.site.alarm_hearers == (centre.person("anna").id,)


def test_addresses_are_copied_and_the_key_renewed_after_a_question(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    add_site(centre)
    (before,) = sites.read(centre.as_owner()).sites
    desktop, screen = _opened(centre, open_desktop, qtbot)
    _press(screen, "Kiosk and screen…")
    dialog = _form(AddressesDialog)
    assert isinstance(dialog, AddressesDialog)
    assert accessibility.problems(dialog) == []
    dialog.base.setText("https://desk.example.gov.uk/")
    _press(dialog, "Copy")
    wanted = f"https://desk.example.gov.uk/kiosk/{before.key}"
    assert QGuiApplication.clipboard().text() == wanted
    assert dialog.screen_address.text() == f"{wanted}/screen"

    _press(dialog, "Renew the key…")
    assert "are shut out" in _said(dialog)
    _press(dialog, "Keep the key")
    assert sites.read(centre.as_owner()).sites == (before,)
    _press(dialog, "Renew the key…")
    _press(dialog, "Renew now")
    settled(qtbot, desktop)
    (site,) = kiosks.sites(centre.as_gateway())
    assert site.key != before.key
    assert dialog.kiosk.text() == f"https://desk.example.gov.uk/kiosk/{site.key}"
    dialog.accept()
    # The gateway's address is remembered by this computer.
    _press(screen, "Kiosk and screen…")
    assert _field(_form(AddressesDialog), "Public screen").text().startswith("https://desk.exam")


CASES = [
    ("1440x900", 1440, 900, 100, Scheme.LIGHT),
    ("200", 1280, 720, 200, Scheme.DARK),
]


@pytest.mark.parametrize("case", CASES, ids=[each[0] for each in CASES])
def test_it_looks_right_and_has_names(
    demo: Centre,
    open_desktop: Open,
    qtbot: QtBot,
    grab: Grab,
    case: tuple[str, int, int, int, Scheme],
) -> None:
    name, width, height, scale, scheme = case
    with demo.as_owner().write() as tx:
        tx.session.execute(
            update(Staff).where(Staff.login == "k.imran").values(role=StaffRole.ADMIN)
        )
    desktop, screen = _opened(demo, open_desktop, qtbot, "k.imran")
    desktop.desk.look.set_scheme(scheme)
    desktop.desk.look.set_scale(scale)
    desktop.window.resize(width, height)
    settled(qtbot, desktop)
    grab(desktop.window, f"sites-{name}-{scheme.value}")
    assert accessibility.problems(desktop.window) == []
    assert (desktop.window.width(), desktop.window.height()) == (width, height)
    # The Guildhall is the second by name.
    screen.list.make_current(screen.list.rows()[1].key)
    QTest.keyClick(screen.list, RETURN)
    form = _site_form()
    for key in ("site", "hours", "services", "places", "alarms"):
        form.tabs.choose(key)
        grab(form, f"sites-{key}-{name}-{scheme.value}")
        assert accessibility.problems(form) == []
    form.reject()
    _press(screen, "Kiosk and screen…")
    dialog = _form(AddressesDialog)
    _press(dialog, "Renew the key…")
    grab(dialog, f"sites-addresses-{name}-{scheme.value}")
