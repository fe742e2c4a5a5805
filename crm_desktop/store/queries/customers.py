"""Customers as screens read them, and the few facts that staff write directly."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import ColumnElement, func, insert, select, true
from sqlalchemy.dialects import postgresql, sqlite

from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.states import CaseState, MarkerState
from crm_desktop.domain.views import (
    AdjustmentView,
    CustomerView,
    FoundCustomer,
    IdentifierView,
    MarkerView,
)
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Address,
    Adjustment,
    Case,
    Contact,
    Customer,
    Identifier,
    SafetyMarker,
)

_ENDED = (CaseState.RESOLVED, CaseState.CLOSED)
_SHOWN_MARKERS = (MarkerState.PROPOSED, MarkerState.ACTIVE, MarkerState.REVIEW_DUE)
HISTORY = 20
_CUSTOMER = insert(Customer).returning(Customer.id)
# Inline: nobody reads an identifier back but through the guard.
_IDENTIFIER = insert(Identifier).inline()


def view(tx: Tx, customer_id: int) -> CustomerView:
    """A customer with everything beside a contact; leaves a trace. Raises NotFound."""
    customer = tx.session.scalar(select(Customer).where(Customer.id == customer_id))
    if customer is None:
        raise NotFound("no such customer")
    return CustomerView(
        id=customer.id,
        kind=customer.kind,
        name=customer.name,
        since=customer.since,
        prefers=customer.prefers,
        identifiers=tuple(
            IdentifierView(each.id, each.kind, each.value, each.flag)
            for each in tx.guard.open_customer(customer_id)
        ),
        addresses=_addresses(tx, customer_id),
        adjustments=_adjustments(tx, customer_id),
        markers=_markers(tx, customer_id),
        open_cases=_open_cases(tx, customer_id),
        contacts_in_year=_contacts_in_year(tx, customer_id),
        history=tx.guard.history(customer_id, HISTORY),
    )


def add(
    tx: Tx,
    name: str,
    folded: str,
    identifiers: Iterable[tuple[str, str, str]],
    prefers: str = "",
) -> int:
    """A new customer with identifiers (kind, value, norm)."""
    customer_id = tx.core.execute(
        _CUSTOMER, {"name": name, "folded": folded, "prefers": prefers}
    ).scalar_one()
    rows = [
        {"customer_id": customer_id, "kind": kind, "value": value, "norm": norm, "flag": ""}
        for kind, value, norm in identifiers
    ]
    if rows:
        tx.core.execute(_IDENTIFIER, rows)
    return customer_id


def add_address(tx: Tx, customer_id: int, lines: str, postcode: str) -> None:
    """Where a customer lives."""
    tx.session.add(Address(customer_id=customer_id, lines=lines, postcode=postcode))


def exists(tx: Tx, customer_id: int) -> bool:
    """Whether there is such a customer."""
    return tx.session.scalar(select(Customer.id).where(Customer.id == customer_id)) is not None


def add_identifier(tx: Tx, customer_id: int, kind: str, value: str, norm: str) -> None:
    """What a customer can be found by too; twice is once."""
    dialect = postgresql if tx.dialect == "postgresql" else sqlite
    tx.session.execute(
        dialect.insert(Identifier)
        .values(customer_id=customer_id, kind=kind, value=value, norm=norm, flag="")
        .on_conflict_do_nothing()
        .inline()
    )


def at_postcode(tx: Tx, postcode: str, limit: int) -> tuple[FoundCustomer, ...]:
    """Who lives at a postcode, by name; the detail is the address."""
    rows = tx.session.execute(
        select(Customer.id, Customer.name, Address.lines, Address.postcode)
        .join(Address, Address.customer_id == Customer.id)
        .where(Address.postcode == postcode)
        .order_by(Customer.folded, Customer.id)
        .limit(limit)
    )
    return tuple(
        FoundCustomer(id_, name, ", ".join(part for part in (lines, code) if part))
        for id_, name, lines, code in rows
    )


def of_case(tx: Tx, case_id: int) -> FoundCustomer | None:
    """Whose case it is, as far as this person sees the case."""
    row = tx.session.execute(
        select(Customer.id, Customer.name, Case.reference)
        .join(Case, Case.customer_id == Customer.id)
        .where(Case.id == case_id, _seen(tx, Case))
    ).one_or_none()
    return FoundCustomer(row[0], row[1], row[2] or "") if row else None


def _addresses(tx: Tx, customer_id: int) -> tuple[tuple[str, str], ...]:
    rows = tx.session.execute(
        select(Address.lines, Address.postcode)
        .where(Address.customer_id == customer_id)
        .order_by(Address.id)
    )
    return tuple((lines, postcode) for lines, postcode in rows)


def _adjustments(tx: Tx, customer_id: int) -> tuple[AdjustmentView, ...]:
    rows = tx.session.execute(
        select(Adjustment.words, Adjustment.recorded_at, Adjustment.review_on)
        .where(Adjustment.customer_id == customer_id)
        .order_by(Adjustment.id)
    )
    return tuple(AdjustmentView(*row) for row in rows)


def _markers(tx: Tx, customer_id: int) -> tuple[MarkerView, ...]:
    rows = tx.session.execute(
        select(SafetyMarker.state, SafetyMarker.words, SafetyMarker.review_on)
        .where(SafetyMarker.customer_id == customer_id, SafetyMarker.state.in_(_SHOWN_MARKERS))
        .order_by(SafetyMarker.id)
    )
    return tuple(MarkerView(*row) for row in rows)


def _open_cases(tx: Tx, customer_id: int) -> int:
    query = select(func.count()).where(
        Case.customer_id == customer_id, Case.state.not_in(_ENDED), _seen(tx, Case)
    )
    return tx.session.scalar(query) or 0


def _seen(tx: Tx, table: type[Case] | type[Contact]) -> ColumnElement[bool]:
    """PostgreSQL's policies say this themselves; SQLite has none."""
    if tx.dialect == "postgresql" or tx.actor is None:
        return true()
    return table.queue_id.in_(tx.actor.queues)


def _contacts_in_year(tx: Tx, customer_id: int) -> int:
    query = select(func.count()).where(
        Contact.customer_id == customer_id,
        Contact.received_at > tx.now - timedelta(days=365),
        _seen(tx, Contact),
    )
    return tx.session.scalar(query) or 0
