"""Whom to ask about a call or pass it to, and what is known of one's own telephone."""

from __future__ import annotations

from crm_desktop.domain.call_targets import CallTargets, OwnTelephone
from crm_desktop.store.database import Database
from crm_desktop.store.queries import call_targets as queries


def targets(db: Database) -> CallTargets:
    """Queues and colleagues, with presence and whether their telephone is in use."""
    assert db.actor is not None
    with db.read() as tx:
        return queries.targets(tx, db.actor)


def own_telephone(db: Database) -> OwnTelephone:
    """Which telephone rings for the person who is signed in."""
    assert db.actor is not None
    with db.read() as tx:
        return queries.own_telephone(tx, db.actor)
