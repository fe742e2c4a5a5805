"""All open pages of one gateway, and what keeps them told: one statement for all that changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress

from crm_desktop.channels.chat.page import Page
from crm_desktop.channels.chat.port import ChatPort, Limits
from crm_desktop.channels.chat.protocol import AWAY
from crm_desktop.channels.web.asking import Asking
from crm_desktop.channels.web.bugs import trace
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.chats import TYPING_EVERY_SECONDS, TYPING_STALE_SECONDS, VisitorView
from crm_desktop.domain.errors import DatabaseTrouble

_LOG = logging.getLogger(__name__)
#: In seconds: how often places in the queue are read while they change, and while nothing is told;
#: how often an advisor's typing is looked at; signs of life; a database that is away.
_PLACES_EVERY = 1.0
_PLACES_AT_LEAST = 15.0
_TYPING_READ_EVERY = 0.25
_PRESENT_EVERY = 20.0
_AWAY_RETRY = 1.0


class Hub:
    """Lives on the event loop; `heard` and `is_away` alone may be called from elsewhere.

    Its tasks begin with the first page and run until the loop ends.
    """

    def __init__(self, port: ChatPort, limits: Limits) -> None:
        self._port = port
        self._limits = limits
        self._ask = Asking("chat-pages", 1, limits.ask_seconds)
        self._pages: dict[int, set[Page]] = {}
        self._leaving: dict[int, asyncio.TimerHandle] = {}
        self._joining: list[set[int]] = []
        self._changed: set[int] = set()
        self._typists: set[int] = set()
        self._texts: dict[str, str] = {}
        self._seen: dict[str, int] = {}
        self._woken = asyncio.Event()
        self._told = asyncio.Event()
        self._places_due = asyncio.Event()
        self._present_due = asyncio.Event()
        self._here = asyncio.Event()
        self._here.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def heard(self, changes: Changes) -> None:
        """What the centre tells of; from any thread."""
        if changes.has(Topic.CHAT, Topic.TYPING, Topic.CONTACT):
            self._soon(self._hear, changes)

    def is_away(self) -> None:
        """The database is away; from any thread. `heard` says when it is back."""
        self._soon(self._away)

    @contextmanager
    def joining(self) -> Iterator[set[int]]:
        """While a page's chat is being read: the chats that changed meanwhile."""
        self._begin()
        missed: set[int] = set()
        self._joining.append(missed)
        try:
            yield missed
        finally:
            self._joining.remove(missed)

    def join(self, page: Page, missed: set[int]) -> None:
        """The page is shown its chat and told of all that comes."""
        self._pages.setdefault(page.chat_id, set()).add(page)
        if leaving := self._leaving.pop(page.chat_id, None):
            leaving.cancel()
        if page.chat_id in missed or _EVERY in missed:
            self.look(page.chat_id)
        if page.waits:
            self._places_due.set()

    def leave(self, page: Page) -> None:
        """The page is closed; the chat has none when none comes back in a while."""
        pages = self._pages.get(page.chat_id, set())
        pages.discard(page)
        if not pages:
            self._pages.pop(page.chat_id, None)
            self._texts.pop(page.token, None)
            self._leaving[page.chat_id] = asyncio.get_running_loop().call_later(
                self._limits.left_seconds, self._gone, page
            )

    def look(self, chat_id: int) -> None:
        """Read this chat again."""
        self._changed.add(chat_id)
        self._woken.set()

    def types(self, page: Page, text: str) -> None:
        """The visitor has this in the box."""
        self._texts[page.token] = text
        self._told.set()

    def said(self, page: Page) -> None:
        """What was typed has been said."""
        self._texts.pop(page.token, None)

    def has_seen(self, token: str, seq: int) -> None:
        """The visitor has seen up to this line."""
        self._seen[token] = max(seq, self._seen.get(token, 0))
        self._told.set()

    def _soon(self, do: Callable[..., None], *needs: object) -> None:
        """Do it on the loop, unless that has not begun or is over."""
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(do, *needs)

    def _begin(self) -> None:
        if self._tasks:
            return
        self._loop = asyncio.get_running_loop()
        self._run(_ever(self._keep_told, self._be_away))
        for each in (
            self._keep_typing,
            self._keep_telling,
            self._keep_places,
            self._keep_present,
        ):
            self._run(_ever(each, _rest))

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _hear(self, changes: Changes) -> None:
        if changes.has(Topic.EVERYTHING):
            self._back()
            self._changed.update(self._pages)
            self._note({_EVERY})
        else:
            chats = changes.ids(Topic.CHAT)
            self._note(chats)
            self._changed.update(chats & self._pages.keys())
            self._typists.update(changes.ids(Topic.TYPING) & self._pages.keys())
        if changes.has(Topic.CONTACT):
            self._places_due.set()
        if self._changed or self._typists:
            self._woken.set()

    def _away(self) -> None:
        """Pages keep what they have, and know it."""
        if self._here.is_set():
            self._here.clear()
            for page in self._all():
                page.forget_state()
                page.give(AWAY)

    def _back(self) -> None:
        """The database has answered: every page hears how its chat stands."""
        if not self._here.is_set():
            self._here.set()
            self._present_due.set()
            self._changed.update(self._pages)
            self._woken.set()

    async def _be_away(self) -> None:
        self._away()
        await _wait(self._here, _AWAY_RETRY)

    def _note(self, chats: set[int] | frozenset[int]) -> None:
        for missed in self._joining:
            missed.update(chats)

    def _all(self) -> list[Page]:
        return [page for pages in self._pages.values() for page in pages]

    async def _keep_told(self) -> None:
        """New lines and states, as they come."""
        await self._woken.wait()
        self._woken.clear()
        wanted, self._changed = self._changed, set()
        try:
            await self._show(wanted)
        except BaseException:
            self._changed |= wanted
            self._woken.set()
            raise

    async def _keep_typing(self) -> None:
        """Whether advisors type: looked at together, and again when it must be stale."""
        await asyncio.sleep(_TYPING_READ_EVERY)
        if self._typists:
            # Emptied, not replaced: later looks are added to this one.
            typists = set(self._typists)
            self._typists.clear()
            try:
                await self._show(typists)
            except BaseException:
                self._typists |= typists
                raise

    async def _show(self, chats: set[int]) -> None:
        after = {
            chat_id: min(page.sent for page in pages)
            for chat_id in chats
            if (pages := self._pages.get(chat_id))
        }
        if not after:
            return
        views = await self._ask(self._port.views, after)
        self._back()
        for chat_id, view in views.items():
            self._show_one(chat_id, view, after[chat_id])

    def _show_one(self, chat_id: int, view: VisitorView, after: int) -> None:
        whole = not view.lines or view.lines[-1].seq >= view.last_seq
        for page in self._pages.get(chat_id, ()):
            if page.sent < after:
                # It came while this was being read, from an older reading: it would miss lines.
                whole = False
            else:
                page.show(view)
        if not whole:
            self.look(chat_id)
        if view.advisor_typing:
            asyncio.get_running_loop().call_later(TYPING_STALE_SECONDS, self._typists.add, chat_id)

    async def _keep_telling(self) -> None:
        """What visitors type and have seen: together, at most every half second."""
        await self._told.wait()
        self._told.clear()
        texts, self._texts = self._texts, {}
        seen, self._seen = self._seen, {}
        try:
            if texts:
                await self._ask(self._port.typing, texts)
            if seen:
                await self._ask(self._port.seen, seen)
        except BaseException:
            for token, seq in seen.items():
                self.has_seen(token, seq)
            raise
        await asyncio.sleep(TYPING_EVERY_SECONDS)

    async def _keep_places(self) -> None:
        """Where waiting chats stand."""
        await _wait(self._places_due, _PLACES_AT_LEAST)
        self._places_due.clear()
        for site_id in {page.site_id for page in self._all() if page.waits}:
            places = await self._ask(self._port.places, site_id)
            for page in self._all():
                # Who is being offered stands nowhere for a moment, and stays where they stood.
                if page.waits and (place := places.get(page.chat_id)):
                    page.show_place(place)
        await asyncio.sleep(_PLACES_EVERY)

    async def _keep_present(self) -> None:
        """Say whose page is open, so that nobody is taken for gone."""
        await _wait(self._present_due, _PRESENT_EVERY)
        self._present_due.clear()
        if self._pages:
            await self._ask(self._port.present, frozenset(self._pages))

    def _gone(self, page: Page) -> None:
        self._leaving.pop(page.chat_id, None)
        self._run(self._left(page))

    async def _left(self, page: Page) -> None:
        """Whoever is not told of it sees it by the missing signs of life."""
        try:
            await self._ask(self._port.left, page.token)
        except (DatabaseTrouble, TimeoutError):
            _LOG.info("chat: a visitor's leaving was not noted, the database is away")


#: Among chats that changed: any may have.
_EVERY = -1


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Wait for it, but no longer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


async def _ever(work: Callable[[], Awaitable[None]], failed: Callable[[], Awaitable[None]]) -> None:
    """One round after the other, whatever comes; a database that is away is waited for."""
    while True:
        try:
            await work()
        except (DatabaseTrouble, TimeoutError) as trouble:
            _LOG.warning("chat: the database is away (%s)", type(trouble).__name__)
            await failed()
        except Exception as bug:  # noqa: BLE001 - one bad chat must not silence all others
            _LOG.error("chat: telling pages failed: %s", trace(bug))
            await asyncio.sleep(_AWAY_RETRY)


async def _rest() -> None:
    await asyncio.sleep(_AWAY_RETRY)
