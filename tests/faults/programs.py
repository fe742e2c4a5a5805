"""The processes that are killed: gateways, the desktop, the advisors without a screen."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from tests.centre import MIGRATIONS
from tests.e2e.bad_days.program import GatewayProgram
from tests.servers import processes

_ROOT = MIGRATIONS.parent


class Worker:
    """A desktop or an advisor: `python -m MODULE ORDERS`, started again as often as needed.

    What it says on standard output is its ledger, kept in `folder` through all its runs.
    """

    def __init__(self, module: str, orders: Mapping[str, Any], folder: Path) -> None:
        self._module, self._orders, self._runs = module, dict(orders), count(1)
        self._words = folder / f"{orders['login']}.words"
        self._ledger = folder / f"{orders['login']}.ledger"
        self._writers: list[threading.Thread] = []
        self._process: processes.Program | None = None
        self.start()

    def start(self) -> None:
        """Begin to work, unless it works."""
        if self.alive:
            return
        orders = {**self._orders, "seed": f"{self._orders['seed']} {next(self._runs)}"}
        with self._words.open("ab") as words:
            self._process = processes.start(
                [sys.executable, "-m", self._module, json.dumps(orders)],
                env=dict(os.environ),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words.fileno(),
                cwd=_ROOT,
            )
        assert self._process.stdout is not None
        said = os.dup(self._process.stdout.fileno())
        self._writers.append(threading.Thread(target=_keep, args=(said, self._ledger)))
        self._writers[-1].start()

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    def tell(self, word: str) -> None:
        """Say "finish" or "go on"; one that was killed does not hear it."""
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{word}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            return

    def kill(self) -> None:
        """As a power cut would."""
        assert self._process is not None
        self._process.kill()
        processes.stop(self._process)
        for each in self._writers:
            each.join()

    def words(self) -> str:
        """What it said on standard error, in all its runs."""
        return self._words.read_text(errors="replace")


class Gateway:
    """One of the gateways, on ports that it has again after every start."""

    def __init__(self, make: Callable[[Path], GatewayProgram], folder: Path, name: str) -> None:
        self._make, self._folder, self.name = make, folder, name
        self._runs = count(1)
        self._frozen = False
        self._all: list[GatewayProgram] = []
        self.start()

    @property
    def program(self) -> GatewayProgram:
        """The run that is or was the last."""
        return self._all[-1]

    def start(self) -> None:
        """Begin, unless it runs; the doors open a moment later."""
        if not self._all or not self.program.alive:
            self._all.append(self._make(self._folder / f"{self.name}-{next(self._runs)}"))

    def wait_ready(self) -> None:
        """Return when its doors are open."""
        if not self.program.ports:
            self.program.wait_ready()

    def freeze(self) -> None:
        """SIGSTOP."""
        os.kill(self.program.pid, signal.SIGSTOP)
        self._frozen = True

    def thaw(self) -> None:
        """SIGCONT, if it was frozen and lives."""
        if self._frozen and self.program.alive:
            os.kill(self.program.pid, signal.SIGCONT)
        self._frozen = False

    def kill(self) -> None:
        """SIGKILL, frozen or not."""
        self._frozen = False
        self.program.kill()

    def end(self) -> None:
        """As an administrator ends it."""
        self.thaw()
        if self.program.alive:
            self.program.end()

    def words(self) -> str:
        """What it said on standard error, in all its runs."""
        return "".join(f"--- {self.name}\n{each.words()}" for each in self._all)


def _keep(said: int, ledger: Path) -> None:
    """Append what comes out of a pipe to a file, until the pipe's other end is gone."""
    with os.fdopen(said, "rb", buffering=0) as source, ledger.open("ab", buffering=0) as out:
        while piece := source.read(65_536):
            out.write(piece)


def limit_files(pid: int, size: int | None) -> None:
    """Let no file of a process grow beyond so many bytes, as a full disk does; None: any size."""
    try:
        _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most if size is None else size, most))
    except ProcessLookupError:
        return
