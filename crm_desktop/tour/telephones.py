"""The world of telephones around a tour: a command that plays PBX, telephones and callers.

`make tour` names one that starts a real Asterisk; the program itself brings none.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from crm_desktop.tour.trouble import StepFailed

_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class PbxPlace:
    """Where the PBX is, for the centre's settings and the gateway's keyring."""

    url: str
    user: str
    password: str


class Telephones:
    """A PBX with two telephones, 101 and 102, and callers, in a process of their own."""

    def __init__(self, process: subprocess.Popen[str], place: PbxPlace) -> None:
        self._process, self.place = process, place

    @classmethod
    def start(cls, command: str, folder: Path) -> Self | str:
        """Start `command FOLDER`; why there are no telephones, when it says so or says nothing."""
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
        return cls(process, PbxPlace(said["url"], said["user"], said["password"]))

    def stop(self) -> None:
        """End them; the PBX is taken away with everything in it."""
        try:
            self._process.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def ring(self, number: str, to: str) -> None:
        """Somebody calls."""
        self._do({"do": "ring", "number": number, "to": to})

    def hang_up(self, number: str) -> None:
        """They hang up."""
        self._do({"do": "hang up", "number": number})

    def vanish(self, number: str) -> None:
        """Their line is cut: no word, no sound."""
        self._do({"do": "vanish", "number": number})

    def phone_answers(self, extension: str) -> None:
        """Whoever sits beside a telephone picks it up."""
        self._do({"do": "phone answers", "phone": extension})

    def phone_story(self, extension: str) -> list[str]:
        """What happened to a telephone: rings, up, ended."""
        return [str(each) for each in self._do({"do": "phone story", "phone": extension})]

    def _do(self, told: Mapping[str, str]) -> Any:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(told) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise StepFailed(f"telephones that can {told['do']}", str(error)) from error
        said = _answer(self._process)
        if "done" not in said:
            words = str(said.get("trouble", "no answer"))
            raise StepFailed(f"telephones that can {told['do']}", words)
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
