"""Rooms kept and taken, and partners called for: what a desk does with where a visitor is seen."""

from __future__ import annotations

from datetime import datetime

from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.views import Moved
from crm_desktop.domain.visits import Called
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import rooms, taking
from crm_desktop.store.queries import visits as queries

__all__ = [
    "for_partner",
    "hold",
    "into_room",
    "partner_done",
    "undo",
    "with_partner",
    "without_room",
]


def hold(
    db: Database, place_id: int, until: datetime | None, why: str = "", visit_id: int | None = None
) -> Changes:
    """Keep a desk or room free until then, for a day at most; None lets it go. What is kept for a
    visit ends with it.

    Raises NotAllowed for who is neither of the desk nor leads, NotFound, Conflict without words or
    while somebody is there.
    """
    with db.write() as tx:
        rooms.hold(tx, place_id, until, why.strip(), visit_id)
        return tx.changes


def into_room(db: Database, contact_id: int, place_id: int) -> tuple[Called, Changes]:
    """Whoever is called or served goes there, with whom they are with; it is kept for them for an
    hour, and public screens say where to go.

    Raises NotFound, Taken(by), Conflict while somebody is there or it is kept for something else.
    """
    with db.write() as tx:
        return queries.into_room(tx, contact_id, place_id), tx.changes


def without_room(db: Database, contact_id: int, why: str) -> Changes:
    """They are seen without the room that was proposed; the event says why.

    Raises Conflict without words while a safety marker is in force.
    """
    with db.write() as tx:
        rooms.without_room(tx, contact_id, why.strip())
        _told(tx, contact_id)
        return tx.changes


def for_partner(
    db: Database, contact_id: int | None, place_id: int
) -> tuple[Called | None, Changes]:
    """Call to a partner's desk whose people have no CRM Desktop: this visitor, or whoever is next
    for it; None: nobody is.

    Raises NotAllowed for who does not work at the desk of that site, Conflict while somebody is
    there or the partner's people call for themselves.
    """
    with db.write() as tx:
        return queries.for_partner(tx, contact_id, place_id), tx.changes


def with_partner(db: Database, contact_id: int) -> Moved:
    """Whoever was called to a partner is there: their wait is over, and nobody of ours has them."""
    with db.write() as tx:
        rooms.with_partner(tx, contact_id)
        _told(tx, contact_id)
        return taking.as_it_is(tx, contact_id)


def partner_done(db: Database, contact_id: int) -> Changes:
    """The partner is done with them: the visit ends as signposted outside."""
    with db.write() as tx:
        rooms.partner_done(tx, contact_id)
        _told(tx, contact_id)
        return tx.changes


def undo(db: Database, contact_id: int) -> Moved:
    """Who was said to have left, or not to have come, waits as before; for ten minutes.

    Raises NotAllowed for who did not say so and does not lead, Conflict when it is too late.
    """
    with db.write() as tx:
        rooms.undo(tx, contact_id)
        _told(tx, contact_id)
        return taking.as_it_is(tx, contact_id)


def _told(tx: Tx, contact_id: int) -> None:
    tx.changed(Topic.CONTACT, contact_id)
    tx.changed(Topic.SITE, queries.site_of(tx, contact_id))
