"""What comes over the wire is read, or is nothing; it never raises and never grows."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.channels.voice import things
from crm_desktop.channels.voice.events import (
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelEnteredBridge,
    ChannelHangupRequest,
    Dial,
    RecordingFailed,
    StasisStart,
    parse,
)

_CHANNEL = {
    "id": "1795763608.0",
    "name": "PJSIP/trunk-00000000",
    "state": "Ring",
    "caller": {"name": "Bob", "number": "+441632960123"},
    "connected": {"name": "", "number": ""},
    "dialplan": {
        "context": "crm-in",
        "exten": "01632960010",
        "app_name": "Stasis",
        "app_data": "crm,in,01632960010,",
    },
    "creationtime": "2026-11-27T07:13:28.541+0000",
}
_WHEN = "2026-11-27T08:13:29.000+0100"
_TYPES = (
    *("StasisStart", "StasisEnd", "ChannelStateChange", "ChannelDestroyed"),
    *("ChannelHangupRequest", "ChannelEnteredBridge", "ChannelLeftBridge", "ChannelDtmfReceived"),
    *("ChannelHold", "ChannelUnhold", "Dial", "BridgeDestroyed", "PlaybackStarted"),
    *("PlaybackFinished", "RecordingStarted", "RecordingFinished", "RecordingFailed"),
    *("ApplicationReplaced", "ChannelVarset", "Nonsense"),
)


def _message(kind: object, **more: object) -> str:
    return json.dumps({"type": kind, "timestamp": _WHEN, "channel": _CHANNEL} | more)


def test_a_call_is_read_whole() -> None:
    event = parse(_message("StasisStart", args=["in", "01632960010", ""]))
    assert isinstance(event, StasisStart)
    assert event.args == ("in", "01632960010", "")
    assert event.at == datetime(2026, 11, 27, 7, 13, 29, tzinfo=UTC)
    assert event.channel == things.Channel(
        id="1795763608.0",
        name="PJSIP/trunk-00000000",
        state="Ring",
        number="+441632960123",
        caller_name="Bob",
        connected="",
        context="crm-in",
        exten="01632960010",
        application="Stasis",
        application_data="crm,in,01632960010,",
        created=datetime(2026, 11, 27, 7, 13, 28, 541000, tzinfo=UTC),
    )


def test_causes_tell_unknown_from_none() -> None:
    gone = parse(_message("ChannelDestroyed", cause=17, cause_txt="User busy"))
    assert isinstance(gone, ChannelDestroyed)
    assert (gone.cause, gone.cause_words) == (17, "User busy")
    asked = parse(_message("ChannelHangupRequest"))
    assert isinstance(asked, ChannelHangupRequest)
    assert asked.cause is None


def test_a_callers_words_are_one_clean_line_with_an_end() -> None:
    caller = {"name": "Mr\r\n\x1b[31m X" + "y" * 5000, "number": "\u202e12\ud800"}
    event = parse(_message("StasisStart", channel=_CHANNEL | {"caller": caller}))
    assert isinstance(event, StasisStart)
    assert event.channel.caller_name.startswith("Mr   [31m Xyy")
    assert len(event.channel.caller_name) == things.LONGEST
    assert event.channel.number == "12"


@pytest.mark.parametrize(
    "message",
    [
        "",
        "null",
        "[]",
        "7",
        '{"type": "StasisStart"}',
        '{"type": ["StasisStart"]}',
        _message("StasisStart", channel=[]),
        _message("StasisStart", channel=_CHANNEL | {"id": 7}),
        _message("StasisStart", channel=_CHANNEL | {"id": ""}),
        _message("StasisStart", channel=_CHANNEL | {"id": "x" * 501}),
        _message("StasisStart", channel=_CHANNEL | {"id": "a\nb"}),
        _message("ChannelDtmfReceived", digit="12"),
        _message("ChannelDtmfReceived", digit="e"),
        _message("PlaybackFinished", playback="x"),
        _message("ChannelVarset", variable="X", value="1"),
        "[" * 100_000,
        b"\xff\xfe\x00",
        '{"type": "StasisStart", "channel": NaN}',
    ],
)
def test_what_is_no_event_is_nothing(message: str | bytes) -> None:
    assert parse(message) is None


def test_values_of_a_wrong_kind_are_as_good_as_none() -> None:
    odd = _CHANNEL | {"caller": 7, "dialplan": [], "creationtime": "yesterday", "state": {}}
    event = parse(
        _message("ChannelDestroyed", channel=odd, cause=-3, cause_txt=[], timestamp="9999999999")
    )
    assert isinstance(event, ChannelDestroyed)
    assert (event.cause, event.cause_words, event.at) == (0, "", None)
    assert (event.channel.number, event.channel.exten, event.channel.created) == ("", "", None)


def test_a_call_out_is_told_with_or_without_who_calls() -> None:
    alone = parse(json.dumps({"type": "Dial", "peer": _CHANNEL, "dialstatus": "BUSY"}))
    both = parse(json.dumps({"type": "Dial", "peer": _CHANNEL, "caller": _CHANNEL}))
    assert isinstance(alone, Dial)
    assert isinstance(both, Dial)
    assert (alone.status, alone.caller) == ("BUSY", None)
    assert both.caller is not None


def test_what_is_pressed_and_entered() -> None:
    key = parse(_message("ChannelDtmfReceived", digit="#", duration_ms=100))
    bridge = {"id": "crm-talk-7", "bridge_type": "mixing", "channels": ["a", 3, "b"]}
    entered = parse(_message("ChannelEnteredBridge", bridge=bridge))
    assert isinstance(key, ChannelDtmfReceived)
    assert key.digit == "#"
    assert isinstance(entered, ChannelEnteredBridge)
    assert entered.bridge == things.Bridge("crm-talk-7", "mixing", ("a", "b"))


def test_a_recording_that_failed_says_why() -> None:
    tree = {"name": "crm-7-1", "format": "wav", "state": "failed", "cause": "no space"}
    event = parse(_message("RecordingFailed", recording=tree | {"duration": True}))
    assert isinstance(event, RecordingFailed)
    assert event.recording == things.Recording("crm-7-1", "wav", "", "failed", None, "no space")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(("id", "name", "caller", "number", "state", "dialplan", "x")),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(
    st.sampled_from(_TYPES),
    st.dictionaries(
        st.sampled_from(
            (
                *("channel", "peer", "caller", "bridge", "playback", "recording", "args"),
                *("digit", "cause", "timestamp", "dialstatus", "replace_channel"),
            )
        ),
        _json,
    ),
)
def test_nothing_hostile_gets_through(kind: str, tree: dict[str, object]) -> None:
    parse(json.dumps({"type": kind} | tree))


@given(st.binary(max_size=200))
def test_no_bytes_are_too_strange(message: bytes) -> None:
    assert parse(message) is None
