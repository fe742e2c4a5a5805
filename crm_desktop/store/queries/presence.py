"""Presence and activity: the guarded changes on both dialects, and what is read of them.

On PostgreSQL each change is one call (migrations/sql/0010_presence_postgresql.sql).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import aliased

from crm_desktop.domain.presence import Mark, Offer, Standing
from crm_desktop.domain.states import AssignmentState, Channel, Doing, Presence
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Activity,
    Assignment,
    Contact,
    PresenceMark,
    Queue,
    Staff,
)
from crm_desktop.store.queries import presence_sqlite as sqlite
from crm_desktop.store.queries.from_json import parsed

_CHOOSE = text("SELECT app.choose_presence(:presence, :next, :words, :back_at)")
_SET_FOR = text("SELECT app.presence_of(:staff, :presence, :next, :words, :back_at)")
_BEGIN = text("SELECT app.presence_begin(:desktop)")
_HERE = text("SELECT app.presence_here(:desktop, :idle, :locked)")
_END = text("SELECT app.presence_end(:desktop)")
_BACK = text("SELECT app.presence_back()")
_CHANNELS = text("SELECT app.presence_channels(:off)")
_SWEEP = text("SELECT app.presence_sweep()")
_DUE = {
    "postgresql": text(
        """SELECT EXISTS (SELECT 1 FROM activity a
            WHERE a.signed_in_at IS NOT NULL AND a.seen_at < now() - interval '2 minutes')
        OR EXISTS (SELECT 1 FROM activity a JOIN contact c ON c.owner_id = a.staff_id
            AND c.state <> 'completed'
            AND c.state IN ('offered', 'active', 'held', 'wrap_up', 'parked')
            WHERE (a.signed_in_at IS NULL AND a.seen_at < now() - interval '30 minutes')
                  OR a.idle_since < now() - interval '60 minutes')"""
    ),
    "sqlite": sqlite.DUE,
}


def choose(
    tx: Tx, presence: Presence, afterwards: Presence | None, words: str, back_at: datetime | None
) -> None:
    """What the person who asks is, and is to be after the contact in hand.

    Raises InvalidInput and NotAllowed.
    """
    if tx.dialect == "sqlite":
        sqlite.choose(tx, presence, afterwards, words, back_at)
    else:
        tx.core.execute(_CHOOSE, _chosen(presence, afterwards, words, back_at))


def set_for(  # noqa: PLR0917 - what a presence is
    tx: Tx,
    staff_id: int,
    presence: Presence,
    afterwards: Presence | None,
    words: str,
    back_at: datetime | None,
) -> None:
    """The same for somebody with whom this team leader shares a queue; raises NotFound, too."""
    if tx.dialect == "sqlite":
        sqlite.set_for(tx, staff_id, presence, afterwards, words, back_at)
    else:
        chosen = _chosen(presence, afterwards, words, back_at)
        tx.core.execute(_SET_FOR, chosen | {"staff": staff_id})


def _chosen(
    presence: Presence, afterwards: Presence | None, words: str, back_at: datetime | None
) -> dict[str, Any]:
    return {
        "presence": presence.value,
        "next": afterwards.value if afterwards else None,
        "words": words,
        "back_at": back_at,
    }


def begin(tx: Tx, desktop: str) -> None:
    """They signed in at that desktop."""
    if tx.dialect == "sqlite":
        sqlite.begin(tx, desktop)
    else:
        tx.core.execute(_BEGIN, {"desktop": desktop})


def here(tx: Tx, desktop: str, *, idle: bool, locked: bool) -> bool:
    """They are there; whether what is seen of them is another. On PostgreSQL it tells of it."""
    if tx.dialect == "sqlite":
        return sqlite.here(tx, desktop, idle=idle, locked=locked)
    return bool(
        tx.core.execute(_HERE, {"desktop": desktop, "idle": idle, "locked": locked}).scalar()
    )


def end(tx: Tx, desktop: str) -> tuple[int, ...]:
    """They signed out there; the contacts that went back."""
    if tx.dialect == "sqlite":
        return sqlite.end(tx, desktop)
    return tuple(tx.core.execute(_END, {"desktop": desktop}).scalar() or ())


def back(tx: Tx) -> None:
    """They are there again after an offer that nobody answered."""
    if tx.dialect == "sqlite":
        sqlite.back(tx)
    else:
        tx.core.execute(_BACK)


def set_channels(tx: Tx, off: Collection[Channel]) -> None:
    """The channels of which they want no offers."""
    codes = sorted(each.value for each in off)
    if tx.dialect == "sqlite":
        sqlite.set_channels(tx, codes)
    else:
        tx.core.execute(_CHANNELS, {"off": codes})


def is_due(tx: Tx) -> bool:
    """Whether somebody was not seen for so long that something follows."""
    return bool(tx.core.execute(_DUE[tx.dialect]).scalar())


def sweep(tx: Tx) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Sign out who is not seen any more, give back their work; the people and the contacts."""
    if tx.dialect == "sqlite":
        return sqlite.sweep(tx)
    found = parsed(tx.core.execute(_SWEEP).scalar())
    return tuple(found["staff"]), tuple(found["contacts"])


_BY = aliased(Staff)
_STANDING = (
    select(
        Activity.signed_in_at,
        Staff.presence,
        Staff.next_presence,
        Staff.presence_words,
        Staff.back_at,
        func.coalesce(_BY.name, ""),
        Activity.not_responding_since,
        Activity.off_channels,
    )
    .outerjoin(Activity, Activity.staff_id == Staff.id)
    .outerjoin(_BY, _BY.id == Staff.presence_by_id)
)
_OFFERS = (
    select(
        Contact.id,
        Contact.channel,
        Contact.who,
        Contact.subject,
        Queue.name,
        Contact.queued_at,
        Assignment.offered_at,
        Assignment.expires_at,
        Assignment.note,
    )
    .join(Contact, Contact.id == Assignment.contact_id)
    .join(Queue, Queue.id == Contact.queue_id)
    .where(Assignment.ended_at.is_(None), Assignment.state == AssignmentState.OFFERED)
    .order_by(Assignment.offered_at, Assignment.id)
)


def standing(tx: Tx, staff_id: int) -> Standing:
    """Presence, activity and offers of the person who asks."""
    row = tx.core.execute(_STANDING.where(Staff.id == staff_id)).one()
    signed_in_at, presence, afterwards, words, back_at, set_by, silent, off = row
    offers = tx.core.execute(_OFFERS.where(Assignment.staff_id == staff_id))
    return Standing(
        tx.now,
        signed_in_at is not None,
        Presence(presence),
        Presence(afterwards) if afterwards else None,
        words,
        back_at,
        set_by,
        silent is not None,
        frozenset(Channel(each) for each in off or ()),
        tuple(_offer(each) for each in offers),
    )


def _offer(row: Any) -> Offer:
    contact_id, channel, *rest = row
    return Offer(contact_id, Channel(channel), *rest)


def marks(tx: Tx, staff_id: int, begin: datetime, end: datetime) -> tuple[Mark, ...]:
    """How a person was from `begin` to `end`, with the last mark before it, in order.

    Nothing of people whose days are not this person's to see.
    """
    # PostgreSQL's policies say whose they are.
    if tx.dialect == "sqlite" and not sqlite.may_see(tx, staff_id):
        return ()
    earlier = (
        select(func.max(PresenceMark.id))
        .where(PresenceMark.staff_id == staff_id, PresenceMark.at <= begin)
        .scalar_subquery()
    )
    rows = tx.core.execute(
        select(
            PresenceMark.at,
            PresenceMark.signed_in,
            PresenceMark.presence,
            PresenceMark.seen,
            func.coalesce(Staff.name, ""),
        )
        .outerjoin(Staff, Staff.id == PresenceMark.by_id)
        .where(
            PresenceMark.staff_id == staff_id,
            PresenceMark.id >= func.coalesce(earlier, 0),
            PresenceMark.at < end,
        )
        .order_by(PresenceMark.id)
    )
    return tuple(
        Mark(at, signed_in, Presence(presence), Doing(seen), by)
        for at, signed_in, presence, seen, by in rows
    )


def in_hand(
    tx: Tx, staff_id: int, begin: datetime, end: datetime
) -> tuple[tuple[datetime, datetime | None], ...]:
    """From when to when (None: still) a person had contacts in hand between two times."""
    rows = tx.core.execute(
        select(Assignment.accepted_at, Assignment.ended_at).where(
            Assignment.staff_id == staff_id,
            Assignment.accepted_at.is_not(None),
            Assignment.accepted_at < end,
            Assignment.ended_at.is_(None) | (Assignment.ended_at > begin),
        )
    )
    return tuple((began, ended) for began, ended in rows if began is not None)
