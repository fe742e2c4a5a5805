"""Keeps the centre's figures for everybody: what one gateway does, under the sweeper's lease.

The half hours that are going on are reckoned anew from their events each time, so nothing adds up
wrong; those that are over are closed, and change no more. What was missed and what lies before the
first time is made up for, a day at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from crm_desktop.domain import counting
from crm_desktop.domain.call_times import CallTimes
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.counting import Counted, Span, Time, What
from crm_desktop.domain.figures import HALF_HOUR, REPEAT_DAYS, half_hour
from crm_desktop.services.leases import Lease
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import counting as queries
from crm_desktop.store.queries import leases
from crm_desktop.store.queries.counting import Promises, Range, Rows, Window

#: A half hour is closed when it is over for so long: what was still being written has committed.
GRACE = timedelta(minutes=10)
#: So much is made up for at a time.
BATCH = timedelta(days=1)
#: Which contacts are behind a figure is kept for so long; the figures stay.
KEPT_BEHIND = timedelta(days=35)
_REPEAT = timedelta(days=REPEAT_DAYS)
_AT_ONCE = 2_000


def keep(db: Database, lease: Lease) -> Changes:
    """Reckon the half hours that are going on; only what differs is written. Raises LeaseLost."""
    with db.read() as tx:
        begin, end = half_hour(tx.now - GRACE), half_hour(tx.now) + HALF_HOUR
        was = queries.read_window(tx, begin, end)
        now = reckoned(tx, begin, end)
        known = queries.kept(tx)
    return _written(db, lease, was, now, known or Range(begin, begin, begin), new=known is None)


def catch_up(db: Database, lease: Lease) -> bool:
    """Close what is over, or make up for one day that is missing; whether anything was done.

    First what was missed lately, then the past, the newest first, then who came back.
    """
    with db.read() as tx:
        known = queries.kept(tx)
        if known is None:
            return False
        piece = _next_piece(tx, known)
        if piece is None:
            return _forget(db, lease)
        begin, end, then = piece
        was = queries.read_window(tx, begin, end)
        now = reckoned(tx, begin, end)
    # A day of contacts at once would keep other writers waiting.
    for before, after in queries.pieces(was.counted, now.counted, _AT_ONCE):
        _written(db, lease, Window({}, {}, before), Window({}, {}, after), then, new=False)
    _written(db, lease, replace(was, counted={}), replace(now, counted={}), then, new=True)
    return True


def follow(db: Database, lease: Lease) -> bool:
    """Find out who came back, of a day that is long enough ago; whether there was one."""
    with db.read() as tx:
        known = queries.kept(tx)
        ripe = half_hour(tx.now - _REPEAT)
        if known is None or known.followed_until >= ripe:
            return False
        begin, end = known.followed_until, min(known.followed_until + BATCH, ripe)
        resolved = queries.resolved_between(tx, begin, end)
        repeated = queries.repeats(tx, {each: one.at for each, one in resolved.items()})
        was = queries.read_window(tx, begin, end).stats
    # Of what was reckoned late it is known already.
    was = {key: row for key, row in was.items() if row["followed"] is None}
    now = {key: {**row, "followed": row["resolved"], "repeated": 0} for key, row in was.items()}
    for each in repeated:
        row = now.get(_slot(resolved[each]))
        if row is not None:
            row["repeated"] += 1
    _written(
        db, lease, Window(was, {}, {}), Window(now, {}, {}), replace(known, followed_until=end),
        new=True,
    )  # fmt: skip
    return True


def _next_piece(tx: Tx, known: Range) -> tuple[datetime, datetime, Range] | None:
    """(begin, end, how far things are kept then) of what is to be reckoned next."""
    over = half_hour(tx.now - GRACE)
    if known.until_at < over:
        end = min(known.until_at + BATCH, over)
        return known.until_at, end, replace(known, until_at=end)
    first = queries.first_event(tx)
    if first is None or known.from_at <= first:
        return None
    begin = max(known.from_at - BATCH, half_hour(first))
    # Of what is younger than a repeat may be, `follow` finds out when its time has come.
    followed = known.followed_until
    if known.from_at > half_hour(tx.now - _REPEAT):
        followed = min(followed, begin)
    return begin, known.from_at, replace(known, from_at=begin, followed_until=followed)


def reckoned(tx: Tx, begin: datetime, end: datetime) -> Window:
    """What the events say of the half hours between two moments; writes nothing."""
    promises = queries.promises(tx)
    kept = counting.Kept(promises.of, promises.waited)
    facts: list[Counted] = []
    held: list[Span] = []
    until = min(end, tx.now)
    # A contact that was in hand all the time moves later on, mostly within a day.
    for subject, history in queries.histories(tx, begin, end + BATCH).values():
        facts += [
            each for each in counting.counted(subject, history, kept) if begin <= each.at < end
        ]
        held += counting.spans(subject, history, queries.IN_HAND_AFTER, until)
    presences = queries.presences(tx, begin, until)
    spent = counting.time_of(held, presences, queries.interruptible(tx), begin, until)
    stats = _stats(facts, spent, promises)
    if end <= half_hour(tx.now - _REPEAT):
        _follow(stats, facts, queries.repeats(tx, _resolved(facts)))
    behind = facts if end > tx.now - KEPT_BEHIND else ()
    return Window(stats, _staff(spent), _counted(behind))


def _resolved(facts: Iterable[Counted]) -> dict[int, datetime]:
    return {each.contact_id: each.at for each in facts if each.resolved}


def _slot(fact: Counted) -> tuple[datetime, int, str]:
    return half_hour(fact.at), fact.queue_id, fact.channel


def _stats(facts: Iterable[Counted], spent: Time, promises: Promises) -> Rows:
    sums: dict[tuple[datetime, int, str], dict[str, Any]] = defaultdict(
        lambda: dict.fromkeys(queries.ADDED, 0)
    )
    for fact in facts:
        row = sums[_slot(fact)]
        for name, by in _adds(fact).items():
            row[name] += by
    for slot, seconds in spent.handled.items():
        sums[slot]["handle_seconds"] += round(seconds)
    return {slot: _stat(slot, row, promises) for slot, row in sums.items() if any(row.values())}


def _adds(fact: Counted) -> Mapping[str, int]:
    """What one contact adds to the sums."""
    match fact.what:
        case What.ARRIVED:
            return {"arrivals": 1}
        case What.ANSWERED:
            return {
                "answered": 1, "answered_within": fact.within, "wait_seconds": fact.wait_seconds
            }  # fmt: skip
        case What.ABANDONED:
            return {
                "abandoned": 1, "abandoned_within": fact.within, "abandoned_short": fact.short
            }  # fmt: skip
        case What.OTHER_EXIT:
            return {
                "other_exits": 1, "callbacks": fact.exit == "callback",
                "voicemails": fact.exit == "voicemail",
            }  # fmt: skip
        case What.HANDLED:
            return {"handled": 1, **(_of_call(fact.call) if fact.call else {})}
        case What.COMPLETED:
            return {
                "completed": 1, "first_point": fact.first_point, "avoidable": fact.avoidable,
                "resolved": fact.resolved,
            }  # fmt: skip


def _of_call(call: CallTimes) -> Mapping[str, int]:
    return {
        "calls": 1, "handle_seconds": call.handling, "talk_seconds": call.talk,
        "hold_seconds": call.hold, "wrap_up_seconds": call.wrap_up, "transferred": call.passed_on,
    }  # fmt: skip


def _stat(
    slot: tuple[datetime, int, str], sums: dict[str, Any], promises: Promises
) -> dict[str, Any]:
    at, queue_id, channel = slot
    promise = promises.of(queue_id, channel)
    return {
        "half_hour": at,
        "queue_id": queue_id,
        "channel": channel,
        **sums,
        "followed": None,
        "repeated": None,
        "seconds": promise.seconds,
        "in_opening_hours": promise.in_opening_hours,
        "goal": promise.goal,
        "short_seconds": promise.short_seconds,
        "variant": promise.variant.value,
    }


def _follow(stats: Rows, facts: Iterable[Counted], repeated: frozenset[int]) -> None:
    for row in stats.values():
        row["followed"], row["repeated"] = row["resolved"], 0
    for fact in facts:
        if fact.resolved and fact.contact_id in repeated:
            stats[_slot(fact)]["repeated"] += 1


def _staff(spent: Time) -> Rows:
    return {
        (slot, staff_id): {
            "half_hour": slot,
            "staff_id": staff_id,
            "available_seconds": round(seconds),
            "busy_seconds": round(spent.busy.get((slot, staff_id), 0)),
        }
        for (slot, staff_id), seconds in spent.available.items()
    }


def _counted(facts: Iterable[Counted]) -> Rows:
    return {
        (fact.contact_id, fact.what.value): {
            "contact_id": fact.contact_id,
            "what": fact.what.value,
            "at": fact.at,
            "queue_id": fact.queue_id,
            "channel": fact.channel,
            "wait_seconds": fact.wait_seconds,
            "within": fact.within,
            "short": fact.short,
            "resolved": fact.resolved,
            "first_point": fact.first_point,
            "avoidable": fact.avoidable,
            "talk_seconds": fact.call.talk if fact.call else 0,
            "hold_seconds": fact.call.hold if fact.call else 0,
            "wrap_up_seconds": fact.call.wrap_up if fact.call else 0,
            "timed": fact.call is not None,
            "transferred": fact.call is not None and fact.call.passed_on,
        }
        for fact in facts
    }


def _written(
    db: Database, lease: Lease, was: Window, now: Window, then: Range, *, new: bool
) -> Changes:
    if was == now and not new:
        return Changes()
    with db.write() as tx:
        leases.check(tx, lease.name, lease.fence)
        tx.changed(Topic.QUEUE_STAT, *queries.write_window(tx, was, now))
        if new:
            queries.keep(tx, then)
        return tx.changes


def _forget(db: Database, lease: Lease) -> bool:
    with db.read() as tx:
        before = tx.now - KEPT_BEHIND
        if not queries.any_counted(tx, before):
            return False
    with db.write() as tx:
        leases.check(tx, lease.name, lease.fence)
        return bool(queries.forget_counted(tx, before, _AT_ONCE))
