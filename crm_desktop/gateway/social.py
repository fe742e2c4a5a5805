"""Reading one account on a social network: what came since the cursor, kept with the cursor."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace

from crm_desktop.domain.errors import ConnectorTrouble, CrmError, InvalidInput, NoKeyring
from crm_desktop.domain.social import News, Post, SocialNetwork
from crm_desktop.gateway.bugs import trace
from crm_desktop.gateway.social_networks import OpenNetwork, what_is_answered
from crm_desktop.gateway.statuses import StatusBoard
from crm_desktop.gateway.worker import Worker
from crm_desktop.services import Database, accounts, social_intake
from crm_desktop.services.accounts import Account
from crm_desktop.services.leases import Lease

_LOG = logging.getLogger(__name__)

#: How often a network is asked, unless the account says otherwise.
READ_SECONDS = 30.0
_FIRST_PAUSE = 5.0
_LONGEST_PAUSE = 300.0
#: A refused password, or none: asking often locks accounts.
_SLOWLY_SECONDS = 60.0
#: A network that wants to be left alone for less is as it should be.
_SHORT_SECONDS = 60.0
_UNREADABLE = "The post could not be read whole; see it on the network."


class SocialReader(Worker):
    """Takes in what people say to one of our accounts, and looks again at what is in hand."""

    def __init__(
        self,
        db: Database,
        account: Account,
        lease: Lease,
        *,
        open_network: OpenNetwork,
        statuses: StatusBoard,
    ) -> None:
        super().__init__(lease.name)
        self.account_id = account.id
        self._db = db
        self._lease = lease
        self._open = open_network
        self._statuses = statuses
        self._account = account
        self._network: SocialNetwork | None = None
        self._awake = threading.Event()
        self._failures = 0

    def wake(self) -> None:
        """There is something new: ask at once. Callable from any thread."""
        self._awake.set()

    def stop(self) -> None:
        """End after the asking under way."""
        super().stop()
        self._awake.set()

    def close(self) -> None:
        """Let go of the network."""
        self._close()
        self._statuses.forget(self.account_id)

    def work(self) -> None:
        """Ask once, keep what came, and wait until it is time again."""
        self._awake.clear()
        try:
            account = self._refreshed()
            network = self._opened()
            news = network.news(account.cursor)
            self._keep(network, news)
            self._statuses.ok(self.account_id, self._lease)
            self._look_again(network)
            self._failures = 0
            if not news.more and not self.stopping.is_set():
                self._awake.wait(_seconds(account))
        except (InvalidInput, NoKeyring) as trouble:
            self._close()
            self._statuses.trouble(self.account_id, str(trouble), self._lease)
            self.stopping.wait(_SLOWLY_SECONDS)
        except ConnectorTrouble as trouble:
            self._rest(trouble)

    def _refreshed(self) -> Account:
        """The account as it is now, with its cursor; other settings want another network."""
        account = accounts.get(self._db, self.account_id)
        if (account.settings, account.secret_name) != (
            self._account.settings,
            self._account.secret_name,
        ):
            self._close()
        self._account = account
        return account

    def _opened(self) -> SocialNetwork:
        if self._network is None:
            self._network = self._open(self._account)
        return self._network

    def _close(self) -> None:
        if self._network is not None:
            self._network.close()
        self._network = None

    def _rest(self, trouble: ConnectorTrouble) -> None:
        """Not sooner than the network says, and longer each time that it does not say."""
        said = trouble.params.get("after_seconds")
        asked = float(said) if isinstance(said, int | float) else 0.0
        if not trouble.retry:
            self._close()
        if not self.stopping.is_set() and not 0 < asked <= _SHORT_SECONDS:
            self._statuses.trouble(self.account_id, str(trouble), self._lease)
        pause = min(_FIRST_PAUSE * 2**self._failures, _LONGEST_PAUSE)
        self._failures = min(self._failures + 1, 10)
        self.stopping.wait(max(asked, pause if trouble.retry else _SLOWLY_SECONDS))

    def _keep(self, network: SocialNetwork, news: News) -> None:
        if not (news.posts or news.deleted) and dict(news.cursor) == self._account.cursor:
            return  # as mostly
        context = what_is_answered(self._db, self.account_id, network, news)
        try:
            self._receive(news, context)
        except CrmError:
            raise
        except Exception as bug:  # noqa: BLE001 - one post must not close the account for all
            _LOG.error("%s: a post met a bug: %s", self.name, trace(bug))
            self._one_by_one(news)

    def _one_by_one(self, news: News) -> None:
        """Every post by itself; one that meets a bug is kept bare, for a person to look at."""
        before = self._account.cursor
        for post in news.posts:
            try:
                self._receive(News((post,), before), {})
            except CrmError:
                raise
            except Exception:  # noqa: BLE001 - see above
                self._receive(News((_bare(post),), before), {})
        self._receive(replace(news, posts=()), {})

    def _receive(self, news: News, context: dict[str, Post]) -> None:
        social_intake.receive(self._db, self.account_id, news, context=context, under=self._lease)

    def _look_again(self, network: SocialNetwork) -> None:
        wanted = social_intake.to_look_at(self._db, self.account_id, self._lease)
        if wanted:
            found = network.look_again(wanted)
            social_intake.correct(self._db, self.account_id, found, self._lease)


def _seconds(account: Account) -> float:
    said = account.settings.get("read_seconds")
    return float(said) if isinstance(said, int | float) and said > 0 else READ_SECONDS


def _bare(post: Post) -> Post:
    return replace(post, pictures=(), reply_ref={}, problems=(*post.problems, _UNREADABLE))
