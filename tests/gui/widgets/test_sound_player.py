"""A recording is played out of memory, moved in and sped up, also where nothing can sound."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.sound_player import SoundPlayer
from crm_desktop.gateway.recording.opus import Encoded, encode
from tests.gui.conftest import Grab
from tests.servers.sounds import write_tones


@pytest.fixture(scope="module")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> Encoded:
    """Ten seconds, as a gateway keeps them."""
    wav = tmp_path_factory.mktemp("sound") / "call.wav"
    return encode(write_tones(wav, (400, 4), (0, 2), (900, 4)))


@pytest.fixture
def player(look: Look, qtbot: QtBot, encoded: Encoded) -> SoundPlayer:
    """A player that shows the recording and has no sound yet."""
    made = SoundPlayer(look, "the recording of 09:41")
    qtbot.addWidget(made)
    made.show_recording(encoded.seconds, encoded.peaks)
    made.resize(480, made.sizeHint().height())
    made.show()
    qtbot.waitExposed(made)
    return made


def test_the_sound_is_asked_for_once_and_then_plays(
    player: SoundPlayer, qtbot: QtBot, encoded: Encoded
) -> None:
    asked: list[bool] = []
    player.wanted.connect(lambda: asked.append(True))

    qtbot.keyClick(player.bar, Qt.Key.Key_Space)
    qtbot.mouseClick(player.play, Qt.MouseButton.LeftButton)

    assert asked == [True]
    player.set_sound(encoded.sound)
    qtbot.waitUntil(lambda: player.is_playing and player.position > 100)
    assert player.play.accessibleName() == "Pause"
    qtbot.keyClick(player.bar, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not player.is_playing)
    assert player.play.accessibleName() == "Play"


def test_keys_and_mouse_move_in_it_and_it_ends(
    player: SoundPlayer, qtbot: QtBot, encoded: Encoded
) -> None:
    player.set_sound(encoded.sound)
    qtbot.waitUntil(lambda: player.position > 0)
    player.toggle()
    qtbot.waitUntil(lambda: not player.is_playing)
    player.skip(-60)

    qtbot.keyClick(player.bar, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: 4_900 <= player.position <= 6_000)
    middle = QPoint(player.bar.width() * 8 // 10, player.bar.height() // 2)
    qtbot.mouseClick(player.bar, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.waitUntil(lambda: 7_800 <= player.position <= 8_200)
    assert "seconds of 10 seconds" in player.bar.accessibleDescription()
    player.speed.setCurrentIndex(player.speed.count() - 1)
    player.toggle()
    qtbot.waitUntil(lambda: not player.is_playing)

    player.toggle()
    qtbot.waitUntil(lambda: player.is_playing and player.position < 5_000)


def test_where_nothing_can_sound_it_says_so(
    player: SoundPlayer, qtbot: QtBot, encoded: Encoded, grab: Grab
) -> None:
    player.set_sound(encoded.sound)

    qtbot.waitUntil(lambda: "nothing to play sound on" in accessibility.announced(player))
    grab(player, "sound-player-no-device")


def test_what_is_hidden_is_silent_and_what_is_over_is_forgotten(
    player: SoundPlayer, qtbot: QtBot, encoded: Encoded
) -> None:
    player.set_sound(encoded.sound)
    qtbot.waitUntil(lambda: player.is_playing)

    player.hide()

    qtbot.waitUntil(lambda: not player.is_playing)
    player.stop()
    assert not player.has_sound


def test_trouble_is_said_and_asking_again_is_possible(player: SoundPlayer, qtbot: QtBot) -> None:
    asked: list[bool] = []
    player.wanted.connect(lambda: asked.append(True))
    player.toggle()

    player.show_trouble("The file of this recording is damaged.")
    player.toggle()

    assert accessibility.announced(player) == "The file of this recording is damaged."
    assert asked == [True, True]


def test_a_sound_that_is_none_says_so(player: SoundPlayer, qtbot: QtBot) -> None:
    player.set_sound(b"OggS but not really")

    qtbot.waitUntil(lambda: "cannot be played" in accessibility.announced(player))


def test_everything_in_it_has_a_name(
    any_look: Look, qtbot: QtBot, encoded: Encoded, grab: Grab
) -> None:
    made = SoundPlayer(any_look, "the recording of 09:41")
    qtbot.addWidget(made)
    made.show_recording(encoded.seconds, encoded.peaks)
    made.bar.show_at(3_500)
    made.show()
    made.resize(420, made.sizeHint().height())

    assert accessibility.problems(made) == []
    grab(made, f"sound-player-{any_look.theme.scheme.value}")
