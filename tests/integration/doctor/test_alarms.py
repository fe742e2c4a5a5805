"""What the doctor says of the silent alarm: its keys, its network and its sound."""

from __future__ import annotations

import pytest

from crm_desktop.commands.doctor import alarms
from crm_desktop.commands.doctor.finding import State
from crm_desktop.commands.doctor.run import examine
from crm_desktop.services import Target
from crm_desktop.workstation.chord import DEFAULT, claim
from crm_desktop.workstation.paths import Paths
from crm_desktop.workstation.settings import Settings
from tests.centre import Centre
from tests.servers.ports import free_port
from tests.visits_centre import add_site

LOOPBACK = "127.255.255.255"


@pytest.mark.xvfb
def test_keys_that_another_program_has_are_said() -> None:
    assert alarms.of_chord(DEFAULT).state is State.OK
    other = claim(DEFAULT, lambda: None)

    found = alarms.of_chord(DEFAULT)

    other.release()
    assert found.state is State.WARNING
    assert "Another program has Ctrl+Alt+Shift+Space" in found.words
    assert "alarm_chord" in found.to_do
    assert alarms.of_chord(DEFAULT).state is State.OK


def test_a_session_without_x11_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_SESSION_TYPE", "wayland")

    found = alarms.of_chord(DEFAULT)

    assert found.state is State.WARNING
    assert "Wayland" in found.words


def test_the_way_through_the_building_is_tried() -> None:
    assert alarms.of_network(LOOPBACK, free_port()).state is State.OK
    assert "alarm_port is 0" in alarms.of_network(LOOPBACK, 0).words


def test_only_a_centre_with_sites_is_asked(sqlite_centre: Centre, home: object) -> None:
    target: Target = sqlite_centre.target
    settings = Settings(database_url=target.url, alarm_address=LOOPBACK, alarm_port=free_port())

    def found() -> set[str]:
        return {each.check for each in examine(lambda: settings, Paths.of_user(), "")}

    assert not {"alarm keys", "alarm network", "alarm sound"} & found()
    add_site(sqlite_centre)
    assert {"alarm keys", "alarm network", "alarm sound"} <= found()
