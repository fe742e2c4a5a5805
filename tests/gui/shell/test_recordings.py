"""Recordings and voicemail in the workspace, heard through a gateway's store."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.domain.recordings import RecordingKind
from crm_desktop.services import recordings
from crm_desktop.store.models import ReadAudit
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, settled
from tests.recordings_centre import add_recording, served

#: name, width, height, font scale in per cent, scheme
Case = tuple[str, int, int, int, Scheme]
CASES: list[Case] = [
    ("1440x900", 1440, 900, 100, Scheme.LIGHT),
    ("1280x720", 1280, 720, 100, Scheme.DARK),
    ("200", 1440, 900, 200, Scheme.LIGHT),
]


def test_a_voicemail_is_played_at_its_contact_and_that_is_written_down(
    centre: Centre, open_desktop: Open, qtbot: QtBot, tmp_path: Path
) -> None:
    contact_id, recording_id = add_recording(centre, tmp_path, RecordingKind.VOICEMAIL)
    with served(centre, tmp_path) as keeper:
        desktop = open_desktop(centre, "anna")
        workplace = desktop.window.workplace
        desktop.window.open_contact(contact_id)
        settled(qtbot, desktop)
        card = workplace.recordings.card(recording_id)
        assert card.isVisible()
        assert card.accessibleName().startswith("Voicemail, ")

        qtbot.keyClick(card.player.bar, Qt.Key.Key_Space)
        qtbot.waitUntil(desktop.desk.runner.is_idle)
        keeper.wake()

        qtbot.waitUntil(lambda: card.player.is_playing)
        desktop.window.lock.lock()
        qtbot.waitUntil(lambda: not card.player.is_playing)
    with centre.as_owner().read() as tx:
        heard = select(ReadAudit.ref_id).where(ReadAudit.what == "recording")
        assert tx.session.scalars(heard).all() == [recording_id]


def test_what_cannot_be_heard_is_said_at_its_player(
    centre: Centre, open_desktop: Open, qtbot: QtBot, tmp_path: Path
) -> None:
    contact_id, recording_id = add_recording(centre, tmp_path)
    for each in (tmp_path / "sounds").rglob("*.sound"):
        each.unlink()
    with served(centre, tmp_path) as keeper:
        desktop = open_desktop(centre, "anna")
        desktop.window.open_contact(contact_id)
        settled(qtbot, desktop)
        player = desktop.window.workplace.recordings.card(recording_id).player

        player.toggle()
        qtbot.waitUntil(desktop.desk.runner.is_idle)
        keeper.wake()

        said = "The file of this recording is not there."
        qtbot.waitUntil(lambda: said in accessibility.announced(player))


def test_what_a_leader_does_shows_at_once_and_another_contact_has_its_own(
    centre: Centre, open_desktop: Open, qtbot: QtBot, tmp_path: Path
) -> None:
    contact_id, recording_id = add_recording(centre, tmp_path)
    mail = centre.add_contact()
    desktop = open_desktop(centre, "anna")
    pane = desktop.window.workplace.recordings
    desktop.window.open_contact(contact_id)
    settled(qtbot, desktop)
    card = pane.card(recording_id)

    recordings.hold(centre.as_person("rose"), recording_id, "A claim")
    qtbot.waitUntil(lambda: card.recording is not None and card.recording.held == "A claim")

    desktop.window.open_contact(mail)
    settled(qtbot, desktop)
    assert not pane.isVisible()


@pytest.mark.parametrize("case", CASES, ids=[f"{each[0]}-{each[4].value}" for each in CASES])
def test_the_workspace_of_a_call_looks_right(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab, case: Case
) -> None:
    name, width, height, scale, scheme = case
    assert centre.path is not None
    contact_id, recording_id = add_recording(centre, centre.path.parent, RecordingKind.VOICEMAIL)
    desktop = open_desktop(centre, "anna", live=False)
    window = desktop.window
    desktop.desk.look.set_scheme(scheme)
    desktop.desk.look.set_scale(scale)
    window.resize(width, height)
    window.open_contact(contact_id)
    settled(qtbot, desktop)
    window.workplace.recordings.card(recording_id).player.bar.show_at(3_000)

    grab(window, f"voicemail-{name}-{scheme.value}")

    assert accessibility.problems(window) == []
    assert (window.width(), window.height()) == (width, height)
