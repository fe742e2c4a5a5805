"""Presence and activity on SQLite: the rules of 0010_presence_postgresql.sql in Python."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, insert, or_, select, text, update

from crm_desktop.domain.errors import InvalidInput, NotAllowed, NotFound
from crm_desktop.domain.people import Person
from crm_desktop.domain.presence import LONGEST_WORDS
from crm_desktop.domain.states import AssignmentState, ContactState, Presence, StaffRole
from crm_desktop.store.database import Tx
from crm_desktop.store.guard_sqlite_calls import talks
from crm_desktop.store.guard_sqlite_offers import return_work
from crm_desktop.store.models import Activity, Assignment, Contact, Event, Membership, Staff
from crm_desktop.store.models.base import utcnow

_SPOKE_FOR = timedelta(seconds=90)
_SIGNED_OUT = timedelta(minutes=2)
_WORK_BACK = timedelta(minutes=30)
_UNTOUCHED = timedelta(minutes=60)
_LONGEST_AWAY = timedelta(days=31)
_KEPT = (
    *(ContactState.OFFERED, ContactState.ACTIVE, ContactState.HELD),
    *(ContactState.WRAP_UP, ContactState.PARKED),
)
DUE = text(
    """SELECT EXISTS (SELECT 1 FROM activity a WHERE a.signed_in_at IS NOT NULL
        AND a.seen_at < strftime('%Y-%m-%d %H\\:%M\\:%f', 'now', '-2 minutes'))
    OR EXISTS (SELECT 1 FROM activity a JOIN contact c ON c.owner_id = a.staff_id
        AND c.state <> 'completed'
        AND c.state IN ('offered', 'active', 'held', 'wrap_up', 'parked')
        WHERE (a.signed_in_at IS NULL
               AND a.seen_at < strftime('%Y-%m-%d %H\\:%M\\:%f', 'now', '-30 minutes'))
            OR a.idle_since < strftime('%Y-%m-%d %H\\:%M\\:%f', 'now', '-60 minutes'))"""
)


def choose(
    tx: Tx, presence: Presence, afterwards: Presence | None, words: str, back_at: datetime | None
) -> None:
    """See `presence.choose`."""
    me = _me(tx).id
    _set(tx, me, None, presence, afterwards, words, back_at)
    # Whoever chooses is there.
    tx.session.execute(
        update(Activity).where(Activity.staff_id == me).values(not_responding_since=None)
    )


def set_for(  # noqa: PLR0917 - what a presence is
    tx: Tx,
    staff_id: int,
    presence: Presence,
    afterwards: Presence | None,
    words: str,
    back_at: datetime | None,
) -> None:
    """See `presence.set_for`."""
    me = _me(tx)
    if not me.leads:
        raise NotAllowed("only a team leader may do that")
    working = select(Staff.id).where(Staff.id == staff_id, Staff.active)
    theirs = me.role is StaffRole.ADMIN or _shares(tx, me, staff_id)
    if tx.session.scalar(working) is None or not theirs:
        raise NotFound("nobody of that number in your queues")
    by = None if me.id == staff_id else me.id
    _set(tx, staff_id, by, presence, afterwards, words, back_at)


def _set(  # noqa: PLR0917 - what a presence is
    tx: Tx,
    staff_id: int,
    by: int | None,
    presence: Presence,
    afterwards: Presence | None,
    words: str,
    back_at: datetime | None,
) -> None:
    if len(words) > LONGEST_WORDS:
        raise InvalidInput(f"up to {LONGEST_WORDS} letters")
    if back_at is not None and not tx.now <= back_at <= tx.now + _LONGEST_AWAY:
        raise InvalidInput("back within 31 days from now")
    before = _person(tx, staff_id)
    before.presence_by_id = by
    before.next_presence, before.presence_words, before.back_at = afterwards, words, back_at
    if before.presence != presence:
        before.presence = presence
        before.presence_since = utcnow()
    tx.session.flush()
    _log(
        tx, "staff.presence", by or staff_id,
        staff=staff_id, presence=presence, next=afterwards,
    )  # fmt: skip


def begin(tx: Tx, desktop: str) -> None:
    """See `presence.begin`."""
    me = _me(tx).id
    before = tx.session.get(Activity, me, populate_existing=True)
    was_out = before is None or before.signed_in_at is None
    if before is None:
        tx.session.execute(
            insert(Activity).values(
                staff_id=me, signed_in_at=utcnow(), seen_at=utcnow(), desktop=desktop
            )
        )
    else:
        tx.session.execute(
            update(Activity)
            .where(Activity.staff_id == me)
            .values(
                signed_in_at=func.coalesce(Activity.signed_in_at, utcnow()),
                seen_at=utcnow(),
                idle_since=None,
                locked=False,
                not_responding_since=None,
                desktop=desktop,
            )
        )
    if was_out:
        _log(tx, "staff.signed_in", me, staff=me)
    if _person(tx, me).presence == Presence.OFFLINE:
        _set(tx, me, None, Presence.AVAILABLE, None, "", None)


def here(tx: Tx, desktop: str, *, idle: bool, locked: bool) -> bool:
    """See `presence.here`."""
    me = _me(tx).id
    seen = tx.session.get(Activity, me, populate_existing=True)
    idle = idle and not tx.session.scalar(select(talks(me)))
    away = idle or locked
    if seen is None or seen.signed_in_at is None or not _speaks(tx, seen, desktop, away=away):
        return False
    seen.seen_at, seen.desktop = utcnow(), desktop
    if seen.locked == locked and (seen.idle_since is not None) == away:
        return False
    seen.locked = locked
    if not away:
        seen.idle_since = None
    elif seen.idle_since is None:
        seen.idle_since = utcnow()
    tx.session.flush()
    said = "locked" if locked else "idle" if idle else "there"
    _log(tx, "staff.activity", me, staff=me, seen=said)
    return True


def _speaks(tx: Tx, seen: Activity, desktop: str, *, away: bool) -> bool:
    """Whether this desktop speaks for the person, of several."""
    if seen.desktop == desktop or seen.seen_at is None or seen.seen_at < tx.now - _SPOKE_FOR:
        return True
    return seen.idle_since is not None and not away


def end(tx: Tx, desktop: str) -> tuple[int, ...]:
    """See `presence.end`."""
    me = _me(tx).id
    seen = tx.session.get(Activity, me, populate_existing=True)
    if seen is None or seen.signed_in_at is None or seen.desktop != desktop:
        return ()
    sign_out(tx, me, by=None, actor=me, why="signed out")
    return return_work(tx.session, tx.actor, me, "signed out")


def sign_out(tx: Tx, staff_id: int, *, by: int | None, actor: int | None, why: str) -> None:
    """Somebody is signed out, `by` a team leader or not; their work is another matter."""
    person = _person(tx, staff_id)
    if person.presence != Presence.OFFLINE:
        person.presence_since = utcnow()
    person.presence, person.presence_by_id = Presence.OFFLINE, by
    person.next_presence, person.presence_words, person.back_at = None, "", None
    tx.session.flush()
    seen = tx.session.get(Activity, staff_id, populate_existing=True)
    if seen is None or seen.signed_in_at is None:
        return
    seen.signed_in_at = seen.idle_since = seen.not_responding_since = None
    seen.locked = False
    tx.session.flush()
    _log(tx, "staff.signed_out", actor, staff=staff_id, why=why)


def back(tx: Tx) -> None:
    """See `presence.back`."""
    me = _me(tx).id
    seen = tx.session.get(Activity, me, populate_existing=True)
    if seen is not None and seen.not_responding_since is not None:
        seen.not_responding_since = None
        tx.session.flush()
        _log(tx, "staff.activity", me, staff=me, seen="there")


def set_channels(tx: Tx, off: Sequence[str]) -> None:
    """See `presence.set_channels`."""
    me = _me(tx).id
    if tx.session.get(Activity, me) is None:
        tx.session.add(Activity(staff_id=me))
        tx.session.flush()
    tx.session.execute(
        update(Activity).where(Activity.staff_id == me).values(off_channels=list(off))
    )
    _log(tx, "staff.channels", me, staff=me, off=list(off))


def sweep(tx: Tx) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """See `presence.sweep`."""
    people: list[int] = []
    freed: list[int] = []
    unseen = select(Activity.staff_id).where(
        Activity.signed_in_at.is_not(None), Activity.seen_at < tx.now - _SIGNED_OUT
    )
    for staff_id in tx.session.scalars(unseen.order_by(Activity.staff_id)).all():
        sign_out(tx, staff_id, by=None, actor=None, why="not seen")
        freed.extend(_offers_back(tx, staff_id))
        people.append(staff_id)
    for staff_id in tx.session.scalars(_long_gone(tx)).all():
        freed.extend(return_work(tx.session, tx.actor, staff_id, "away for long"))
        people.append(staff_id)
    return tuple(people), tuple(freed)


def _long_gone(tx: Tx) -> Any:
    gone = Activity.signed_in_at.is_(None) & (Activity.seen_at < tx.now - _WORK_BACK)
    holds = exists().where(
        Contact.owner_id == Activity.staff_id,
        Contact.state != ContactState.COMPLETED,
        Contact.state.in_(_KEPT),
    )
    untouched = Activity.idle_since < tx.now - _UNTOUCHED
    return select(Activity.staff_id).where(gone | untouched, holds).order_by(Activity.staff_id)


def _offers_back(tx: Tx, staff_id: int) -> tuple[int, ...]:
    offered = tuple(
        tx.session.scalars(
            select(Contact.id)
            .where(Contact.owner_id == staff_id, Contact.state == ContactState.OFFERED)
            .order_by(Contact.id)
        )
    )
    tx.session.execute(
        update(Contact)
        .where(Contact.id.in_(offered))
        .values(state=ContactState.QUEUED, state_since=utcnow(), owner_id=None)
    )
    tx.session.execute(
        update(Assignment)
        .where(Assignment.contact_id.in_(offered), Assignment.ended_at.is_(None))
        .values(state=AssignmentState.RESCINDED, ended_at=utcnow(), note="not seen")
    )
    for contact_id in offered:
        _log(tx, "contact.returned", None, contact_id=contact_id, reason="not seen")
    return offered


def may_see(tx: Tx, staff_id: int) -> bool:
    """Whether that person's day is this person's to see."""
    me = _me(tx)
    return staff_id == me.id or (me.leads and _shares(tx, me, staff_id))


def _shares(tx: Tx, me: Person, staff_id: int) -> bool:
    shared = exists().where(
        Membership.staff_id == staff_id,
        Membership.queue_id.in_(sorted(me.queues)),
        or_(Membership.until.is_(None), Membership.until > utcnow()),
    )
    return bool(tx.session.scalar(select(shared)))


def _me(tx: Tx) -> Person:
    if tx.actor is None:
        raise NotAllowed("not signed in as staff")
    return tx.actor


def _person(tx: Tx, staff_id: int) -> Staff:
    return tx.session.get_one(Staff, staff_id, populate_existing=True)


def _log(
    tx: Tx, kind: str, actor_id: int | None, contact_id: int | None = None, **data: Any
) -> None:
    tx.session.add(Event(kind=kind, actor_id=actor_id, contact_id=contact_id, data=data))
    tx.session.flush()
