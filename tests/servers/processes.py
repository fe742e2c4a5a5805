"""Starting a program that must not outlive the run, however the run ends."""

import contextlib
import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


class ProgramMissing(RuntimeError):
    """A program that the tests need is not installed; the words say how to get it."""


def find_program(name: str, package: str) -> str:
    """Path of a program; raises ProgramMissing naming the Debian `package` that holds it."""
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which(name, path=places)
    if found is None:
        raise ProgramMissing(
            f"The tests need {name}. Install it with `make test`, or `apt-get install {package}`."
        )
    return found


def start(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    stdin: int | None = subprocess.DEVNULL,
    stdout: int | None = None,
    stderr: int | None = None,
    pass_fds: Sequence[int] = (),
    cwd: Path | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a program in a session of its own; the run's guard kills it if nobody stops it."""
    process = subprocess.Popen(
        command,
        env=None if env is None else dict(env),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        pass_fds=pass_fds,
        cwd=cwd,
        start_new_session=True,
    )
    _note(process.pid).touch()
    return process


def stop(process: "subprocess.Popen[bytes]", seconds: float = 10) -> None:
    """End a program: asked first, killed after `seconds`; a program that has ended is fine."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
    _note(process.pid).unlink(missing_ok=True)


def read_line(fd: int, seconds: float, what: str) -> str:
    """One line from a pipe within `seconds`; `what` says in the error whose line is missing."""
    line = b""
    deadline = time.monotonic() + seconds
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([fd], [], [], max(0, deadline - time.monotonic()))
        piece = os.read(fd, 1) if ready else b""
        if not piece:
            raise RuntimeError(f"{what} did not answer (got {line!r})")
        line += piece
    return line.decode().strip()


def wait_for(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Return when `condition` holds; for what can only be asked, not awaited."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not happen in {seconds} s")
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """Whether a process still runs; one that waits to be reaped holds nothing any more."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def _note(pid: int) -> Path:
    folder = Path(os.environ["CRM_TEST_SHARED"], "processes")
    folder.mkdir(exist_ok=True)
    return folder / str(pid)
