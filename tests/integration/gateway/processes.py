"""Starting, awaiting and killing gateway processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from crm_desktop.store.database import Target
from tests.centre import GATEWAY_LOGIN, MIGRATIONS, Centre
from tests.servers import processes

_PROGRAM = Path(__file__).with_name("gateway_process.py")


class GatewayProcess:
    """A gateway in a process of its own."""

    def __init__(
        self, target: Target, *, secrets: Mapping[str, str] | None = None, **ports: int
    ) -> None:
        orders = {
            "target": [target.url, target.login, target.password],
            "migrations": str(MIGRATIONS),
            "web_resources": str(MIGRATIONS.parent / "resources" / "web"),
            "secrets": dict(secrets or {}),
        } | ports
        self._process = processes.start(
            [sys.executable, str(_PROGRAM), json.dumps(orders)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=MIGRATIONS.parent,
        )

    def wait_ready(self) -> dict[str, Any]:
        """Its ports, once it is up."""
        line = processes.read_line(self._process, "READY")
        assert line.startswith("READY "), f"{line!r} {self.words()}"
        ports: dict[str, Any] = json.loads(line.removeprefix("READY "))
        return ports

    def kill(self) -> None:
        """As a power cut would; one that has ended is fine."""
        self._process.kill()
        self.end()

    def end(self) -> int:
        """Let its parent end; the exit code."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        code = self._process.wait(processes.PATIENCE)
        processes.stop(self._process)
        return code

    def words(self) -> str:
        """What it has said on standard error."""
        assert self._process.words is not None
        return self._process.words.read_text(errors="replace")

    def wait(self) -> int:
        """The exit code, once it has ended by itself."""
        return self._process.wait(processes.PATIENCE)


class StartProcess(Protocol):
    """Starts a gateway of the test's centre, another centre or a database."""

    def __call__(
        self, *, centre: Centre | None = None, target: Target | None = None, **ports: int
    ) -> GatewayProcess:
        """The process, not yet ready."""


def target_of(centre: Centre) -> Target:
    """How a gateway signs in to a centre."""
    return centre.target_for(GATEWAY_LOGIN) if centre.cluster else centre.target
