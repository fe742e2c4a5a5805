"""The mail lane: a message of the database becomes a mail and goes to the relay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from crm_desktop.channels.email.outgoing import SmtpSender
from crm_desktop.channels.email.templates import reply_html
from crm_desktop.domain.errors import ConnectorTrouble, InvalidInput, NoKeyring
from crm_desktop.gateway.accounts import smtp_settings
from crm_desktop.gateway.config import SecretSource
from crm_desktop.gateway.statuses import StatusBoard
from crm_desktop.services import Database, sending
from crm_desktop.services.outbox import Lane, Work, lease_of

_Written = Callable[..., None]


def email_lane(secrets: SecretSource, statuses: StatusBoard) -> Lane:
    """The lane that sends mail."""
    return Lane(
        name=sending.EMAIL,
        perform=partial(_perform, secrets, statuses),
        gave_up=sending.gave_up,
        subject=sending.subject,
    )


def _perform(secrets: SecretSource, statuses: StatusBoard, db: Database, work: Work) -> _Written:
    try:
        outgoing = sending.load(db, work)
    except sending.NoRelay:
        raise ConnectorTrouble("No account for outgoing mail is set up.", retry=True) from None
    if outgoing is None:
        return _nothing
    message = replace(
        outgoing.message,
        html=reply_html(outgoing.message.text),
        automatic=outgoing.auto_generated,
    )
    relay, under = outgoing.relay, lease_of(work)
    try:
        SmtpSender(smtp_settings(relay, secrets)).send(message)
    except (InvalidInput, NoKeyring) as trouble:
        statuses.trouble(relay.id, str(trouble), under)
        raise ConnectorTrouble(str(trouble), retry=isinstance(trouble, NoKeyring)) from trouble
    except ConnectorTrouble as trouble:
        # A refused recipient is the mail's trouble, not the relay's.
        if "refused" not in trouble.params:
            statuses.trouble(relay.id, str(trouble), under)
        raise
    statuses.ok(relay.id, under)
    return partial(sending.sent, work=work, outgoing=outgoing)


def _nothing(_tx: object) -> None:
    """The message was settled otherwise meanwhile."""
