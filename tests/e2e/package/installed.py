"""The installed program, as somebody who never saw its sources has it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crm_desktop.services import Database, Target
from crm_desktop.store.database import Tx
from crm_desktop.store.models import Assignment, Contact, Staff
from tests.servers import processes, xvfb


@dataclass(frozen=True)
class Installed:
    """A root with the package in it, and one person's environment there.

    `start` is what begins a command line of the program.
    """

    root: Path
    package: Path
    start: tuple[str, ...]
    env: Mapping[str, str]
    home: Path

    @property
    def database(self) -> Target:
        """This person's own database file."""
        data = self.env.get("XDG_DATA_HOME", f"{self.home}/.local/share")
        return Target(f"sqlite:///{data}/crm-desktop/crm.sqlite3")

    def run(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command of the installed program to its end, with `typed` as its input."""
        return subprocess.run(
            [*self.start, *arguments],
            env=dict(self.env),
            cwd=self.home,
            input=typed,
            # Passwords are asked for at a terminal where there is one.
            start_new_session=True,
            capture_output=True,
            text=True,
            timeout=2 * processes.PATIENCE,
            check=False,
        )

    def doctor(self, *arguments: str) -> dict[str, dict[str, str]]:
        """What the doctor finds, by check."""
        said = self.run("doctor", "--json", *arguments)
        assert said.stdout, said.stderr
        return {each["check"]: each for each in json.loads(said.stdout)}

    @contextmanager
    def running(self, *arguments: str) -> Iterator[processes.Program]:
        """A command that runs until it is left."""
        process = processes.start(
            [*self.start, *arguments],
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=self.home,
        )
        try:
            yield process
        finally:
            processes.stop(process, seconds=30)

    def press(self, pid: int, name: str) -> None:
        """Press the button or box called `name` as soon as it is there, from outside."""
        xvfb.press(pid, name, self.env)


def says(log: Path, *texts: str) -> bool:
    """Whether a screen reader of the window that writes `log` would find all of these."""
    said = json.dumps(json.loads(log.read_bytes()), ensure_ascii=False) if log.exists() else ""
    return all(json.dumps(each, ensure_ascii=False)[1:-1] in said for each in texts)


def in_hand(target: Target) -> set[tuple[str, str]]:
    """(login, subject) of what anybody has in hand."""
    with _reading(target) as tx:
        found = (
            tx.session.query(Staff.login, Contact.subject)
            .join(Assignment, Assignment.staff_id == Staff.id)
            .join(Contact, Contact.id == Assignment.contact_id)
            .where(Assignment.ended_at.is_(None))
        )
        return {(login, subject) for login, subject in found}


def subjects(target: Target) -> set[str]:
    """Of every contact."""
    with _reading(target) as tx:
        return {subject for (subject,) in tx.session.query(Contact.subject)}


@contextmanager
def _reading(target: Target) -> Iterator[Tx]:
    db = Database(target, create=False)
    try:
        with db.read() as tx:
            yield tx
    finally:
        db.close()
