"""One gateway as a process of its own: what a test may kill. Reads its orders from argv, JSON."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

from crm_desktop.gateway.config import GatewayConfig
from crm_desktop.gateway_root import run_gateway
from crm_desktop.services import Target
from crm_desktop.workstation.process import announce_ready, when_parent_ends


class _Secrets:
    def __init__(self, known: dict[str, str]) -> None:
        self._known = known

    def get(self, name: str, /) -> str | None:
        """One of those that the orders tell."""
        return self._known.get(name)


def main() -> int:
    """Run until standard input ends."""
    orders = json.loads(sys.argv[1])
    stop = threading.Event()
    when_parent_ends(stop.set)
    return run_gateway(
        Target(*orders["target"]),
        Path(orders["migrations"]),
        GatewayConfig(
            web_resources=Path(orders["web_resources"]),
            http_port=orders.get("http_port", 0),
            smtp_port=orders.get("smtp_port", 0),
        ),
        _Secrets(orders.get("secrets", {})),
        stop=stop,
        ready=announce_ready,
    )


if __name__ == "__main__":
    sys.exit(main())
