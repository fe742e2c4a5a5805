"""A real gateway process at a benchmark's centre."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crm_desktop.workstation.process import ChildProcess
from tests.benchmarks.centre import PASSWORD, BenchCentre


@dataclass(frozen=True, slots=True)
class RunningGateway:
    """Where it takes mail and visitors, and which process it is."""

    pid: int
    smtp_port: int
    http_port: int


@contextmanager
def gateway(
    centre: BenchCentre,
    folder: Path,
    more_secrets: Mapping[str, str] | None = None,
    *,
    more_env: Mapping[str, str] | None = None,
) -> Iterator[RunningGateway]:
    """`crm-desktop gateway` with a home of its own in `folder`, ready; ended on leaving."""
    secrets = folder / "secrets.toml"
    secrets.touch(mode=0o600)
    known = {"database:gateway": PASSWORD, **(more_secrets or {})}
    secrets.write_text("".join(f'"{name}" = "{value}"\n' for name, value in known.items()))
    env = {
        **os.environ,
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
        "CRM_DESKTOP_DATABASE_URL": centre.url,
        "CRM_DESKTOP_SECRETS_FILE": str(secrets),
        "CRM_DESKTOP_HTTP_PORT": "0",
        "CRM_DESKTOP_SMTP_PORT": "0",
        **(more_env or {}),
    }
    child = ChildProcess(["gateway", "--with-parent"], env)
    try:
        ports = child.wait_ready()
        yield RunningGateway(child.pid, int(ports["smtp"]), int(ports["http"]))
    finally:
        child.stop()
