"""Enters who came to a one-stop-shop while the database was away, each once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from crm_desktop.domain.away_visits import AwayVisit
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.visits import Ticket
from crm_desktop.services import visits
from crm_desktop.store.database import Database
from crm_desktop.store.queries import visits_away


@dataclass(frozen=True, slots=True)
class Entered:
    """A visitor whom the database has now, and their ticket in the line."""

    contact_id: int
    ticket: Ticket
    changes: Changes


def enter(db: Database, said: AwayVisit) -> Entered:
    """Enter a visitor with what has become of them, at its own times; the same again does what is
    missing of it.

    Raises NotFound when service, customer or desk are gone, Conflict with words for what the rules
    of visits refuse, Taken(by) when somebody else called them meanwhile.
    """
    with db.write() as tx:
        if said.customer_id is not None:
            said = replace(said, customer_id=visits_away.surviving(tx, said.customer_id))
        contact_id, ticket = visits_away.enter(tx, said)
        if said.customer_id is not None:
            visits.keep_needs(tx, said.customer_id, said.needs, said.language)
        return Entered(contact_id, ticket, tx.changes)
