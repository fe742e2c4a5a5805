"""From others' commits, and from mail, to the drawn rows of a desktop that nobody touches."""

from __future__ import annotations

import smtplib
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import delete, select, update

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.states import Channel, ContactState
from crm_desktop.services import Database, contacts
from crm_desktop.store.database import Tx
from crm_desktop.store.models import ChannelAccount, Contact, Membership, Queue, QueueTarget, Staff
from tests.benchmarks.centre import ADVISORS, BenchCentre
from tests.benchmarks.figures import Figure, median, percentile
from tests.benchmarks.gateways import gateway
from tests.benchmarks.programs import as_person, program

_EVERY_SECONDS = 0.2
#: The topmost rows of the list: they stay on screen when others go and come.
_AMONG = 12
#: So many rows of a list are on screen, and no more are drawn.
_ON_SCREEN = 20
_QUEUE, _LISTENER = "Benchmark", "smtp_listener"
_TARGETS = {"sqlite": 80.0, "postgresql": 60.0}
_MAIL_TARGET = 90.0
#: (contact, whether it is there now, when the drawing was over)
Seen = Sequence[tuple[int, bool, float]]


def measure(centre: BenchCentre, env: Mapping[str, str], quick: bool) -> list[Figure]:
    """Takes and returns by somebody else, then mail, watched on one desktop."""
    rounds, mails = (15, 10) if quick else (60, _ON_SCREEN)
    with tempfile.TemporaryDirectory() as folder:
        delays = _of_commits(centre, env, rounds, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        mail_delays = _of_mail(centre, env, mails, Path(folder))
    dialect = centre.dialect
    name = "Commit to painted row in another desktop"
    mail_name = "Mail accepted by SMTP to its painted row"
    return [
        Figure(f"{name}, p95", dialect, percentile(delays, 95), "ms", _TARGETS[dialect]),
        Figure(f"{name}, median", dialect, median(delays), "ms"),
        Figure(f"{mail_name}, median", dialect, median(mail_delays), "ms", _MAIL_TARGET),
        Figure(f"{mail_name}, p95", dialect, percentile(mail_delays, 95), "ms"),
    ]


def _of_commits(
    centre: BenchCentre, env: Mapping[str, str], rounds: int, folder: Path
) -> list[float]:
    orders = {**as_person(centre, ADVISORS[0]), "task": "watch"}
    done: list[tuple[int, bool, float]] = []
    with gateway(centre, folder), program("watching", orders, env) as desktop:
        among = desktop.hear()[:_AMONG]
        db = centre.signed_in(ADVISORS[1])
        try:
            for number in range(rounds):
                contact_id = among[number % len(among)]
                for move, present in ((contacts.take, False), (contacts.release, True)):
                    move(db, contact_id)
                    done.append((contact_id, present, time.monotonic()))
                    time.sleep(_EVERY_SECONDS)
        finally:
            db.close()
        return _delays(done, desktop.finish())


def _delays(done: Seen, seen: Seen) -> list[float]:
    """Milliseconds from each deed to the drawing that showed it; every one must have been drawn."""
    drawn = list(seen)
    delays = []
    for contact_id, present, at in done:
        place = next(
            (
                place
                for place, each in enumerate(drawn)
                if tuple(each[:2]) == (contact_id, present) and each[2] > at - _EVERY_SECONDS
            ),
            None,
        )
        if place is None:
            raise RuntimeError(f"a change of {contact_id} was not drawn")
        delays.append((drawn.pop(place)[2] - at) * 1000)
    return delays


def _of_mail(centre: BenchCentre, env: Mapping[str, str], mails: int, folder: Path) -> list[float]:
    """New mail is due last, so it comes into a queue of its own, which the desktop shows alone."""
    orders = {**as_person(centre, ADVISORS[0]), "task": "watch", "queue": _QUEUE}
    accepted = []
    with (
        own_queue(centre, ADVISORS[:1]),
        gateway(centre, folder) as door,
        program("watching", orders, env) as desktop,
    ):
        desktop.hear()
        with smtplib.SMTP("127.0.0.1", door.smtp_port) as smtp:
            for number in range(mails):
                smtp.send_message(_mail(number))
                accepted.append(time.monotonic())
                time.sleep(_EVERY_SECONDS)
        time.sleep(1)
        come = [at for _, present, at in desktop.finish() if present]
    if len(come) != mails:
        raise RuntimeError(f"{mails} mails were accepted, {len(come)} rows were drawn")
    return [(seen - at) * 1000 for at, seen in zip(accepted, come, strict=True)]


def _mail(number: int) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Bench <bench@example.org>"
    mail["To"] = "benchmark@bench.example"
    mail["Subject"] = f"Number {number}"
    mail["Message-ID"] = f"<{time.time_ns()}@example.org>"
    mail.set_content("One more.\n")
    return mail


@contextmanager
def own_queue(centre: BenchCentre, members: Sequence[str]) -> Iterator[int]:
    """A queue of these logins, into which the listener's mail goes; emptied on leaving."""
    db = Database(centre.owner())
    try:
        with db.write() as tx:
            queue_id = _queue(tx)
            listener = tx.session.scalars(
                select(ChannelAccount).where(ChannelAccount.kind == _LISTENER)
            ).one()
            before, listener.queue_id = listener.queue_id, queue_id
            known = tx.session.scalars(select(Staff.id).where(Staff.login.in_(members)))
            tx.session.add_all(Membership(staff_id=each, queue_id=queue_id) for each in known)
        try:
            yield queue_id
        finally:
            with db.write() as tx:
                _empty(tx, queue_id)
                tx.session.execute(
                    update(ChannelAccount)
                    .where(ChannelAccount.kind == _LISTENER)
                    .values(queue_id=before)
                )
                tx.changed(Topic.QUEUE_STAT, queue_id)
    finally:
        db.close()


def _queue(tx: Tx) -> int:
    known = tx.session.scalar(select(Queue.id).where(Queue.name == _QUEUE))
    if known is not None:
        _empty(tx, known)
        return known
    like = tx.session.scalars(select(Queue).order_by(Queue.id).limit(1)).one()
    queue = Queue(code=_QUEUE.lower(), name=_QUEUE, calendar_id=like.calendar_id)
    tx.session.add(queue)
    tx.session.flush()
    tx.session.add(QueueTarget(queue_id=queue.id, channel=Channel.EMAIL, seconds=86_400))
    return queue.id


def _empty(tx: Tx, queue_id: int) -> None:
    tx.session.execute(delete(Membership).where(Membership.queue_id == queue_id))
    tx.session.execute(
        update(Contact)
        .where(Contact.queue_id == queue_id, Contact.state == ContactState.QUEUED)
        .values(state=ContactState.COMPLETED, completed_at=tx.now)
    )
