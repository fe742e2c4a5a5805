"""Silent alarms between desktops: by the database, without it, over a lock; seen, and not seen."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.alarms.overlay import DEAF_MS, AlarmOverlay
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.alarms import Acknowledged, OpenAlarm
from crm_desktop.domain.errors import DatabaseAway
from crm_desktop.services import alarms, visits
from crm_desktop.this_computer.alarms import BuildingAlarms
from crm_desktop.workstation.settings import Settings
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, settled
from tests.integration.conftest import postgres_centre
from tests.integration.workstation.test_chord import ALARM_KEYS, OTHER_PROGRAM
from tests.servers import processes, xvfb
from tests.servers.ports import free_port
from tests.visits_centre import add_site, places

__all__ = ["postgres_centre"]

LOOPBACK = "127.255.255.255"
Building = Callable[[], BuildingAlarms]


@pytest.fixture
def building() -> Iterator[Building]:
    """Computers of one building, on a network that does not leave this one."""
    settings = Settings(alarm_address=LOOPBACK, alarm_port=free_port())
    made: list[BuildingAlarms] = []

    def computer() -> BuildingAlarms:
        made.append(BuildingAlarms(settings, None, "a database"))
        return made[-1]

    yield computer
    for each in made:
        each.stop()


def _shown(desktop: Desktop) -> AlarmOverlay | None:
    overlay = desktop.window.alarms.overlay
    return overlay if overlay is not None and overlay.isVisible() else None


def _said(overlay: AlarmOverlay | None) -> str:
    assert overlay is not None
    return " ".join(accessibility.texts(accessibility.tree(overlay)))


def _ready(qtbot: QtBot, *desktops: Desktop) -> None:
    """Past the moment after which a desktop gets ready for alarms."""
    qtbot.wait(750)
    settled(qtbot, *desktops)


def _enter(qtbot: QtBot, overlay: AlarmOverlay | None) -> None:
    assert overlay is not None
    qtbot.wait(DEAF_MS + 50)
    QTest.keyClick(overlay, Qt.Key.Key_Return)


def test_it_is_shown_to_others_acknowledged_by_name_and_ended(
    postgres_centre: Centre,
    open_desktop: Open,
    qtbot: QtBot,
    record_property: Callable[[str, object], None],
) -> None:
    site = add_site(postgres_centre)
    visits.at(postgres_centre.as_person("anna"), places(postgres_centre, site)[0])
    anna, ben, rose = (open_desktop(postgres_centre, each) for each in ("anna", "ben", "rose"))
    _ready(qtbot, anna, ben, rose)
    begun = time.perf_counter()

    anna.window.registry.run("alarm.raise")
    qtbot.waitUntil(lambda: _shown(ben) is not None and _shown(rose) is not None)
    # What docs/SAFETY.md says was read from here; a busy computer is slower and no failure.
    record_property("shown_ms", round((time.perf_counter() - begun) * 1000))

    assert _shown(anna) is None
    assert anna.window.alarms.sign.accessibleName() == "Sent"
    assert anna.window.alarms.sign.text() == "·"
    settled(qtbot, anna, ben, rose)
    assert "Desk 1" in _said(_shown(ben))
    assert "Anna Whitlock" in _said(_shown(ben))
    shown = _shown(ben)
    assert shown is not None
    QTest.keyClick(shown, Qt.Key.Key_Return)
    assert "Nobody has acknowledged" in _said(_shown(ben)), "what was typed is no answer"
    _enter(qtbot, _shown(ben))
    qtbot.waitUntil(lambda: "Ben Achebe" in _said(_shown(rose)))
    qtbot.waitUntil(lambda: "Ben Achebe" in anna.window.alarms.sign.accessibleName())
    overlay = _shown(ben)
    assert overlay is not None
    (over,) = [e for e in overlay.findChildren(QAbstractButton) if e.text() == "It is over"]
    QTest.mouseClick(over, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: _shown(rose) is None and not anna.window.alarms.sign.isVisible())
    settled(qtbot, anna, ben, rose)
    assert alarms.open_alarms(postgres_centre.as_person("rose")) == ()


def test_the_building_hears_it_while_the_database_is_away_and_it_is_entered_once(
    centre: Centre, open_desktop: Open, qtbot: QtBot, building: Building
) -> None:
    site = add_site(centre)
    desk = places(centre, site)[0]
    anna, ben = (
        open_desktop(centre, each, live=False, alarms=building()) for each in ("anna", "ben")
    )
    anna.desk.settings.set("desk/place", str(desk))
    _ready(qtbot, anna, ben)
    away = True
    real = alarms.raise_alarm

    def lost(db: object, said: object) -> object:
        if away:
            raise DatabaseAway("nobody answers")
        return real(db, said)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alarms, "raise_alarm", lost)
        anna.window.registry.run("alarm.raise")
        qtbot.waitUntil(lambda: _shown(ben) is not None)
        assert "Desk 1" in _said(_shown(ben))
        _enter(qtbot, _shown(ben))
        qtbot.waitUntil(lambda: "Ben Achebe" in anna.window.alarms.sign.accessibleName())
        settled(qtbot, anna, ben)
        assert alarms.open_alarms(centre.as_person("rose")) == ()

        away = False
        anna.window.alarms.presenter.start()
        anna.window.alarms.presenter.start()
        settled(qtbot, anna)
    ben.window.alarms.presenter.start()
    settled(qtbot, ben)

    (kept,) = alarms.open_alarms(centre.as_person("rose"))
    assert (kept.place, kept.who) == ("Desk 1", "Anna Whitlock")
    assert [each.name for each in kept.answers] == ["Ben Achebe"]
    assert anna.desk.settings.get("alarm/waiting/anna") == "[]"


@pytest.mark.xvfb
def test_the_keys_raise_it_while_another_program_is_used(
    centre: Centre, open_desktop: Open, qtbot: QtBot, building: Building
) -> None:
    site = add_site(centre)
    anna = open_desktop(centre, "anna", alarms=building())
    anna.desk.settings.set("desk/place", str(places(centre, site)[0]))
    _ready(qtbot, anna)
    ben = open_desktop(centre, "ben", alarms=building())
    _ready(qtbot, ben)
    other = processes.start([sys.executable, "-c", OTHER_PROGRAM], stdout=subprocess.PIPE)
    try:
        assert processes.read_line(other, "the other program") == "focus"
        xvfb.chord(ALARM_KEYS, os.environ)
        qtbot.waitUntil(lambda: _shown(ben) is not None and anna.window.alarms.sign.isVisible())
        assert "Desk 1" in _said(_shown(ben))
        # It comes in front of the other program, and has the keyboard for its one key.
        qtbot.waitUntil(lambda: QApplication.activeWindow() is _shown(ben))
        qtbot.wait(DEAF_MS + 50)
        xvfb.chord((0xFF0D,), os.environ)
        qtbot.waitUntil(lambda: "Ben Achebe" in anna.window.alarms.sign.accessibleName())
    finally:
        processes.stop(other)
    settled(qtbot, anna, ben)
    assert len(alarms.open_alarms(centre.as_person("rose"))) == 1


def test_a_locked_desktop_shows_it_and_nothing_else(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    anna, ben = (open_desktop(centre, each) for each in ("anna", "ben"))
    _ready(qtbot, anna, ben)
    ben.window.lock.lock()

    anna.window.registry.run("alarm.raise")
    qtbot.waitUntil(lambda: _shown(ben) is not None)

    assert ben.window.lock.is_locked
    _enter(qtbot, _shown(ben))
    qtbot.waitUntil(lambda: "Ben Achebe" in anna.window.alarms.sign.accessibleName())


def test_the_products_name_held_for_two_seconds_raises_it(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    anna = open_desktop(centre, "anna")
    _ready(qtbot, anna)
    name = anna.window.top._name

    QTest.mouseClick(name, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    qtbot.wait(100)
    assert not anna.window.alarms.sign.isVisible(), "a click is no alarm"
    QTest.mousePress(name, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    qtbot.waitUntil(anna.window.alarms.sign.isVisible)
    QTest.mouseRelease(name, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))


def test_a_test_says_so_and_is_ended_by_whoever_began_it(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    anna, ben = (open_desktop(centre, each) for each in ("anna", "ben"))
    _ready(qtbot, anna, ben)

    anna.window.registry.run("alarm.test")
    qtbot.waitUntil(lambda: _shown(ben) is not None)
    assert "Test of the alarm" in _said(_shown(ben))
    settled(qtbot, anna)
    anna.window.registry.run("alarm.test")
    qtbot.waitUntil(lambda: _shown(ben) is None)


def test_a_second_alarm_does_not_hear_who_types_in_another_window(look: Look, qtbot: QtBot) -> None:
    overlay, other = AlarmOverlay(look), QWidget()
    for each in (overlay, other):
        qtbot.addWidget(each)
    heard: list[str] = []
    overlay.acknowledged.connect(heard.append)
    at = datetime(2026, 11, 27, 11, 30, tzinfo=UTC)
    one, two = (
        OpenAlarm(key, None, "", "Desk 1", "", "Anna", at, False, False, False) for key in "ab"
    )
    overlay.show_alarms((one,), at)
    qtbot.wait(DEAF_MS + 50)
    other.show()
    other.activateWindow()
    qtbot.waitUntil(other.isActiveWindow)

    overlay.show_alarms((one, two), at)
    qtbot.waitUntil(overlay.isActiveWindow)
    QTest.keyClick(overlay, Qt.Key.Key_Return)
    assert heard == []
    _enter(qtbot, overlay)

    assert heard == ["a"]


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
@pytest.mark.parametrize("scale", [100, 200])
def test_it_looks_like_an_alarm(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab, *, scheme: Scheme, scale: int
) -> None:
    ben = open_desktop(centre, "ben", live=False)
    _ready(qtbot, ben)
    ben.desk.look.set_scheme(scheme)
    ben.desk.look.set_scale(scale)
    at = datetime(2026, 11, 27, 11, 30, tzinfo=UTC)
    site = "Guildhall one-stop-shop"
    one = OpenAlarm(
        "a" * 32, 1, site, "Interview room 2", "", "Anna Whitlock", at, False, False, False
    )
    comes = (Acknowledged("Ben Achebe", at), Acknowledged("Rose Boateng", at))
    two = OpenAlarm("b" * 32, 2, site, "Desk 4", "", "Cora Lindqvist", at, True, False, True, comes)

    ben.window.alarms.show_alarms((one, two))

    overlay = _shown(ben)
    assert overlay is not None
    assert accessibility.problems(overlay) == []
    grab(overlay, f"alarm-{scale}-{scheme.value}")
