"""Calls at an advisor's desktop by real keys: rung, answered, worked, passed on, ended, refused."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.domain.calls import CallState
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.calling import Exchange, says
from tests.gui.shell.conftest import Open, settled


@pytest.mark.parametrize(
    ("name", "width", "height", "scale", "scheme"),
    [
        ("1440", 1440, 900, 100, Scheme.LIGHT),
        ("1280", 1280, 720, 100, Scheme.DARK),
        ("200", 1440, 900, 200, Scheme.LIGHT),
        ("contrast", 1440, 900, 100, Scheme.CONTRAST),
    ],
)
def test_the_bar_says_what_the_telephone_does(
    centre: Centre,
    open_desktop: Open,
    qtbot: QtBot,
    grab: Grab,
    name: str,
    width: int,
    height: int,
    scale: int,
    scheme: Scheme,
) -> None:
    exchange = Exchange(centre)
    desktop = open_desktop(centre, "anna")
    desktop.desk.look.set_scheme(scheme)
    desktop.desk.look.set_scale(scale)
    desktop.window.resize(width, height)

    contact_id = exchange.ring()
    says(qtbot, desktop, "Your phone rings")
    settled(qtbot, desktop)
    grab(desktop.window, f"call-ringing-{name}")
    exchange.pick_up(contact_id)
    exchange.change(contact_id, recording="on")
    says(qtbot, desktop, "On call")
    settled(qtbot, desktop)
    grab(desktop.window, f"call-talking-{name}")
    exchange.becomes(contact_id, CallState.HELD)
    says(qtbot, desktop, "On hold")
    settled(qtbot, desktop)
    grab(desktop.window, f"call-held-{name}")
    exchange.third(contact_id, "Ben Achebe", up=False)
    exchange.becomes(contact_id, CallState.CONSULTING)
    says(qtbot, desktop, "Calling Ben Achebe")
    exchange.third(contact_id, "Ben Achebe", up=True)
    says(qtbot, desktop, "With Ben Achebe")
    settled(qtbot, desktop)
    grab(desktop.window, f"call-asking-{name}")
    exchange.becomes(contact_id, CallState.CONFERENCE)
    exchange.listens(contact_id, centre.person("rose").id, "whisper")
    exchange.change(contact_id, muted=True)
    bar = says(qtbot, desktop, "All together with Ben Achebe")
    qtbot.waitUntil(lambda: bar.said is not None and len(bar.said.marks) > 2)
    settled(qtbot, desktop)
    grab(desktop.window, f"call-together-{name}")
    assert accessibility.problems(desktop.window) == []
