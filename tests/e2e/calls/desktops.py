"""The desktops of the walk, each a process: what a person presses and reads there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.centre import MIGRATIONS, PASSWORD
from tests.servers import processes


class DeskTrouble(AssertionError):
    """What was expected of a desktop did not come; the words say what was there instead."""


class Desktop:
    """One person's desktop; each method returns when it is done, or raises DeskTrouble."""

    def __init__(self, folder: Path, url: str, login: str, env: Mapping[str, str]) -> None:
        folder.mkdir(parents=True)
        self.login = login
        self._process = processes.start(
            [
                *(sys.executable, "-m", "tests.e2e.calls.desktop_program"),
                json.dumps({"folder": str(folder), "url": url}),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=MIGRATIONS.parent,
            env=env,
        )

    def begin_sign_in(self) -> None:
        """As this person, on the screen that the program opens with; `signed_in` waits for it."""
        self._tell("sign in", self.login, PASSWORD)

    def signed_in(self) -> None:
        """Return once it shows the main window."""
        self._hear("sign in")

    def press(self, *keys: str) -> None:
        """Press keys one after the other, as "F9" or "Ctrl+Return"."""
        self._do("press", *keys)

    def type(self, text: str) -> None:
        """Type into whatever has the keyboard."""
        self._do("type", text)

    def wait_for(self, *texts: str) -> None:
        """Wait until its windows say all of these, as a screen reader would."""
        self._do("wait for", *texts)

    def wait_for_one(self, *texts: str) -> str:
        """Wait until its windows say one of these; which."""
        return str(self._do("wait for one", *texts))

    def wait_for_dialog(self) -> None:
        """Wait until a dialog has the keyboard."""
        self._do("wait for a dialog")

    def wait_until_gone(self, text: str) -> None:
        """Wait until its windows say this no more."""
        self._do("wait until gone", text)

    def go_to(self, name: str) -> None:
        """Press Tab until what has the keyboard is called so."""
        self._do("go to", name)

    def choose(self, question: str, answer: str) -> None:
        """Go to a question with Tab, and to its answer with the arrows."""
        self._do("choose", question, answer)

    def focus(self, name: str) -> None:
        """Put the keyboard where a click on it would."""
        self._do("focus", name)

    def click(self, name: str) -> None:
        """Click a button."""
        self._do("click", name)

    def row(self, words: str) -> str:
        """Go with the arrows to the row that is spoken so; all that is spoken of it."""
        return str(self._do("row", words))

    def select(self, words: str) -> None:
        """Mark these words in the text that has the keyboard."""
        self._do("select", words)

    def says(self) -> str:
        """Everything that its windows say."""
        return str(self._do("says"))

    def picture(self, path: Path) -> None:
        """Keep what the window in front shows."""
        self._do("picture", str(path))

    def kill(self) -> None:
        """As a power cut would."""
        self._process.kill()
        processes.stop(self._process)

    def _do(self, what: str, *args: str) -> object:
        self._tell(what, *args)
        return self._hear(what, *args)

    def _tell(self, what: str, *args: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, "args": args}).encode() + b"\n")
        self._process.stdin.flush()

    def _hear(self, what: str, *args: str) -> object:
        answer = json.loads(processes.read_line(self._process, f"{self.login}'s {what} {args}"))
        if "failed" in answer:
            raise DeskTrouble(f"{self.login}, {what} {args}: {answer['failed']}")
        return answer["done"]
