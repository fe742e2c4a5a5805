"""The social lane: what an advisor wrote, or a notice, is said on a network once, or taken back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from crm_desktop.domain.errors import ConnectorTrouble, InvalidInput, NoKeyring
from crm_desktop.domain.social import SocialNetwork
from crm_desktop.gateway.social_networks import Networks
from crm_desktop.services import Database, social_sending
from crm_desktop.services.outbox import Lane, Work

_Written = Callable[..., None]
_NOT_IN_USE = "The account that this was to be said through is not in use."


def lane(networks: Networks) -> Lane:
    """The lane that posts. How the accounts are doing their readers say."""
    return Lane(
        name=social_sending.LANE,
        perform=partial(_perform, networks),
        gave_up=social_sending.gave_up,
        subject=social_sending.subject,
        stands=social_sending.stands,
    )


def _perform(networks: Networks, db: Database, work: Work) -> _Written:
    try:
        outgoing = social_sending.load(db, work)
    except social_sending.NoAccount:
        raise ConnectorTrouble(_NOT_IN_USE, retry=True) from None
    if outgoing is None:
        return _nothing
    # What was perhaps said before is looked for first, where a network has no keys of its own.
    # "Try again" by a person counts the tries anew; what the first ones left unknown stays so.
    tried_at = work.created_at if work.attempts > 1 or work.unknown_fate else None
    try:
        with networks.using(outgoing.account) as network:
            if isinstance(outgoing, social_sending.TakenBack):
                _delete(network, outgoing.post_id)
                return partial(social_sending.deleted, work=work)
            where = network.send(outgoing.post, tried_at=tried_at)
    except (InvalidInput, NoKeyring) as trouble:
        raise ConnectorTrouble(str(trouble), retry=True) from trouble
    return partial(social_sending.sent, work=work, account=outgoing.account, where=where)


def _delete(network: SocialNetwork, post_id: str) -> None:
    try:
        network.delete(post_id)
    except ConnectorTrouble as trouble:
        # Whether it was done or not: to do it again is the same.
        trouble.params["fate"] = "not_sent"
        raise


def _nothing(_tx: object) -> None:
    """It stands there already, or was settled otherwise meanwhile."""
