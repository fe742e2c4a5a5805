"""Where people are: what they choose beside what is seen of them, signing in and out, their day."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.presence import Span, Standing, spans
from crm_desktop.domain.states import Channel, Presence
from crm_desktop.services.leases import Lease
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import leases
from crm_desktop.store.queries import presence as queries

_LONDON = ZoneInfo("Europe/London")


def choose(
    db: Database,
    presence: Presence,
    *,
    afterwards: Presence | None = None,
    words: str = "",
    back_at: datetime | None = None,
) -> Changes:
    """Be available or away, with words of one's own (80 letters) and a time to be back.

    `afterwards` is what to be when the contact in hand has ended. Raises InvalidInput.
    """
    with db.write() as tx:
        queries.choose(tx, presence, afterwards, words, back_at)
        return _told(tx)


def set_for(
    db: Database,
    staff_id: int,
    presence: Presence,
    *,
    afterwards: Presence | None = None,
    words: str = "",
    back_at: datetime | None = None,
) -> Changes:
    """A team leader says it of somebody with whom they share a queue.

    Raises NotAllowed, NotFound and InvalidInput.
    """
    with db.write() as tx:
        queries.set_for(tx, staff_id, presence, afterwards, words, back_at)
        tx.changed(Topic.STAFF, staff_id)
        return tx.changes


def begin(db: Database) -> Changes:
    """A desktop is open: who was offline is available, who had said where they are stays so."""
    with db.write() as tx:
        queries.begin(tx, db.desktop)
        return _told(tx)


def here(db: Database, idle: bool, locked: bool) -> Changes:
    """The desktop is open, nobody touched it for a while (`idle`), or it is locked.

    Said every half minute, and at once when either is another: only then it is an event and told
    of. Who is signed out stays so, and a desktop for which another speaks says nothing.
    """
    with db.write_at_once() as tx:
        if queries.here(tx, db.desktop, idle=idle, locked=locked) and tx.actor_id is not None:
            (tx.changed if tx.dialect == "sqlite" else tx.told)(Topic.STAFF, tx.actor_id)
        return tx.changes


def end(db: Database) -> Changes:
    """The desktop is closed: offers and work in hand go back to their queues as they had come.

    Drafts stay. Nothing happens when another desktop speaks for the same person.
    """
    with db.write() as tx:
        tx.changed(Topic.CONTACT, *queries.end(tx, db.desktop))
        return _told(tx)


def back(db: Database) -> Changes:
    """There again, after an offer that nobody answered."""
    with db.write() as tx:
        queries.back(tx)
        return _told(tx)


def set_channels(db: Database, off: Collection[Channel]) -> Changes:
    """Be offered nothing of these channels; everything of the others."""
    with db.write() as tx:
        queries.set_channels(tx, off)
        return _told(tx)


def mine(db: Database) -> Standing:
    """One's own presence, what is seen of oneself, and what is offered."""
    assert db.actor is not None
    with db.read() as tx:
        return queries.standing(tx, db.actor.id)


def of(db: Database, staff_id: int, day: date) -> tuple[Span, ...]:
    """A person's day (London's) in parts that follow on each other and add up to their shift.

    One's own, or a team leader's of people with whom they share a queue; of others nothing.
    """
    begin = datetime.combine(day, time(), _LONDON)
    end = datetime.combine(day + timedelta(days=1), time(), _LONDON)
    with db.read() as tx:
        return spans(
            queries.marks(tx, staff_id, begin, end),
            queries.in_hand(tx, staff_id, begin, end),
            begin,
            end,
            tx.now,
        )


def sweep(db: Database, lease: Lease) -> Changes:
    """Sign out whose desktop is silent, and give back the work of who is away for long.

    Looks first and writes only when there is something to do. Raises LeaseLost.
    """
    with db.read_at_once() as tx:
        if not queries.is_due(tx):
            return Changes()
    with db.write() as tx:
        leases.check(tx, lease.name, lease.fence)
        people, contacts = queries.sweep(tx)
        tx.changed(Topic.STAFF, *people)
        tx.changed(Topic.CONTACT, *contacts)
        return tx.changes


def _told(tx: Tx) -> Changes:
    if tx.actor_id is not None:
        tx.changed(Topic.STAFF, tx.actor_id)
    return tx.changes
