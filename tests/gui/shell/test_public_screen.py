"""The screen that faces the public: a call is there at once, and nobody's name ever."""

from __future__ import annotations

import io
import wave
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtTextToSpeech import QTextToSpeech
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.voice import Voice, chime, spoken
from crm_desktop.desktop.screens.public_screen.screen import PublicScreen
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.visits import Called, Ticket
from crm_desktop.services import visits
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, settled
from tests.visits_centre import add_site, arriving, places, service_of


def hung(centre: Centre, open_desktop: Open, qtbot: QtBot) -> tuple[Desktop, PublicScreen]:
    """A leader's desktop with the public screen of its only site."""
    desktop = open_desktop(centre, "rose")
    desktop.window.registry.action("view.public").trigger()
    qtbot.waitUntil(lambda: desktop.window.public.screen is not None)
    screen = desktop.window.public.screen
    assert screen is not None
    settled(qtbot, desktop)
    return desktop, screen


def test_a_call_is_shown_and_said_without_a_name(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = add_site(centre)
    anna, desk = centre.as_person("anna"), places(centre, site)[1]
    visits.check_in(anna, arriving(site, service_of(centre, site), "R. Doyle"))
    desktop, screen = hung(centre, open_desktop, qtbot)
    heard: list[str] = []
    monkeypatch.setattr(screen.voice, "call", heard.append)
    visits.at(anna, desk)

    visits.call_next(anna, desk)
    qtbot.waitUntil(lambda: "A001, Desk 2" in screen.accessibleName())

    screen.resize(1280, 720)
    grab(screen, "public-screen")
    assert heard == ["Ticket A, 1, please go to Desk 2."]
    tree = " ".join(accessibility.texts(accessibility.tree(screen)))
    assert "Doyle" not in tree
    assert "Doyle" not in screen.accessibleName()
    QTest.keyClick(screen, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: desktop.window.public.screen is None)


def test_it_stays_while_the_desktop_is_locked(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    add_site(centre)
    desktop, screen = hung(centre, open_desktop, qtbot)

    desktop.window.registry.action("app.lock").trigger()
    qtbot.waitUntil(lambda: desktop.window.lock.is_locked)

    assert screen.isVisible()


def test_calls_that_come_together_are_all_said_the_oldest_first(
    look: Look, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime(2026, 11, 27, 11, 30, tzinfo=UTC)
    first, second, third = (
        Called(number, Ticket("A", number), f"Desk {number}", at + timedelta(seconds=number), False)
        for number in (1, 2, 3)
    )
    home = QWidget()
    qtbot.addWidget(home)
    screen = PublicScreen(look, Clock(home), "Guildhall", home)
    heard: list[str] = []
    monkeypatch.setattr(screen.voice, "call", heard.append)
    screen.show_called((first,))
    assert heard == [], "what was called before the screen hung is not said"

    screen.show_called((third, second, first))
    screen.show_called((second, first))
    screen.show_called((third, second, first))

    assert heard == ["Ticket A, 2, please go to Desk 2.", "Ticket A, 3, please go to Desk 3."]


def test_a_call_waits_until_the_one_before_is_said(qtbot: QtBot) -> None:
    home = QWidget()
    qtbot.addWidget(home)
    voice = Voice(home)
    voice._speech = QTextToSpeech("mock", voice)
    said: list[str] = []
    voice._speech.sayingWord.connect(lambda word, *_: said.append(word))

    voice.call("Ticket A")
    voice.call("Ticket B")

    qtbot.waitUntil(lambda: said == ["Ticket", "A", "Ticket", "B"])


def test_what_cannot_be_heard_here_is_said_once(
    centre: Centre, open_desktop: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Voice, "_prepare", lambda _voice: "This computer has no voice.")
    add_site(centre)
    desktop, screen = hung(centre, open_desktop, qtbot)
    assert desktop.window.public.bar.isVisible()
    assert desktop.window.public.bar.text().startswith("This computer has no voice.")

    desktop.window.public.bar.hide()
    screen.close()
    qtbot.waitUntil(lambda: desktop.window.public.screen is None)
    desktop.window.registry.action("view.public").trigger()
    qtbot.waitUntil(lambda: desktop.window.public.screen is not None)
    settled(qtbot, desktop)

    assert not desktop.window.public.bar.isVisible()


def test_the_chime_is_a_sound() -> None:
    with wave.open(io.BytesIO(chime())) as file:
        assert file.getnchannels() == 1
        assert 0.5 < file.getnframes() / file.getframerate() < 2


def test_a_number_is_said_as_people_say_it() -> None:
    assert spoken("H", 14, "Interview 1") == "Ticket H, 14, please go to Interview 1."
