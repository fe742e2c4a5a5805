"""A visitor who came while the database was away, with what has become of them since: by the same
rules as any other visit, one transaction each.
"""

from __future__ import annotations

from sqlalchemy import func, select

from crm_desktop.domain.away_visits import AwayVisit
from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.states import ContactState
from crm_desktop.domain.views import Disposition
from crm_desktop.domain.visits import AnsweredNow, CheckedInBy, CheckIn, Ticket
from crm_desktop.store.database import Tx
from crm_desktop.store.models import Contact, Customer
from crm_desktop.store.queries import visits

_S = ContactState
#: How far a visit is: what an earlier try has brought into the database is not done again.
_WAY = (_S.QUEUED, _S.CALLED, _S.ACTIVE, _S.WRAP_UP, _S.COMPLETED)
_MOST_CALLS = 9


def enter(tx: Tx, said: AwayVisit, note: str) -> tuple[int, Ticket | None]:
    """Bring the database to where the visitor is; asked again it does what is missing.

    Gives their contact and the ticket that they have in the line. Raises what checking in, calling
    and ending a visit do.
    """
    if said.quick:
        assert said.resolution is not None
        quick = AnsweredNow(said.key, said.site_id, said.service_id, said.resolution, note)
        return visits.answered(tx, quick), None
    contact_id, ticket = visits.check_in(tx, _check_in(said, note))
    if said.state is not _S.QUEUED:
        _bring(tx, contact_id, said)
    return contact_id, ticket


def _check_in(said: AwayVisit, note: str) -> CheckIn:
    return CheckIn(
        key=said.key,
        site_id=said.site_id,
        service_id=said.service_id,
        by=CheckedInBy.APPOINTMENT if said.appointment_id else CheckedInBy.AWAY,
        who=said.who,
        customer_id=said.customer_id,
        appointment_id=said.appointment_id,
        needs=said.needs,
        language=said.language,
        # Who is at the desk, or was, needs no text of it now.
        phone=said.phone if said.state is _S.QUEUED else "",
        note=note,
        ticket=said.ticket,
        arrived_at=said.arrived_at if said.ticket else None,
    )


def _bring(tx: Tx, contact_id: int, said: AwayVisit) -> None:
    stands = _state(tx, contact_id)
    if stands is said.state:
        return
    if said.state is _S.LEFT:
        visits.move(tx, contact_id, _S.LEFT)
        return
    if stands is _S.QUEUED:
        assert said.place_id is not None
        visits.be_at(tx, said.place_id)
        visits.call_one(tx, contact_id, said.place_id)
        stands = _S.CALLED
    if said.state is _S.NO_SHOW:
        for _ in range(min(said.calls, _MOST_CALLS) - 1):
            visits.recall(tx, contact_id)
        visits.move(tx, contact_id, _S.NO_SHOW)
        return
    _go_on(tx, contact_id, said, stands)


def _go_on(tx: Tx, contact_id: int, said: AwayVisit, stands: ContactState) -> None:
    """From the call to the end, as far as they are."""
    passed = _WAY.index(stands) if stands in _WAY else len(_WAY)
    for step in _WAY[passed + 1 : _WAY.index(said.state) + 1]:
        if step is _S.ACTIVE:
            visits.serve(tx, contact_id)
        elif step is _S.WRAP_UP:
            tx.guard.wrap_up(contact_id)
        elif step is _S.COMPLETED:
            assert said.resolution is not None
            answers = Disposition(said.service_id, said.resolution, avoidable=False)
            tx.guard.complete(contact_id, answers)


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


def _state(tx: Tx, contact_id: int) -> ContactState:
    found = tx.session.scalar(select(Contact.state).where(Contact.id == contact_id))
    # Whose queue is out of this person's sight is only just checked in.
    return _S.QUEUED if found is None else ContactState(found)
