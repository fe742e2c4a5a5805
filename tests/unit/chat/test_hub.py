"""Pages that come while others are being told miss nothing."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping
from contextlib import suppress

from crm_desktop.channels.chat.hub import Hub
from crm_desktop.channels.chat.page import Page
from crm_desktop.channels.chat.port import Limits
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.chats import NewChat, VisitorView
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


def _page(centre: _Slow, chat_id: int, token: str, view: VisitorView) -> Page:
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
