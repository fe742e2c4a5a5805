"""Starting a benchmark's own processes, and hearing what they have to say."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.benchmarks.centre import ROOT, BenchCentre
from tests.servers import processes

_PATIENCE = 120.0


class Program:
    """`python -m tests.benchmarks.MODULE ORDERS`: a line of JSON at a time."""

    def __init__(self, module: str, orders: Mapping[str, Any], env: Mapping[str, str]) -> None:
        self._module = module
        self._process = processes.start(
            [sys.executable, "-m", f"tests.benchmarks.{module}", json.dumps(orders)],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def hear(self) -> Any:
        """Its next line."""
        assert self._process.stdout is not None
        said = processes.read_line(self._process, self._module)
        return json.loads(said)

    def tell(self) -> None:
        """Say that it is time."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()

    def finish(self) -> Any:
        """Tell it that it is over; its last line."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        answer = self.hear()
        if self._process.wait(_PATIENCE) != 0:
            raise RuntimeError(f"{self._module} failed")
        return answer

    def stop(self) -> None:
        """End it in whatever state it is."""
        processes.stop(self._process)


@contextmanager
def program(module: str, orders: Mapping[str, Any], env: Mapping[str, str]) -> Iterator[Program]:
    """A program that ends at the end."""
    running = Program(module, orders, env)
    try:
        yield running
    finally:
        running.stop()


def as_person(centre: BenchCentre, login: str) -> dict[str, str]:
    """The part of the orders that says where, and who it is."""
    target = centre.target(login)
    return {"url": target.url, "login": login, "password": target.password}
