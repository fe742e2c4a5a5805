"""A gateway as this desktop's child: started, awaited, and never left behind.

Parent and child hold the two ends of a pipe, the child's standard input. It closes when the
parent ends in whatever way, on every operating system, and the child then stops by itself.
"""

import ctypes
import json
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from crm_desktop.domain.errors import ConnectorTrouble

_READY = "READY "
_LAST_LINES = 20
#: Of glibc's malloc.h.
_M_ARENA_MAX = -8


def share_heaps() -> None:
    """Let a process of many threads live on two heaps; call it before they start.

    glibc otherwise gives nearly every thread one of its own, and what was once needed there stays.
    """
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):  # another C library
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


class ChildProcess:
    """A command of this program running below the present one."""

    def __init__(self, arguments: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """Start `crm-desktop ARGUMENTS`; see `wait_ready`."""
        self._process = subprocess.Popen(  # noqa: S603 - this program's own command, no shell
            [*own_command(), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            text=True,
            encoding="utf-8",
            errors="replace",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._ready: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, name="child-output", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    def wait_ready(self, seconds: float = 30) -> dict[str, Any]:
        """What the child announced; ConnectorTrouble when it ends or stays silent."""
        try:
            details = self._ready.get(timeout=seconds)
        except queue.Empty:
            raise self._trouble(f"did not get ready in {seconds:g} s") from None
        if details is None:
            raise self._trouble("ended before it was ready")
        return details

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def stop(self, seconds: float = 10) -> int:
        """Ask the child to end, kill it after `seconds`; returns its exit code."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._reader.join()
        return code

    def _read(self) -> None:
        """Runs on its own thread, so that a talkative child is never stopped by a full pipe."""
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                if line.startswith(_READY):
                    self._ready.put(json.loads(line.removeprefix(_READY)))
                else:
                    self._last_lines.append(line.rstrip())
        self._ready.put(None)

    def _trouble(self, what: str) -> ConnectorTrouble:
        return ConnectorTrouble(
            f"The gateway on this computer {what}.",
            retry=True,
            output="\n".join(self._last_lines),
        )


def own_command() -> list[str]:
    """The beginning of a command line that runs this program again."""
    if getattr(sys, "frozen", False):
        # On Windows a program without a console has no output that a parent could read.
        program = Path(sys.executable)
        return [str(program.with_name(f"crm-desktop{program.suffix}"))]
    return [sys.executable, "-m", "crm_desktop"]


def announce_ready(details: Mapping[str, object]) -> None:
    """In the child: tell the parent that everything listens, with JSON details."""
    sys.stdout.write(f"{_READY}{json.dumps(dict(details))}\n")
    sys.stdout.flush()


def when_parent_ends(stop: Callable[[], None], stdin: IO[Any] | None = None) -> None:
    """In the child: call `stop`, on another thread, once the parent has closed the pipe."""
    source = sys.stdin if stdin is None else stdin

    def watch() -> None:
        while source.read(1024):
            pass  # nothing is ever said, only the end matters
        stop()

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
