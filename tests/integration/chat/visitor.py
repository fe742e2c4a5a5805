"""A visitor's browser, as far as the door sees it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

ORIGIN = "https://www.norbridge.example"
PATIENCE = 60.0


class Door(Protocol):
    """Where a site's chat is."""

    @property
    def url(self) -> str:
        """Its address."""

    @property
    def talk_url(self) -> str:
        """Where pages talk."""


class Page:
    """One open page; keeps what it was told, by kind."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.lines: list[dict[str, Any]] = []
        self.kept: dict[str, int] = {}
        self.state: dict[str, Any] = {}

    def send(self, **frame: object) -> None:
        """One frame, `say={"id": …}`."""
        self.connection.send(json.dumps(frame))

    def say(self, name: str, text: str) -> None:
        """Say something."""
        self.send(say={"id": name, "text": text})

    def next(self) -> tuple[str, Any]:
        """The next frame, which is also kept."""
        ((name, value),) = json.loads(self.connection.recv(PATIENCE)).items()
        if name == "lines":
            self.lines.extend(value)
        elif name == "kept":
            self.kept[value["id"]] = value["seq"]
        elif name == "state":
            self.state = value
        return name, value

    def until(self, wanted: str) -> Any:
        """The value of the next frame of that name."""
        while True:
            name, value = self.next()
            if name == wanted:
                return value

    def until_lines(self, number: int) -> list[dict[str, Any]]:
        """All lines, when there are so many."""
        while len(self.lines) < number:
            self.next()
        return self.lines

    @property
    def texts(self) -> list[str]:
        """What was said so far."""
        return [line["text"] for line in self.lines if line["kind"] == "said"]


@contextmanager
def page(
    door: Door, token: str, after: int = 0, *, origin: str = ORIGIN, client: str = ""
) -> Iterator[Page]:
    """A page that said hello."""
    headers = {"X-Forwarded-For": client} if client else {}
    with connect(door.talk_url, origin=Origin(origin), additional_headers=headers) as connection:
        one = Page(connection)
        # Whoever is refused may be so before they could say anything.
        with suppress(ConnectionClosed):
            one.send(hello={"token": token, "after": after})
        yield one


def post(
    door: Door,
    path: str,
    told: object,
    *,
    origin: str = ORIGIN,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    """A request of the page's script."""
    given = {"Origin": origin, **(headers or {})}
    return httpx.post(f"{door.url}/{path}", json=told, headers=given, timeout=PATIENCE)


def started(door: Door, name: str = "Margaret", text: str = "") -> str:
    """The token of a chat that was begun."""
    answer = post(door, "start", {"name": name, "language": "en", "text": text})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])
