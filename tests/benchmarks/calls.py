"""Calls: sixty at once and two new a second, what became of each, and how soon its phone rings.

The PBX is a real Asterisk, the gateway a process of its own; the centre's database is the
benchmark's. Whoever wraps up has ten seconds for it, and the gateway ends it.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select, update

from crm_desktop.domain.calls import CallState, WrapUp
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.states import AssignmentState, ContactState, Presence, StaffRole
from crm_desktop.services import Database
from crm_desktop.store import people
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Activity,
    Assignment,
    Call,
    ChannelAccount,
    Contact,
    Event,
    Membership,
    OpeningCalendar,
    Queue,
    Staff,
    TelephoneLine,
)
from tests.benchmarks import telephones
from tests.benchmarks.centre import ADVISORS, BenchCentre
from tests.benchmarks.desktop import at_the_desk
from tests.benchmarks.figures import Figure, median, percentile
from tests.benchmarks.gateways import gateway
from tests.servers import processes
from tests.servers.asterisk import APP, LINE, PASSWORD, USER, Asterisk
from tests.servers.onlooker import Noted, Onlooker

#: Each new call finds somebody: sixty talk, as many as come in fourteen seconds wrap up.
_PEOPLE = 120
_A_SECOND, _AT_ONCE, _TALK_SECONDS = 2, 60, 32.0
_SECONDS, _SECONDS_QUICKLY = 300, 40
_OFFERED_MS, _POPPED_MS, _AT_PBX_MS, _DRAWN_MS = 150, 100, 80, 150
_CALLS, _CALLS_QUICKLY = 40, 12
_CODE = "bench_calls"
_ALWAYS = {
    "week": {day: ["00:00-24:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
    "holidays": "none",
}


@dataclass(frozen=True, slots=True)
class _Kept:
    """A call as the database has it, with how often each event was written."""

    contact_id: int
    channel: str
    state: str
    contact_state: str
    events: Mapping[str, int]


def measure(centre: BenchCentre, env: Mapping[str, str], quick: bool) -> list[Figure]:
    """Two new calls a second for five minutes (`quick`: 40 seconds), and a desk that answers."""
    owner = Database(centre.owner())
    try:
        return [*_crowd(centre, owner, quick), *_desk(centre, owner, env, quick)]
    finally:
        owner.close()


def _crowd(centre: BenchCentre, owner: Database, quick: bool) -> list[Figure]:
    many = _A_SECOND * (_SECONDS_QUICKLY if quick else _SECONDS)
    with tempfile.TemporaryDirectory() as name, telephones.pbx(Path(name)) as pbx:
        folder = Path(name)
        with answering(centre, owner, pbx, folder, _PEOPLE) as account_id:
            onlooker = Onlooker(pbx)
            with telephones.phones(pbx, folder):
                wrong = telephones.call(
                    pbx, folder, a_second=_A_SECOND, many=many, seconds=_TALK_SECONDS
                )
                processes.wait_for(lambda: _all_over(owner, account_id), "the last wrap-up")
            onlooker.close()
            kept = _kept(owner, account_id)
    return _figures(centre.dialect, many, wrong, kept, onlooker.noted)


def _desk(
    centre: BenchCentre, owner: Database, env: Mapping[str, str], quick: bool
) -> list[Figure]:
    """One real desktop answers call after call; its keys lead to the PBX and back."""
    times = _CALLS_QUICKLY if quick else _CALLS
    with tempfile.TemporaryDirectory() as name, telephones.pbx(Path(name)) as pbx:
        folder = Path(name)
        with answering(centre, owner, pbx, folder, 0):
            with owner.write() as tx:
                _join(tx, ADVISORS[0])
            onlooker = Onlooker(pbx)
            waiting = telephones.callers(pbx, folder, a_second=2, many=times + 2, seconds=900)
            with telephones.phones(pbx, folder, ring_ms=1500), waiting:
                found = at_the_desk(centre, env, "calls", times=times)
            onlooker.close()
    return _of_desk(centre.dialect, found, onlooker.noted)


def _join(tx: Tx, login: str) -> None:
    """The advisor of a real desktop answers these calls, and need not say how they ended."""
    queue_id = _queue(tx)
    tx.session.get_one(Queue, queue_id).wrap_up = WrapUp.OPTIONAL.value
    person = tx.session.scalars(select(Staff).where(Staff.login == login)).one()
    person.extension, person.presence = "9999", Presence.LUNCH.value
    tx.session.merge(Membership(staff_id=person.id, queue_id=queue_id))
    tx.changed(Topic.STAFF, person.id)


def _of_desk(dialect: str, found: list[dict[str, Any]], noted: Noted) -> list[Figure]:
    popped = [
        (each["popped"] - noted.answered[each["contact"]]) * 1000
        for each in found
        if each["contact"] in noted.answered
    ]
    keys = [(each["contact"], key) for each in found for key in each["keys"]]
    at_pbx = [(_moved(noted, contact, key) - key["pressed"]) * 1000 for contact, key in keys]
    drawn = [(key["drawn"] - key["pressed"]) * 1000 for _, key in keys]
    return [
        Figure("Phone answered, call's workspace seen, p95", dialect, percentile(popped, 95), "ms",
               _POPPED_MS),
        Figure("Phone answered, call's workspace seen, median", dialect, median(popped), "ms"),
        Figure("Key of the call bar, done at the PBX, p95", dialect, percentile(at_pbx, 95), "ms",
               _AT_PBX_MS),
        Figure("Key of the call bar, done at the PBX, median", dialect, median(at_pbx), "ms"),
        Figure("Key of the call bar, its new state seen, p95", dialect, percentile(drawn, 95),
               "ms", _DRAWN_MS),
        Figure("Key of the call bar, its new state seen, median", dialect, median(drawn), "ms"),
    ]  # fmt: skip


def _moved(noted: Noted, contact_id: int, key: Mapping[str, float]) -> float:
    """When the PBX first moved somebody of this call after a key: it was asked just before."""
    bridges = {f"crm-{kind}-{contact_id}" for kind in ("talk", "hold")}
    return min(
        at for at, _, bridge in noted.entered if bridge in bridges and at >= key["pressed"] - 0.001
    )


@contextmanager
def answering(
    centre: BenchCentre, owner: Database, pbx: Asterisk, folder: Path, many: int
) -> Iterator[int]:
    """So many people answer at this PBX, a gateway runs it; the id of its account."""
    account_id = _arrange(owner, pbx, many)
    try:
        with gateway(centre, folder, {f"ari:{USER}@{pbx.url}": PASSWORD}):
            processes.wait_for(lambda: _status(owner, account_id) == "ok", "the gateway at the PBX")
            yield account_id
    finally:
        _put_back(owner, account_id)


def _arrange(owner: Database, pbx: Asterisk, many: int) -> int:
    with owner.write() as tx:
        _end_calls(tx)
        queue_id = _queue(tx)
        logins = [f"phone{number:03}" for number in range(many)]
        known = set(tx.session.scalars(select(Staff.login).where(Staff.login.in_(logins))))
        for login in logins:
            if login not in known:
                people.add(tx, login, f"Phone {login[-3:]}", StaffRole.ADVISOR, [queue_id])
        tx.session.flush()
        later = tx.now + timedelta(hours=2)
        for person in tx.session.scalars(select(Staff).where(Staff.login.in_(logins))):
            person.extension, person.presence = f"9{person.login[-3:]}", Presence.AVAILABLE.value
            tx.session.merge(Activity(staff_id=person.id, signed_in_at=tx.now, seen_at=later))
        account = ChannelAccount(
            kind="asterisk", name=f"Bench {time.time_ns()}", queue_id=queue_id,
            secret_name=f"ari:{USER}@{pbx.url}",
            settings={
                "url": pbx.url, "user": USER, "app": APP, "outbound": "PJSIP/{number}@trunk",
                "advisor": "PJSIP/{extension}@trunk", "answer_by": "phone",
            },
        )  # fmt: skip
        _forget_line(tx)
        tx.session.execute(
            update(ChannelAccount).where(ChannelAccount.kind == "asterisk").values(active=False)
        )
        tx.session.add(account)
        tx.session.add(TelephoneLine(number=LINE, name="Bench", queue_id=queue_id, record=False))
        tx.session.flush()
        return account.id


def _queue(tx: Tx) -> int:
    queue = tx.session.scalar(select(Queue).where(Queue.code == _CODE))
    if queue is None:
        calendar = OpeningCalendar(name=_CODE, hours=_ALWAYS)
        tx.session.add(calendar)
        tx.session.flush()
        queue = Queue(code=_CODE, name="Calls of the benchmark", calendar_id=calendar.id)
        tx.session.add(queue)
    queue.push, queue.wrap_up, queue.wrap_up_seconds = True, WrapUp.TIMED.value, 10
    tx.session.flush()
    return queue.id


def _put_back(owner: Database, account_id: int) -> None:
    """Nobody answers any more; the calls stay, as they would."""
    with owner.write() as tx:
        ours = select(Staff.id).where(Staff.login.like("phone___"))
        tx.session.execute(delete(Activity).where(Activity.staff_id.in_(ours)))
        tx.session.execute(delete(Membership).where(Membership.staff_id.in_(ours)))
        queue = select(Queue.id).where(Queue.code == _CODE).scalar_subquery()
        tx.session.execute(delete(Membership).where(Membership.queue_id == queue))
        tx.session.execute(update(Staff).where(Staff.login == ADVISORS[0]).values(extension=None))
        tx.session.execute(
            update(Staff).where(Staff.id.in_(ours)).values(extension=None, active=False)
        )
        tx.session.execute(
            update(Staff)
            .where(Staff.id.in_(ours))
            .values(login=Staff.login + "-" + str(account_id))
        )
        tx.session.execute(
            update(ChannelAccount).where(ChannelAccount.id == account_id).values(active=False)
        )
        _forget_line(tx)
        _end_calls(tx)


def _end_calls(tx: Tx) -> None:
    """What a run that failed left going on is over: nobody is busy with it in the next."""
    ours = select(Call.contact_id).where(Call.ended_at.is_(None))
    left = list(tx.session.scalars(ours))
    now = tx.now
    for model, values in (
        (Call, {"state": CallState.ENDED.value, "ended_at": now}),
        (Assignment, {"state": AssignmentState.COMPLETED.value, "ended_at": now}),
    ):
        going = (model.contact_id.in_(left), model.ended_at.is_(None))
        tx.session.execute(update(model).where(*going).values(**values))
    tx.session.execute(
        update(Contact)
        .where(Contact.id.in_(left), Contact.state != ContactState.COMPLETED.value)
        .values(state=ContactState.COMPLETED.value, completed_at=now)
    )


def _forget_line(tx: Tx) -> None:
    """The number is free for the next time; calls that came to it stay."""
    ours = TelephoneLine.number == LINE
    tx.session.execute(
        update(TelephoneLine).where(ours).values(number=f"over {time.time_ns()}", active=False)
    )


def _status(owner: Database, account_id: int) -> str:
    with owner.read() as tx:
        return tx.session.get_one(ChannelAccount, account_id, populate_existing=True).status


def _all_over(owner: Database, account_id: int) -> bool:
    """Every call has ended and was wrapped up, by people or by its time."""
    with owner.read() as tx:
        open_ = select(func.count()).select_from(Call).join(Contact, Contact.id == Call.contact_id)
        going = (Call.ended_at.is_(None)) | (Contact.state == ContactState.WRAP_UP.value)
        return not tx.session.scalar(open_.where(Call.account_id == account_id, going))


def _kept(owner: Database, account_id: int) -> list[_Kept]:
    with owner.read() as tx:
        rows = tx.session.execute(
            select(Call.contact_id, Call.channel, Call.state, Contact.state)
            .join(Contact, Contact.id == Call.contact_id)
            .where(Call.account_id == account_id)
        ).all()
        counts: dict[int, dict[str, int]] = {contact_id: {} for contact_id, *_ in rows}
        for contact_id, kind, count in tx.session.execute(
            select(Event.contact_id, Event.kind, func.count())
            .where(Event.contact_id.in_(counts))
            .group_by(Event.contact_id, Event.kind)
        ):
            counts[contact_id or 0][kind] = count
    return [_Kept(*row, counts[row[0]]) for row in rows]


def _figures(dialect: str, many: int, wrong: int, kept: list[_Kept], noted: Noted) -> list[Figure]:
    by_channel = {each.channel: each for each in kept}
    ringing = [
        (noted.rang[each.contact_id] - noted.came[channel]) * 1000
        for channel, each in by_channel.items()
        if each.contact_id in noted.rang and channel in noted.came
    ]
    lost = _lost(many, by_channel, noted) + wrong
    name = f"Calls, {_A_SECOND} new a second"
    return [
        Figure(f"{name}: lost, or not as the PBX has them", dialect, lost, "of all", 0),
        Figure(f"{name}: at once", dialect, _at_once(by_channel, noted), "calls", _AT_ONCE, True),
        Figure(
            f"{name}: to the phone's ringing, p95", dialect, percentile(ringing, 95), "ms",
            _OFFERED_MS,
        ),
        Figure(f"{name}: to the phone's ringing, median", dialect, median(ringing), "ms"),
    ]  # fmt: skip


_ONCE = ("contact.received", "contact.taken", "call.answered", "call.ended", "contact.wrap_up")


def _lost(many: int, by_channel: Mapping[str, _Kept], noted: Noted) -> int:
    """Calls of which the PBX and the centre do not say the same."""
    odd = set(noted.came) ^ set(by_channel)
    for channel, each in by_channel.items():
        same = (
            channel in noted.gone
            and each.contact_id in noted.answered
            and each.state == CallState.ENDED.value
            and each.contact_state == ContactState.COMPLETED.value
            and all(each.events.get(kind) == 1 for kind in _ONCE)
        )
        if not same:
            odd.add(channel)
            sys.stderr.write(f"  odd: {each}\n")
    return len(odd) + abs(many - len(noted.came))


def _at_once(by_channel: Mapping[str, _Kept], noted: Noted) -> int:
    """The most conversations that there were at a moment."""
    moments = []
    for channel, each in by_channel.items():
        begun, over = noted.answered.get(each.contact_id), noted.gone.get(channel)
        if begun is not None and over is not None:
            moments += [(begun, 1), (over, -1)]
    at_once = most = 0
    for _, step in sorted(moments):
        at_once += step
        most = max(most, at_once)
    return most
