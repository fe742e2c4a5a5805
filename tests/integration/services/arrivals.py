"""Arrivals as channels hand them over, and looks into the database from outside the services."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

from sqlalchemy import func, select

from crm_desktop.domain.messages import Address, InboundMessage
from crm_desktop.domain.states import Channel
from crm_desktop.services import intake
from crm_desktop.services.intake import Received
from crm_desktop.store.database import Database
from crm_desktop.store.models import Base, ChannelAccount, Contact, Event, Message
from tests.centre import Centre

_NUMBERS = count(1)


def mail(sender: str = "margaret@example.org", **changes: Any) -> InboundMessage:
    """A mail with its own ids; `changes` are fields of InboundMessage."""
    number = next(_NUMBERS)
    name = sender.partition("@")[0].replace(".", " ").title()
    text = changes.pop("text", "My recycling bin was not collected on Tuesday.")
    message = InboundMessage(
        channel=Channel.EMAIL,
        external_id=f"7:{number}",
        sender=Address(name, sender),
        to=(Address("", "contact@crm.test"),),
        subject="Missed bin",
        text=text,
        reply_text=text,
        message_id=f"<{number}@example.org>",
    )
    return replace(message, **changes)


def form(**changes: Any) -> InboundMessage:
    """A submission of the missed bin form."""
    message = mail(
        channel=Channel.WEB_FORM,
        external_id=f"token-{next(_NUMBERS)}",
        message_id="",
        service_code="missed_bin",
        form_version=1,
        answers={"bin": "recycling"},
    )
    return replace(message, **changes)


def account_id(centre: Centre, kind: str = "smtp_listener") -> int:
    """The id of the centre's account of a kind."""
    with centre.as_owner().read() as tx:
        return tx.session.scalars(
            select(ChannelAccount.id).where(ChannelAccount.kind == kind)
        ).one()


def receive(centre: Centre, message: InboundMessage, db: Database | None = None) -> Received:
    """Take a message in as the gateway does."""
    kind = "web_form" if message.channel is Channel.WEB_FORM else "smtp_listener"
    return intake.receive(db or centre.as_gateway(), account_id(centre, kind), message)


def contact(centre: Centre, contact_id: int) -> Contact:
    """The row of a contact."""
    with centre.as_owner().read() as tx:
        return tx.session.scalars(select(Contact).where(Contact.id == contact_id)).one()


def message_row(centre: Centre, message_id: int) -> Message:
    """The row of a message."""
    with centre.as_owner().read() as tx:
        return tx.session.scalars(select(Message).where(Message.id == message_id)).one()


def change(centre: Centre, model: type[Base], row_id: int, **values: Any) -> None:
    """Arrange a row as if it had come to be so."""
    with centre.as_owner().write() as tx:
        row = tx.session.get_one(model, row_id)
        for name, value in values.items():
            setattr(row, name, value)


def total(centre: Centre, model: type[Base]) -> int:
    """How many rows a table has."""
    with centre.as_owner().read() as tx:
        return tx.session.scalar(select(func.count()).select_from(model)) or 0


def event_kinds(centre: Centre, contact_id: int) -> list[str]:
    """What happened to a contact."""
    with centre.as_owner().read() as tx:
        return list(
            tx.session.scalars(
                select(Event.kind).where(Event.contact_id == contact_id).order_by(Event.id)
            )
        )
