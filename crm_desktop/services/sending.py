"""The mail lane's two ends in the database: what to send, and that it was sent or never will be."""

from __future__ import annotations

from dataclasses import dataclass

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.messages import Address, OutboundAttachment, OutboundMessage
from crm_desktop.services.outbox import Work
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import accounts, events, messages
from crm_desktop.store.queries import sending as queries
from crm_desktop.store.queries.accounts import Account

#: The lane's name in the outbox.
EMAIL = "email"
#: The kind of account that outgoing mail leaves through.
RELAY = "smtp"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail to send and the relay to send it through; its HTML is the gateway's to make."""

    message: OutboundMessage
    contact_id: int
    relay: Account
    auto_generated: bool


class NoRelay(Exception):
    """The centre has no account that mail could leave through."""


def load(db: Database, work: Work) -> Outgoing | None:
    """The mail of a piece of work, None when it is no longer to be sent; raises NoRelay."""
    assert work.message_id is not None
    with db.read() as tx:
        mail = queries.mail(tx, work.message_id)
        if mail is None:
            return None
        known = {each.id: each for each in accounts.active(tx)}
        came_by = known.get(mail.account_id) if mail.account_id is not None else None
        relay = _relay(tuple(known.values()), came_by)
        in_reply_to, references = queries.conversation(tx, mail)
        message = OutboundMessage(
            message_id=mail.rfc_id,
            sender=_sender(came_by, relay),
            to=_people(mail.recipients.get("to", ())),
            cc=_people(mail.recipients.get("cc", ())),
            subject=mail.subject,
            text=mail.text,
            html="",
            in_reply_to=in_reply_to,
            references=references,
            attachments=queries.attachments(tx, mail.id),
        )
        return Outgoing(message, mail.contact_id, relay, mail.auto_generated)


def _relay(known: tuple[Account, ...], came_by: Account | None) -> Account:
    """The relay that the mailbox names, else the first."""
    relays = [each for each in known if each.kind == RELAY]
    wanted = came_by.settings.get("relay") if came_by else None
    chosen = next((each for each in relays if each.name == wanted), None)
    if chosen is None and not relays:
        raise NoRelay
    return chosen or relays[0]


def _sender(came_by: Account | None, relay: Account) -> Address:
    """Answers come from the address that was written to, everything else from the relay's."""
    own = came_by if came_by is not None and came_by.settings.get("address") else relay
    return Address(str(own.settings.get("name", "")), str(own.settings.get("address", "")))


def _people(pairs: object) -> tuple[Address, ...]:
    return tuple(Address(str(each[0]), str(each[1])) for each in pairs)  # type: ignore[attr-defined]


def sent(tx: Tx, work: Work, outgoing: Outgoing | None) -> None:
    """Write that the next server has it."""
    if work.message_id is None or outgoing is None:
        return
    who = outgoing.message.sender
    queries.set_sent(tx, work.message_id, (who.name, who.address), tx.now)
    events.append(
        tx,
        "message.sent",
        contact_id=outgoing.contact_id,
        message=work.message_id,
        repeated=work.unknown_fate,
    )
    tx.changed(Topic.CONTACT, outgoing.contact_id)


def gave_up(tx: Tx, work: Work, words: str) -> None:
    """Write that it will not leave by itself any more."""
    assert work.message_id is not None
    messages.set_failed(tx, work.message_id, words)
    contact_id = subject(tx, work)
    events.append(tx, "message.failed", contact_id=contact_id, message=work.message_id)


def subject(tx: Tx, work: Work) -> int | None:
    """The contact of the work's message, marked as changed."""
    assert work.message_id is not None
    contact_id = queries.contact_of(tx, work.message_id)
    if contact_id is not None:
        tx.changed(Topic.CONTACT, contact_id)
    return contact_id


__all__ = [
    "EMAIL",
    "NoRelay",
    "OutboundAttachment",
    "Outgoing",
    "gave_up",
    "load",
    "sent",
    "subject",
]
