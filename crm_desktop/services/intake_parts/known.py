"""What the database knows of some arrivals: asked once for all, kept up as they come in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crm_desktop.domain.identifiers import Identifier, identify
from crm_desktop.domain.messages import InboundMessage
from crm_desktop.domain.states import IdentifierKind
from crm_desktop.store.database import Tx
from crm_desktop.store.queries import intake as queries
from crm_desktop.store.queries import messages as message_queries
from crm_desktop.store.queries.routing import Routing


@dataclass(frozen=True, slots=True)
class Known:
    """Good for one transaction, which holds the locks of all that it names.

    `holders`: the customers of each identifier, id to name. `answered`: the newest message of each
    Message-ID. `numbers`: ids for new contacts.
    """

    routing: Routing
    holders: queries.Holders
    answered: dict[str, int]
    numbers: Iterator[int]


def read(tx: Tx, routing: Routing, arrivals: Sequence[InboundMessage]) -> Known:
    """What there is to know before the first of the arrivals is taken in."""
    return Known(
        routing,
        queries.holders(
            tx, ((given.kind, given.norm) for each in arrivals for given in identifiers(each))
        ),
        queries.messages_with(tx, (rfc_id for each in arrivals for rfc_id in places_named(each))),
        message_queries.contact_numbers(tx, len(arrivals)),
    )


def identifiers(message: InboundMessage) -> tuple[Identifier, ...]:
    """What its sender may be known by; a delivery report's sender is a machine."""
    if message.bounce is not None:
        return ()
    found = (
        identify(IdentifierKind.EMAIL, message.sender.address),
        identify(IdentifierKind.PHONE, message.phone) if message.phone else None,
    )
    return tuple(each for each in found if each is not None)


def places_named(message: InboundMessage) -> tuple[str, ...]:
    """The Message-IDs that say where it belongs: what it answers, then its own."""
    return (message.in_reply_to, *message.references, message.message_id)
