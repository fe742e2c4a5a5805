"""A visitor who came while the database was away, with what has become of them since: on PostgreSQL
by guarded functions (0038_visit_times.sql), on SQLite by the same rules in `visits_away_sqlite`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from crm_desktop.domain.away_visits import AwayVisit
from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.states import ContactState
from crm_desktop.domain.visits import CheckedInBy, CheckIn, Ticket
from crm_desktop.store.database import Tx
from crm_desktop.store.leading import call_json
from crm_desktop.store.models import Customer
from crm_desktop.store.queries import visits
from crm_desktop.store.queries import visits_away_sqlite as sqlite

_AT_DESK = (ContactState.CALLED, ContactState.ACTIVE)


def enter(tx: Tx, said: AwayVisit) -> tuple[int, Ticket]:
    """Bring the database to where the visitor is; asked again it does what is missing.

    Gives their contact and the ticket that they have in the line. Raises what checking in does,
    Conflict while somebody else is at the desk, Taken(by) when somebody else called them.
    """
    contact_id, ticket = visits.check_in(tx, _check_in(said))
    if said.state is not ContactState.QUEUED:
        if said.state in _AT_DESK:
            assert said.place_id is not None
            visits.be_at(tx, said.place_id)
        given = _went(contact_id, said)
        if tx.dialect == "postgresql":
            call_json(tx, "visit_went", given)
        else:
            sqlite.went(tx, given)
    return contact_id, ticket


def _check_in(said: AwayVisit) -> CheckIn:
    booked = said.appointment_id is not None and said.ticket is not None
    return CheckIn(
        key=said.key,
        site_id=said.site_id,
        service_id=said.service_id,
        by=CheckedInBy.APPOINTMENT if booked else CheckedInBy.AWAY,
        who=said.who,
        customer_id=said.customer_id,
        appointment_id=said.appointment_id,
        needs=said.needs,
        language=said.language,
        # Who is at the desk, or was, needs no text of it now.
        phone=said.phone if said.state is ContactState.QUEUED else "",
        note=said.note,
        ticket=said.ticket,
        arrived_at=said.arrived_at,
    )


def _went(contact_id: int, said: AwayVisit) -> dict[str, Any]:
    times = {"called": said.called_at, "seen": said.seen_at, "ended": said.ended_at}
    return {
        "contact": contact_id,
        "state": said.state.value,
        "place": said.place_id,
        "calls": said.calls,
        "resolution": said.resolution.value if said.resolution else None,
        **{name: at.isoformat() if at else None for name, at in times.items()},
    }


def surviving(tx: Tx, customer_id: int) -> int:
    """That customer, or who it was merged into meanwhile; raises NotFound."""
    found = tx.session.scalar(
        select(func.coalesce(Customer.merged_into_id, Customer.id)).where(
            Customer.id == customer_id
        )
    )
    if found is None:
        raise NotFound("no such customer")
    return found
