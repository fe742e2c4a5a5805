"""Pages that come while others are being told miss nothing."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping
from contextlib import suppress

import pytest

from crm_desktop.channels.chat import hub as hub_module
from crm_desktop.channels.chat.hub import Hub
from crm_desktop.channels.chat.page import Page
from crm_desktop.channels.chat.port import Limits
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.chats import NewChat, VisitorView
from crm_desktop.domain.errors import DatabaseAway
from tests.servers.chat_door import MemoryChats, a_site


class _Slow(MemoryChats):
    """A reading lasts until it may end."""

    def __init__(self) -> None:
        super().__init__(a_site())
        self.reading = threading.Event()
        self.may_end = threading.Event()

    def views(self, after: Mapping[int, int]) -> Mapping[int, VisitorView]:
        """As it stood when it may end."""
        self.reading.set()
        assert self.may_end.wait(60)
        return super().views(after)


def _page(centre: MemoryChats, chat_id: int, token: str, view: VisitorView) -> Page:
    page = Page(chat_id, token, site_id=centre.site.id, sent=0, most_frames=1_000)
    page.show(view)
    return page


async def _seqs(page: Page) -> list[int]:
    """The lines that the page was given."""
    frames: list[str] = []

    async def send(frame: str) -> None:
        frames.append(frame)

    with suppress(TimeoutError):
        async with asyncio.timeout(0.05):
            await page.send(send, 1)
    return [line["seq"] for each in frames for line in json.loads(each).get("lines", ())]


def test_a_page_that_joins_during_a_reading_from_an_older_one_misses_no_line() -> None:
    async def run() -> list[int]:
        centre = _Slow()
        hub = Hub(centre, Limits())
        chat = centre.start(7, NewChat("Margaret", text="one"))
        older = centre.resume(chat.token, 0)
        centre.answer(chat.chat_id, "two")
        first = _page(centre, chat.chat_id, chat.token, centre.resume(chat.token, 0))
        with hub.joining() as missed:
            hub.join(first, missed)
        centre.answer(chat.chat_id, "three")
        hub.heard(Changes.of(Topic.CHAT, chat.chat_id))
        await asyncio.to_thread(centre.reading.wait, 60)
        second = _page(centre, chat.chat_id, chat.token, older)
        assert (first.sent, second.sent) == (2, 1)
        hub.join(second, set())
        centre.may_end.set()
        async with asyncio.timeout(60):
            while second.sent < 3:
                await asyncio.sleep(0.01)
        return await _seqs(second)

    assert asyncio.run(run()) == [1, 2, 3]


def test_a_change_while_a_page_is_being_read_is_not_missed() -> None:
    async def run() -> None:
        centre = _Slow()
        centre.may_end.set()
        hub = Hub(centre, Limits())
        chat = centre.start(7, NewChat("Margaret", text="one"))
        with hub.joining() as missed:
            page = _page(centre, chat.chat_id, chat.token, centre.resume(chat.token, 0))
            centre.answer(chat.chat_id, "two")
            hub.heard(Changes.of(Topic.CHAT, chat.chat_id))
            await asyncio.sleep(0.01)
            hub.join(page, missed)
        async with asyncio.timeout(60):
            while page.sent < 2:
                await asyncio.sleep(0.01)

    asyncio.run(run())


class _AwayOnce(MemoryChats):
    """The database is away for the first that is asked of one kind."""

    def __init__(self, kind: str) -> None:
        super().__init__(a_site())
        self.fails = {kind}

    def typing(self, texts: Mapping[str, str]) -> None:
        """What visitors type."""
        self._fail("typing")
        super().typing(texts)

    def views(self, after: Mapping[int, int]) -> Mapping[int, VisitorView]:
        """What pages show."""
        self._fail("views")
        return super().views(after)

    def _fail(self, kind: str) -> None:
        if kind in self.fails:
            self.fails.remove(kind)
            raise DatabaseAway


def _joined(hub: Hub, centre: MemoryChats) -> Page:
    """The page of a chat that has begun."""
    chat = centre.start(7, NewChat("Margaret", text="one"))
    with hub.joining() as missed:
        page = _page(centre, chat.chat_id, chat.token, centre.resume(chat.token, 0))
        hub.join(page, missed)
    return page


def test_what_was_seen_is_told_once_the_database_is_back_that_was_away_for_the_typing() -> None:
    async def run() -> None:
        centre = _AwayOnce("typing")
        hub = Hub(centre, Limits())
        page = _joined(hub, centre)
        hub.types(page, "My bin")
        hub.has_seen(page.token, 1)
        async with asyncio.timeout(10):
            while centre.only.seen < 1:
                await asyncio.sleep(0.01)
        assert not centre.fails

    asyncio.run(run())


def test_an_advisors_typing_is_shown_once_the_database_is_back() -> None:
    async def run() -> None:
        centre = _AwayOnce("views")
        hub = Hub(centre, Limits())
        page = _joined(hub, centre)
        hub.heard(Changes.of(Topic.TYPING, page.chat_id))
        async with asyncio.timeout(10):
            while not centre.views_asked:
                await asyncio.sleep(0.01)
        assert not centre.fails

    asyncio.run(run())


def test_an_advisor_who_types_is_looked_at_again_whoever_else_types(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub_module, "TYPING_STALE_SECONDS", 0.8)

    async def run() -> None:
        centre = MemoryChats(a_site())
        hub = Hub(centre, Limits())
        page = _joined(hub, centre)
        centre.type(page.chat_id, True)
        hub.heard(Changes.of(Topic.TYPING, page.chat_id))
        async with asyncio.timeout(10):
            while not centre.views_asked:
                await asyncio.sleep(0.01)
        # Somebody else's is looked at in between.
        other = _joined(hub, centre)
        hub.heard(Changes.of(Topic.TYPING, other.chat_id))
        asked = centre.views_asked
        async with asyncio.timeout(10):
            while centre.views_asked < asked + 2:
                await asyncio.sleep(0.01)

    asyncio.run(run())
