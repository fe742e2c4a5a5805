"""A conversation as an advisor has it: every step is told by the PBX, in its order."""

from __future__ import annotations

import time
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from crm_desktop.channels.voice.ari import Ari
from crm_desktop.channels.voice.events import (
    ApplicationReplaced,
    BridgeDestroyed,
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelEnteredBridge,
    ChannelEvent,
    ChannelHangupRequest,
    ChannelHold,
    ChannelLeftBridge,
    ChannelStateChange,
    ChannelUnhold,
    Dial,
    PlaybackFinished,
    PlaybackStarted,
    RecordingFinished,
    RecordingStarted,
    StasisEnd,
    StasisStart,
)
from crm_desktop.channels.voice.trouble import AriAway, AriNotFound, AriRefused
from tests.integration.voice.conftest import Ear
from tests.servers.asterisk import LINE, Asterisk
from tests.servers.callers import Callee, Caller
from tests.servers.phone import Phone, Phones
from tests.servers.processes import wait_for

ASK_TO_ANSWER = {
    "PJSIP_HEADER(add,Call-Info)": "<sip:127.0.0.1>;answer-after=0",
    "PJSIP_HEADER(add,Alert-Info)": "<http://127.0.0.1>;info=alert-autoanswer",
}


def _of(channel: str) -> Callable[[ChannelEvent], bool]:
    return lambda event: event.channel.id == channel


def _loud(path: Path) -> list[int]:
    """How loud each tenth of a second of a WAV is."""
    with wave.open(str(path)) as file:
        samples = memoryview(file.readframes(file.getnframes())).cast("h")
    return [max(map(abs, samples[at : at + 800])) for at in range(0, len(samples) - 800, 800)]


def test_a_caller_waits_talks_is_held_and_leaves(
    pbx: Asterisk, ari: Ari, ear: Ear, phones: Phones
) -> None:
    phone = phones.add("101")
    with Caller(pbx, LINE, name="Bob") as caller:
        began = ear.until(StasisStart)
        channel = began.channel.id
        assert began.args == ("in", LINE, "")
        assert (began.channel.number, began.channel.caller_name) == ("+441632960123", "Bob")
        assert began.channel.state == "Ring"
        ari.subscribe("crm", channel)
        ari.ring(channel)
        ari.stop_ringing(channel)
        caller.wait_ringing()
        ari.answer(channel)
        caller.wait_answered()
        ear.until(ChannelStateChange, _of(channel))

        ari.create_bridge("hold-1", "holding")
        ari.add("hold-1", channel, waits=True)
        ari.play_to_bridge("hold-1", ["sound:queue-youarenext", "number:3"], "said-1")
        ear.until(PlaybackStarted, lambda each: each.playback.id == "said-1")
        ari.stop_playback("said-1")
        ear.until(PlaybackFinished, lambda each: each.playback.id == "said-1")

        ari.originate(
            "PJSIP/101",
            app="crm",
            args=("advisor", "1", "2"),
            channel_id="crm-1-advisor-1",
            caller_id="Bob <+441632960123>",
            originator=channel,
        )
        rings = phone.wait("rings")
        assert rings["peer"] == "sip:+441632960123@127.0.0.1"
        phone.answer()
        advisor = ear.until(StasisStart, _of("crm-1-advisor-1"))
        assert advisor.args == ("advisor", "1", "2")
        ari.create_bridge("talk-1", "mixing")
        ari.add("talk-1", "crm-1-advisor-1")
        ari.add("talk-1", channel)
        ear.until(ChannelEnteredBridge, lambda each: each.bridge.id == "talk-1", times=2)
        wait_for(lambda: any(phone.hear()), "the caller's voice")

        ari.add("hold-1", channel)
        ear.until(ChannelEnteredBridge, lambda each: each.bridge.id == "hold-1", times=2)
        ari.add("talk-1", channel)
        ear.until(ChannelEnteredBridge, lambda each: each.bridge.id == "talk-1", times=3)
        moves = [
            (type(each), each.bridge.id)
            for each in ear.heard
            if isinstance(each, ChannelEnteredBridge | ChannelLeftBridge)
            and each.channel.id == channel
        ]
        assert moves == [
            (ChannelEnteredBridge, "hold-1"),
            (ChannelLeftBridge, "hold-1"),
            (ChannelEnteredBridge, "talk-1"),
            (ChannelLeftBridge, "talk-1"),
            (ChannelEnteredBridge, "hold-1"),
            (ChannelLeftBridge, "hold-1"),
            (ChannelEnteredBridge, "talk-1"),
        ]

        caller.press("5#")
        phone.press("7")
        ear.until(ChannelDtmfReceived, lambda each: each.digit == "#" and _of(channel)(each))
        ear.until(ChannelDtmfReceived, lambda each: each.digit == "7")
        ari.dtmf("crm-1-advisor-1", "42")
        wait_for(lambda: {"happened": "digit", "digit": "2"} in phone.story, "both digits")

        phone.hold()
        ear.until(ChannelHold, _of("crm-1-advisor-1"))
        phone.resume()
        ear.until(ChannelUnhold, _of("crm-1-advisor-1"))

        caller.hang_up()
        assert ear.until(ChannelHangupRequest, _of(channel)).cause in (None, 16)
        ear.until(ChannelLeftBridge, lambda each: each.bridge.id == "talk-1", times=2)
        ear.until(StasisEnd, _of(channel))
        assert ear.until(ChannelDestroyed, _of(channel)).cause == 16
        assert ari.bridge("talk-1").channels == ("crm-1-advisor-1",)
        ari.hang_up("crm-1-advisor-1")
        assert ear.until(ChannelDestroyed, _of("crm-1-advisor-1")).cause == 16
        phone.wait("ended")
        ari.destroy_bridge("talk-1")
        ear.until(BridgeDestroyed, lambda each: each.bridge.id == "talk-1")
    assert caller.story == ["ringing", "answered", "pressed 5", "pressed #", "left"]


def test_mute_is_silence_for_the_others(pbx: Asterisk, ari: Ari, ear: Ear, phones: Phones) -> None:
    phone = phones.add("101", answers="always")
    with Caller(pbx, LINE):
        channel = ear.call()
        ari.answer(channel)
        ari.originate("PJSIP/101", app="crm", args=("advisor",), channel_id="crm-2-advisor-1")
        ear.until(StasisStart, _of("crm-2-advisor-1"))
        ari.create_bridge("talk-2", "mixing")
        ari.add("talk-2", channel, "crm-2-advisor-1")
        wait_for(lambda: _is_loud(phone.hear()), "the caller's voice")
        ari.mute(channel, "in")
        wait_for(lambda: not _is_loud(phone.hear()), "silence")
        ari.unmute(channel, "in")
        wait_for(lambda: _is_loud(phone.hear()), "the caller's voice again")
        ari.remove("talk-2", channel)
        ear.until(ChannelLeftBridge, _of(channel))
        assert ari.channel(channel).state == "Up"


def _speaks(phone: Phone) -> bool:
    phone.say(0.3)
    return True


def _is_loud(sound: bytes) -> bool:
    usable = memoryview(sound[: len(sound) // 2 * 2]).cast("h")
    return max(map(abs, usable), default=0) > 1000


def test_a_recording_goes_on_over_hold_and_leaves_out_what_was_paused(
    pbx: Asterisk, ari: Ari, ear: Ear, phones: Phones, tmp_path: Path
) -> None:
    phone = phones.add("101", answers="always")
    with Caller(pbx, LINE):
        channel = ear.call()
        ari.answer(channel)
        ari.create_bridge("hold-3", "holding")
        ari.originate("PJSIP/101", app="crm", args=("advisor",), channel_id="crm-3-advisor-1")
        ear.until(StasisStart, _of("crm-3-advisor-1"))
        ari.create_bridge("talk-3", "mixing")
        ari.add("talk-3", channel, "crm-3-advisor-1")
        assert ari.record_bridge("talk-3", "crm-3-1").target == "bridge:talk-3"
        ear.until(RecordingStarted)
        with pytest.raises(AriRefused, match="409"):
            ari.record_bridge("talk-3", "crm-3-1")
        ari.add("hold-3", channel)
        ari.add("talk-3", channel)
        ear.until(ChannelEnteredBridge, lambda each: each.bridge.id == "talk-3", times=3)
        ari.pause_recording("crm-3-1")
        assert ari.live_recording("crm-3-1").state == "paused"
        ari.resume_recording("crm-3-1")
        assert ari.live_recording("crm-3-1").state == "recording"
        for _ in range(5):
            wait_for(lambda: _is_loud(phone.hear()), "more of the caller's voice")
        ari.stop_recording("crm-3-1")
        ended = ear.until(RecordingFinished).recording
        assert (ended.name, ended.state, ended.format) == ("crm-3-1", "done", "wav")

    assert [each.name for each in ari.stored_recordings()] == ["crm-3-1"]
    size = ari.fetch_recording("crm-3-1", tmp_path / "kept.wav")
    assert size == (tmp_path / "kept.wav").stat().st_size
    assert max(_loud(tmp_path / "kept.wav")) > 1000
    ari.delete_recording("crm-3-1")
    assert ari.stored_recordings() == ()
    with pytest.raises(AriNotFound):
        ari.fetch_recording("crm-3-1", tmp_path / "again.wav")
    with pytest.raises(AriNotFound):
        ari.stop_recording("crm-3-1")


def test_a_message_is_left_outside_any_bridge(
    pbx: Asterisk, ari: Ari, ear: Ear, tmp_path: Path
) -> None:
    with Caller(pbx, LINE) as caller:
        channel = ear.call()
        ari.answer(channel)
        caller.wait_answered()
        ari.record_channel(channel, "crm-4-message", most_seconds=60, until="#", beep=True)
        ear.until(RecordingStarted)
        time.sleep(1)  # while it beeps, keys go unheard
        caller.press("#")
        assert ear.until(RecordingFinished).recording.seconds is not None
        ari.fetch_recording("crm-4-message", tmp_path / "message.wav")
        assert max(_loud(tmp_path / "message.wav")) > 1000
        ari.delete_recording("crm-4-message")
        assert ari.stored_recordings() == ()


def test_a_team_leader_whispers_to_the_advisor(
    pbx: Asterisk, ari: Ari, ear: Ear, phones: Phones
) -> None:
    advisor, leader = phones.add("101", answers="header"), phones.add("102", answers="always")
    with Caller(pbx, LINE):
        channel = ear.call()
        ari.answer(channel)
        ari.originate(
            "PJSIP/101",
            app="crm",
            args=("advisor",),
            channel_id="crm-5-advisor-1",
            variables=ASK_TO_ANSWER,
        )
        ear.until(StasisStart, _of("crm-5-advisor-1"))  # it answered by itself
        advisor.wait("up")  # the telephone may tell us later than the PBX
        assert advisor.count("up") == 1
        ari.create_bridge("talk-5", "mixing")
        ari.add("talk-5", channel, "crm-5-advisor-1")
        snooping = ari.snoop(
            "crm-5-advisor-1",
            app="crm",
            args=("listener", "5", "whisper"),
            snoop_id="crm-5-snoop-1",
            whisper="out",
        )
        assert snooping.id == "crm-5-snoop-1"
        ari.originate("PJSIP/102", app="crm", args=("listener",), channel_id="crm-5-listener-1")
        ear.until(StasisStart, _of("crm-5-listener-1"))
        ari.create_bridge("ear-5", "mixing")
        ari.add("ear-5", "crm-5-snoop-1", "crm-5-listener-1")
        wait_for(lambda: _is_loud(leader.hear()), "the caller's voice at the leader's")
        ari.mute(channel)
        wait_for(lambda: not _is_loud(advisor.hear()), "silence")
        wait_for(lambda: _speaks(leader) and _is_loud(advisor.hear()), "the leader's whisper")
        assert ari.bridge("talk-5").channels in {
            (channel, "crm-5-advisor-1"),
            ("crm-5-advisor-1", channel),
        }
        ari.hang_up("crm-5-snoop-1")
        ear.until(StasisEnd, _of("crm-5-snoop-1"))


@pytest.mark.parametrize(
    ("answers", "told"), [(486, ("BUSY", 17)), (404, ("NOANSWER", 1)), (503, ("CONGESTION", 34))]
)
def test_a_number_outside_that_is_not_reached(
    pbx: Asterisk, ari: Ari, ear: Ear, answers: int, told: tuple[str, int]
) -> None:
    with Callee(pbx, answers) as world:
        name = f"crm-6-third-{answers}"
        ari.originate("PJSIP/01632960999@trunk", app="crm", args=("out", "6"), channel_id=name)
        gone = ear.until(ChannelDestroyed, _of(name))
        status = [each.status for each in ear.heard if isinstance(each, Dial)][-1]
        assert (status, gone.cause) == told
        assert world.numbers == ["01632960999"]


def test_a_number_outside_that_answers_and_one_that_does_not(
    pbx: Asterisk, ari: Ari, ear: Ear
) -> None:
    with Callee(pbx) as world:
        ari.originate("PJSIP/01632960999@trunk", app="crm", args=("out", "7"), channel_id="crm-7-a")
        assert ear.until(StasisStart).args == ("out", "7")
        world.wait_for("answered")
        world.hang_up()
        ear.until(ChannelDestroyed, _of("crm-7-a"))
    with Callee(pbx, False) as world:
        ari.originate("PJSIP/0163296@trunk", app="crm", channel_id="crm-7-b", seconds=1)
        gone = ear.until(ChannelDestroyed, _of("crm-7-b"))
        assert (gone.channel.state, gone.cause) == ("Ringing", 19)
        world.wait_for("given")


def test_a_telephone_that_refuses_or_is_not_there(
    pbx: Asterisk, ari: Ari, ear: Ear, phones: Phones
) -> None:
    phone = phones.add("103")
    wait_for(lambda: ari.endpoint("PJSIP/103").state == "online", "a telephone that is there")
    ari.originate("PJSIP/103", app="crm", channel_id="crm-8-advisor-1")
    phone.wait("rings")
    phone.reject()
    assert ear.until(ChannelDestroyed).cause == 17
    phone.unregister()
    wait_for(lambda: ari.endpoint("PJSIP/103").state == "offline", "the telephone's absence")
    for endpoint in ("PJSIP/103", "PJSIP/nobody"):
        with pytest.raises(AriRefused, match="500"):
            ari.originate(endpoint, app="crm", channel_id="crm-8-advisor-2")


@pytest.mark.parametrize(
    ("reason", "told"), [("busy", 486), ("congestion", 503), ("unallocated", 404)]
)
def test_a_caller_who_is_refused_is_told_why(
    pbx: Asterisk, ari: Ari, ear: Ear, reason: str, told: int
) -> None:
    with Caller(pbx, LINE) as caller:
        ari.hang_up(ear.call(), reason)  # type: ignore[arg-type]
        caller.wait_ended()
        assert caller.story == [f"refused {told}"]


def test_what_is_not_there_any_more(ari: Ari) -> None:
    for gone in (
        lambda: ari.channel("none"),
        lambda: ari.answer("none"),
        lambda: ari.hang_up("../bridges"),
        lambda: ari.channel_variable("none", "X"),
        lambda: ari.bridge(".."),
        lambda: ari.stop_playback("none"),
    ):
        with pytest.raises(AriNotFound):
            gone()
    with pytest.raises(AriRefused):
        ari.add("none", "none")


def test_a_second_connection_takes_the_application_over(pbx: Asterisk, ear: Ear) -> None:
    with pbx.stream():
        ear.until(ApplicationReplaced)
        with pytest.raises(AriAway):
            ear.until(ChannelDestroyed)
