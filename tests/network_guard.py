"""Nothing outside this computer may be reached from a test, even by mistake."""

import ipaddress
import socket
import sys

violations: list[str] = []
"""What was refused since the last look; code under test may have swallowed the exception."""


class OutsideNetwork(RuntimeError):
    """A test tried to speak to, or to be reached by, another computer."""


def install() -> None:
    """Watch every socket of this process from now on; cannot be undone."""
    sys.addaudithook(_watch)


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


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event in {"socket.connect", "socket.sendto", "socket.bind"}:
        sock, address = arguments[0], arguments[1]
        if getattr(sock, "family", None) in {socket.AF_INET, socket.AF_INET6} and isinstance(
            address, tuple
        ):
            _check(event, address[0])
    elif event == "socket.getaddrinfo":
        _check(event, arguments[0] or None)


def _check(event: str, host: object) -> None:
    if not is_local(host):
        violations.append(f"{event} {host!r}")
        raise OutsideNetwork(f"tests stay on this computer: {event} {host!r}")
