"""A part of the world that a command plays around a tour: told what to do, a line of JSON each."""

from __future__ import annotations

import json
import shlex
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from crm_desktop.tour.trouble import StepFailed

_SECONDS = 60.0


class Played:
    """A process of its own; `said` is what it announced when it was ready."""

    def __init__(self, process: subprocess.Popen[str], said: Mapping[str, Any]) -> None:
        self._process, self._said = process, said

    @classmethod
    def start(cls, command: str, folder: Path) -> Self | str:
        """Start `command FOLDER`; why it plays nothing, when it says so or says nothing."""
        folder.mkdir()
        try:
            process = subprocess.Popen(  # noqa: S603 - whoever runs the tour named it
                [*shlex.split(command), str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        except OSError as error:
            return f"{shlex.split(command)[0]}: {error.strerror}"
        said = _answer(process)
        if "ready" not in said:
            process.kill()
            # Its pipes are closed with it.
            process.communicate()
            return str(said.get("lacks") or "the command said nothing")
        return cls(process, said)

    def stop(self) -> None:
        """End it, and everything that it plays."""
        try:
            self._process.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            # Whatever it started may hold its output open for as long as it likes.
            self._process.kill()
            self._process.wait()

    def _do(self, told: Mapping[str, object]) -> Any:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(told) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise StepFailed(f"somebody who can {told['do']}", str(error)) from error
        said = _answer(self._process)
        if "done" not in said:
            words = str(said.get("trouble", "no answer"))
            raise StepFailed(f"somebody who can {told['do']}", words)
        return said["done"]


def _answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The next line; empty when none comes in time, or what comes is no answer."""
    lines: list[str] = []
    assert process.stdout is not None
    reader = threading.Thread(target=lambda read=process.stdout.readline: lines.append(read()))
    reader.daemon = True
    reader.start()
    reader.join(_SECONDS)
    try:
        found = json.loads(lines[0]) if lines else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
