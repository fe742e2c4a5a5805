"""What is known of a customer, and what everybody can read of a conversation anyway."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select, text

from crm_desktop.domain.public_words import Record
from crm_desktop.domain.states import IdentifierKind
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Address,
    Adjustment,
    Case,
    CaseContact,
    SafetyMarker,
    Service,
)
from crm_desktop.store.queries.from_json import parsed
from crm_desktop.store.queries.replying import Answering

_NEWEST_CASES = 100
_PUBLIC = {
    "postgresql": text("SELECT app.social_public(:contact)"),
    "sqlite": text("""
SELECT json_group_array(json_array(m.sender_name, p.handle, m.body_text))
FROM contact c JOIN contact x ON x.id = c.id OR x.thread_id = c.thread_id
JOIN message m ON m.contact_id = x.id JOIN social_post p ON p.message_id = m.id
WHERE c.id = :contact AND c.owner_id = :me AND p.public AND p.deleted_at IS NULL
  AND m.state IN ('received', 'sent')
"""),
}


def public(tx: Tx, contact_id: int) -> tuple[tuple[str, ...], str]:
    """(how people show themselves in the conversation, what was said in public and stands)."""
    given: dict[str, Any] = {"contact": contact_id}
    if tx.dialect == "sqlite":
        given["me"] = tx.actor_id or 0
    rows = parsed(tx.core.execute(_PUBLIC[tx.dialect], given).scalar()) or ()
    shown = tuple(each for name, handle, _ in rows for each in (name, handle))
    return shown, "\n".join(said for _, _, said in rows)


def record(tx: Tx, known: Answering) -> Record:
    """The record of a contact's customer, as far as this person sees it.

    Its newest hundred cases; those that they may not see they cannot tell of.
    """
    customer_id = known.contact.customer_id
    if customer_id is None:
        return Record()
    core = tx.settle()
    addresses = core.execute(
        select(Address.lines, Address.postcode).where(Address.customer_id == customer_id)
    ).all()
    linked = select(CaseContact.case_id).where(CaseContact.contact_id == known.contact.id)
    cases = core.execute(
        select(Case.title, Case.answers, Service.name)
        .join(Service, Service.id == Case.service_id)
        .where((Case.customer_id == customer_id) | Case.id.in_(linked))
        .order_by(Case.id.desc())
        .limit(_NEWEST_CASES)
    ).all()
    notes = [
        *core.scalars(select(Adjustment.words).where(Adjustment.customer_id == customer_id)),
        *core.scalars(select(SafetyMarker.words).where(SafetyMarker.customer_id == customer_id)),
    ]

    def of(kind: IdentifierKind) -> tuple[str, ...]:
        return tuple(value for each, value in known.identifiers if each == kind)

    return Record(
        name=known.contact.customer_name,
        emails=of(IdentifierKind.EMAIL),
        phones=of(IdentifierKind.PHONE),
        accounts=of(IdentifierKind.ACCOUNT),
        addresses=tuple((lines, postcode) for lines, postcode in addresses),
        services=tuple(dict.fromkeys(name for _, _, name in cases)),
        answers=tuple(
            dict.fromkeys(word for _, answers, _ in cases for word in _values(answers or {}))
        ),
        notes=tuple(dict.fromkeys([*notes, *(title for title, _, _ in cases if title)])),
    )


def _values(answer: object) -> Iterator[str]:
    """The words and numbers of a case's answers, however deep."""
    if isinstance(answer, dict):
        for each in answer.values():
            yield from _values(each)
    elif isinstance(answer, list):
        for each in answer:
            yield from _values(each)
    elif isinstance(answer, str | int | float) and not isinstance(answer, bool):
        yield str(answer)
