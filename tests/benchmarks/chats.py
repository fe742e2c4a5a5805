"""Chats: five hundred open on one gateway, fifty messages a second, and an advisor who looks on.

Visitors are a process with a connection each, the gateway and the advisor's desktop processes of
their own; ten more advisors answer. PostgreSQL alone: on SQLite a centre is one desk.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from crm_desktop.domain.chats import NewChat, Started
from crm_desktop.domain.states import AssignmentState, ContactState
from crm_desktop.services import Database, Target, chat_visits
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Assignment,
    ChannelAccount,
    Chat,
    Contact,
    Membership,
    OpeningCalendar,
    Queue,
    Staff,
)
from tests.benchmarks.centre import ADVISORS, PASSWORD, BenchCentre
from tests.benchmarks.desk import memory_of
from tests.benchmarks.figures import Figure, median, percentile
from tests.benchmarks.gateways import RunningGateway, gateway
from tests.benchmarks.programs import as_person, program

ORIGIN, KEY = "https://www.bench.example", "bench"
_OPEN, _A_SECOND, _ANSWERS_A_SECOND = 500, 50, 10
#: The advisor who is watched holds so many chats, of which one is open and says so much: as fast as
#: a visitor is heard for long (`Limits.says`).
_AT_THE_DESK, _WATCHED_A_SECOND = 8, 1
_ANSWERING = 10
_SECONDS, _SECONDS_QUICKLY = 120, 30
_SEEN_MS = 150
_CODE = "bench_chats"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ALWAYS = {"week": {day: ["00:00-24:00"] for day in _DAYS}, "holidays": "none"}


@dataclass(frozen=True, slots=True)
class _Heard:
    """What the three programs saw; times are the monotonic clock's, delays milliseconds."""

    visitors: Mapping[str, Any]
    drawn: Mapping[str, float]
    answered: Mapping[str, float]
    cpu: float
    megabytes: float


def measure(centre: BenchCentre, env: Mapping[str, str], quick: bool) -> list[Figure]:
    """Two minutes of it (`quick`: half a minute)."""
    if centre.dialect != "postgresql":
        return []
    owner = Database(centre.owner())
    try:
        with _site(owner) as site_id:
            heard = _talk(centre, owner, env, site_id, _SECONDS_QUICKLY if quick else _SECONDS)
    finally:
        owner.close()
    return _figures(centre.dialect, heard)


def _talk(
    centre: BenchCentre, owner: Database, env: Mapping[str, str], site_id: int, seconds: int
) -> _Heard:
    chats = _begun(centre, site_id)
    held, others = chats[:_AT_THE_DESK], chats[_AT_THE_DESK:]
    _hand_out(owner, held, ADVISORS[:1])
    _hand_out(owner, others, ADVISORS[1 : 1 + _ANSWERING])
    behind_a_proxy = {"CRM_DESKTOP_HTTP_PROXIES": "127.0.0.1/32"}
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        door = running.enter_context(gateway(centre, folder, more_env=behind_a_proxy))
        desk = running.enter_context(
            program(
                "watching",
                {**as_person(centre, ADVISORS[0]), "task": "chat", "contact": held[0].contact_id},
                env,
            )
        )
        desk.hear()
        visitors = running.enter_context(
            program("chat_visitors", _orders(door, chats, seconds), os.environ)
        )
        visitors.hear()
        answering = running.enter_context(
            program("chat_advisors", _answers(centre, others, seconds), os.environ)
        )
        answering.hear()
        begun, used = time.monotonic(), _cpu_seconds(door.pid)
        visitors.tell()
        answering.tell()
        told = visitors.hear()
        cpu = (_cpu_seconds(door.pid) - used) / (time.monotonic() - begun)
        return _Heard(told, desk.finish(), answering.hear(), cpu, memory_of(door.pid))


def _orders(door: RunningGateway, chats: Sequence[Started], seconds: int) -> dict[str, Any]:
    return {
        "url": f"ws://127.0.0.1:{door.http_port}/chat/{KEY}/talk",
        "origin": ORIGIN,
        "tokens": [each.token for each in chats],
        "watched_a_second": _WATCHED_A_SECOND,
        "a_second": _A_SECOND,
        "seconds": seconds,
    }


def _answers(centre: BenchCentre, others: Sequence[Started], seconds: int) -> dict[str, Any]:
    logins = ADVISORS[1 : 1 + _ANSWERING]
    return {
        "people": [as_person(centre, login) for login in logins],
        "contacts": [
            [each.contact_id for each in others[place :: len(logins)]]
            for place in range(len(logins))
        ],
        "a_second": _ANSWERS_A_SECOND,
        "seconds": seconds,
    }


def _begun(centre: BenchCentre, site_id: int) -> list[Started]:
    db = Database(Target(centre.url, "gateway", PASSWORD), connections=4, create=False)
    try:
        with ThreadPoolExecutor(4) as threads:
            return list(
                threads.map(
                    lambda number: chat_visits.start(
                        db, site_id, NewChat(f"Visitor {number}", text="My bin", client=f"{number}")
                    ),
                    range(_OPEN),
                )
            )
    finally:
        db.close()


def _hand_out(owner: Database, chats: Sequence[Started], logins: Sequence[str]) -> None:
    """Each chat is in the hands of one of these, in turn."""
    with owner.write() as tx:
        staff = dict(tx.session.execute(select(Staff.login, Staff.id)).tuples().all())
        for place, each in enumerate(chats):
            person = staff[logins[place % len(logins)]]
            contact = tx.session.get_one(Contact, each.contact_id)
            contact.state, contact.owner_id = ContactState.ACTIVE.value, person
            tx.session.add(
                Assignment(
                    contact_id=each.contact_id,
                    staff_id=person,
                    channel="chat",
                    state=AssignmentState.ACCEPTED.value,
                )
            )


@contextmanager
def _site(owner: Database) -> Iterator[int]:
    """A chat in a queue of its own, whose people are the advisors; ended on leaving."""
    with owner.write() as tx:
        site_id = _add_site(tx)
    try:
        yield site_id
    finally:
        with owner.write() as tx:
            _end(tx, site_id)


def _add_site(tx: Tx) -> int:
    queue = tx.session.scalar(select(Queue).where(Queue.code == _CODE))
    if queue is None:
        calendar = OpeningCalendar(name=_CODE, hours=_ALWAYS)
        tx.session.add(calendar)
        tx.session.flush()
        queue = Queue(code=_CODE, name="Chats of the benchmark", calendar_id=calendar.id)
        tx.session.add(queue)
        tx.session.flush()
    names = ADVISORS[: 1 + _ANSWERING]
    for person in tx.session.scalars(select(Staff.id).where(Staff.login.in_(names))):
        tx.session.merge(Membership(staff_id=person, queue_id=queue.id))
    site = ChannelAccount(
        kind="chat",
        name=f"Bench {time.time_ns()}",
        queue_id=queue.id,
        settings={"key": KEY, "origins": [ORIGIN]},
    )
    tx.session.add(site)
    tx.session.flush()
    return site.id


def _end(tx: Tx, site_id: int) -> None:
    """Nobody holds these chats any more; they stay, as they would."""
    ours = select(Chat.contact_id).where(Chat.account_id == site_id)
    tx.session.execute(
        update(Assignment)
        .where(Assignment.contact_id.in_(ours), Assignment.ended_at.is_(None))
        .values(state=AssignmentState.COMPLETED.value, ended_at=tx.now)
    )
    tx.session.execute(
        update(Contact)
        .where(Contact.id.in_(ours))
        .values(state=ContactState.COMPLETED.value, completed_at=tx.now)
    )
    tx.session.execute(
        update(ChannelAccount).where(ChannelAccount.id == site_id).values(active=False)
    )


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _figures(dialect: str, heard: _Heard) -> list[Figure]:
    sent, got = heard.visitors["sent"], heard.visitors["got"]
    seen = [(heard.drawn[text] - at) * 1000 for text, at in sent.items() if text in heard.drawn]
    answers = [(got[text] - at) * 1000 for text, at in heard.answered.items() if text in got]
    lost = (len(sent) - len(seen)) + heard.visitors["unkept"] + len(heard.answered) - len(answers)
    kept = heard.visitors["kept"]
    name = f"{_OPEN} chats, {_A_SECOND} messages a second"
    return [
        Figure(f"{name}: not kept, drawn or told", dialect, lost, "of all", 0),
        Figure(f"{name}: a second", dialect, heard.visitors["a_second"], "messages",
               _A_SECOND * 0.99, True),
        Figure(f"{name}: visitor's send to the advisor's screen, p95", dialect,
               percentile(seen, 95), "ms", _SEEN_MS),
        Figure(f"{name}: visitor's send to the advisor's screen, median", dialect, median(seen),
               "ms"),
        Figure(f"{name}: visitor's send to “kept”, p95", dialect, percentile(kept, 95), "ms"),
        Figure(f"{name}: advisor's answer to the visitor's page, p95", dialect,
               percentile(answers, 95), "ms"),
        Figure(f"{name}: the gateway's share of one core", dialect, heard.cpu * 100, "%"),
        Figure(f"{name}: the gateway's memory", dialect, heard.megabytes, "MB"),
    ]  # fmt: skip
