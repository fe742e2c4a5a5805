"""PostgreSQL stops, two contacts are logged, the desktop is killed: both are entered once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from crm_desktop.desktop.core import words
from crm_desktop.store.models import Contact, Event, Service
from tests.centre import MIGRATIONS, PASSWORD, Centre
from tests.e2e.bad_days.program import address_of
from tests.servers import processes
from tests.servers.keyring import secret_service

_PROGRAM = Path(__file__).with_name("away_program.py")
#: What the articles are kept in: two of them, and of when they are.
_ARTICLES = 3


class Ordered:
    """The desktop's process."""

    def __init__(self, process: processes.Program) -> None:
        self._process = process

    def do(self, **order: Any) -> Any:
        """Do it, and the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        # The window gives up before the pipe, and says what it shows instead.
        said = json.loads(processes.read_line(self._process, str(order)))
        assert "trouble" not in said, f"{order}: {said['trouble']}"
        return said["answer"]

    def sign_in(self) -> None:
        """As Anna."""
        self.do(do="sign_in", Name="anna", Password=PASSWORD)

    def wait_said(self, said: str) -> str:
        """Everything that the window says once it says this."""
        return str(self.do(do="said", words=said))

    def log(self, who: str, happened: datetime, service: int) -> None:
        """Log a call by the form."""
        fields = {
            "Customer": who,
            "What it was about": "Bin missed again",
            "What was done": "Told that we come on Friday.",
            "Time when it happened, like 10:50": words.clock_time(happened),
        }
        assert self.do(do="log", fields=fields, service=service) == "kept"

    def kill(self) -> None:
        """As a power cut would."""
        self._process.kill()
        processes.stop(self._process)


def test_what_is_logged_while_the_server_is_stopped_survives_a_kill_and_is_entered_once(
    own_centre: Centre, tmp_path: Path
) -> None:
    cluster = own_centre.cluster
    assert cluster is not None
    happened = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=2)
    folder, service = tmp_path / "desktop", _service(own_centre)
    with secret_service(tmp_path) as env:
        with _desktop(own_centre, folder, env) as desktop:
            desktop.sign_in()
            _wait_kept(folder / "data" / "articles", _ARTICLES)
            own_centre.close()
            cluster.stop("immediate")
            desktop.wait_said("The database is away since")
            found = desktop.do(do="search", text="recyling", words="kept copy from")
            assert "Missed bins: what we re-collect, and when" in found
            for who in ("Margaret Okafor", "Bob Lind"):
                desktop.log(who, happened, service)
            desktop.wait_said("2 contacts to be entered")
            desktop.kill()
        left = list((folder / "data" / "logged").iterdir())
        assert len(left) == 2
        assert not any(b"Okafor" in each.read_bytes() for each in left)

        with _desktop(own_centre, folder, env) as desktop:
            desktop.wait_said("Name")
            cluster.start()
            desktop.sign_in()
            desktop.wait_said("Bob Lind, Bin missed again")
            processes.wait_for(lambda: not list(left[0].parent.iterdir()), "the empty folder")

        with _desktop(own_centre, folder, env) as desktop:
            desktop.sign_in()
            desktop.wait_said("Queue")
    with own_centre.as_owner().read() as tx:
        entered = tx.session.scalars(select(Contact).order_by(Contact.id)).all()
        told = tx.session.scalars(select(Event).where(Event.kind == "contact.logged")).all()
    assert [each.who for each in entered] == ["Margaret Okafor", "Bob Lind"]
    for contact, event in zip(entered, told, strict=True):
        assert contact.received_at == happened
        assert contact.entered_at is not None
        assert contact.entered_at > happened
        assert contact.while_away
        assert datetime.fromisoformat(event.data["happened"]) == happened
        assert event.data["while_away"]


def test_who_signed_in_before_works_without_the_database_until_it_is_back(
    own_centre: Centre, tmp_path: Path
) -> None:
    cluster = own_centre.cluster
    assert cluster is not None
    happened = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=2)
    folder, service = tmp_path / "desktop", _service(own_centre)
    with secret_service(tmp_path) as env:
        with _desktop(own_centre, folder, env) as desktop:
            desktop.sign_in()
            people = folder / "data" / "people"
            _wait_kept(people, 1)
            _wait_kept(folder / "data" / "articles", _ARTICLES)
        assert not any(PASSWORD.encode() in each.read_bytes() for each in people.iterdir())
        own_centre.close()
        cluster.stop("immediate")

        with _desktop(own_centre, folder, env) as desktop:
            for password, answer in (("not hers", "the same password"), (PASSWORD, "You work")):
                desktop.do(do="try_in", Name="anna", Password=password)
                desktop.wait_said("The database cannot be reached")
                desktop.do(do="press", words="Work without the database")
                desktop.wait_said(answer)
            desktop.do(do="search", text="recyling", words="kept copy from")
            desktop.log("Margaret Okafor", happened, service)
            desktop.wait_said("1 contact to be entered")
            cluster.start()
            desktop.wait_said("Entered: Margaret Okafor")
            desktop.wait_said("Queue")
    with own_centre.as_owner().read() as tx:
        (contact,) = tx.session.scalars(select(Contact)).all()
    assert (contact.who, contact.received_at, contact.while_away) == (
        "Margaret Okafor", happened, True,
    )  # fmt: skip


def _wait_kept(folder: Path, number: int) -> None:
    """Return when so many entries would survive a kill: not those that are still being written,
    whose files have other names.
    """
    processes.wait_for(
        lambda: len(list(folder.glob("*.draft"))) == number, f"{number} entries in {folder.name}"
    )


def _service(centre: Centre) -> int:
    with centre.as_owner().read() as tx:
        return tx.session.scalars(select(Service.id).where(Service.code == "missed_bin")).one()


@contextmanager
def _desktop(centre: Centre, folder: Path, env: Mapping[str, str]) -> Iterator[Ordered]:
    orders = {"folder": str(folder), "url": address_of(centre.target)}
    own = {"CRM_DESKTOP_HTTP_PORT": "0", "CRM_DESKTOP_SMTP_PORT": "0"}
    process = processes.start(
        [sys.executable, str(_PROGRAM), json.dumps(orders)],
        env={**os.environ, **env, **own, "PYTHONPATH": str(MIGRATIONS.parent)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=MIGRATIONS.parent,
    )
    desktop = Ordered(process)
    try:
        yield desktop
    finally:
        desktop.kill()
