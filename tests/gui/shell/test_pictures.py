"""Every screen over the demo centre in every theme and size, looked at by a person."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.layout import fit_screen
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop_root import Desktop
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, busiest, settled, waiting

PLACES = ("queue", "customers", "cases", "knowledge", "settings")
LISTS = {"customers": "Customers found", "knowledge": "Suggested answers"}
#: name, width, height, font scale in per cent, scheme
Case = tuple[str, int, int, int, Scheme]
CASES: list[Case] = [
    (name, width, height, scale, scheme)
    for name, width, height, scale in (
        ("1440x900", 1440, 900, 100),
        ("1280x720", 1280, 720, 100),
        ("200", 1440, 900, 200),
    )
    for scheme in Scheme
]


def opened(qtbot: QtBot, desktop: Desktop) -> None:
    """Take the most urgent contact, so that everything is on the screen."""
    desktop.window.commands.gestures.take(waiting(desktop.window)[0])
    settled(qtbot, desktop)


@pytest.mark.parametrize("case", CASES, ids=[f"{each[0]}-{each[4].value}" for each in CASES])
def test_every_screen_looks_right_and_has_names(
    demo: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab, case: Case
) -> None:
    name, width, height, scale, scheme = case
    desktop = open_desktop(demo, busiest(demo), live=False)
    window = desktop.window
    desktop.desk.look.set_scheme(scheme)
    desktop.desk.look.set_scale(scale)
    window.resize(width, height)
    opened(qtbot, desktop)
    window.pages.customers_screen.field.setText("brandt")
    for place in PLACES:
        window.go(place)
        settled(qtbot, desktop)
        for each in window.findChildren(RowList):
            if each.isVisible() and each.accessibleName() == LISTS.get(place):
                each.step(1)
        settled(qtbot, desktop)
        grab(window, f"{place}-{name}-{scheme.value}")
        assert accessibility.problems(window) == []
    window.go("queue")
    window.registry.run("case.focus")
    settled(qtbot, desktop)
    grab(window, f"case-{name}-{scheme.value}")
    assert (window.width(), window.height()) == (width, height)


def test_letters_twice_the_size_fit_the_screen_from_the_start(
    demo: Centre, open_desktop: Open, qtbot: QtBot, look: Look
) -> None:
    look.set_scale(200)
    window = open_desktop(demo, busiest(demo), live=False).window

    for size in ((1440, 900), (1280, 720)):
        window.resize(*size)
        qtbot.wait(1)
        assert (window.width(), window.height()) == size
    fit_screen(window)
    room = window.screen().availableGeometry()
    assert window.width() <= max(room.width(), window.minimumWidth())
    assert window.height() <= max(room.height(), window.minimumHeight())
