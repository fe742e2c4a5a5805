"""A port that a test is given is its own, though nobody listens there yet."""

from __future__ import annotations

import socket

from tests.servers.ports import free_port


def test_no_port_is_given_twice_nor_to_whoever_asks_for_any() -> None:
    given = {free_port() for _ in range(20)}

    assert len(given) == 20
    for _ in range(20):
        with socket.create_server(("127.0.0.1", 0)) as server:
            assert server.getsockname()[1] > max(given)
