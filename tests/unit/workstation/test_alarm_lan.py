"""What desktops tell each other of alarms is signed, new and little, or it is not heard."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from crm_desktop.domain.alarms import Step, Told
from crm_desktop.workstation import alarm_lan
from crm_desktop.workstation.alarm_lan import LARGEST, AlarmLan, Ears, pack
from crm_desktop.workstation.chord import parse, why_not
from tests.servers.ports import free_port

SECRET, OTHER = "a" * 64, "b" * 64
AT = datetime(2026, 11, 27, 11, 30, tzinfo=UTC)
NOW = AT.timestamp()
TOLD = Told(Step.RAISED, "c" * 32, 7, "Anna Whitlock", AT, "Guildhall", "Desk 1")
#: Reaches every socket of this computer that is bound to it, and no other computer.
LOOPBACK = "127.255.255.255"


def _ears(now: float = NOW) -> Ears:
    return Ears({7: SECRET}, clock=lambda: now)


def _packed(told: Told = TOLD, secret: str = SECRET, nonce: str = "n") -> bytes:
    return pack(told, secret, now=NOW, nonce=nonce)


def test_a_signed_alarm_is_heard_once() -> None:
    ears, datagram = _ears(), _packed()

    assert ears.hear(datagram, "127.0.0.1") == TOLD
    assert ears.hear(datagram, "127.0.0.1") is None
    assert len(datagram) < LARGEST


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"CRMALARM1",
        _packed(secret=OTHER),
        _packed().replace(b"Anna", b"Anne"),
        _packed()[:-1],
        b"x" + _packed(),
        _packed() + b" " * LARGEST,
        pack(replace(TOLD, site_id=8), SECRET, now=NOW, nonce="n"),
        pack(TOLD, SECRET, now=NOW - 301, nonce="n"),
        pack(TOLD, SECRET, now=NOW + 301, nonce="n"),
    ],
    ids=[
        *("nothing", "only the mark", "another key", "changed", "cut", "another mark", "too long"),
        *("another site", "recorded", "of the future"),
    ],
)
def test_what_is_not_right_is_not_heard(datagram: bytes) -> None:
    assert _ears().hear(datagram, "127.0.0.1") is None


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"t": "x"}', b"\xff"])
def test_what_an_older_program_signed_is_not_heard(body: bytes) -> None:
    datagram = alarm_lan._MARK + alarm_lan._sign(SECRET, body) + body

    assert _ears().hear(datagram, "127.0.0.1") is None


def test_one_computer_that_sends_too_much_does_not_drown_another() -> None:
    ears = _ears()
    for _ in range(100):
        ears.hear(b"noise", "127.0.0.2")

    assert ears.hear(_packed(), "127.0.0.2") is None
    assert ears.hear(_packed(), "127.0.0.1") == TOLD


def test_without_a_key_nothing_is_heard() -> None:
    assert Ears({}, clock=lambda: NOW).hear(_packed(), "127.0.0.1") is None


def test_desktops_of_a_building_hear_each_other_and_not_themselves() -> None:
    port = free_port()
    heard: list[Told] = []
    own: list[Told] = []
    came = threading.Event()

    def hear(told: Told) -> None:
        heard.append(told)
        came.set()

    one, two = AlarmLan(LOOPBACK, port, own.append), AlarmLan(LOOPBACK, port, hear)
    for each in (one, two):
        each.set_secrets({7: SECRET, 8: OTHER})
        each.start()
        assert each.problem == ""
    told = replace(TOLD, at=datetime.now(UTC))
    try:
        one.tell(told)
        assert came.wait(120)
        came.clear()
        one.tell(replace(told, site_id=0))
        assert came.wait(120)
    finally:
        one.stop()
        two.stop()
    assert heard[0] == told
    assert {each.site_id for each in heard[1:]} <= {7, 8}, "a desk without a site tells all"
    assert own == []


@pytest.mark.parametrize(
    "chord", ["Space", "Ctrl+S", "Ctrl+Alt", "Ctrl+Ctrl+S", "Hyper+Alt+S", "Ctrl+Alt+é"]
)
def test_keys_that_are_pressed_by_accident_are_no_chord(chord: str) -> None:
    with pytest.raises(ValueError, match="should"):
        parse(chord)


def test_a_chord_is_modifiers_and_a_key() -> None:
    assert parse("ctrl+alt+shift+space") == (frozenset({"Ctrl", "Alt", "Shift"}), "Space")
    assert parse("Ctrl+Super+f9")[1] == "F9"
    assert parse("Ctrl+Alt+k")[1] == "K"


def test_wayland_is_said_in_words() -> None:
    assert "Wayland" in why_not({"XDG_SESSION_TYPE": "wayland", "DISPLAY": ":0"})
    assert "display" in why_not({})
    assert why_not({"DISPLAY": ":0"}) == ""
