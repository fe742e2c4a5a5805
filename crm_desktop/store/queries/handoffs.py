"""Hand-offs in the database: requested, loaded for the gateway, and moved by a target's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select, text

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.states import (
    Direction,
    HandoffState,
    IdentifierKind,
    OutboxState,
    Visibility,
)
from crm_desktop.domain.views import DeadLetter
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Attachment,
    Case,
    CaseContact,
    Contact,
    Customer,
    Handoff,
    Identifier,
    Message,
    OutboxItem,
)

_ENDED = (HandoffState.DONE, HandoffState.BOUNCED, HandoffState.FAILED)


@dataclass(frozen=True, slots=True)
class Due:
    """A hand-off whose target is to be asked where it stands."""

    id: int
    account_id: int
    external_id: str
    token: str


@dataclass(frozen=True, slots=True)
class Correspondent:
    """Whom to write to about a contact, and the account that they wrote to."""

    name: str
    address: str
    account_id: int | None


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture that came with a case."""

    attachment_id: int
    name: str
    content_type: str
    sha256: str
    size: int


def is_under_way(tx: Tx, case_id: int) -> bool:
    """Whether a hand-off of the case has not ended."""
    under_way = exists().where(Handoff.case_id == case_id, Handoff.state.not_in(_ENDED))
    return bool(tx.session.scalar(select(under_way)))


def how_many(tx: Tx, case_id: int) -> int:
    """How often the case was handed off."""
    return tx.session.scalar(select(func.count()).where(Handoff.case_id == case_id)) or 0


def add(tx: Tx, handoff: Handoff, lane: str) -> None:
    """A new hand-off and the outgoing work that delivers it."""
    tx.session.add(handoff)
    tx.session.flush()
    tx.session.add(
        OutboxItem(lane=lane, handoff_id=handoff.id, created_by_id=tx.actor_id, attempts=0)
    )
    tx.changed(Topic.OUTBOX, 0)


def locked(tx: Tx, handoff_id: int) -> tuple[Handoff, Case]:
    """A hand-off and its case, to be changed in this transaction."""
    handoff = tx.session.scalars(
        select(Handoff).where(Handoff.id == handoff_id).with_for_update()
    ).one()
    case = tx.session.scalars(
        select(Case).where(Case.id == handoff.case_id).with_for_update()
    ).one()
    return handoff, case


def load(tx: Tx, handoff_id: int) -> tuple[Handoff, str]:
    """A hand-off and the reference of its case, to be told to the target."""
    row = tx.session.execute(
        select(Handoff, Case.reference)
        .join(Case, Case.id == Handoff.case_id)
        .where(Handoff.id == handoff_id)
    ).one()
    return row[0], row[1] or ""


def contact_of(tx: Tx, handoff_id: int) -> tuple[int | None, int | None]:
    """(contact, case) of a hand-off."""
    row = tx.session.execute(
        select(Handoff.contact_id, Handoff.case_id).where(Handoff.id == handoff_id)
    ).one_or_none()
    return (row[0], row[1]) if row else (None, None)


def customer_name(tx: Tx, customer_id: int | None) -> str:
    """The customer's name, empty when nobody knows."""
    if customer_id is None:
        return ""
    return tx.session.scalar(select(Customer.name).where(Customer.id == customer_id)) or ""


def photo_of_case(tx: Tx, case_id: int) -> Photo | None:
    """The newest picture that the customer sent with a contact of the case."""
    row = tx.session.execute(
        select(
            Attachment.id,
            Attachment.name,
            Attachment.content_type,
            Attachment.sha256,
            Attachment.size,
        )
        .join(Message, Message.id == Attachment.message_id)
        .join(CaseContact, CaseContact.contact_id == Message.contact_id)
        .where(
            CaseContact.case_id == case_id,
            Message.direction == "inbound",
            Attachment.content_type.in_(["image/jpeg", "image/png", "image/webp"]),
        )
        .order_by(Attachment.id.desc())
        .limit(1)
    ).one_or_none()
    return Photo(*row) if row else None


def correspondent(tx: Tx, contact_id: int, customer_id: int | None) -> Correspondent | None:
    """Who wrote the contact, when the address is the customer's own and mail suits them."""
    row = tx.session.execute(
        select(Customer.name, Message.sender_address, Contact.account_id)
        .join(Contact, Contact.id == Message.contact_id)
        .join(Customer, Customer.id == customer_id)
        .join(
            Identifier,
            (Identifier.customer_id == Customer.id)
            & (Identifier.kind == IdentifierKind.EMAIL)
            & (Identifier.norm == Message.sender_address),
        )
        .where(
            Message.contact_id == contact_id,
            Message.direction == Direction.INBOUND,
            Message.visibility == Visibility.PUBLIC,
            Identifier.flag == "",
            Customer.prefers.in_(["", "email"]),
            Contact.needs_checking.is_(False),
        )
        .order_by(Message.id.desc())
        .limit(1)
    ).first()
    return Correspondent(*row) if row else None


def due_polls(tx: Tx, account_id: int, limit: int) -> tuple[Due, ...]:
    """The hand-offs of a target that are to be asked about now, longest waiting first."""
    rows = tx.session.execute(
        select(Handoff.id, Handoff.account_id, Handoff.external_id, Handoff.token)
        .where(
            Handoff.account_id == account_id,
            Handoff.next_poll_at.is_not(None),
            Handoff.next_poll_at <= tx.now,
        )
        .order_by(Handoff.next_poll_at)
        .limit(limit)
    )
    return tuple(Due(*row) for row in rows)


def overdue(tx: Tx, limit: int) -> tuple[int, ...]:
    """Hand-offs under way whose time is up and nobody said so yet."""
    return tuple(
        tx.session.scalars(
            select(Handoff.id)
            .where(
                Handoff.due_at < tx.now,
                # Written out, not bound: so a database knows that an index holds them all.
                text("handoff.state IN ('sent', 'acknowledged', 'in_progress')"),
            )
            .order_by(Handoff.due_at)
            .limit(limit)
        )
    )


def dead_letters(tx: Tx, limit: int) -> tuple[DeadLetter, ...]:
    """Outgoing work that gave up or was stopped, newest first, as far as this person sees it."""
    query = (
        select(OutboxItem, Handoff.contact_id, Handoff.case_id)
        .outerjoin(Handoff, Handoff.id == OutboxItem.handoff_id)
        .where(OutboxItem.state.in_([OutboxState.DEAD, OutboxState.HELD]))
        .order_by(OutboxItem.id.desc())
        .limit(limit)
    )
    if tx.actor is not None and not tx.actor.leads:
        query = query.where(OutboxItem.created_by_id == tx.actor.id)
    rows = tx.session.execute(query).all()
    contacts = message_contacts(tx, [row[0].message_id for row in rows if row[0].message_id])
    return tuple(
        DeadLetter(
            outbox_id=item.id,
            lane=item.lane,
            state=item.state,
            what="Reply" if item.message_id else "Hand-off",
            contact_id=contact_id or contacts.get(item.message_id or 0),
            case_id=case_id,
            error=item.last_error,
            attempts=item.attempts,
            since=item.done_at or item.created_at,
        )
        for item, contact_id, case_id in rows
    )


def of_dead_letter(tx: Tx, outbox_id: int) -> int | None:
    """The hand-off that dead outgoing work was to deliver, as far as this person sees it."""
    return tx.session.scalar(
        select(OutboxItem.handoff_id).where(
            OutboxItem.id == outbox_id, OutboxItem.state == OutboxState.DEAD
        )
    )


def message_contacts(tx: Tx, message_ids: list[int]) -> dict[int, int]:
    """The contacts of messages, as far as this person may know them."""
    rows = tx.session.execute(
        select(Message.id, Message.contact_id).where(Message.id.in_(message_ids))
    )
    return {row.id: row.contact_id for row in rows}


def said_last(handoff: Handoff) -> tuple[str, str] | None:
    """State and words as the target last gave them; that it is overdue is our own remark."""
    for _, state, words in reversed(handoff.notes):
        if state != HandoffState.OVERDUE:
            return state, words
    return None


def note(handoff: Handoff, at: datetime, state: str, words: str) -> None:
    """Write down what the target said; the same words twice are once."""
    if handoff.notes and handoff.notes[-1][1:] == [state, words]:
        return
    handoff.notes = [*handoff.notes, [at.isoformat(), state, words]]
