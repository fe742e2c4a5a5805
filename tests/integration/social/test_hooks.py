"""Deliveries over HTTP: a door that asks the hooks takes what is signed, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crm_desktop.channels.social.facebook import hook as facebook
from crm_desktop.channels.social.x import hook as x
from crm_desktop.domain.social import News
from tests.servers.facebook_stand_in import FacebookStandIn
from tests.servers.stand_in import StandIn, standing_in
from tests.servers.x_stand_in import XStandIn


class Door(StandIn):
    """The simplest door there is: what it took is in `taken`."""

    def __init__(self, hook: ModuleType, secret: str, first: str, account: str) -> None:
        super().__init__()
        self.taken: list[News] = []
        self._hook, self._secret, self._first, self._account = hook, secret, first, account

    def routes(self) -> list[Route]:
        return [Route("/hook", self._serve, methods=["GET", "POST"])]

    async def _serve(self, request: Request) -> Response:
        if request.method == "GET":
            answer = self._hook.challenge(self._first, dict(request.query_params))
            return Response(answer) if answer else Response(status_code=403)
        body = await request.body()
        if not self._hook.check(self._secret, dict(request.headers), body):
            return Response(status_code=403)
        self.taken.append(self._hook.posts(body, self._account))
        return Response()


_F, _X = FacebookStandIn, XStandIn
HOOKS = {
    "facebook": (facebook, _F.app_secret, _F.verify_token, _F.page_id),
    "x": (x, _X.consumer_secret, _X.consumer_secret, _X.user_id),
}


@pytest.fixture(params=HOOKS)
def network(request: pytest.FixtureRequest) -> FacebookStandIn | XStandIn:
    return FacebookStandIn() if request.param == "facebook" else XStandIn()


@pytest.fixture
def door(network: FacebookStandIn | XStandIn) -> Iterator[Door]:
    name = "facebook" if isinstance(network, FacebookStandIn) else "x"
    door = Door(*HOOKS[name])
    with standing_in(door):
        yield door


def test_door_is_verified_and_takes_signed_deliveries_alone(
    network: FacebookStandIn | XStandIn, door: Door
) -> None:
    address = f"{door.address}/hook"
    network.message(network.person("Alice Smith"), "Siân’s bins “again” / 2 😀")
    ((headers, body),) = network.deliveries()

    assert network.verify(address)
    forged = httpx.post(address, headers=headers, content=body.replace(b"bins", b"bill"))
    unsigned = httpx.post(address, content=body)
    taken = httpx.post(address, headers=headers, content=body)
    again = httpx.post(address, headers=headers, content=body)

    codes = [each.status_code for each in (forged, unsigned, taken, again)]
    assert codes == [403, 403, 200, 200]
    assert door.taken[0] == door.taken[1], "what comes twice has the same ids"
    (post,) = door.taken[0].posts
    assert post.text == "Siân’s bins “again” / 2 😀"
    assert not post.public
