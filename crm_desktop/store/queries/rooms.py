"""Rooms and partners: on PostgreSQL by guarded functions (0035_rooms.sql), on SQLite by the same
rules in `rooms_sqlite` and `room_moves_sqlite`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.rooms import Seeks, room_for
from crm_desktop.domain.states import ContactState
from crm_desktop.domain.visits import (
    FreeStaff,
    Need,
    PlaceKind,
    PlaceView,
    RoomProposal,
    Rooms,
    Ticket,
)
from crm_desktop.store.database import Tx
from crm_desktop.store.leading import call
from crm_desktop.store.queries import room_moves_sqlite as sqlite
from crm_desktop.store.queries import rooms_sqlite
from crm_desktop.store.queries.from_json import maybe_moment, parsed


def rooms_of(site_id: int, found: Sequence[Any]) -> Rooms:
    """What app.site_rooms gives."""
    places, free, mine, decided = found
    return Rooms(
        places=tuple(_place(site_id, each) for each in places),
        free=tuple(FreeStaff(*each) for each in free),
        mine=tuple(mine),
        decided=tuple(decided),
    )


def proposed(tx: Tx, found: Sequence[Any] | None) -> RoomProposal | None:
    """The room that the rule proposes to whom app.visit_seeks tells of."""
    if not found:
        return None
    contact_id, letter, number, place_id, needs, marked, rooms = found
    visit = Seeks(
        contact_id, Ticket(letter, number), place_id, tuple(map(Need, needs)), bool(marked)
    )
    return room_for(visit, rooms_of(0, rooms), tx.now)


def proposal(tx: Tx, contact_id: int) -> RoomProposal | None:
    """The room that is proposed for a visitor; None where any desk will do."""
    if tx.dialect == "postgresql":
        return proposed(tx, parsed(call(tx, "visit_seeks", contact=contact_id)))
    return proposed(tx, rooms_sqlite.seeks(tx, contact_id))


def hold(tx: Tx, place_id: int, until: datetime | None, why: str, visit_id: int | None) -> None:
    """Keep a desk or room free until then, for a visitor or what is said, or let it go."""
    if tx.dialect == "postgresql":
        site_id: int = call(tx, "place_hold", place=place_id, until=until, why=why, visit=visit_id)
    else:
        site_id = sqlite.hold(tx, place_id, until, why, visit_id)
    tx.changed(Topic.SITE, site_id)


def into_room(tx: Tx, contact_id: int, place_id: int) -> Sequence[Any]:
    """Whoever is called or served goes there; in the shape of app.visit_called."""
    if tx.dialect == "postgresql":
        found: Sequence[Any] = parsed(call(tx, "visit_room", contact=contact_id, place=place_id))
        return found
    return sqlite.into_room(tx, contact_id, place_id)


def without_room(tx: Tx, contact_id: int, why: str) -> None:
    """They do without; whoever decides says why where a safety marker is in force."""
    if tx.dialect == "postgresql":
        call(tx, "visit_without_room", contact=contact_id, why=why)
    else:
        sqlite.without_room(tx, contact_id, why)


def for_partner(tx: Tx, contact_id: int | None, place_id: int) -> Sequence[Any] | None:
    """Call for a partner; None: nobody waits for them."""
    if tx.dialect == "postgresql":
        found = call(tx, "visit_for_partner", contact=contact_id, place=place_id)
        return parsed(found) if found else None
    return sqlite.for_partner(tx, contact_id, place_id)


def with_partner(tx: Tx, contact_id: int) -> None:
    """They have come to the partner's desk."""
    if tx.dialect == "postgresql":
        call(tx, "visit_with_partner", contact=contact_id)
    else:
        sqlite.with_partner(tx, contact_id)


def partner_done(tx: Tx, contact_id: int) -> None:
    """The partner is done with them."""
    if tx.dialect == "postgresql":
        call(tx, "visit_partner_done", contact=contact_id)
    else:
        sqlite.partner_done(tx, contact_id)


def undo(tx: Tx, contact_id: int) -> None:
    """Who was said to have left, or not to have come, waits as before."""
    if tx.dialect == "postgresql":
        call(tx, "visit_undo", contact=contact_id)
    else:
        sqlite.undo(tx, contact_id)


def _place(site_id: int, each: Sequence[Any]) -> PlaceView:
    (id_, kind, name, partner, staff, visit_id, letter, number, since, held_until, held_for,
     held_visit, state, serving, step_free, booked) = each  # fmt: skip
    return PlaceView(
        id=id_,
        site_id=site_id,
        kind=PlaceKind(kind),
        name=name,
        partner=partner,
        staff=tuple(staff),
        visit_id=visit_id,
        ticket=None if letter is None else Ticket(letter, number),
        since=maybe_moment(since),
        held_until=maybe_moment(held_until),
        held_for=held_for,
        held_visit_id=held_visit,
        state=ContactState(state) if state else None,
        serving=serving,
        step_free=bool(step_free),
        booked_at=maybe_moment(booked),
    )
