"""Where the centre's mail lies and how to reach it; secrets never show in a repr."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass, field
from enum import StrEnum

from crm_desktop.domain.errors import InvalidInput

MEGABYTE = 1024 * 1024


class Security(StrEnum):
    """How a connection is kept from being read or changed on its way."""

    TLS = "tls"
    STARTTLS = "starttls"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class ImapSettings:
    """One mailbox. Sizes in bytes, times in seconds.

    `ca_file` names a certificate authority besides the system's own. `poll_seconds` is how often
    a server that cannot push is asked. Raises InvalidInput for plain text beyond this machine.
    """

    host: str
    user: str
    password: str = field(repr=False)
    port: int = 993
    security: Security = Security.TLS
    folder: str = "INBOX"
    ca_file: str = ""
    largest_mail: int = 50 * MEGABYTE
    poll_seconds: float = 30.0
    timeout: float = 30.0

    def __post_init__(self) -> None:
        require_protection(self.host, self.security)


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """The server that takes outgoing mail; no `user` means that it asks for none.

    `local_name` is how this machine introduces itself. Raises InvalidInput for plain text beyond
    this machine.
    """

    host: str
    user: str = ""
    password: str = field(default="", repr=False)
    port: int = 587
    security: Security = Security.STARTTLS
    ca_file: str = ""
    local_name: str = "localhost"
    timeout: float = 30.0

    def __post_init__(self) -> None:
        require_protection(self.host, self.security)


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def require_protection(host: str, security: Security) -> None:
    """Raise InvalidInput when mail would cross a network unprotected."""
    if security is Security.PLAIN and not is_loopback(host):
        raise InvalidInput(
            "Mail to and from another machine needs TLS or STARTTLS.",
            fields={"security": "Choose TLS or STARTTLS"},
        )


def tls_context(ca_file: str) -> ssl.SSLContext:
    """A context that verifies the server's name and certificate."""
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context
