"""Passing a case to a back office, and learning what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import Conflict, InvalidInput, NotFound
from crm_desktop.domain.forms import Form
from crm_desktop.domain.handing_off import told
from crm_desktop.domain.handoffs import HandoffReceipt, HandoffRequest, HandoffStatus, Location
from crm_desktop.domain.states import CaseState, HandoffState
from crm_desktop.domain.views import DeadLetter
from crm_desktop.services import clocks, handoff_news, leases
from crm_desktop.services.leases import Lease
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.models.cases import Case, Handoff
from crm_desktop.store.queries import blobs, cases, events
from crm_desktop.store.queries import handoffs as queries

LANE = "open311"
#: A target is asked again after these times, growing with how long it is silent.
_POLLS = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=30))
_PHOTO_LIMIT = 10_000_000
_FINAL = (HandoffState.DONE, HandoffState.BOUNCED, HandoffState.FAILED)


@dataclass(frozen=True, slots=True)
class HandoffPreview:
    """What handing off would mean; `missing` are the questions that the target needs answered."""

    target: str
    due_at: datetime | None
    description: str
    missing: tuple[str, ...]


def preview(db: Database, service_id: int, answers: Mapping[str, object]) -> HandoffPreview | None:
    """What would be handed off, to whom and by when; None when the service has no back office."""
    with db.read() as tx:
        service = cases.service(tx, service_id)
        if service.handoff_account_id is None:
            return None
        asked = cases.newest_form(tx, service_id)
        form = Form.from_schema(asked.schema) if asked else None
        errors = form.clean(answers).errors if form else {}
        words = told(form, answers, service.mapping, service.name)
        due = clocks.due(service.hours, tx.now, service.handoff_target_seconds)
        return HandoffPreview(
            service.handoff_target_name, due, words.description, tuple(errors.values())
        )


def request(db: Database, case_id: int, contact_id: int | None = None) -> Changes:
    """Hand a case off.

    Raises InvalidInput when the service has no back office or answers are missing, and Conflict
    when a hand-off is under way already.
    """
    with db.write() as tx:
        case = cases.locked(tx, case_id)
        service = cases.service(tx, case.service_id)
        if service.handoff_account_id is None:
            raise InvalidInput("no back office takes this service", fields={})
        if queries.is_under_way(tx, case_id):
            raise Conflict("a hand-off is under way already")
        handoff = Handoff(
            case_id=case_id,
            contact_id=contact_id,
            queue_id=case.queue_id,
            account_id=service.handoff_account_id,
            state=HandoffState.PENDING,
            # The same for a repeated click, another for a repeated hand-off.
            idempotency_key=f"{case.reference}-{queries.how_many(tx, case_id) + 1}",
            payload=_payload(tx, case, service),
            requested_by_id=tx.actor_id,
            due_at=clocks.due(service.hours, tx.now, service.handoff_target_seconds),
        )
        queries.add(tx, handoff, LANE)
        _to_back_office(tx, case)
        tx.session.flush()
        _log(tx, handoff, "handoff.requested", words=service.handoff_target_name)
        return tx.changes


def _payload(tx: Tx, case: Case, service: cases.ServiceForCases) -> dict[str, Any]:
    form = None
    if case.form_version_id is not None:
        form = Form.from_schema(cases.form_by_id(tx, case.form_version_id).schema)
        if errors := form.clean(case.answers).errors:
            raise InvalidInput("answers", fields=errors)
    words = told(form, case.answers, service.mapping, case.title or service.name)
    return {
        "service_code": service.handoff_service_code,
        "description": words.description,
        "attributes": words.attributes,
        "address": words.address,
        "customer_id": case.customer_id,
    }


def request_for(db: Database, handoff_id: int) -> tuple[int, HandoffRequest]:
    """The account and what it is told; [gateway]."""
    with db.read() as tx:
        handoff, reference = queries.load(tx, handoff_id)
        payload = handoff.payload
        name = queries.customer_name(tx, payload.get("customer_id"))
        first, _, last = name.rpartition(" ")
        found = queries.photo_of_case(tx, handoff.case_id)
        photo = None
        if found is not None and found.size <= _PHOTO_LIMIT:
            photo = (found.name, found.content_type, blobs.read(tx, found.sha256))
        return handoff.account_id, HandoffRequest(
            idempotency_key=handoff.idempotency_key,
            reference=reference,
            service_code=payload["service_code"],
            description=payload["description"],
            attributes=payload["attributes"],
            location=Location(address=payload["address"]),
            first_name=first,
            last_name=last,
            photo=photo,
        )


def apply_receipt(tx: Tx, handoff_id: int, receipt: HandoffReceipt) -> None:
    """The target took it; [gateway], in the transaction that settles the outgoing work."""
    handoff, _ = queries.locked(tx, handoff_id)
    handoff.external_id, handoff.token = receipt.external_id, receipt.token
    handoff.state, handoff.state_since = HandoffState.SENT, tx.now
    handoff.words = receipt.notice
    # A target that never gives a number can never be asked.
    numbered = receipt.external_id or receipt.token
    handoff.next_poll_at = tx.now + _POLLS[0] if numbered else None
    queries.note(handoff, tx.now, HandoffState.SENT, receipt.notice)
    _log(tx, handoff, "handoff.sent", words=receipt.external_id, doubtful=receipt.doubtful)


def gave_up(tx: Tx, handoff_id: int, words: str) -> None:
    """It never arrived and nobody tries any more; [gateway]."""
    handoff, case = queries.locked(tx, handoff_id)
    handoff.state, handoff.state_since = HandoffState.FAILED, tx.now
    handoff.words, handoff.next_poll_at = words, None
    queries.note(handoff, tx.now, HandoffState.FAILED, words)
    _back_to_us(tx, case)
    _log(tx, handoff, "handoff.failed", words=words)


def subject(tx: Tx, handoff_id: int) -> int | None:
    """Mark what a hand-off concerns as changed, and give its contact."""
    contact_id, case_id = queries.contact_of(tx, handoff_id)
    tx.changed(Topic.HANDOFF, handoff_id)
    if case_id is not None:
        tx.changed(Topic.CASE, case_id)
    if contact_id is not None:
        tx.changed(Topic.CONTACT, contact_id)
    return contact_id


def due_polls(db: Database, account_id: int, limit: int = 50) -> tuple[queries.Due, ...]:
    """The hand-offs of a target that are to be asked about now; [gateway]."""
    with db.read() as tx:
        return queries.due_polls(tx, account_id, limit)


def apply_id(
    db: Database, handoff_id: int, external_id: str, under: Lease | None = None
) -> Changes:
    """A token became an id, or is still none; [gateway]. Raises LeaseLost."""
    with leases.writing(db, under) as tx:
        handoff, _ = queries.locked(tx, handoff_id)
        handoff.external_id = external_id or handoff.external_id
        handoff.next_poll_at = _next_poll(tx, handoff)
        if external_id:
            _log(tx, handoff, "handoff.numbered", words=external_id)
        return tx.changes


def apply_status(
    db: Database, handoff_id: int, status: HandoffStatus | None, under: Lease | None = None
) -> Changes:
    """Where the target says that it stands; None when it did not answer for this one.

    The gateway's poll passes the lease that it works under; raises LeaseLost.
    """
    with leases.writing(db, under) as tx:
        handoff, case = queries.locked(tx, handoff_id)
        if handoff.state in _FINAL:
            return tx.changes
        handoff.next_poll_at = _next_poll(tx, handoff)
        if status is None:
            return tx.changes
        # What is overdue stays so until it ends, whatever the target calls it.
        late = handoff.state == HandoffState.OVERDUE and status.state not in _FINAL
        state = HandoffState.OVERDUE if late else status.state
        if queries.said_last(handoff) == (status.state, status.words):
            return tx.changes
        if state in _FINAL:
            handoff.next_poll_at = None
        if state != handoff.state:
            handoff.state, handoff.state_since = state, tx.now
            handoff_news.tell(tx, handoff, case, state)
        handoff.words, handoff.expected_at = status.words, status.expected_at
        queries.note(handoff, status.updated_at or tx.now, status.state, status.words)
        if state in _FINAL:
            _back_to_us(tx, case)
        _log(tx, handoff, "handoff.status", words=status.words or status.state)
        return tx.changes


def ask_later(db: Database, handoff_ids: Iterable[int], under: Lease | None = None) -> None:
    """The target did not answer: ask about these again after their usual time; [gateway]."""
    with leases.writing(db, under) as tx:
        for handoff_id in handoff_ids:
            handoff, _ = queries.locked(tx, handoff_id)
            handoff.next_poll_at = _next_poll(tx, handoff)


def mark_overdue(db: Database, under: Lease | None = None, limit: int = 100) -> Changes:
    """Say of hand-offs whose time is up that they are overdue; [gateway]. Raises LeaseLost."""
    with db.read() as tx:
        late = queries.overdue(tx, limit)
    if not late:
        return Changes()
    with leases.writing(db, under) as tx:
        for handoff_id in late:
            handoff, _ = queries.locked(tx, handoff_id)
            if handoff.state in (*_FINAL, HandoffState.OVERDUE):
                continue  # its news came while nobody held it
            handoff.state, handoff.state_since = HandoffState.OVERDUE, tx.now
            queries.note(handoff, tx.now, HandoffState.OVERDUE, "")
            _log(tx, handoff, "handoff.overdue")
        return tx.changes


def dead_letters(db: Database, limit: int = 100) -> tuple[DeadLetter, ...]:
    """Outgoing work that gave up or was stopped and waits for a person."""
    with db.read() as tx:
        return queries.dead_letters(tx, limit)


def retry(db: Database, outbox_id: int) -> Changes:
    """Try dead outgoing work again.

    Raises NotFound when it is not dead or not this person's, and Conflict when the case was handed
    off once more meanwhile.
    """
    with db.write() as tx:
        tx.changed(Topic.ACCOUNT, 0)
        tx.changed(Topic.OUTBOX, 0)
        handoff_id = queries.of_dead_letter(tx, outbox_id)
        if handoff_id is None:
            tx.guard.retry_dead(outbox_id)
            return tx.changes
        _, case_id = queries.contact_of(tx, handoff_id)
        if case_id is not None and queries.is_under_way(tx, case_id):
            raise Conflict("a hand-off is under way already")
        tx.guard.retry_dead(outbox_id)
        subject(tx, handoff_id)
        # A team leader may try again what belongs to a case that they do not see.
        with suppress(NotFound):
            if case_id is not None:
                _to_back_office(tx, cases.locked(tx, case_id))
        return tx.changes


def _next_poll(tx: Tx, handoff: Handoff) -> datetime:
    waited = tx.now - handoff.state_since
    gap = next((each for each in _POLLS if waited < each * 10), _POLLS[-1])
    return tx.now + gap


def _to_back_office(tx: Tx, case: Case) -> None:
    service = cases.service(tx, case.service_id)
    clocks.move(case, CaseState.WAITING_BACK_OFFICE, service.hours, tx.now)
    case.resolved_at = None


def _back_to_us(tx: Tx, case: Case) -> None:
    if case.state == CaseState.WAITING_BACK_OFFICE:
        service = cases.service(tx, case.service_id)
        clocks.move(case, CaseState.OPEN, service.hours, tx.now)


def _log(tx: Tx, handoff: Handoff, kind: str, words: str = "", *, doubtful: bool = False) -> None:
    events.append(
        tx,
        kind,
        contact_id=handoff.contact_id,
        case_id=handoff.case_id,
        handoff=handoff.id,
        words=words,
        doubtful=doubtful,
    )
    tx.changed(Topic.HANDOFF, handoff.id)
    tx.changed(Topic.CASE, handoff.case_id)
    if handoff.contact_id is not None:
        tx.changed(Topic.CONTACT, handoff.contact_id)
