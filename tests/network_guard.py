"""Nothing outside this computer may be reached from a test, even by mistake."""

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

violations: list[str] = []
"""What was refused since the last look; code under test may have swallowed the exception."""


class OutsideNetwork(RuntimeError):
    """A test tried to speak to, or to be reached by, another computer."""


def install() -> None:
    """Watch every socket of this process from now on; cannot be undone.

    No audit hook: it would also run while coverage begins to trace a thread, and Python 3.11 lets
    no second thread begin meanwhile.
    """
    for name in ("connect", "connect_ex", "sendto", "bind"):
        setattr(socket.socket, name, _watched(name))
    socket.getaddrinfo = _watched_look_up


def is_local(host: object) -> bool:
    """Whether a socket address's host is this computer, or a name that never resolves."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host is None or host == "localhost" or str(host).endswith((".localhost", ".invalid")):
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


_look_up = socket.getaddrinfo


def _watched_look_up(host: Any, *arguments: Any, **named: Any) -> Any:
    _check("socket.getaddrinfo", host or None)
    return _look_up(host, *arguments, **named)


def _watched(name: str) -> Callable[..., Any]:
    original = getattr(socket.socket, name)

    def call(sock: socket.socket, *arguments: Any) -> Any:
        address = arguments[-1]
        if sock.family in {socket.AF_INET, socket.AF_INET6} and isinstance(address, tuple):
            _check(f"socket.{name}", address[0])
        return original(sock, *arguments)

    return call


def _check(event: str, host: object) -> None:
    if not is_local(host):
        violations.append(f"{event} {host!r}")
        raise OutsideNetwork(f"tests stay on this computer: {event} {host!r}")
