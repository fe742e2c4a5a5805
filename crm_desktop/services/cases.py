"""Opening, saving and ending the customer's matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import InvalidInput, NotAllowed, NotFound
from crm_desktop.domain.forms import Form
from crm_desktop.domain.references import make_reference
from crm_desktop.domain.states import CaseState
from crm_desktop.domain.views import CaseRow, CaseView
from crm_desktop.services import clocks
from crm_desktop.services.searching import searchable
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.models.cases import Case
from crm_desktop.store.queries import case_views, contacts, events, messages, queue
from crm_desktop.store.queries import cases as queries

_LONGEST_TITLE = 200
_LONGEST_ANSWER = 5_000
_MOST_ANSWERS = 100


@dataclass(frozen=True, slots=True)
class CaseInput:
    """What an advisor saves; `case_id` None opens a new case, else `version` is the one read."""

    contact_id: int
    service_id: int
    answers: Mapping[str, object]
    case_id: int | None = None
    version: int | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class Saved:
    """The case as it is now."""

    case_id: int
    reference: str
    version: int
    changes: Changes


@dataclass(frozen=True, slots=True)
class FormInfo:
    """The form that a new case of a service is asked with."""

    form_version_id: int
    version: int
    schema: dict[str, object]


def form(db: Database, service_id: int) -> FormInfo | None:
    """The newest form of a service, None when it has no questions."""
    with db.read() as tx:
        found = queries.newest_form(tx, service_id)
        return FormInfo(found.id, found.version, found.schema) if found else None


def get(db: Database, case_id: int) -> CaseView:
    """One case with its hand-offs; raises NotFound."""
    with db.read() as tx:
        found = case_views.by_id(tx, case_id)
        if found is None:
            raise NotFound("no such case")
        return found


def list_cases(
    db: Database, text: str = "", state: CaseState | None = None, limit: int = 50
) -> tuple[CaseRow, ...]:
    """The newest cases of this person's queues; `text` is a reference or a customer's name."""
    with db.read() as tx:
        return case_views.newest(tx, searchable(text), state, limit)


def save(db: Database, entered: CaseInput) -> Saved:
    """Open or change a case.

    Raises InvalidInput(fields) when an answer is unusable, and Conflict when somebody changed the
    case meanwhile; nothing is overwritten.
    """
    with db.write() as tx:
        service = queries.service(tx, entered.service_id)
        if entered.case_id is None:
            case = _open(tx, entered, service)
            kind = "case.opened"
        else:
            case = _change(tx, entered, service)
            kind = "case.saved"
        tx.session.flush()
        case_id, reference, version = case.id, case.reference or "", case.version
        events.append(
            tx,
            kind,
            contact_id=entered.contact_id,
            case_id=case_id,
            customer_id=case.customer_id,
            reference=reference,
        )
        if case.service_id != service.id:
            # Last, because the case may be out of this person's sight afterwards.
            tx.guard.refile(case_id, service.id)
            version += 1
        _name_service(tx, entered)
        tx.changed(Topic.CASE, case_id)
        tx.changed(Topic.CONTACT, entered.contact_id)
        return Saved(case_id, reference, version, tx.changes)


def _open(tx: Tx, entered: CaseInput, service: queries.ServiceForCases) -> Case:
    if service.closed:
        raise NotAllowed(f"Cases of “{service.name}” are opened in its own queue: pass it on.")
    asked = queries.newest_form(tx, service.id)
    detail = _seen_contact(tx, entered.contact_id)
    case = Case(
        service_id=service.id,
        queue_id=service.queue_id,
        customer_id=detail.customer_id,
        state=CaseState.OPEN,
        form_version_id=asked.id if asked else None,
        answers=_clean(asked, entered.answers),
        title=_one_line(entered.title),
        opened_by_id=tx.actor_id,
        due_at=clocks.due(service.hours, tx.now, service.case_target_seconds),
    )
    queries.insert(tx, case)
    case.reference = make_reference(case.id)
    messages.link_case(tx, case.id, entered.contact_id)
    return case


def _change(tx: Tx, entered: CaseInput, service: queries.ServiceForCases) -> Case:
    assert entered.case_id is not None
    case = queries.locked(tx, entered.case_id, entered.version)
    if case.service_id != service.id:
        asked = queries.newest_form(tx, service.id)
        case.form_version_id = asked.id if asked else None
        if case.paused_at is None:
            case.due_at = clocks.due(service.hours, case.opened_at, service.case_target_seconds)
    else:
        same = case.form_version_id
        asked = queries.form_by_id(tx, same) if same is not None else None
    case.answers = _clean(asked, entered.answers)
    case.title = _one_line(entered.title) or case.title
    if case.state == CaseState.NEW:
        clocks.move(case, CaseState.OPEN, service.hours, tx.now)
    return case


def _seen_contact(tx: Tx, contact_id: int) -> contacts.ContactDetail:
    """A contact that this person may read; raises NotFound."""
    detail = contacts.detail(tx, contact_id) if queue.by_ids(tx, [contact_id]) else None
    if detail is None:
        raise NotFound("no such contact")
    return detail


def _one_line(text: str) -> str:
    return " ".join(text.replace("\x00", " ").split())[:_LONGEST_TITLE]


def _clean(asked: queries.FormRow | None, answers: Mapping[str, object]) -> dict[str, object]:
    if asked is None:
        return {
            name: str(value).replace("\x00", "")[:_LONGEST_ANSWER]
            for name, value in list(answers.items())[:_MOST_ANSWERS]
        }
    cleaned = Form.from_schema(asked.schema).clean(answers)
    if cleaned.errors:
        raise InvalidInput("answers", fields=cleaned.errors)
    return dict(cleaned.answers)


def _name_service(tx: Tx, entered: CaseInput) -> None:
    """A contact in this person's hands is about what its case is about."""
    held = contacts.held_with_other_service(tx, entered.contact_id, entered.service_id)
    if held:
        tx.guard.set_service(entered.contact_id, entered.service_id)


def link(db: Database, case_id: int, contact_id: int) -> Changes:
    """The contact concerns this case too."""
    with db.write() as tx:
        queries.locked(tx, case_id)
        _seen_contact(tx, contact_id)
        messages.link_case(tx, case_id, contact_id)
        events.append(tx, "case.linked", contact_id=contact_id, case_id=case_id)
        tx.changed(Topic.CASE, case_id)
        tx.changed(Topic.CONTACT, contact_id)
        return tx.changes


def unlink(db: Database, case_id: int, contact_id: int) -> Changes:
    """The contact does not concern this case after all."""
    with db.write() as tx:
        queries.locked(tx, case_id)
        _seen_contact(tx, contact_id)
        queries.unlink(tx, case_id, contact_id)
        events.append(tx, "case.unlinked", contact_id=contact_id, case_id=case_id)
        tx.changed(Topic.CASE, case_id)
        tx.changed(Topic.CONTACT, contact_id)
        return tx.changes


def move(
    db: Database,
    case_id: int,
    state: CaseState,
    *,
    version: int | None = None,
    contact_id: int | None = None,
) -> Changes:
    """Set a case's state, with its clock: resolve, reopen, or wait for the customer.

    Raises NotFound, and Conflict on another version. Nothing happens when it stands there already.
    """
    with db.write() as tx:
        case = queries.locked(tx, case_id, version)
        if case.state == state:
            return tx.changes
        service = queries.service(tx, case.service_id)
        clocks.move(case, state, service.hours, tx.now)
        case.resolved_at = tx.now if state is CaseState.RESOLVED else None
        tx.session.flush()
        kind = {
            CaseState.RESOLVED: "case.resolved",
            CaseState.OPEN: "case.reopened",
        }.get(state, f"case.{state}")
        events.append(tx, kind, contact_id=contact_id, case_id=case_id)
        tx.changed(Topic.CASE, case_id)
        if contact_id is not None:
            tx.changed(Topic.CONTACT, contact_id)
        return tx.changes


def resolve(db: Database, case_id: int, version: int | None = None) -> Changes:
    """The matter is settled."""
    return move(db, case_id, CaseState.RESOLVED, version=version)


def reopen(db: Database, case_id: int) -> Changes:
    """The matter was not settled after all."""
    return move(db, case_id, CaseState.OPEN)
