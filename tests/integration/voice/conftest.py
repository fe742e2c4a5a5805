"""An Asterisk of this worker's own, swept clean after every test."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from crm_desktop.channels.voice.ari import Ari
from crm_desktop.channels.voice.events import AriEvent, StasisStart
from crm_desktop.channels.voice.stream import EventStream
from crm_desktop.channels.voice.trouble import AriNotFound
from tests.servers.asterisk import Asterisk
from tests.servers.phone import Phones
from tests.servers.processes import wait_for

_E = TypeVar("_E", bound=AriEvent)


class Ear:
    """What came on one connection, kept in order."""

    def __init__(self, stream: EventStream) -> None:
        self.stream = stream
        self.heard: list[AriEvent] = []

    def until(
        self, kind: type[_E], which: Callable[[_E], bool] = lambda _: True, times: int = 1
    ) -> _E:
        """The event of that kind that came so often, now or before."""
        found: list[_E] = []

        def came() -> bool:
            self.heard += self.stream.receive(0.1)
            found[:] = [each for each in self.heard if isinstance(each, kind) and which(each)]
            return len(found) >= times

        wait_for(came, f"{kind.__name__} among {[type(each).__name__ for each in self.heard]}")
        return found[times - 1]

    def call(self, times: int = 1) -> str:
        """The channel of a call that came in."""
        return self.until(StasisStart, lambda each: each.args[:1] == ("in",), times).channel.id


@pytest.fixture(scope="session")
def _asterisk(shared_directory: Path) -> Iterator[Asterisk]:
    made = Asterisk.create(
        shared_directory / f"voice-{os.getpid()}",
        silence=2,
        changes={
            "CRM_AWAY_SAYS = vm-nobodyavail&vm-intro": "CRM_AWAY_SAYS = beep",
            "CRM_AWAY_RINGS = 45": "CRM_AWAY_RINGS = 1",
            "CRM_AWAY_MESSAGE = 120": "CRM_AWAY_MESSAGE = 1",
        },
    )
    yield made
    made.destroy()


@pytest.fixture
def pbx(_asterisk: Asterisk) -> Iterator[Asterisk]:
    """An Asterisk without calls, where two seconds of silence end one."""
    yield _asterisk
    with _asterisk.ari() as ari:
        for channel in ari.channels():
            with contextlib.suppress(AriNotFound):
                ari.hang_up(channel.id)
        wait_for(lambda: not ari.channels(), "the end of every call")
        for bridge in ari.bridges():
            with contextlib.suppress(AriNotFound):
                ari.destroy_bridge(bridge.id)


@pytest.fixture
def ari(pbx: Asterisk) -> Iterator[Ari]:
    """A client that may do everything."""
    with pbx.ari() as client:
        yield client


@pytest.fixture
def ear(pbx: Asterisk) -> Iterator[Ear]:
    """A connection for events: calls come to us."""
    with pbx.stream() as stream:
        yield Ear(stream)


@pytest.fixture
def phones(pbx: Asterisk) -> Iterator[Phones]:
    """The advisors' telephones."""
    with Phones(pbx) as made:
        yield made
