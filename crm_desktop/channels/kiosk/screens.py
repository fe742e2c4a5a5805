"""Open public screens: one reading for all pages of a site, whenever something is told of it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress

from crm_desktop.channels.kiosk.port import KioskPort, Limits
from crm_desktop.channels.web.asking import Asking
from crm_desktop.channels.web.bugs import trace
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import DatabaseTrouble
from crm_desktop.domain.kiosks import PublicBoard

_LOG = logging.getLogger(__name__)
_AWAY_RETRY = 1.0
_AWAY = "event: away\ndata: away\n\n"
_ALIVE = "event: alive\ndata: alive\n\n"
#: A page whose connection broke comes back so soon, in milliseconds.
_RETRY = "retry: 1000\n\n"


class _Board:
    """What the pages of one site were told last, and whoever waits for more."""

    def __init__(self) -> None:
        self.pages = 0
        self.frame = ""
        self.due = asyncio.Event()
        self.told = asyncio.Condition()
        self.task: asyncio.Task[None] | None = None


class Screens:
    """Lives on the event loop; `heard` and `close` alone may be called from elsewhere."""

    def __init__(self, port: KioskPort, limits: Limits) -> None:
        self._port = port
        self._limits = limits
        self._ask = Asking("public-screens", 1, limits.ask_seconds)
        self._boards: dict[int, _Board] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def heard(self, changes: Changes) -> None:
        """What the centre tells of; from any thread."""
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        if changes.has(Topic.SERVICE_NOTICE, Topic.EVERYTHING):
            loop.call_soon_threadsafe(self._look, None)
        elif sites := changes.ids(Topic.SITE) | changes.ids(Topic.CALLED):
            loop.call_soon_threadsafe(self._look, sites)

    def close(self) -> None:
        """Let all pages go, to another gateway; from any thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._end)

    def has_room(self) -> bool:
        """Whether another page can be told."""
        return sum(each.pages for each in self._boards.values()) < self._limits.screens

    async def follow(self, site_id: int) -> AsyncIterator[str]:
        """A page's events: the board now and whenever it is another, and signs of life between.

        A page that reads slowly misses boards, never the newest.
        """
        self._loop = asyncio.get_running_loop()
        board = self._boards.setdefault(site_id, _Board())
        board.pages += 1
        if board.task is None:
            board.task = self._loop.create_task(self._keep(site_id, board))
        shown = ""
        try:
            yield _RETRY
            while not self._closed:
                if board.frame != shown:
                    shown = board.frame
                    yield shown
                elif not await self._another(board, shown):
                    yield _ALIVE
        finally:
            self._leave(site_id, board)

    async def _another(self, board: _Board, shown: str) -> bool:
        """Whether there was news soon."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.alive_seconds), board.told:
                await board.told.wait_for(lambda: board.frame != shown or self._closed)
                return True
        return False

    async def _keep(self, site_id: int, board: _Board) -> None:
        while True:
            board.due.clear()
            frame, patience = await self._read(site_id)
            if frame != board.frame:
                board.frame = frame
                async with board.told:
                    board.told.notify_all()
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await board.due.wait()

    async def _read(self, site_id: int) -> tuple[str, float]:
        try:
            return _event(await self._ask(self._port.board, site_id)), self._limits.look_seconds
        except (DatabaseTrouble, TimeoutError) as trouble:
            _LOG.warning("public screens: the database is away (%s)", type(trouble).__name__)
        except Exception as bug:  # noqa: BLE001 - the screens say that they are stale, and it is tried again
            _LOG.error("public screens: a board could not be read: %s", trace(bug))
        return _AWAY, _AWAY_RETRY

    def _leave(self, site_id: int, board: _Board) -> None:
        board.pages -= 1
        if not board.pages and board.task is not None:
            board.task.cancel()
            board.task = None
            self._boards.pop(site_id, None)

    def _look(self, sites: Iterable[int] | None) -> None:
        for site_id in list(self._boards) if sites is None else sites:
            if board := self._boards.get(site_id):
                board.due.set()

    def _end(self) -> None:
        self._closed = True
        for board in self._boards.values():
            asyncio.get_running_loop().create_task(_wake(board))


async def _wake(board: _Board) -> None:
    async with board.told:
        board.told.notify_all()


def _event(board: PublicBoard) -> str:
    """The board as a page reads it; its times tell one call of a ticket from the next."""
    told = {
        "calls": [
            {
                "ticket": str(each.ticket),
                "place": each.place,
                "place_cy": each.place_cy,
                "at": each.at.isoformat(),
                "cy": each.language == "cy",
            }
            for each in board.calls
        ],
        "notices": board.notices,
        "notices_cy": board.notices_cy,
    }
    return f"data: {json.dumps(told)}\n\n"
