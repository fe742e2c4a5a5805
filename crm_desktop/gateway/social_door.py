"""The door for what networks deliver themselves: checked, kept, and only then "200".

Every gateway opens it, without a lease: intake knows a post that came before. Where a delivery says
too little the network is asked for the rest; when it cannot be asked the account's reader finds the
post by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network
from types import ModuleType
from typing import Protocol, runtime_checkable

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from crm_desktop.channels.web.clients import TokenBuckets, client_of
from crm_desktop.channels.web.limits import Rate
from crm_desktop.domain.errors import ConnectorTrouble, DatabaseTrouble, InvalidInput, NoKeyring
from crm_desktop.domain.social import Network, News, Post
from crm_desktop.gateway.accounts import facebook_settings, verify_token, x_settings
from crm_desktop.gateway.bugs import trace
from crm_desktop.gateway.config import SecretSource
from crm_desktop.gateway.social_networks import Networks, what_is_answered
from crm_desktop.services import Database, accounts, social_intake
from crm_desktop.services.accounts import Account

_LOG = logging.getLogger(__name__)
_MOST_BYTES = 1_048_576
_BODY_SECONDS = 20.0
#: Of one client: a network in a storm stays far below it, and what it is told so comes again.
_RATE = Rate(burst=300, per_minute=600)
#: Deliveries taken in at the same time, and read.
_AT_ONCE = 8
_READ_AT_ONCE = 64


@runtime_checkable
class Completing(Protocol):
    """A network that can be asked for what a delivery leaves out."""

    def complete(self, news: News) -> News:
        """The same news whole."""


class SocialDoor:
    """Takes deliveries at /social/<account>/hook; `wake` lets an account's reader ask at once."""

    def __init__(
        self,
        db: Database,
        secrets: SecretSource,
        networks: Networks,
        wake: Callable[[int], None],
        proxies: Sequence[IPv4Network | IPv6Network] = (),
    ) -> None:
        self._db = db
        self._secrets = secrets
        self._networks = networks
        self._wake = wake
        self._proxies = proxies
        self._buckets = TokenBuckets(_RATE)
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._reading = asyncio.Semaphore(_READ_AT_ONCE)

    def routes(self) -> Sequence[BaseRoute]:
        """For the web door."""
        return [Route("/social/{account:int}/hook", self.answer, methods=["GET", "POST"])]

    async def answer(self, request: Request) -> Response:
        """One delivery, or the question whether this address is ours."""
        if not self._buckets.take(client_of(request, self._proxies)):
            return Response(status_code=429)
        number = int(request.path_params["account"])
        try:
            return await self._answered(request, number)
        except (TimeoutError, ClientDisconnect):
            return Response(status_code=408)
        except DatabaseTrouble as trouble:
            _LOG.warning("social-door: %s, nothing was taken", trouble.code)
            return Response(status_code=503)
        except Exception as bug:  # noqa: BLE001 - the network tries again, whatever happened
            _LOG.error("social-door: %s", trace(bug))
            return Response(status_code=500)

    async def _answered(self, request: Request, number: int) -> Response:
        if request.method != "POST":
            query = dict(request.query_params)
            async with self._room:
                return await asyncio.to_thread(self._challenge, number, query)
        # Whoever sends slowly holds up nobody but other strangers.
        async with self._reading:
            body = await _body(request)
        if body is None:
            return Response(status_code=413)
        async with self._room:
            headers = dict(request.headers)
            status = await asyncio.to_thread(self._deliver, number, headers, body)
            return Response(status_code=status)

    def _deliver(self, number: int, headers: Mapping[str, str], body: bytes) -> int:
        """The status: 200 when all is kept or will be found, 403 for a forgery, 404 for nobody."""
        account = self._account(number)
        if account is None:
            return 404
        hook = _hook(account)
        try:
            checked, name = self._signed(account, hook, headers, body)
        except (InvalidInput, NoKeyring):
            return 503
        if not checked:
            return 403
        news = hook.posts(body, name)
        answered: dict[str, Post] = {}
        if news.posts:
            news, answered = self._whole(account, news)
        if news.posts or news.deleted:
            social_intake.receive(self._db, account.id, news, context=answered)
        self._wake(account.id)
        return 200

    def _signed(
        self, account: Account, hook: ModuleType, headers: Mapping[str, str], body: bytes
    ) -> tuple[bool, str]:
        """(whether the network signed it, what our account is called in it)."""
        if account.kind == Network.FACEBOOK:
            page = facebook_settings(account, self._secrets)
            return bool(hook.check(page.app_secret, headers, body)), page.page_id
        own = x_settings(account, self._secrets)
        return bool(hook.check(own.keys.consumer_secret, headers, body)), own.user_id

    def _whole(self, account: Account, news: News) -> tuple[News, dict[str, Post]]:
        """With what the delivery leaves out, and the posts of ours that are answered.

        X's deliveries say not even which conversation it is.
        """
        try:
            with self._networks.using(account) as network:
                if isinstance(network, Completing):
                    news = network.complete(news)
                    return news, what_is_answered(self._db, account.id, network, news)
        except (ConnectorTrouble, InvalidInput, NoKeyring) as trouble:
            _LOG.info("social-door: a delivery could not be completed: %s", trouble.code)
        return (replace(news, posts=()) if account.kind == Network.X else news), {}

    def _challenge(self, number: int, query: Mapping[str, str]) -> Response:
        account = self._account(number)
        if account is None:
            return Response(status_code=404)
        hook = _hook(account)
        try:
            if account.kind == Network.FACEBOOK:
                said = hook.challenge(verify_token(account, self._secrets), query)
                return PlainTextResponse(said) if said is not None else Response(status_code=403)
            secret = x_settings(account, self._secrets).keys.consumer_secret
        except (InvalidInput, NoKeyring):
            return Response(status_code=503)
        said = hook.challenge(secret, query)
        if said is None:
            return Response(status_code=400)
        return Response(said, media_type="application/json")

    def _account(self, number: int) -> Account | None:
        """An account in use whose network delivers."""
        return next(
            (
                each
                for each in accounts.active(self._db)
                if each.id == number and each.kind in (Network.FACEBOOK, Network.X)
            ),
            None,
        )


def _hook(account: Account) -> ModuleType:
    """What is pure about a network's deliveries; loaded when there is one."""
    if account.kind == Network.FACEBOOK:
        from crm_desktop.channels.social.facebook import hook as facebook

        return facebook
    from crm_desktop.channels.social.x import hook as x

    return x


async def _body(request: Request) -> bytes | None:
    """What was sent, None when it is too much."""
    found = bytearray()
    async with asyncio.timeout(_BODY_SECONDS):
        async for chunk in request.stream():
            found += chunk
            if len(found) > _MOST_BYTES:
                return None
    return bytes(found)
