"""Mail by SMTP into one gateway process: how many a second, how soon told, and in how much memory.

Only what was answered "250" counts, and afterwards every one of them is looked for.
"""

from __future__ import annotations

import smtplib
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from random import Random

from sqlalchemy import func, select, update

from crm_desktop.demo import content
from crm_desktop.demo.phrasing import letters
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.services.feed import open_feed
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.models import Contact, Customer, Identifier, Message
from tests.benchmarks.centre import PASSWORD, RESOURCES, BenchCentre
from tests.benchmarks.figures import Figure, median
from tests.e2e.bad_days.program import GatewayProgram, address_of

_MAILS, _MAILS_QUICKLY = 4_000, 400
_SINGLE_MAILS, _SINGLE_MAILS_QUICKLY = 100, 20
_CONNECTIONS = 8
#: Of ten mails: from customers who are known, to conversations of last year, to those of today.
_KNOWN, _OLD_THREADS, _NEW_THREADS = 3, 1, 1
_LETTERS_A_MAIL = 7
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class _Mail:
    """One mail as it goes over the wire."""

    rfc_id: str
    sender: str
    raw: bytes


def measure(centre: BenchCentre, quick: bool) -> list[Figure]:
    """Take mail in, many at once and one by one; the centre's queue is left as it was."""
    db = Database(centre.owner())
    try:
        with db.read() as tx:
            before = tx.session.scalar(select(func.max(Contact.id))) or 0
            writer = _Writer(tx, _MAILS_QUICKLY if quick else _MAILS)
        many = writer.many()
        single = writer.single(_SINGLE_MAILS_QUICKLY if quick else _SINGLE_MAILS)
        with _gateway(centre) as gateway:
            _send(gateway.smtp, writer.single(_CONNECTIONS))
            started = time.monotonic()
            _send(gateway.smtp, many)
            seconds = time.monotonic() - started
            memory = _proportional_memory(gateway.pid)
            accepted, told = _one_by_one(centre, gateway.smtp, single)
        _must_be_kept(db, (*many, *single))
    finally:
        _clear(db, before)
        db.close()
    dialect = centre.dialect
    return [
        Figure(
            "Mails taken in a second by one gateway",
            dialect,
            len(many) / seconds,
            "1/s",
            100,
            at_least=True,
        ),
        Figure("Memory of a gateway (PSS)", dialect, memory / 1e6, "MB", 120),
        Figure("A mail until it is accepted, median", dialect, accepted * 1000, "ms"),
        Figure("A mail until the desktops are told, median", dialect, told * 1000, "ms"),
    ]


class _Writer:
    """Writes a council's ordinary mail: some writers are known, some answer, most are new."""

    def __init__(self, tx: Tx, count: int) -> None:
        self._rng = Random(20_26)
        self._letters = letters(content.load(RESOURCES / "demo"), self._rng, 600)
        self._run = time.time_ns()
        self._count = count
        self._number = 0
        share = count // 10
        self._known = _known_customers(tx, share * _KNOWN)
        self._threads = _old_threads(tx, share * _OLD_THREADS)

    def many(self) -> tuple[_Mail, ...]:
        """The mails of the throughput; an answer comes after what it answers."""
        kinds = ["known"] * len(self._known) + ["old"] * len(self._threads)
        kinds += ["new"] * (self._count // 10 * _NEW_THREADS)
        kinds += ["stranger"] * (self._count - len(kinds))
        self._rng.shuffle(kinds)
        strangers: list[_Mail] = []
        return tuple(self._of(kind, strangers) for kind in kinds)

    def single(self, count: int) -> tuple[_Mail, ...]:
        """Mails of people who never wrote before."""
        return tuple(self._stranger() for _ in range(count))

    def _of(self, kind: str, strangers: list[_Mail]) -> _Mail:
        if kind == "known":
            name, address = self._known.pop()
            return self._mail(name, address)
        if kind == "old":
            rfc_id, name, address = self._threads.pop()
            return self._mail(name, address, rfc_id)
        # Eight connections at once: what was written a hundred mails ago has been taken in.
        if kind == "new" and len(strangers) > 100:
            earlier = strangers[-100]
            return self._mail(earlier.sender.partition("@")[0], earlier.sender, earlier.rfc_id)
        strangers.append(self._stranger())
        return strangers[-1]

    def _stranger(self) -> _Mail:
        name = f"writer{self._number + 1}.of.{self._run}"
        return self._mail(name, f"{name}@example.org")

    def _mail(self, name: str, address: str, answers: str = "") -> _Mail:
        self._number += 1
        chosen = self._rng.sample(self._letters, _LETTERS_A_MAIL)
        text = "\n\n".join(each.body for each in chosen)
        mail = EmailMessage(policy=SMTP)
        mail["From"] = f"{name.title()} <{address}>"
        mail["To"] = "help@harlandvale.test"
        mail["Subject"] = chosen[0].subject
        mail["Date"] = "Thu, 02 Jul 2026 09:30:00 +0100"
        mail["Message-ID"] = f"<{self._run}.{self._number}@example.org>"
        if answers:
            mail["In-Reply-To"] = mail["References"] = answers
            text += "\n\nOn 1 July 2026 the council wrote:\n> Thank you, we look into it.\n"
        mail.set_content(text)
        if self._number % 2:
            paragraphs = "".join(f"<p>{each.body}</p>" for each in chosen)
            mail.add_alternative(f"<html><body>{paragraphs}</body></html>", subtype="html")
        return _Mail(mail["Message-ID"], address, mail.as_bytes())


def _known_customers(tx: Tx, count: int) -> list[tuple[str, str]]:
    """(name, address) of customers spread over the whole book."""
    highest = tx.session.scalar(select(func.max(Identifier.id))) or 1
    step = max(1, highest // (count * 3))
    rows = tx.session.execute(
        select(Customer.name, Identifier.norm)
        .join(Identifier, Identifier.customer_id == Customer.id)
        .where(Identifier.kind == "email", Identifier.id % step == 0)
        .limit(count)
    )
    return [(name, norm) for name, norm in rows]


def _old_threads(tx: Tx, count: int) -> list[tuple[str, str, str]]:
    """(Message-ID, name, address) of customers whose matter was ended."""
    rows = tx.session.execute(
        select(Message.rfc_id, Message.sender_name, Message.sender_address)
        .join(Contact, Contact.id == Message.contact_id)
        .where(
            Message.direction == "inbound",
            Message.rfc_id.is_not(None),
            Message.sender_address != "",
            Contact.state == "completed",
            Contact.channel == "email",
        )
        .limit(count)
    )
    return [(rfc_id, name, address) for rfc_id, name, address in rows]


@contextmanager
def _gateway(centre: BenchCentre) -> Iterator[GatewayProgram]:
    target = centre.target("gateway")
    with tempfile.TemporaryDirectory() as home:
        gateway = GatewayProgram(
            Path(home, "home"),
            f"{address_of(target)}",
            password=None if centre.cluster is None else PASSWORD,
        )
        try:
            yield gateway.wait_ready()
        finally:
            gateway.end()


def _send(port: int, mails: Sequence[_Mail]) -> None:
    """Hand all of them over, on several connections that take the next in turn."""
    waiting = iter(mails)
    taking = threading.Lock()

    def work() -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=_SECONDS) as server:
            while True:
                with taking:
                    mail = next(waiting, None)
                if mail is None:
                    return
                # Raises unless the answer is 250.
                server.sendmail(mail.sender, ["help@harlandvale.test"], mail.raw)

    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        for done in [pool.submit(work) for _ in range(_CONNECTIONS)]:
            done.result()


def _one_by_one(centre: BenchCentre, port: int, mails: Sequence[_Mail]) -> tuple[float, float]:
    """Medians in seconds, from handing over: until "250", until a desktop's feed hears of it."""
    news, heard_at = threading.Event(), [0.0]

    def hear(changes: Changes) -> None:
        if changes.has(Topic.CONTACT) and not news.is_set():
            heard_at[0] = time.monotonic()
            news.set()

    accepted, told = [], []
    feed = open_feed(centre.target("advisor00"), hear, lambda _up, _words: None)
    feed.start()
    news.wait(_SECONDS)
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=_SECONDS) as server:
            server.ehlo_or_helo_if_needed()
            for mail in mails:
                server.mail(mail.sender)
                server.rcpt("help@harlandvale.test")
                news.clear()
                started = time.monotonic()
                code, words = server.data(mail.raw)
                accepted.append(time.monotonic() - started)
                if code != 250 or not news.wait(_SECONDS):
                    raise RuntimeError(f"a mail was not taken in: {code} {words!r}")
                told.append(heard_at[0] - started)
    finally:
        feed.stop()
    return median(accepted), median(told)


def _proportional_memory(pid: int) -> int:
    """Bytes in memory, what is shared with other processes by its share."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("the kernel does not say how much memory the gateway has")


def _must_be_kept(db: Database, mails: Sequence[_Mail]) -> None:
    """Every mail that was answered "250" is there, once."""
    with db.read() as tx:
        for mail in mails:
            found = tx.session.scalar(
                select(func.count()).select_from(Message).where(Message.rfc_id == mail.rfc_id)
            )
            if found != 1:
                raise RuntimeError(f"{mail.rfc_id} was taken in {found} times")


def _clear(db: Database, before: int) -> None:
    """What came in waits no more, so that the next measurement finds the queue as it was."""
    with db.write() as tx:
        tx.session.execute(
            update(Contact)
            .where(Contact.id > before, Contact.state == "queued")
            .values(state="spam", state_since=tx.now)
        )
