"""What open public screens are told: at once, once for all of a site, and when it is stale."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from crm_desktop.channels.kiosk.port import Limits
from crm_desktop.channels.kiosk.screens import Screens
from crm_desktop.domain.changes import Change, Changes, Topic
from crm_desktop.domain.kiosks import BoardCall
from crm_desktop.domain.visits import Ticket
from tests.unit.kiosk.centre import NOON, Centre

_CALL = BoardCall(Ticket("H", 14), "Desk 3", "Desg 3", NOON, "cy")
#: Nothing is looked at without being told.
_LIMITS = Limits(alive_seconds=60, look_seconds=60, screens=3)
_PATIENCE = 60.0


def _changes(topic: Topic, id_: int) -> Changes:
    return Changes(frozenset({Change(topic, id_)}))


@dataclass
class _Page:
    """An open screen, read to its next frame."""

    stream: AsyncIterator[str]
    seen: list[str] = field(default_factory=list)

    async def next(self) -> str:
        async with asyncio.timeout(_PATIENCE):
            frame = await anext(self.stream)
        self.seen.append(frame)
        return frame

    async def board(self) -> list[str]:
        """The tickets and desks of the next board."""
        told = json.loads((await self.next()).removeprefix("data: "))
        return [f"{each['ticket']} {each['place']}" for each in told["calls"]]


def _run(scene: Callable[[Centre, Screens], Awaitable[None]], limits: Limits = _LIMITS) -> None:
    centre = Centre()
    asyncio.run(_bounded(scene(centre, Screens(centre, limits))))


async def _bounded(scene: Awaitable[None]) -> None:
    async with asyncio.timeout(_PATIENCE):
        await scene


async def _opened(screens: Screens, site_id: int = 1) -> _Page:
    page = _Page(screens.follow(site_id))
    assert (await page.next()).startswith("retry:")
    return page


def test_one_reading_serves_all_pages_of_a_site() -> None:
    async def scene(centre: Centre, screens: Screens) -> None:
        pages = [await _opened(screens) for _ in range(3)]
        assert not screens.has_room()
        assert [await page.board() for page in pages] == [[], [], []]
        centre.calls = (_CALL,)
        screens.heard(_changes(Topic.CALLED, 1))
        assert [await page.board() for page in pages] == [["H014 Desk 3"]] * 3
        assert centre.boards_read == 2

    _run(scene)


def test_other_sites_are_not_read() -> None:
    async def scene(centre: Centre, screens: Screens) -> None:
        page = await _opened(screens)
        await page.board()
        screens.heard(_changes(Topic.CALLED, 2))
        screens.heard(_changes(Topic.CONTACT, 1))
        await asyncio.sleep(0.05)
        assert centre.boards_read == 1
        centre.calls = (_CALL,)
        screens.heard(_changes(Topic.SERVICE_NOTICE, 9))
        assert await page.board() == ["H014 Desk 3"]

    _run(scene)


def test_the_screen_is_told_that_it_is_stale_and_when_it_no_longer_is() -> None:
    async def scene(centre: Centre, screens: Screens) -> None:
        page = await _opened(screens)
        await page.board()
        centre.away = True
        screens.heard(Changes.everything())
        assert (await page.next()).startswith("event: away")
        centre.away = False
        screens.heard(Changes.everything())
        assert await page.board() == []

    _run(scene)


def test_a_bug_makes_it_stale_too() -> None:
    async def scene(centre: Centre, screens: Screens) -> None:
        centre.broken = True
        assert (await (await _opened(screens)).next()).startswith("event: away")

    _run(scene)


def test_a_quiet_screen_hears_that_it_is_still_told() -> None:
    async def scene(_: Centre, screens: Screens) -> None:
        page = await _opened(screens)
        await page.board()
        assert (await page.next()).startswith("event: alive")

    _run(scene, Limits(alive_seconds=0.01, look_seconds=60))


def test_what_has_run_out_is_found_without_being_told() -> None:
    async def scene(centre: Centre, screens: Screens) -> None:
        centre.calls = (_CALL,)
        page = await _opened(screens)
        assert await page.board() == ["H014 Desk 3"]
        centre.calls = ()
        assert await page.board() == []

    _run(scene, Limits(alive_seconds=60, look_seconds=0.01))


def test_closed_screens_end_and_nothing_is_read_for_nobody() -> None:
    async def scene(centre: Centre, screens: Screens) -> None:
        page = await _opened(screens)
        await page.board()
        screens.close()
        async with asyncio.timeout(_PATIENCE):
            assert [each async for each in page.stream] == []
        read = centre.boards_read
        screens.heard(_changes(Topic.CALLED, 1))
        await asyncio.sleep(0.05)
        assert centre.boards_read == read
        assert screens.has_room()

    _run(scene)
