"""Starting a program that must not outlive the run, however the run ends."""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

#: What must happen happens within this time, in seconds, however busy the computer is. Less than
#: the time of a whole test, so that what did not happen is told.
PATIENCE = 120.0
_TOLD = 8_000


class Program(subprocess.Popen[bytes]):
    """A program that was started; `words` is the file with what it says on standard error."""

    words: Path | None = None


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
) -> Program:
    """Start a program in a session of its own; the run's guard kills it if nobody stops it.

    What it says on standard error is kept where no other place is given, and passed on at its end.
    """
    with contextlib.ExitStack() as kept:
        if stderr is None:
            stderr = kept.enter_context(_kept_words()).fileno()
        process = Program(
            command,
            env=None if env is None else dict(env),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=pass_fds,
            cwd=cwd,
            start_new_session=True,
        )
        if stderr >= 0:
            process.words = Path(f"/proc/self/fd/{stderr}").readlink()
    _note(process.pid).touch()
    return process


def stop(process: Program, seconds: float = 10) -> None:
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
    if process.words is not None and process.words.parent == _folder("words"):
        sys.stderr.write(process.words.read_text(errors="replace"))
        process.words.unlink()
        process.words = None


def read_line(
    process: Program, what: str, seconds: float = PATIENCE, *, fd: int | None = None
) -> str:
    """One line from a program's standard output, or from the pipe `fd` that it writes to.

    RuntimeError says `what` did not come, and whether the program has ended, and how, or where its
    threads are; and what it said on standard error.
    """
    if fd is None:
        assert process.stdout is not None
        fd = process.stdout.fileno()
    line = b""
    deadline = time.monotonic() + seconds
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([fd], [], [], max(0, deadline - time.monotonic()))
        piece = os.read(fd, 1) if ready else b""
        if not piece:
            if ready:
                # Who closed its pipe is about to end.
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(2)
            how = "was closed" if ready else f"was silent for {seconds:g} s"
            raise RuntimeError(f"{what}: the pipe {how} after {line!r}; {fate(process)}")
        line += piece
    return line.decode().strip()


def fate(process: Program) -> str:
    """How a program ended, or that it runs and where its threads are; and what it has said."""
    code = process.poll()
    if code is None:
        _ask_where(process)
        how = f"process {process.pid} runs"
    elif code < 0:
        how = f"process {process.pid} was ended by {signal.Signals(-code).name}"
    else:
        how = f"process {process.pid} ended with {code}"
    words = "" if process.words is None else process.words.read_text(errors="replace")
    return f"{how}, and has said:\n{words[-_TOLD:]}" if words else f"{how}, and has said nothing"


def wait_for(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Return when `condition` holds; for what can only be asked, not awaited."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not happen in {seconds:g} s")
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """Whether a process still runs; one that waits to be reaped holds nothing any more."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def _ask_where(process: Program) -> None:
    """Have a Python program write on standard error where its threads are, if it listens."""
    for number in (signal.SIGUSR1, signal.SIGABRT):
        if _listens(process.pid, number):
            process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(1)
            return


def _listens(pid: int, number: signal.Signals) -> bool:
    """Whether a program has a handler of its own for a signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    (caught,) = (each for each in status.splitlines() if each.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def _kept_words() -> IO[bytes]:
    return tempfile.NamedTemporaryFile(dir=_folder("words"), delete=False)


def _note(pid: int) -> Path:
    return _folder("processes") / str(pid)


def _folder(name: str) -> Path:
    folder = Path(os.environ["CRM_TEST_SHARED"], name)
    folder.mkdir(exist_ok=True)
    return folder
