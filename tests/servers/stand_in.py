"""What stand-ins of networks share: a real server on a thread, its clock, troubles on demand.

A stand-in is built from the network's published documents. It has not been compared with the
network itself.
"""

import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.servers import processes

Handler = Callable[[Request], Awaitable[Response]]


class Lost(Response):
    """An answer of which only the beginning arrives."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200}
        await send({**start, "headers": [(b"content-length", b"100")]})


@dataclass
class Clock:
    """The network's time, which a test can move."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def later(self, **what: float) -> None:
        self.ahead += timedelta(**what)


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]


@dataclass
class Troubles:
    """What shall go wrong: each is for the next request that it fits, then it is over."""

    waiting: list[tuple[str, str, Response]] = field(default_factory=list)

    def answer(self, method: str, path: str, response: Response) -> None:
        """Answer so, and do nothing."""
        self.waiting.append((method, path, response))

    def lose(self, method: str, path: str) -> None:
        """Do it, and let the answer be lost."""
        self.waiting.append((method, path, Lost()))

    def of(self, method: str, path: str) -> Response | None:
        for at, (its_method, its_path, response) in enumerate(self.waiting):
            if its_method == method and path.endswith(its_path):
                del self.waiting[at]
                return response
        return None


class StandIn:
    """A network on a loopback port; start it with `with standing_in(it)`."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.troubles = Troubles()
        self.asked: list[Asked] = []
        self.lock = threading.RLock()
        self.address = ""
        self.pictures: dict[str, tuple[str, bytes]] = {}
        self.redirected: dict[str, str] = {}

    def routes(self) -> Sequence[Route]:
        raise NotImplementedError

    def deliveries(self) -> list[tuple[dict[str, str], bytes]]:
        """What is to be delivered, each as headers and bytes; it counts as delivered."""
        raise NotImplementedError

    def deliver(self, address: str) -> list[httpx.Response]:
        """Deliver what is waiting to a web address."""
        return [
            httpx.post(address, headers=headers, content=body)
            for headers, body in self.deliveries()
        ]

    def headers(self, request: Request) -> dict[str, str]:
        """More headers of every answer."""
        return {}

    def picture(self, name: str, content: bytes, kind: str = "image/png") -> str:
        """The address of a picture that the network serves."""
        self.pictures[name] = (kind, content)
        return f"{self.address}/pictures/{name}"

    def count(self, method: str, path: str) -> int:
        """How often something was asked."""
        return sum(1 for each in self.asked if each.method == method and each.path.endswith(path))

    def served(self, handler: Callable[..., Awaitable[Response]]) -> Handler:
        """A handler with what goes wrong, the network's time, and a note that it was asked."""

        async def serve(request: Request) -> Response:
            path = request.url.path
            self.asked.append(Asked(request.method, path, dict(request.query_params)))
            trouble = self.troubles.of(request.method, path)
            if trouble is not None and not isinstance(trouble, Lost):
                response = trouble
            else:
                response = await handler(request)
                response = trouble or response
            response.headers["date"] = format_datetime(self.clock.now(), usegmt=True)
            for name, value in self.headers(request).items():
                response.headers.setdefault(name, value)
            return response

        return serve

    def app(self) -> Starlette:
        pictures = Route("/pictures/{name}", self._picture)
        return Starlette(routes=[pictures, *self.routes()])

    async def _picture(self, request: Request) -> Response:
        name = request.path_params["name"]
        self.asked.append(Asked("GET", request.url.path, dict(request.query_params)))
        if name in self.redirected:
            return RedirectResponse(self.redirected[name])
        if name not in self.pictures:
            return Response(status_code=404)
        kind, content = self.pictures[name]
        return Response(content, media_type=kind)


class Stage:
    """A server on which one stand-in follows another: starting one takes longer than most tests."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._app = Starlette()

    def put_on(self, network: StandIn) -> None:
        """Serve this one from now on."""
        network.address = self.address
        self._app = network.app()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


@contextmanager
def stage(port: int = 0) -> Iterator[Stage]:
    """A server on loopback until the block ends."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", port))
        served = Stage(f"http://127.0.0.1:{sock.getsockname()[1]}")
        config = uvicorn.Config(
            served, log_level="critical", lifespan="off", date_header=False, ws="none"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([sock],), name="stand-in")
        thread.start()
        try:
            processes.wait_for(lambda: server.started or not thread.is_alive(), "the stand-in")
            assert server.started
            yield served
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def standing_in(network: StandIn, port: int = 0) -> Iterator[None]:
    """Serve a stand-in until the block ends."""
    with stage(port) as served:
        served.put_on(network)
        yield


def chosen(thing: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """Of a thing what was asked for, and what was asked for inside it."""
    found = {}
    for name, inner in wanted.items():
        if name not in thing:
            continue
        value = thing[name]
        if inner and isinstance(value, dict) and "data" in value:
            found[name] = {**value, "data": [chosen(each, inner) for each in value["data"]]}
        elif inner and isinstance(value, dict):
            found[name] = chosen(value, inner)
        else:
            found[name] = value
    return found
