"""The end of a call's wrap-up: what its queue asks for, more time, or without any answers."""

from __future__ import annotations

from crm_desktop.domain.views import Moved
from crm_desktop.domain.wrap_up import WrapUpRule
from crm_desktop.store.database import Database
from crm_desktop.store.queries import taking
from crm_desktop.store.queries import wrap_up as queries


def of(db: Database, contact_id: int) -> WrapUpRule | None:
    """What is asked of this person, who wraps up the call; None while it goes on, of a contact of
    another channel, or of somebody else's.
    """
    with db.read() as tx:
        return queries.rule(tx, contact_id)


def extend(db: Database, contact_id: int) -> Moved:
    """The time of a timed wrap-up once more, once. Raises Conflict."""
    with db.write() as tx:
        queries.extend(tx, contact_id)
        return taking.as_it_is(tx, contact_id)


def leave(db: Database, contact_id: int) -> Moved:
    """Complete a call without saying how it ended. Raises Conflict where its queue asks for it."""
    with db.write() as tx:
        queries.leave(tx, contact_id)
        return taking.as_it_is(tx, contact_id)
