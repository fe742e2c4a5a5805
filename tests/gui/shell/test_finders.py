"""What the palette says of a search that did not look at everything."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core.theme import Scheme
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open

MORE = "Newest matches only. Add a word to find older ones."


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
def test_a_search_that_found_more_than_it_shows_says_so(
    centre: Centre, open_desktop: Open, scheme: Scheme, qtbot: QtBot, grab: Grab
) -> None:
    for n in range(25):
        centre.add_contact(who=f"Person {n}", subject="Lamppost", text="wobbly" if n else "leaning")
    desktop = open_desktop(centre, "anna")
    desktop.desk.look.set_scheme(scheme)
    palette = desktop.window.palette_box

    palette.open_palette("lamppost")
    qtbot.waitUntil(lambda: MORE in _said(palette))
    grab(desktop.window, f"palette-newest-{scheme.value}")
    palette.open_palette("lamppost lean")
    qtbot.waitUntil(lambda: "1 result " in _said(palette))

    assert MORE not in _said(palette)


def _said(palette: QWidget) -> str:
    return "\n".join(label.text() for label in palette.findChildren(QLabel))
