"""A test that would leave this computer fails, even when the code swallows the refusal."""

import socket
from contextlib import suppress

import pytest

from tests import network_guard


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost", "x.invalid", None])
def test_this_computer_is_allowed(host: str | None) -> None:
    assert network_guard.is_local(host)


@pytest.mark.parametrize("host", ["192.0.2.1", "0.0.0.0", "", "::", "example.com", b"example.com"])
def test_any_other_is_not(host: str | bytes) -> None:
    assert not network_guard.is_local(host)


def test_a_swallowed_refusal_is_remembered() -> None:
    with socket.socket() as outside, suppress(RuntimeError):
        outside.connect(("192.0.2.1", 80))

    assert network_guard.violations == ["socket.connect '192.0.2.1'"]
    network_guard.violations.clear()


def test_listening_for_other_computers_is_refused() -> None:
    with socket.socket() as everywhere, pytest.raises(network_guard.OutsideNetwork):
        everywhere.bind(("0.0.0.0", 0))

    network_guard.violations.clear()
