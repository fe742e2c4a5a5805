"""The primary crashes under load and a standby is promoted: work goes on, nothing is lost.

Real servers (`ANY 1` of two standbys), two real gateways, two real desktops where somebody types.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from crm_desktop.store.database import Database, Target
from crm_desktop.store.models import Case, Contact, Draft, Event, Message
from tests.centre import GATEWAY_LOGIN, MIGRATIONS, PASSWORD, Centre, build_template
from tests.e2e.bad_days.load import Load
from tests.e2e.bad_days.program import GatewayProgram, StartGateway
from tests.servers import processes
from tests.servers.postgres import SUPERUSER
from tests.servers.standbys import Servers

_PROGRAM = Path(__file__).with_name("failover_desktop.py")
_NUMBERS = count(1)
#: From the promotion on, in seconds.
_GOES_ON = 5.0


class Desktop:
    """A running desktop and what it has said."""

    def __init__(self, folder: Path, url: str, login: str, contact_id: int) -> None:
        self.login, self.contact_id = login, contact_id
        self.said: list[dict[str, Any]] = []
        orders = {
            "folder": str(folder),
            "url": url,
            "name": login,
            "password": PASSWORD,
            "contact": contact_id,
        }
        self._process = processes.start(
            [sys.executable, str(_PROGRAM), json.dumps(orders)],
            env={**os.environ, "PYTHONPATH": str(MIGRATIONS.parent)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=MIGRATIONS.parent,
        )
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(json.loads(line))

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def values(self, what: str) -> list[Any]:
        """Everything that it said of one kind."""
        return [each["value"] for each in self.said if each["what"] == what]

    def first_after(self, moment: float, what: str, value: object = None) -> float:
        """When it first said something after a time."""
        return next(
            (
                each["at"]
                for each in list(self.said)
                if each["what"] == what
                and each["at"] > moment
                and (value is None or each["value"] == value)
            ),
            float("inf"),
        )

    def wait(self, what: str, moment: float = 0.0, value: object = None) -> None:
        """Return when it has said so."""
        try:
            processes.wait_for(
                lambda: self.first_after(moment, what, value) < float("inf"),
                f"{what} of {self.login}'s desktop",
            )
        except RuntimeError as error:
            raise RuntimeError(f"{error}; {processes.fate(self._process)}") from error

    def stop_typing(self) -> str:
        """All that was typed."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"stop\n")
        self._process.stdin.flush()
        self.wait("typed")
        return str(self.values("typed")[-1])

    def kill(self) -> None:
        """As a power cut would."""
        self._process.kill()
        processes.stop(self._process)


@dataclass
class Place:
    """One centre on three servers, with everybody at work."""

    servers: Servers
    owner: Database
    gateways: list[GatewayProgram]
    desktops: list[Desktop]
    load: Load

    def crash_and_promote(self, mode: str, pause: float) -> float:
        """Lose the primary, wait, promote a standby; when that was."""
        lost = self.servers.clusters[self.servers.primary]
        if mode == "kill -9":
            lost.kill9()
        else:
            lost.stop("immediate")
        time.sleep(pause)
        promoted = time.time()
        self.servers.promote()
        return promoted

    def took(self, promoted: float) -> dict[str, float]:
        """How long after the promotion each went on, in seconds."""
        for desktop in self.desktops:
            desktop.wait("live", promoted, value=True)
            desktop.wait("noted", promoted)
        for accepted in (self.load.mails, self.load.forms):
            self.load.wait_after(promoted, accepted)
        times = {
            "mail": self.load.first_after(promoted, self.load.mails),
            "form": self.load.first_after(promoted, self.load.forms),
        }
        for each in self.desktops:
            times[f"{each.login} live"] = each.first_after(promoted, "live", True)
            times[f"{each.login} writes"] = each.first_after(promoted, "noted")
        return {name: at - promoted for name, at in times.items()}

    def check(self) -> None:
        """Everything that was accepted is there once; nobody had to be started again."""
        self.load.stop()
        typed = {each.login: each.stop_typing() for each in self.desktops}
        noted = {each.login: each.values("noted") for each in self.desktops}
        assert all(each.alive for each in self.gateways)
        assert all(each.alive for each in self.desktops)
        with self.owner.read() as tx:
            subjects = Counter(tx.session.scalars(select(Contact.subject)))
            answers = Counter(
                each.get("notes") for each in tx.session.scalars(select(Case.answers))
            )
            notes = Counter(
                tx.session.scalars(
                    select(Message.body_text).where(Message.visibility == "internal")
                )
            )
            received = Counter(
                tx.session.scalars(select(Event.contact_id).where(Event.kind == "contact.received"))
            )
            contacts = set(
                tx.session.scalars(select(Contact.id).where(Contact.channel == "web_form"))
            )
        assert {subjects[subject] for _, subject in self.load.mails} == {1}
        assert {answers[name] for _, name in self.load.forms} == {1}
        assert contacts <= set(received)
        assert set(received.values()) == {1}
        for each in self.desktops:
            kept = noted[each.login]
            assert kept == list(range(1, len(kept) + 1))
            assert {notes[f"{each.login} {number}"] for number in kept} == {1}
            text = typed[each.login]
            assert text.split() == [f"word{n}" for n in range(1, len(text.split()) + 1)]
            _wait_draft(self.owner, each.contact_id, text)
        assert max(notes.values()) == 1
        assert len(self.load.mails) > 20
        assert len(self.load.forms) > 5


@pytest.fixture
def place(shared_directory: Path, tmp_path: Path, start_gateway: StartGateway) -> Iterator[Place]:
    """Everybody at work, for some seconds already."""
    servers = Servers.create(shared_directory / f"standbys-{os.getpid()}-{next(_NUMBERS)}")
    first = servers.clusters[0]
    first.create_database("centre")
    target = Target(servers.address("centre", SUPERUSER, first.password))
    owner = Database(target)
    build_template(owner)
    centre = Centre(target)
    url = servers.address("centre")
    gateways = [
        start_gateway(
            url=url,
            password=PASSWORD,
            secrets={"web-forms": "the same secret at both"},
            settings={"HTTP_PROXIES": "127.0.0.1"},
        )
        for _ in range(2)
    ]
    desktops = [
        Desktop(tmp_path / login, url, login, centre.add_contact(subject=f"In {login}'s hands"))
        for login in ("anna", "ben")
    ]
    load = Load(gateways)
    try:
        for gateway in gateways:
            gateway.wait_ready()
        for desktop in desktops:
            desktop.wait("noted")
        load.start()
        load.wait_flowing(mails=10, forms=3)
        yield Place(servers, owner, gateways, desktops, load)
    finally:
        # Whatever went wrong, nobody goes on typing beside the next tests.
        for desktop in desktops:
            desktop.kill()
        owner.close()
    centre.close()
    for gateway in gateways:
        gateway.kill()
    servers.destroy()


def test_work_goes_on_within_five_seconds_of_a_promotion_and_nothing_is_lost(
    place: Place,
) -> None:
    promoted = place.crash_and_promote("kill -9", pause=1.0)

    times = place.took(promoted)
    sys.stderr.write(f"seconds after the promotion: {times}\n")
    assert max(times.values()) <= _GOES_ON, times
    _the_old_primary_is_refused(place)
    place.check()


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_again_and_again(place: Place) -> None:
    seed = int(os.environ.get("FAULTS_SEED", "1"))
    chance = random.Random(seed)
    for number in range(int(os.environ.get("FAILOVER_ROUNDS", "10"))):
        lost = place.servers.primary
        mode = chance.choice(["kill -9", "immediate"])
        pause = chance.uniform(0.0, 5.0)
        times = place.took(place.crash_and_promote(mode, pause))
        sys.stderr.write(f"seed {seed} round {number}: {mode}, {pause:.1f} s away, {times}\n")
        assert max(times.values()) <= _GOES_ON, (seed, number, times)
        # What crashed follows its successor, from an empty directory.
        shutil.rmtree(place.servers.clusters[lost].directory)
        place.servers.copy(lost)
        place.servers.wait_follows(lost)
        time.sleep(chance.uniform(0.0, 2.0))
    place.check()


def _the_old_primary_is_refused(place: Place) -> None:
    """It comes back as it was, first in everybody's address, while its successor is away."""
    servers = place.servers
    old, new = servers.clusters[0], servers.clusters[servers.primary]
    old.start()
    before = _rows(servers, old.port)

    began = time.time()
    new.stop("immediate")
    stopped = time.time()
    for desktop in place.desktops:
        desktop.wait("live", began, value=False)
    time.sleep(2.0)
    away = time.time()

    # Nobody went there, and alone it could not accept anything: no standby follows it.
    assert _rows(servers, old.port) == before
    for each in place.desktops:
        assert each.first_after(stopped, "noted") > away
        assert each.first_after(stopped, "live", True) > away
    assert place.load.first_after(stopped, place.load.mails) > away
    with pytest.raises(psycopg.errors.QueryCanceled), old.connect("centre") as connection:
        _commit_for(connection, seconds=1.0)

    old.kill9()
    new.start()
    for desktop in place.desktops:
        desktop.wait("live", away, value=True)
        desktop.wait("noted", away)


def _commit_for(connection: psycopg.Connection[Any], seconds: float) -> None:
    """Write, and give the commit so long."""
    timer = threading.Timer(seconds, connection.cancel)
    timer.start()
    connection.execute("CREATE TABLE never_acknowledged ()")
    # The wait for a standby is cancelled with a warning only: the commit stays unacknowledged.
    raise psycopg.errors.QueryCanceled("no standby acknowledged it")


def _rows(servers: Servers, port: int) -> tuple[object, ...]:
    old = next(each for each in servers.clusters if each.port == port)
    with old.connect("centre", GATEWAY_LOGIN, PASSWORD) as connection:
        row = connection.execute("SELECT count(*), max(id) FROM message").fetchone()
        assert row is not None
        return row


def _wait_draft(owner: Database, contact_id: int, text: str) -> None:
    _wait(lambda: _draft(owner, contact_id) == text)


def _draft(owner: Database, contact_id: int) -> str:
    with owner.read() as tx:
        wanted = select(Draft.content).where(Draft.contact_id == contact_id, Draft.kind == "reply")
        content = tx.session.scalar(wanted)
        return str(content["text"]) if content else ""


def _wait(condition: Callable[[], bool]) -> None:
    processes.wait_for(condition, "what is awaited")
