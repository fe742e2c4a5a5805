"""Everything that the workspace shows of a contact, by one statement that answers in JSON.

A statement for each part would cost a round trip each: two dozen of them took 9 to 16 ms.
PostgreSQL's is the function app.workspace (migrations/sql), SQLite's stands in `workspace_sqlite`.
Both name the same parts, each a list of values in the order of the view that is made of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import insert, text

from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.states import (
    CaseState,
    Direction,
    HandoffState,
    MessageState,
    Resolution,
    Visibility,
)
from crm_desktop.domain.views import (
    AdjustmentView,
    AttachmentView,
    CaseDocument,
    CaseView,
    ContactView,
    CustomerView,
    DraftView,
    HandoffView,
    HistoryEntry,
    IdentifierView,
    MarkerView,
    MessageView,
    QueueRow,
)
from crm_desktop.store.database import Tx
from crm_desktop.store.guard import EventRow
from crm_desktop.store.models import ReadAudit
from crm_desktop.store.queries.from_json import (
    maybe_day,
    maybe_moment,
    moment,
    queue_row,
)
from crm_desktop.store.queries.workspace_sqlite import STATEMENT
from crm_desktop.store.timeline import entry

_CALL = text("SELECT app.workspace(:contact, CAST(:history AS integer))")
_TRACE = insert(ReadAudit).inline()
#: So many contacts and cases of the customer are listed.
HISTORY = 20


def open_contact(tx: Tx, contact_id: int) -> ContactView:
    """The contact with everything beside it; leaves the traces of reading. Raises NotFound."""
    found = (
        _on_postgresql(tx, contact_id) if tx.dialect == "postgresql" else _on_sqlite(tx, contact_id)
    )
    return _view(found, contact_id)


def get_ready(tx: Tx) -> None:
    """Have the database plan how it opens a contact; none is opened, and no trace is left."""
    if tx.dialect == "postgresql":
        tx.core.execute(_CALL, {"contact": None, "history": HISTORY}).close()
    else:
        tx.core.execute(STATEMENT, _asked(tx, None)).close()


def _on_postgresql(tx: Tx, contact_id: int) -> dict[str, Any]:
    # The guarded functions that it calls and policies say who sees what, and leave the traces.
    found: dict[str, Any] = tx.core.execute(
        _CALL, {"contact": contact_id, "history": HISTORY}
    ).scalar_one()
    opened: dict[str, Any] = found.pop("opened")
    return found | opened


def _on_sqlite(tx: Tx, contact_id: int) -> dict[str, Any]:
    me = tx.actor
    found = tx.core.execute(STATEMENT, _asked(tx, contact_id)).scalar()
    if found is None or me is None:
        raise NotFound("no such contact")
    parts: dict[str, Any] = json.loads(found)
    opened = [{"staff_id": me.id, "what": "contact", "ref_id": contact_id}]
    if parts["customer"] is not None:
        opened.append({"staff_id": me.id, "what": "customer", "ref_id": parts["customer"][0]})
    tx.core.execute(_TRACE, opened)
    return parts


def _asked(tx: Tx, contact_id: int | None) -> dict[str, Any]:
    me = tx.actor
    return {
        "contact": contact_id,
        "history": HISTORY,
        "me": me.id if me else None,
        "mine": json.dumps(sorted(me.queues) if me else []),
    }


def _view(found: dict[str, Any], contact_id: int) -> ContactView:
    check_reason, auto_generated, completed_at, resolution = found["detail"]
    files: dict[int, list[AttachmentView]] = {}
    for message_id, *file in found["files"] or ():
        id_, name, kind, size, inline, content_id = file
        files.setdefault(message_id, []).append(
            AttachmentView(id_, name, kind, size, bool(inline), content_id)
        )
    leaving = {id_: maybe_moment(at) for id_, at in found["leaving"] or ()}
    own: list[MessageView] = []
    thread: list[MessageView] = []
    for of_contact, *message in found["messages"] or ():
        shown = _message(message, leaving.get(message[0]), tuple(files.get(message[0], ())))
        (own if of_contact == contact_id else thread).append(shown)
    return ContactView(
        row=_row(found),
        check_reason=check_reason,
        auto_generated=bool(auto_generated),
        messages=tuple(own),
        thread=tuple(thread),
        customer=_customer(found) if found["customer"] else None,
        cases=_cases(found),
        drafts=tuple(
            DraftView(kind, author_id, author, content, moment(at))
            for kind, author_id, author, content, at in found["drafts"] or ()
        ),
        timeline=tuple(
            entry(EventRow(moment(at), kind, actor, data))
            for at, kind, actor, data in found["events"] or ()
        ),
        reply_to=_reply_to(own),
        completed_at=maybe_moment(completed_at),
        resolution=Resolution(resolution) if resolution else None,
        documents=tuple(
            CaseDocument(id_, case_id, kind, words, name, type_, size, moment(at), by)
            for id_, case_id, kind, words, name, type_, size, at, by in found["documents"] or ()
        ),
    )


def _row(found: dict[str, Any]) -> QueueRow:
    """The row, with what the timeline says of one that was logged by hand."""
    row = queue_row(found["row"], found["looking"])
    for _at, kind, _actor, data in found["events"] or ():
        if kind == "contact.logged":
            entered_at, while_away = moment(data["entered"]), bool(data["while_away"])
            return replace(row, entered_at=entered_at, while_away=while_away)
    return row


def _reply_to(messages: Sequence[MessageView]) -> str:
    inbound = [each for each in messages if each.direction is Direction.INBOUND]
    return inbound[-1].sender_address if inbound else ""


def _message(
    values: Sequence[Any], undo_until: datetime | None, attachments: tuple[AttachmentView, ...]
) -> MessageView:
    id_, direction, visibility, state, author, sender_name, sender_address, *rest = values
    recipients, subject, text, reply_text, html, at, sent_at, problems, findings, failure = rest
    return MessageView(
        id=id_,
        direction=Direction(direction),
        visibility=Visibility(visibility),
        state=MessageState(state),
        author=author,
        sender_name=sender_name,
        sender_address=sender_address,
        to=_pairs(recipients, "to"),
        cc=_pairs(recipients, "cc"),
        subject=subject,
        text=text,
        reply_text=reply_text,
        html=html,
        at=moment(at),
        sent_at=maybe_moment(sent_at),
        problems=tuple(problems),
        findings=tuple(str(each) for each in findings),
        failure=failure,
        undo_until=undo_until,
        attachments=attachments,
    )


def _pairs(recipients: dict[str, Any], field: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, address) for name, address in recipients.get(field, ()))


def _customer(found: dict[str, Any]) -> CustomerView:
    id_, kind, name, since, prefers, open_cases, contacts_in_year = found["customer"]
    return CustomerView(
        id=id_,
        kind=kind,
        name=name,
        since=moment(since),
        prefers=prefers,
        identifiers=tuple(IdentifierView(*each) for each in found["identifiers"] or ()),
        addresses=tuple((lines, postcode) for lines, postcode in found["addresses"] or ()),
        adjustments=tuple(
            AdjustmentView(words, moment(at), maybe_day(review))
            for words, at, review in found["adjustments"] or ()
        ),
        markers=tuple(
            MarkerView(state, words, maybe_day(review))
            for state, words, review in found["markers"] or ()
        ),
        open_cases=open_cases,
        contacts_in_year=contacts_in_year,
        history=tuple(
            HistoryEntry(
                kind, each, channel, state, service, title, moment(at), who, bool(readable)
            )
            for kind, each, channel, state, service, title, at, who, readable in found["history"]
            or ()
        ),
    )


def _cases(found: dict[str, Any]) -> tuple[CaseView, ...]:
    handoffs: dict[int, list[HandoffView]] = {}
    for values in found["handoffs"] or ():
        handoff = _handoff(values)
        handoffs.setdefault(handoff.case_id, []).append(handoff)
    return tuple(_case(each, handoffs) for each in found["cases"] or ())


def _case(values: Sequence[Any], handoffs: dict[int, list[HandoffView]]) -> CaseView:
    id_, reference, service_id, service, state, title, answers, form_id, schema, *rest = values
    opened_at, due_at, paused, version = rest
    return CaseView(
        id=id_,
        reference=reference,
        service_id=service_id,
        service_name=service,
        state=CaseState(state),
        title=title,
        answers=answers,
        form_version_id=form_id,
        schema=schema or {},
        opened_at=moment(opened_at),
        due_at=maybe_moment(due_at),
        paused=bool(paused),
        version=version,
        handoffs=tuple(handoffs.get(id_, ())),
    )


def _handoff(values: Sequence[Any]) -> HandoffView:
    id_, case_id, target, state, since, external_id, words, notes, due_at, expected_at, *rest = (
        values
    )
    last_error, attempts, dead = rest
    return HandoffView(
        id=id_,
        case_id=case_id,
        target=target,
        state=HandoffState(state),
        state_since=moment(since),
        external_id=external_id,
        words=words,
        notes=tuple((datetime.fromisoformat(at), to, said) for at, to, said in notes),
        due_at=maybe_moment(due_at),
        expected_at=maybe_moment(expected_at),
        last_error=last_error,
        attempts=attempts,
        dead=bool(dead),
    )
