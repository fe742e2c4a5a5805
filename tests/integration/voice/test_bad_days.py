"""What goes wrong with a PBX is told apart, and loses nothing that it said before."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from crm_desktop.channels.voice.ari import Ari
from crm_desktop.channels.voice.events import (
    ChannelDestroyed,
    ChannelHangupRequest,
    ChannelLeftBridge,
    StasisEnd,
    StasisStart,
)
from crm_desktop.channels.voice.stream import EventStream
from crm_desktop.channels.voice.trouble import AriAway, AriDenied, AriTrouble
from tests.integration.voice.conftest import Ear
from tests.servers.asterisk import APP, LINE, PASSWORD, USER, Asterisk
from tests.servers.callers import Caller
from tests.servers.phone import Phones
from tests.servers.ports import free_port
from tests.servers.processes import wait_for


@contextmanager
def _answering(with_: bytes) -> Iterator[str]:
    """A server that answers everything with the same bytes; its address."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            while True:
                try:
                    line, _ = door.accept()
                except OSError:
                    return
                with line:
                    line.recv(65536)
                    line.sendall(with_)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            door.shutdown(socket.SHUT_RDWR)
            thread.join()


def _http(body: bytes, status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


def test_a_wrong_password_is_no_absence(pbx: Asterisk) -> None:
    for user, password in ((USER, "wrong"), ("nobody", PASSWORD), (USER, "")):
        with Ari(pbx.url, user, password) as ari, pytest.raises(AriDenied) as told:
            ari.channels()
        assert PASSWORD not in str(told.value)
        with pytest.raises(AriDenied):
            EventStream(pbx.url, user, password, APP)


def test_nobody_there_is_no_refusal() -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    with Ari(nowhere, USER, PASSWORD) as ari, pytest.raises(AriAway) as told:
        ari.channels()
    assert PASSWORD not in str(told.value)
    with pytest.raises(AriAway):
        EventStream(nowhere, USER, PASSWORD, APP)


def test_a_server_without_ari_is_not_usable() -> None:
    """Nor has it refused anybody: a PBX that starts answers so for a moment, and is asked again."""
    with _answering(_http(b"", "404 Not Found")) as url, pytest.raises(AriTrouble) as told:
        EventStream(url, USER, PASSWORD, APP)
    assert "no ARI" in str(told.value)
    assert not isinstance(told.value, AriDenied | AriAway)


def test_silence_ends_by_our_own_clock() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        url = f"http://127.0.0.1:{door.getsockname()[1]}"
        with Ari(url, USER, PASSWORD, timeout=0.2) as ari, pytest.raises(AriAway):
            ari.channels()
        with pytest.raises(AriAway):
            EventStream(url, USER, PASSWORD, APP, timeout=0.2)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{}",
        b"[7]",
        b'[{"id": 7}]',
        b"[" * 50_000,
        b"\xff",
        b'"x"',
        b'[{"id": "a"}, {}]',
    ],
)
def test_what_answers_is_no_pbx(body: bytes) -> None:
    with (
        _answering(_http(body)) as url,
        Ari(url, USER, PASSWORD) as ari,
        pytest.raises(AriTrouble),
    ):
        ari.channels()


def test_an_answer_that_is_cut_or_moved_is_no_answer() -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[]"
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    for answer in (cut, moved, b"SSH-2.0-x\r\n"):
        with (
            _answering(answer) as url,
            Ari(url, USER, PASSWORD) as ari,
            pytest.raises(AriTrouble),
        ):
            ari.hang_up("x")


def test_a_caller_who_vanishes_is_noticed(
    pbx: Asterisk, ari: Ari, ear: Ear, phones: Phones
) -> None:
    phones.add("101", answers="always")
    caller = Caller(pbx, LINE)
    channel = ear.call()
    ari.subscribe(APP, channel)
    ari.answer(channel)
    caller.wait_answered()
    ari.originate("PJSIP/101", app=APP, args=("advisor",), channel_id="crm-1-advisor-1")
    ear.until(StasisStart, lambda each: each.channel.id == "crm-1-advisor-1")
    ari.create_bridge("talk-1", "mixing")
    ari.add("talk-1", channel, "crm-1-advisor-1")
    wait_for(lambda: len(ari.bridge("talk-1").channels) == 2, "a conversation")
    caller.vanish()
    ear.until(ChannelHangupRequest, lambda each: each.channel.id == channel)
    ear.until(ChannelLeftBridge, lambda each: each.channel.id == channel)
    assert ear.until(ChannelDestroyed, lambda each: each.channel.id == channel).cause == 44
    assert ari.bridge("talk-1").channels == ("crm-1-advisor-1",)


def test_a_conversation_outlives_the_gateway(pbx: Asterisk, ari: Ari, phones: Phones) -> None:
    phone = phones.add("101", answers="always")
    with pbx.stream() as first, Caller(pbx, LINE) as caller:
        before = Ear(first)
        channel = before.call()
        ari.answer(channel)
        ari.originate("PJSIP/101", app=APP, args=("advisor",), channel_id="crm-2-advisor-1")
        before.until(StasisStart, lambda each: each.channel.id == "crm-2-advisor-1")
        ari.create_bridge("talk-2", "mixing")
        ari.add("talk-2", channel, "crm-2-advisor-1")
        wait_for(lambda: any(phone.hear()), "the caller's voice")
        first.close()
        for _ in range(10):
            wait_for(lambda: any(phone.hear()), "the caller's voice, still")
        assert ari.bridge("talk-2").kind == "mixing"
        assert {each.id for each in ari.channels()} == {channel, "crm-2-advisor-1"}
        assert ari.channel(channel).application_data == f"crm,in,{LINE},"
        with pbx.stream() as second:
            after = Ear(second)
            caller.hang_up()
            after.until(StasisEnd, lambda each: each.channel.id == channel)
            ari.hang_up("crm-2-advisor-1")
            after.until(ChannelDestroyed)
    phone.wait("ended")


def test_a_storm_of_events_waits_for_a_busy_reader(pbx: Asterisk, ari: Ari, ear: Ear) -> None:
    names = [f"storm-{number}" for number in range(150)]
    for name in names:
        ari.originate(f"Local/{name}@crm-storm", app=APP, args=("storm",), channel_id=name)
    wait_for(lambda: not ari.channels(), "the end of the storm")
    time.sleep(1)  # nobody reads meanwhile
    ear.until(ChannelDestroyed, lambda each: each.channel.id in names, times=len(names))


@pytest.mark.parametrize("end", [Asterisk.stop, Asterisk.kill9])
def test_a_pbx_that_starts_again_has_no_calls(
    own_asterisk: Asterisk, end: Callable[[Asterisk], None]
) -> None:
    with own_asterisk.stream() as stream, own_asterisk.ari() as ari:
        ear = Ear(stream)
        caller = Caller(own_asterisk, LINE)
        ari.answer(ear.call())
        caller.wait_answered()
        ari.create_bridge("talk-3", "mixing")
        end(own_asterisk)
        with pytest.raises(AriAway):
            ear.until(StasisStart, times=2)
        with pytest.raises(AriAway):
            ari.channels()
        caller.vanish()
        own_asterisk.start()
        assert (ari.channels(), ari.bridges()) == ((), ())
        with own_asterisk.stream() as again, Caller(own_asterisk, LINE):
            Ear(again).call()
