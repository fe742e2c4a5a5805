"""Housekeeping that one gateway does for all: nothing parked is forgotten, no desktop counts."""

from __future__ import annotations

from datetime import timedelta

from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.services import (
    appointment_sweeping,
    chat_sweeping,
    text_sweeping,
    visit_sweeping,
)
from crm_desktop.services.leases import Lease
from crm_desktop.store import leading
from crm_desktop.store.database import Database
from crm_desktop.store.queries import events, leases, messages, moving, wrap_up
from crm_desktop.store.queries import sweeper as queries

#: The lease under which one gateway sweeps.
LEASE_NAME = "sweeper"
#: A desktop that shows a contact says so more often than this.
STALE_LOOK = timedelta(seconds=60)
_NOTICES_KEPT = 1_000
_NOTICES_AGE = timedelta(minutes=10)
_AT_ONCE = 200
#: So long it is known what a team leader moved; it can be taken back for seconds.
_MOVES_KEPT = timedelta(hours=1)
#: So long it can be explained why a contact went to whom it went.
_DECISIONS_KEPT = timedelta(days=30)


def sweep(db: Database, lease: Lease) -> Changes:
    """Bring due parked contacts back, end wrap-ups that had their time, forget silent onlookers,
    old notices, moves and decisions, take back what people had for a while, see to chats whose
    visitors left and to visitors nobody closed, tell, remind and give up whom an appointment
    awaits, and text whose turn is near.

    Looks first and writes only when there is something to do. Raises LeaseLost.
    """
    with db.read() as tx:
        parked = queries.any_due_parked(tx)
        looks = queries.stale_looks(tx, STALE_LOOK)
        prune = queries.old_notices(tx, _NOTICES_KEPT, _NOTICES_AGE)
        over = leading.any_ended(tx)
        moves = moving.any_old(tx, _MOVES_KEPT)
        decisions = queries.any_old_decision(tx, _DECISIONS_KEPT)
        wrapped = wrap_up.any_over(tx)
        left = chat_sweeping.due(tx)
        typed = chat_sweeping.any_typed(tx)
        booked = appointment_sweeping.due(tx)
        unseen = visit_sweeping.left_behind(tx)
        texted = text_sweeping.due(tx)
    found = (parked, wrapped, looks, prune, over, moves, decisions, left, typed, unseen)
    if not any((*found, *booked, *texted)):
        return Changes()
    with db.write() as tx:
        leases.check(tx, lease.name, lease.fence)
        for contact_id in queries.due_parked(tx, _AT_ONCE):
            messages.requeue(tx, contact_id)
            events.append(tx, "contact.woken", contact_id=contact_id, by="time")
            tx.changed(Topic.CONTACT, contact_id)
        if wrapped:
            tx.changed(Topic.CONTACT, *wrap_up.end_over(tx))
        for staff_id, contact_id in looks:
            queries.remove_look(tx, staff_id, contact_id, STALE_LOOK)
            tx.changed(Topic.LOOKING, contact_id)
        if prune:
            queries.prune_notices(tx, prune)
        if over:
            tx.changed(Topic.STAFF, *leading.end_whiles(tx))
        if moves:
            moving.prune(tx, _MOVES_KEPT)
        if decisions:
            queries.prune_decisions(tx, _DECISIONS_KEPT, _AT_ONCE)
        appointment_sweeping.sweep(tx, booked)
        visit_sweeping.sweep(tx, unseen)
        text_sweeping.sweep(tx, texted)
        chat_sweeping.sweep(tx, left)
        if typed:
            chat_sweeping.forget_typed(tx)
        return tx.changes


def refresh_stats(db: Database, lease: Lease) -> Changes:
    """Count once for everybody what waits; only what differs is written. Raises LeaseLost."""
    with db.read() as tx:
        different = queries.changed_stats(queries.counted(tx), queries.recorded(tx))
    if not different:
        return Changes()
    with db.write() as tx:
        leases.check(tx, lease.name, lease.fence)
        queries.record(tx, different)
        tx.changed(Topic.QUEUE_STAT, *(queue_id for queue_id, _ in different))
        return tx.changes
