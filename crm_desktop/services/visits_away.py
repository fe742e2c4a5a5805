"""Enters who came to a one-stop-shop while the database was away, each once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from crm_desktop.domain.away_visits import AwayVisit
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.states import ContactState
from crm_desktop.domain.visits import Ticket
from crm_desktop.services import visits
from crm_desktop.store.database import Database
from crm_desktop.store.queries import visits_away

_LONDON = ZoneInfo("Europe/London")
_LONGEST_NOTE = 500
_ENDED = {
    ContactState.COMPLETED: "finished",
    ContactState.NO_SHOW: "did not come, said",
    ContactState.LEFT: "left",
}


@dataclass(frozen=True, slots=True)
class Entered:
    """A visitor whom the database has now. `ticket` None: a question answered at the counter."""

    contact_id: int
    ticket: Ticket | None
    changes: Changes


def enter(db: Database, said: AwayVisit) -> Entered:
    """Enter a visitor with what has become of them; the same again does what is missing of it.

    Raises NotFound when the service is not offered there any more, Conflict with words for what
    the rules of visits refuse, Taken(by) when somebody else called them meanwhile.
    """
    with db.write() as tx:
        if said.customer_id is not None:
            said = replace(said, customer_id=visits_away.surviving(tx, said.customer_id))
        contact_id, ticket = visits_away.enter(tx, said, note_of(said))
        if said.customer_id is not None:
            visits.keep_needs(tx, said.customer_id, said.needs, said.language)
        return Entered(contact_id, ticket, tx.changes)


def note_of(said: AwayVisit) -> str:
    """The visit's note, with the times that the database was not there to write down."""
    told = _told(said)
    if not told:
        return said.note.strip()
    return f"{said.note.strip()[: _LONGEST_NOTE - len(told) - 1]} {told}".strip()


def _told(said: AwayVisit) -> str:
    parts: list[str] = []
    if said.quick or said.ticket is None:
        parts.append(f"came {_clock(said.arrived_at)}")
    if said.called_at is not None and said.place_name:
        parts.append(f"called {_clock(said.called_at)} to {said.place_name}")
    if said.seen_at is not None and not said.quick:
        parts.append(f"seen {_clock(said.seen_at)}")
    if said.ended_at is not None and not said.quick:
        parts.append(f"{_ENDED[said.state]} {_clock(said.ended_at)}")
    return f"While the database was away: {', '.join(parts)}." if parts else ""


def _clock(at: datetime) -> str:
    return f"{at.astimezone(_LONDON):%H:%M}"
