"""Cases with their hand-offs, as screens read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Row, Select, and_, func, or_, select, union

from crm_desktop.domain.references import parse_reference
from crm_desktop.domain.states import CaseState, HandoffState, OutboxState
from crm_desktop.domain.text import fold
from crm_desktop.domain.views import CaseRow, CaseView, HandoffView
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Case,
    CaseContact,
    ChannelAccount,
    Contact,
    Customer,
    FormVersion,
    Handoff,
    OutboxItem,
    Service,
)

_LAST = "\U0010ffff"
#: Cases of so many customers are looked up; of more, so many of the newest cases are looked at.
_MOST_NAMED, _WALKED = 3_000, 10_000

_CASES = (
    select(
        Case.id,
        func.coalesce(Case.reference, "").label("reference"),
        Case.service_id,
        Service.name.label("service_name"),
        Case.state,
        Case.title,
        Case.answers,
        Case.form_version_id,
        FormVersion.schema,
        Case.opened_at,
        Case.due_at,
        Case.paused_at,
        Case.version,
    )
    .join(Service, Service.id == Case.service_id)
    .outerjoin(FormVersion, FormVersion.id == Case.form_version_id)
)


def by_id(tx: Tx, case_id: int) -> CaseView | None:
    """One case, or None when it is not there for this person."""
    found = _read(tx, _CASES.where(Case.id == case_id))
    return found[0] if found else None


def newest(tx: Tx, words: str, state: CaseState | None, limit: int) -> tuple[CaseRow, ...]:
    """The newest cases that this person sees, by reference or beginning of a customer's name.

    Of a beginning that very many names have only the newest cases are looked at.
    """
    # The ids first: the rest is read of few.
    seen = select(Case.id).where(visible(tx))
    if state is not None:
        seen = seen.where(Case.state == state)
    if folded := fold(words):
        found: Select[int] | CompoundSelect[int] = seen.where(_named(tx, folded))
        if reference := parse_reference(words):
            # A name of seven letters may be a valid reference: both are looked for.
            found = union(found, seen.where(Case.reference == reference))
        seen = select(found.subquery().c.id)
    ids = tx.session.scalars(seen.order_by(seen.selected_columns.id.desc()).limit(limit)).all()
    if not ids:
        return ()
    latest = (
        select(func.max(Contact.id))
        .join(CaseContact, CaseContact.contact_id == Contact.id)
        .where(CaseContact.case_id == Case.id, _readable(tx))
        .scalar_subquery()
    )
    query = (
        select(
            Case.id,
            Case.reference,
            Service.name,
            Customer.name,
            Case.state,
            Case.opened_at,
            Case.due_at,
            latest,
        )
        .join(Service, Service.id == Case.service_id)
        .outerjoin(Customer, Customer.id == Case.customer_id)
        .where(Case.id.in_(ids))
        .order_by(Case.id.desc())
    )
    return tuple(
        CaseRow(id_, reference or "", service, name or "", CaseState(state_), at, due, contact_id)
        for id_, reference, service, name, state_, at, due, contact_id in tx.session.execute(query)
    )


def _named(tx: Tx, folded: str) -> ColumnElement[bool]:
    """Cases of customers whose names begin so."""
    begins = _beginning(tx, folded)
    named = select(Customer.id).where(begins).limit(_MOST_NAMED + 1)
    count = tx.session.scalar(select(func.count()).select_from(named.subquery())) or 0
    if count <= _MOST_NAMED:
        return Case.customer_id.in_(named)
    walked = select(func.max(Case.id) - _WALKED).scalar_subquery()
    theirs = select(Customer.id).where(Customer.id == Case.customer_id, begins).exists()
    return and_(Case.id > walked, theirs)


def _beginning(tx: Tx, folded: str) -> ColumnElement[bool]:
    """Customers whose names begin so, as the index serves it on both dialects."""
    if tx.dialect == "sqlite":
        return and_(Customer.folded >= folded, Customer.folded < folded + _LAST)
    # The index compares bytes, whatever the database's language.
    return and_(Customer.folded.op("~>=~")(folded), Customer.folded.op("~<~")(folded + _LAST))


def visible(tx: Tx) -> ColumnElement[bool]:
    """Which cases this person sees; on PostgreSQL the policies say it again."""
    queues = sorted(tx.actor.queues) if tx.actor else []
    closed = select(Service.id).where(Service.restricted, Service.queue_id.not_in(queues))
    return or_(
        Case.queue_id.in_(queues),
        and_(Case.opened_by_id == tx.actor_id, Case.service_id.not_in(closed)),
    )


def _readable(tx: Tx) -> ColumnElement[bool]:
    """Which contacts this person may open; on PostgreSQL the policies say it again."""
    queues = sorted(tx.actor.queues) if tx.actor else []
    return or_(Contact.queue_id.in_(queues), Contact.owner_id == tx.actor_id)


def handoffs(tx: Tx, case_ids: Sequence[int]) -> dict[int, tuple[HandoffView, ...]]:
    """The hand-offs of cases, oldest first, with what the outbox last met."""
    if not case_ids:
        return {}
    latest = (
        select(func.max(OutboxItem.id))
        .where(OutboxItem.handoff_id == Handoff.id)
        .correlate(Handoff)  # not the outer query's outbox, which this chooses from
        .scalar_subquery()
    )
    rows = tx.session.execute(
        select(
            Handoff,
            ChannelAccount.name,
            OutboxItem.last_error,
            OutboxItem.attempts,
            OutboxItem.state,
        )
        .join(ChannelAccount, ChannelAccount.id == Handoff.account_id)
        .outerjoin(OutboxItem, OutboxItem.id == latest)
        .where(Handoff.case_id.in_(case_ids))
        .order_by(Handoff.id)
    )
    found: dict[int, tuple[HandoffView, ...]] = {}
    for handoff, target, error, attempts, outbox_state in rows:
        each = _handoff(handoff, target, error or "", attempts or 0, outbox_state)
        found[handoff.case_id] = (*found.get(handoff.case_id, ()), each)
    return found


def _read(tx: Tx, query: Select[*tuple[Any, ...]]) -> tuple[CaseView, ...]:
    rows = tx.session.execute(query.where(visible(tx))).all()
    passed_on = handoffs(tx, [row.id for row in rows])
    return tuple(_case(row, passed_on.get(row.id, ())) for row in rows)


def _case(row: Row[Any], passed_on: tuple[HandoffView, ...]) -> CaseView:
    return CaseView(
        id=row.id,
        reference=row.reference,
        service_id=row.service_id,
        service_name=row.service_name,
        state=CaseState(row.state),
        title=row.title,
        answers=row.answers,
        form_version_id=row.form_version_id,
        schema=row.schema or {},
        opened_at=row.opened_at,
        due_at=row.due_at,
        paused=row.paused_at is not None,
        version=row.version,
        handoffs=passed_on,
    )


def _handoff(
    handoff: Handoff, target: str, error: str, attempts: int, outbox_state: str | None
) -> HandoffView:
    return HandoffView(
        id=handoff.id,
        case_id=handoff.case_id,
        target=target,
        state=HandoffState(handoff.state),
        state_since=handoff.state_since,
        external_id=handoff.external_id,
        words=handoff.words,
        notes=tuple(
            (datetime.fromisoformat(at), state, words) for at, state, words in handoff.notes
        ),
        due_at=handoff.due_at,
        expected_at=handoff.expected_at,
        last_error=error,
        attempts=attempts,
        dead=outbox_state == OutboxState.DEAD,
    )
