"""A site's day in figures: found from desk and team, followed to the people behind a number."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.layout import SITE
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.figures.site_dialog import SiteDayDialog
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.site_figures import SiteFigure
from crm_desktop.domain.states import StaffRole
from crm_desktop.services import site_figures, staff, visits
from crm_desktop.services.staff import NewStaff
from tests.centre import PASSWORD, Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, settled
from tests.visits_centre import add_site, arriving, places, service_of

RETURN = Qt.Key.Key_Return


def _dialog(qtbot: QtBot, desktop: Desktop) -> SiteDayDialog:
    settled(qtbot, desktop)
    dialog = desktop.window.site_figures.dialog
    assert dialog is not None
    return dialog


def _tile(dialog: SiteDayDialog, figure: SiteFigure) -> str:
    (tile,) = [e for e in dialog.tiles.tiles if e.shown and e.shown.figure is figure]
    assert tile.shown is not None
    return tile.shown.value


def test_a_day_is_followed_to_who_is_behind_a_number(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    staff.add(
        centre.as_owner(), NewStaff("dee", "Dee Marsh", StaffRole.DESK, ("general",)), PASSWORD
    )
    site = add_site(centre, services=("missed_bin", "council_tax"))
    tax = service_of(centre, site, 2)
    desktop = open_desktop(centre, "dee")
    desktop.desk.settings.set(SITE, str(site))
    desktop.window.registry.run("view.site_figures")
    dialog = _dialog(qtbot, desktop)
    assert _tile(dialog, SiteFigure.CAME) == "0"
    assert _tile(dialog, SiteFigure.WITHIN) == "–"

    # It follows what happens there.
    dee = centre.as_person("dee")
    visits.at(dee, places(centre, site)[0])
    seen = visits.check_in(dee, arriving(site, tax, "A. Nowak"))[0].contact_id
    visits.check_in(dee, arriving(site, service_of(centre, site, 1), "B. Okafor"))
    visits.call(dee, seen, places(centre, site)[0])
    visits.serve(dee, seen)
    qtbot.waitUntil(lambda: _tile(dialog, SiteFigure.SERVED) == "1", timeout=20_000)
    assert _tile(dialog, SiteFigure.WAITING) == "1"
    (tile,) = [e for e in dialog.tiles.tiles if e.shown and e.shown.figure is SiteFigure.WITHIN]
    assert "no longer than 15 minutes" in tile.toolTip()
    assert accessibility.problems(dialog) == []

    opened: list[int] = []
    dialog.contact_wanted.connect(opened.append)
    QTest.keyClick(tile, RETURN)
    settled(qtbot, desktop)
    assert dialog.behind is not None
    (row,) = dialog.behind.rows()
    assert (row.title, row.pill and row.pill[0]) == ("B001  A. Nowak", "in time")
    QTest.keyClick(dialog.behind.findChildren(type(dialog.services))[0], RETURN)
    assert opened == [seen]
    dialog.behind.reject()
    # Of one service; who waits for others' queue has a ticket and no name.
    QTest.keyClick(dialog.services, RETURN)
    settled(qtbot, desktop)
    assert dialog.behind is not None
    assert [each.title for each in dialog.behind.rows()] == ["A001"]
    dialog.behind.reject()

    QTest.keyClick(dialog, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    settled(qtbot, desktop)
    assert _tile(dialog, SiteFigure.CAME) == "0"
    figures = [each.shown.figure for each in dialog.tiles.tiles if each.shown]
    assert SiteFigure.WAITING not in figures
    QTest.keyClick(dialog, Qt.Key.Key_Home, Qt.KeyboardModifier.AltModifier)
    settled(qtbot, desktop)
    assert _tile(dialog, SiteFigure.CAME) == "2"
    # Names go at once when personal data is hidden.
    dialog.open_behind(SiteFigure.CAME)
    desktop.window.registry.run("view.private")
    assert desktop.window.site_figures.dialog is None


def test_it_is_found_from_the_desk_and_from_the_team(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    add_site(centre)
    desktop = open_desktop(centre, "rose")
    for page in ("desk", "team"):
        desktop.window.go(page)
        settled(qtbot, desktop)
        shown = desktop.window.pages.widget(page)
        assert shown is not None
        names = ("Figures of this site", "Figures of a site")
        button = next(e for e in shown.findChildren(QAbstractButton) if e.accessibleName() in names)
        button.click()
        dialog = _dialog(qtbot, desktop)
        assert "Guildhall" in dialog.windowTitle()
        dialog.reject()
    assert desktop.window.site_figures.dialog is None
    assert "view.site_figures" not in _commands(open_desktop(centre, "anna"))


def _commands(desktop: Desktop) -> set[str]:
    return {each.id for each in desktop.window.registry.commands()}


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
    desktop = open_desktop(demo, "k.imran")
    desktop.desk.look.set_scheme(scheme)
    desktop.desk.look.set_scale(scale)
    desktop.window.resize(width, height)
    found = next(e for e in visits.sites(demo.as_person("k.imran")) if e.code == "guildhall")
    desktop.desk.settings.set(SITE, str(found.id))
    desktop.window.go("desk")
    settled(qtbot, desktop)
    grab(desktop.window, f"desk-with-figures-{name}-{scheme.value}")
    desktop.window.registry.run("view.site_figures")
    dialog = _dialog(qtbot, desktop)
    qtbot.waitUntil(lambda: "Guildhall" in dialog.windowTitle())
    grab(dialog, f"site-figures-{name}-{scheme.value}")
    assert accessibility.problems(dialog) == []
    dialog.open_behind(SiteFigure.CAME)
    settled(qtbot, desktop)
    assert dialog.behind is not None
    grab(dialog.behind, f"site-behind-{name}-{scheme.value}")
    assert accessibility.problems(dialog.behind) == []
    day = site_figures.of_day(demo.as_person("k.imran"), found.id)
    assert _tile(dialog, SiteFigure.CAME) == f"{day.sums.came:,}"
