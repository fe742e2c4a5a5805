"""A program that does not answer explains itself: how it ended, or where it stands."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.servers import processes


def _start(code: str) -> processes.Program:
    return processes.start(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import sys; sys.exit('no such database')", "ended with 1, and has said:\nno such"),
        ("import os; os.kill(os.getpid(), 11)", "was ended by SIGSEGV, and has said nothing"),
    ],
)
def test_one_that_ended_says_how(code: str, told: str) -> None:
    program = _start(code)

    with pytest.raises(RuntimeError, match="the answer: the pipe was closed after b''") as raised:
        processes.read_line(program, "the answer")

    assert told in str(raised.value)
    processes.stop(program)


@pytest.mark.parametrize(
    "listens",
    ["from tests.servers import stacks; stacks.tell_when_asked()", "faulthandler.enable()"],
)
def test_one_that_is_silent_says_where_it_stands(listens: str) -> None:
    program = _start(
        f"import faulthandler, sys\n{listens}\nprint('begun', flush=True)\n"
        "def wait_for_ever():\n    print('half', end='', flush=True)\n    sys.stdin.read()\n"
        "wait_for_ever()"
    )
    assert processes.read_line(program, "the beginning") == "begun"

    with pytest.raises(RuntimeError, match=r"was silent for 0.5 s after b'half'") as raised:
        processes.read_line(program, "the answer", 0.5)

    assert f"process {program.pid} runs" in str(raised.value)
    assert "in wait_for_ever" in str(raised.value)
    processes.stop(program)


def test_what_it_said_is_passed_on_at_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    program = _start("import sys; print('a warning', file=sys.stderr); sys.stdin.read()")
    processes.wait_for(lambda: "a warning" in processes.fate(program), "the warning")

    processes.stop(program)

    assert "a warning" in capsys.readouterr().err
