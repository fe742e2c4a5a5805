"""The rest of a contact beside its messages, and who has it on their screen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects import postgresql, sqlite

from crm_desktop.domain.states import IN_HAND, ContactState
from crm_desktop.store.database import Tx
from crm_desktop.store.models import ChannelAccount, Contact, Looking, Queue
from crm_desktop.store.models.base import utcnow


@dataclass(frozen=True, slots=True)
class ContactDetail:
    """What the workspace needs of a contact and no list shows."""

    customer_id: int | None
    thread_id: int | None
    check_reason: str
    auto_generated: bool
    completed_at: datetime | None
    resolution: str | None
    account_address: str


def detail(tx: Tx, contact_id: int) -> ContactDetail | None:
    """The detail of one contact."""
    row = tx.session.execute(
        select(
            Contact.customer_id,
            Contact.thread_id,
            Contact.check_reason,
            Contact.auto_generated,
            Contact.completed_at,
            Contact.resolution,
            ChannelAccount.name,
        )
        .outerjoin(ChannelAccount, ChannelAccount.id == Contact.account_id)
        .where(Contact.id == contact_id)
    ).first()
    return ContactDetail(*row[:6], row[6] or "") if row else None


def held_with_other_service(tx: Tx, contact_id: int, service_id: int) -> bool:
    """Whether the contact is in this person's hands and said to be about something else."""
    return bool(
        tx.session.scalar(
            select(
                exists().where(
                    Contact.id == contact_id,
                    Contact.owner_id == tx.actor_id,
                    Contact.state.in_([*IN_HAND, ContactState.PARKED]),
                    Contact.service_id.is_distinct_from(service_id),
                )
            )
        )
    )


def look(tx: Tx, contact_id: int) -> None:
    """This person has the contact on their screen now."""
    dialect = postgresql if tx.dialect == "postgresql" else sqlite
    tx.session.execute(
        dialect.insert(Looking)
        .values(staff_id=tx.actor_id, contact_id=contact_id, seen_at=utcnow())
        .on_conflict_do_update(
            index_elements=["staff_id", "contact_id"], set_={"seen_at": utcnow()}
        )
        .inline()
    )


def look_away(tx: Tx, contact_id: int) -> None:
    """The contact is no longer on this person's screen."""
    tx.session.execute(
        delete(Looking).where(Looking.staff_id == tx.actor_id, Looking.contact_id == contact_id)
    )


def is_logged(tx: Tx, key: str) -> bool:
    """Whether something was entered by hand under a key, as far as this person sees it."""
    return bool(tx.session.scalar(select(exists().where(Contact.logged_key == key))))


def said_of(tx: Tx, contact_ids: list[int]) -> dict[int, tuple[str, str]]:
    """Who each of these contacts is from, and the name of its queue."""
    rows = tx.session.execute(
        select(Contact.id, Contact.who, Queue.name)
        .join(Queue, Queue.id == Contact.queue_id)
        .where(Contact.id.in_(contact_ids))
    )
    return {id_: (who, queue) for id_, who, queue in rows}
