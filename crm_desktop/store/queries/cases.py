"""Writing cases: new ones, changed answers, states and clocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select

from crm_desktop.domain.errors import Conflict, NotFound
from crm_desktop.domain.handing_off import HandoffMapping
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Case,
    CaseContact,
    ChannelAccount,
    FormVersion,
    OpeningCalendar,
    Queue,
    Service,
)
from crm_desktop.store.queries.case_views import visible


@dataclass(frozen=True, slots=True)
class ServiceForCases:
    """What a service says of its cases and their hand-off; `hours` are its queue's.

    `closed`: it is restricted and of a queue that is not this person's.
    """

    id: int
    name: str
    queue_id: int
    case_target_seconds: int | None
    handoff_account_id: int | None
    handoff_target_name: str
    handoff_service_code: str
    handoff_target_seconds: int | None
    mapping: HandoffMapping
    hours: dict[str, Any]
    closed: bool


@dataclass(frozen=True, slots=True)
class FormRow:
    """One version of a service's form."""

    id: int
    version: int
    schema: dict[str, Any]


def service(tx: Tx, service_id: int) -> ServiceForCases:
    """One service; raises NotFound."""
    row = tx.session.execute(
        select(Service, ChannelAccount.name, OpeningCalendar.hours)
        .join(Queue, Queue.id == Service.queue_id)
        .join(OpeningCalendar, OpeningCalendar.id == Queue.calendar_id)
        .outerjoin(ChannelAccount, ChannelAccount.id == Service.handoff_account_id)
        .where(Service.id == service_id)
    ).one_or_none()
    if row is None:
        raise NotFound("no such service")
    found, target, hours = row
    return ServiceForCases(
        id=found.id,
        name=found.name,
        queue_id=found.queue_id,
        case_target_seconds=found.case_target_seconds,
        handoff_account_id=found.handoff_account_id,
        handoff_target_name=target or "",
        handoff_service_code=found.handoff_service_code or "",
        handoff_target_seconds=found.handoff_target_seconds,
        mapping=HandoffMapping.from_json(found.handoff_mapping),
        hours=hours,
        closed=found.restricted and tx.actor is not None and found.queue_id not in tx.actor.queues,
    )


def newest_form(tx: Tx, service_id: int) -> FormRow | None:
    """The form that a new case of the service is asked with."""
    found = tx.session.scalar(
        select(FormVersion)
        .where(FormVersion.service_id == service_id)
        .order_by(FormVersion.version.desc())
        .limit(1)
    )
    return FormRow(found.id, found.version, found.schema) if found else None


def form_by_id(tx: Tx, form_version_id: int) -> FormRow:
    """The form that an answer was given to."""
    found = tx.session.get_one(FormVersion, form_version_id)
    return FormRow(found.id, found.version, found.schema)


def locked(tx: Tx, case_id: int, version: int | None = None) -> Case:
    """A case to be changed in this transaction; raises NotFound, or Conflict on another version."""
    query = select(Case).where(Case.id == case_id).with_for_update()
    if tx.actor is not None:
        query = query.where(visible(tx))
    case = tx.session.scalar(query)
    if case is None:
        raise NotFound("no such case")
    if version is not None and case.version != version:
        raise Conflict("the case was changed meanwhile", version=case.version)
    return case


def insert(tx: Tx, case: Case) -> None:
    """Put a new case into the database; its id and version are known afterwards."""
    tx.session.add(case)
    tx.session.flush()


def unlink(tx: Tx, case_id: int, contact_id: int) -> None:
    """The contact does not concern the case after all."""
    tx.session.execute(
        delete(CaseContact).where(
            CaseContact.case_id == case_id, CaseContact.contact_id == contact_id
        )
    )
