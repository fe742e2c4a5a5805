"""Frames from strangers: read, or refused, and nothing else."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.channels.chat import protocol
from crm_desktop.channels.chat.protocol import (
    LARGEST_FRAME,
    BadFrame,
    End,
    Hello,
    Ping,
    Say,
    Seen,
    Typing,
)
from crm_desktop.domain.chats import LONGEST_TEXT, ChatLine, LineKind, Side

TOKEN = "a" * 43

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_NAMES = st.sampled_from(["hello", "say", "typing", "seen", "end", "ping", "lines", ""])


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        (f'{{"hello":{{"token":"{TOKEN}","after":7}}}}', Hello(TOKEN, 7)),
        (f'{{"hello":{{"token":"{TOKEN}"}}}}', Hello(TOKEN, 0)),
        ('{"say":{"id":"a-1","text":"  Good day \\r\\n you "}}', Say("a-1", "Good day \n you")),
        ('{"say":{"id":"a","text":"a\\u0000b\\ud800c\\u001b[2J\\u0085"}}', Say("a", "abc[2J")),
        ('{"typing":""}', Typing("")),
        ('{"seen":3}', Seen(3)),
        ('{"end":{}}', End()),
        ('{"ping":0}', Ping(0)),
        ('{"ping":1795779600123}', Ping(1795779600123)),
    ],
)
def test_a_frame_is_read(text: str, frame: protocol.Frame) -> None:
    assert protocol.read(text) == frame


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "null",
        "[]",
        "{}",
        '{"hello":{}}',
        '{"hello":{"token":"short"}}',
        f'{{"hello":{{"token":"{TOKEN}","after":-1}}}}',
        f'{{"hello":{{"token":"{TOKEN}","after":true}}}}',
        f'{{"hello":{{"token":"{TOKEN}","after":99999999999}}}}',
        f'{{"hello":{{"token":"{TOKEN}\\u0000"}}}}',
        '{"say":{"id":"","text":"x"}}',
        '{"say":{"id":"a b","text":"x"}}',
        '{"say":{"id":"é","text":"x"}}',
        f'{{"say":{{"id":"{"a" * 37}","text":"x"}}}}',
        '{"say":{"id":"a","text":7}}',
        '{"say":{"id":"a"}}',
        '{"say":[]}',
        '{"typing":true}',
        '{"seen":1.5}',
        '{"end":1}',
        '{"lines":[]}',
        '{"ping":1,"seen":1}',
        "[" * 40_000,
        '{"a":' * 5_000,
        '{"ping":' + "9" * 5_000 + "}",
    ],
)
def test_what_is_no_frame_is_refused(text: str) -> None:
    with pytest.raises(BadFrame):
        protocol.read(text)


@given(st.dictionaries(_NAMES, _JSON, max_size=2) | _JSON)
def test_whatever_comes_is_a_frame_or_is_refused(told: object) -> None:
    try:
        frame = protocol.read(json.dumps(told))
    except BadFrame:
        return
    match frame:
        case Say(name, text):
            assert protocol.is_client_id(name)
            text.encode()
            assert "\0" not in text
        case Typing(text):
            text.encode()
            assert len(text) <= LONGEST_TEXT
        case _:
            pass


@given(st.binary(max_size=200))
def test_bytes_that_are_text_by_chance_are_refused_too(content: bytes) -> None:
    with pytest.raises(BadFrame):
        protocol.read("\0" + content.decode("latin-1"))


@given(st.text())
def test_a_sound_text_stays_as_it_is(text: str) -> None:
    once = protocol.sound(text)
    assert protocol.sound(once) == once


def test_the_longest_text_fits_into_the_largest_frame_however_it_is_spelled() -> None:
    frame = json.dumps({"say": {"id": "a" * 36, "text": "\U0001f9f9" * LONGEST_TEXT}})
    assert len(frame) <= LARGEST_FRAME


def test_a_token_is_in_no_words_about_a_frame() -> None:
    assert TOKEN not in repr(Hello(TOKEN, 1))
    assert "my text" not in repr(Say("a", "my text"))


@given(st.text(max_size=50))
def test_a_line_is_one_frame_whatever_was_said(text: str) -> None:
    line = ChatLine(3, LineKind.SAID, Side.STAFF, "Aisha", datetime.now(UTC), protocol.sound(text))
    (told,) = json.loads(protocol.lines([line]))["lines"]
    assert told["text"] == protocol.sound(text)
    assert told["at"].endswith("Z")
