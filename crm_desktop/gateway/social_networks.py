"""Accounts on social networks opened: settings and secrets become a network that can be asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.domain.social import Network, News, Post, SocialNetwork
from crm_desktop.gateway.accounts import (
    bluesky_settings,
    facebook_settings,
    mastodon_settings,
    x_settings,
)
from crm_desktop.gateway.config import SecretSource
from crm_desktop.services import Database, social_intake
from crm_desktop.services.accounts import Account

#: The kinds of accounts that are networks'.
KINDS = frozenset(each.value for each in Network)

#: Makes the network of an account; raises InvalidInput or NoKeyring with words for people.
OpenNetwork = Callable[[Account], SocialNetwork]


def open_network(account: Account, secrets: SecretSource) -> SocialNetwork:
    """The network of an account; its library is loaded when the first account of it is used."""
    network = Network(account.kind)
    if network is Network.BLUESKY:
        from crm_desktop.channels.social.bluesky import Bluesky

        return Bluesky(bluesky_settings(account, secrets))
    if network is Network.MASTODON:
        from crm_desktop.channels.social.mastodon import Mastodon

        return Mastodon(mastodon_settings(account, secrets))
    if network is Network.FACEBOOK:
        from crm_desktop.channels.social.facebook import FacebookPage

        return FacebookPage(facebook_settings(account, secrets))
    from crm_desktop.channels.social.x import XAccount

    return XAccount(x_settings(account, secrets))


@dataclass(slots=True)
class _Opened:
    """One account's network, which one thread at a time uses."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    account: Account | None = None
    network: SocialNetwork | None = None


class Networks:
    """Opened networks for whoever speaks now and then, so that each keeps its session."""

    def __init__(self, open_network: OpenNetwork) -> None:
        self._open = open_network
        self._lock = threading.Lock()
        self._opened: dict[int, _Opened] = {}

    @contextmanager
    def using(self, account: Account) -> Iterator[SocialNetwork]:
        """The account's network for this thread alone; raises InvalidInput or NoKeyring.

        One that was refused for good is opened anew next time: its secret may be another by then.
        """
        with self._lock:
            opened = self._opened.setdefault(account.id, _Opened())
        with opened.lock:
            known = opened.account
            if opened.network is None or known is None or _other(known, account):
                _close(opened)
                opened.network, opened.account = self._open(account), account
            try:
                yield opened.network
            except ConnectorTrouble as trouble:
                if not trouble.retry:
                    _close(opened)
                raise

    def close(self) -> None:
        """Let go of all connections."""
        with self._lock:
            everything, self._opened = tuple(self._opened.values()), {}
        for opened in everything:
            with opened.lock:
                _close(opened)


def _other(known: Account, account: Account) -> bool:
    return (known.settings, known.secret_name) != (account.settings, account.secret_name)


def _close(opened: _Opened) -> None:
    if opened.network is not None:
        opened.network.close()
    opened.network = None


def what_is_answered(
    db: Database, account_id: int, network: SocialNetwork, news: News
) -> dict[str, Post]:
    """Posts of ours that these answer and we do not have: the advisor sees what it is about."""
    wanted = social_intake.unknown(db, account_id, news)
    found: dict[str, Post] = {}
    if wanted:
        # What is answered is good to have; what came is kept without it.
        with suppress(ConnectorTrouble):
            for post_id, post in network.look_again(wanted).items():
                if post is not None and post.by_us and post.public:
                    found[post_id] = post
    return found
