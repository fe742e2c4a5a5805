"""Programs side by side: one desktop a database, and a gateway that ends with its parent."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from crm_desktop.domain.errors import ConnectorTrouble, Taken
from crm_desktop.workstation import process
from crm_desktop.workstation.crash_log import CrashLog
from crm_desktop.workstation.instance import SingleInstance
from crm_desktop.workstation.process import ChildProcess
from tests.integration.workstation.programs import run_python
from tests.servers import processes

_HOLD = """
import sys
from pathlib import Path
from crm_desktop.workstation.instance import SingleInstance
with SingleInstance(Path(sys.argv[1]), "ann", "sqlite:///a"):
    print("held", flush=True)
    sys.stdin.read()
"""
_CHILD = """
import sys, threading
from crm_desktop.workstation.process import announce_ready, when_parent_ends
over = threading.Event()
when_parent_ends(over.set)
print("starting up", flush=True)
announce_ready({"http": ["127.0.0.1", 8025]})
over.wait()
sys.exit(3)
"""
_SILENT = "import sys\nprint('still thinking', flush=True)\nsys.stdin.read()"
_FAILING = "print('port is in use'); raise SystemExit(1)"
_STUBBORN = """
import threading
from crm_desktop.workstation.process import announce_ready
announce_ready({})
threading.Event().wait()
"""
_PARENT = """
import os, signal, sys
from crm_desktop.workstation import process
process.own_command = lambda: [sys.executable, "-c", sys.argv[1]]
child = process.ChildProcess([])
child.wait_ready()
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""

Start = Callable[[str], ChildProcess]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Start:
    """Starts a small program where the gateway would be."""

    def start(code: str) -> ChildProcess:
        monkeypatch.setattr(process, "own_command", lambda: [sys.executable, "-c", code])
        return ChildProcess([])

    return start


def test_a_second_desktop_for_the_same_database_is_told(tmp_path: Path) -> None:
    first = processes.start(
        [sys.executable, "-c", _HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert first.stdout is not None
    assert first.stdout.readline() == b"held\n"

    with pytest.raises(Taken, match="already open"):
        SingleInstance(tmp_path, "ann", "sqlite:///a").acquire()
    with SingleInstance(tmp_path, "ann", "sqlite:///b"), SingleInstance(tmp_path, "bob", "a"):
        pass

    first.kill()
    first.wait()
    with SingleInstance(tmp_path, "ann", "sqlite:///a"):
        processes.stop(first)


def test_the_child_says_when_it_is_ready_and_ends_when_asked(start: Start) -> None:
    child = start(_CHILD)

    assert child.wait_ready() == {"http": ["127.0.0.1", 8025]}
    assert child.exit_code() is None
    assert child.stop() == 3


def test_a_child_that_fails_is_told_with_its_words(start: Start) -> None:
    child = start(_FAILING)

    with pytest.raises(ConnectorTrouble, match="ended before it was ready") as caught:
        child.wait_ready()

    assert caught.value.params["output"] == "port is in use"
    assert child.stop() == 1


def test_a_child_that_stays_silent_is_told(start: Start) -> None:
    child = start(_SILENT)

    with pytest.raises(ConnectorTrouble, match=r"did not get ready in 0\.1 s"):
        child.wait_ready(0.1)

    child.stop()


def test_a_child_that_does_not_listen_is_killed(start: Start) -> None:
    child = start(_STUBBORN)
    child.wait_ready()

    assert child.stop(seconds=0.1) == -signal.SIGKILL


def test_the_child_ends_when_its_parent_is_killed() -> None:
    parent = run_python(_PARENT, _CHILD)
    child = int(parent.stdout)

    processes.wait_for(lambda: not processes.is_running(child), "the child's end")

    assert parent.returncode == -signal.SIGKILL


def test_the_program_runs_itself_again_from_source_and_when_frozen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from_source = process.own_command()
    monkeypatch.setattr("sys.frozen", True, raising=False)
    frozen = process.own_command()

    assert from_source == [sys.executable, "-m", "crm_desktop"]
    assert frozen == [str(Path(sys.executable).with_name("crm-desktop"))]


def test_a_crash_of_the_interpreter_is_shown_at_the_next_start(tmp_path: Path) -> None:
    died = run_python(
        "import faulthandler, sys\nfrom pathlib import Path\n"
        "from crm_desktop.workstation.crash_log import CrashLog\n"
        "CrashLog(Path(sys.argv[1]), 'desktop').start()\n"
        "faulthandler._sigsegv()",
        tmp_path,
        env={"PYTHONFAULTHANDLER": ""},
    )

    log = CrashLog(tmp_path, "desktop")
    log.start()
    crash = log.last_crash()
    log.stop()

    assert died.returncode == -signal.SIGSEGV
    assert crash is not None
    assert "Segmentation fault" in crash.text
