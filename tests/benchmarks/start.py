"""From the program's start until its queue can be worked on."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from sqlalchemy import text

from tests.benchmarks.centre import ADVISORS, PASSWORD, ROOT, BenchCentre
from tests.benchmarks.figures import Figure, median
from tests.benchmarks.gateways import gateway
from tests.servers import processes
from tests.servers.keyring import unlocked_keyring

_TARGET_SECONDS = 1.5
_PATIENCE = 60.0
_PROGRAM = [sys.executable, "-m", "tests.benchmarks.started"]


def measure(centre: BenchCentre, env: Mapping[str, str], quick: bool) -> list[Figure]:
    """On SQLite with its own gateway, on PostgreSQL with a remembered password; files cached."""
    with tempfile.TemporaryDirectory() as folder:
        own = _home(Path(folder), env) | {"CRM_DESKTOP_DATABASE_URL": centre.url}
        with unlocked_keyring(own):
            if centre.dialect == "sqlite":
                taken = _starts(["--login", ADVISORS[0]], own, quick)
            else:
                _count(centre, Path(folder))
                _remember(own)
                taken = _starts([], own, quick)
    name = "Process start to usable queue"
    return [
        Figure(f"{name}, median", centre.dialect, median(taken), "s", _TARGET_SECONDS),
        Figure(f"{name}, longest", centre.dialect, max(taken), "s"),
    ]


def _home(folder: Path, env: Mapping[str, str]) -> dict[str, str]:
    # An installed program is compiled, whatever the one who measures prefers.
    compiled = {name: value for name, value in env.items() if name != "PYTHONDONTWRITEBYTECODE"}
    places = {"CONFIG": "config", "DATA": "data", "CACHE": "cache", "STATE": "state"}
    return {
        **compiled,
        "HOME": str(folder),
        **{f"XDG_{name}_HOME": str(folder / place) for name, place in places.items()},
        "CRM_DESKTOP_HTTP_PORT": "0",
        "CRM_DESKTOP_SMTP_PORT": "0",
    }


def _count(centre: BenchCentre, folder: Path) -> None:
    """A centre that no gateway has counted yet has no counts to be drawn."""

    def is_counted() -> bool:
        with closing(centre.signed_in()) as db, db.read() as tx:
            return bool(tx.core.scalar(text("SELECT count(*) FROM queue_stat")))

    if not is_counted():
        with gateway(centre, folder):
            processes.wait_for(is_counted, "the counts")


def _remember(env: Mapping[str, str]) -> None:
    subprocess.run(
        [*_PROGRAM, "remember", env["CRM_DESKTOP_DATABASE_URL"], ADVISORS[0]],
        env=env,
        cwd=ROOT,
        input=PASSWORD,
        text=True,
        check=True,
    )


def _starts(arguments: list[str], env: Mapping[str, str], quick: bool) -> list[float]:
    """Seconds, one a start; the first, which fills the caches, is not among them."""
    return [_start(arguments, env) for _ in range(4 if quick else 8)][1:]


def _start(arguments: list[str], env: Mapping[str, str]) -> float:
    begun = time.monotonic()
    program = processes.start([*_PROGRAM, *arguments], env=env, stdout=subprocess.PIPE, cwd=ROOT)
    try:
        assert program.stdout is not None
        usable = float(processes.read_line(program, "the program"))
        program.wait(_PATIENCE)
    finally:
        processes.stop(program)
    return usable - begun
