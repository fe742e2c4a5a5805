"""What the gateway is told by its composition root; nothing is read at import."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Protocol


class SecretSource(Protocol):
    """Where passwords come from; may raise NoKeyring."""

    def get(self, name: str, /) -> str | None:
        """The secret called `name`, None when there is none."""


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """Addresses, limits in bytes, and the folder of the public pages' templates.

    Port 0 takes any free one. Without `mail_domains` the listener takes mail for every domain,
    which is allowed on this machine's own address only. Without `council` the public pages say the
    name that the database holds. `proxies` may say for whom they speak. The sound of calls and the
    keys to it lie apart; a gateway without these two folders keeps none.
    """

    web_resources: Path
    http_host: str = "127.0.0.1"
    http_port: int = 8025
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 2525
    mail_domains: frozenset[str] = frozenset()
    largest_mail: int = 50 * 1024 * 1024
    largest_form: int = 30 * 1024 * 1024
    council: str = ""
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    recordings_dir: Path | None = None
    recording_keys_dir: Path | None = None
