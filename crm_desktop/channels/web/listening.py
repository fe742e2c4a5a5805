"""The socket of a public door."""

from __future__ import annotations

import socket

#: Whoever takes nothing of what is sent to them for so long is cut off by the system itself, in
#: seconds: a server that closes politely would wait for them for ever.
DEAF_SECONDS = 30.0


def listen(host: str, port: int, deaf_seconds: float = DEAF_SECONDS) -> socket.socket:
    """A socket that takes connections; raises OSError when the port cannot be had."""
    listening = socket.create_server((host, port))
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # What is accepted takes it over.
        milliseconds = round(deaf_seconds * 1_000)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
    return listening
