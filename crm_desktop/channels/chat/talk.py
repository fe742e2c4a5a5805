"""One visitor's connection: what it says is kept in order before it is acknowledged."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect

from crm_desktop.channels.chat import protocol
from crm_desktop.channels.chat.hub import Hub
from crm_desktop.channels.chat.page import Page, TooSlow
from crm_desktop.channels.chat.port import ChatPort, ChatSettings, Limits
from crm_desktop.channels.chat.protocol import (
    BadFrame,
    End,
    Frame,
    Hello,
    Ping,
    Say,
    Seen,
    Typing,
)
from crm_desktop.channels.web.asking import Asking
from crm_desktop.channels.web.bugs import trace
from crm_desktop.channels.web.clients import Pace
from crm_desktop.domain.chats import LONGEST_TEXT, ChatSite, VisitorView
from crm_desktop.domain.errors import (
    Blocked,
    ChatOver,
    CrmError,
    DatabaseTrouble,
    NotFound,
)

_LOG = logging.getLogger(__name__)
#: Why a connection is closed, as the page is told.
UNKNOWN, FORBIDDEN, OVER, TOO_MANY = 4401, 4403, 4409, 4429
BAD_FRAME, TRY_AGAIN, BROKEN = 1008, 1013, 1011
_CODES: dict[type[Exception], int] = {
    BadFrame: BAD_FRAME,
    TooSlow: TRY_AGAIN,
    NotFound: UNKNOWN,
    Blocked: FORBIDDEN,
    ChatOver: OVER,
}
_THREADS = 4
#: How soon what could not be kept is tried again, in seconds.
_AGAIN_SECONDS = 0.5


class Talks:
    """All connections of one gateway."""

    def __init__(self, port: ChatPort, hub: Hub, settings: ChatSettings) -> None:
        self._port = port
        self._hub = hub
        self._limits = settings.limits
        self._ask = Asking("chat-says", _THREADS, settings.limits.ask_seconds)
        self._open: Counter[str] = Counter()

    async def serve(self, socket: WebSocket, site: ChatSite, client: str) -> None:
        """Speak with a page of this site until it or we end it."""
        limits = self._limits
        if self._open[client] >= limits.pages_a_client or self._open.total() >= limits.pages_in_all:
            await socket.close(TOO_MANY)
            return
        self._open[client] += 1
        try:
            await self._served(socket, site)
        except WebSocketDisconnect:
            pass
        except tuple(_CODES) as trouble:
            await _close(socket, _CODES[type(trouble)])
        except (DatabaseTrouble, TimeoutError) as trouble:
            _LOG.warning("chat: the database is away (%s)", type(trouble).__name__)
            await _close(socket, TRY_AGAIN)
        except Exception as bug:  # noqa: BLE001 - a bug of ours costs this page a reconnection
            _LOG.error("chat: a connection failed: %s", trace(bug))
            await _close(socket, BROKEN)
        finally:
            self._open[client] -= 1
            if not self._open[client]:
                del self._open[client]

    async def _served(self, socket: WebSocket, site: ChatSite) -> None:
        hello = await self._hello(socket)
        with self._hub.joining() as missed:
            view = await self._resume(socket, hello)
            sent = min(hello.after, view.last_seq)
            page = Page(
                view.chat_id,
                hello.token,
                site_id=site.id,
                sent=sent,
                most_frames=self._limits.page_frames,
            )
            page.show(view)
            self._hub.join(page, missed)
        if view.lines and view.lines[-1].seq < view.last_seq:
            self._hub.look(view.chat_id)
        try:
            await self._both_ways(socket, page)
        finally:
            self._hub.leave(page)

    async def _both_ways(self, socket: WebSocket, page: Page) -> None:
        """Hear and send at once, until either ends."""
        conversation = _Conversation(self._port, self._hub, self._ask, page, self._limits)
        hearing = asyncio.create_task(conversation.hear(socket))
        sending = asyncio.create_task(page.send(socket.send_text, self._limits.send_seconds))
        tasks = (hearing, sending)
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hello(self, socket: WebSocket) -> Hello:
        try:
            async with asyncio.timeout(self._limits.hello_seconds):
                frame = await _frame(socket)
        except TimeoutError:
            raise BadFrame from None
        if not isinstance(frame, Hello):
            raise BadFrame
        return frame

    async def _resume(self, socket: WebSocket, hello: Hello) -> VisitorView:
        """The chat, when the database is there; until then the page knows that it is not."""
        told = False
        while True:
            try:
                return await self._ask(self._port.resume, hello.token, hello.after)
            except (DatabaseTrouble, TimeoutError):
                if not told:
                    await socket.send_text(protocol.AWAY)
                    told = True
                await asyncio.sleep(_AGAIN_SECONDS)


class _Conversation:
    """What one page says, one after the other: the next is heard when the last is kept."""

    def __init__(self, port: ChatPort, hub: Hub, ask: Asking, page: Page, limits: Limits) -> None:
        self._port = port
        self._hub = hub
        self._ask = ask
        self._page = page
        self._pace = Pace(limits.says)
        self._frames = Pace(limits.frames)

    async def hear(self, socket: WebSocket) -> None:
        """Hear for ever; raises BadFrame, Blocked, ChatOver and WebSocketDisconnect."""
        page = self._page
        while True:
            await self._frames.wait()
            match await _frame(socket):
                case Say() as say:
                    await self._say(socket, say)
                case Typing(text):
                    self._hub.types(page, text)
                case Seen(seq):
                    self._hub.has_seen(page.token, min(seq, page.sent))
                case Ping(number):
                    page.give(protocol.pong(number))
                case End():
                    await self._pace.wait()
                    await self._ask(self._port.end, page.token)
                case Hello():
                    raise BadFrame

    async def _say(self, socket: WebSocket, say: Say) -> None:
        if not say.text or len(say.text) > LONGEST_TEXT:
            code = "too_long" if say.text else "empty"
            self._page.give(protocol.refused(say.id, code, ""))
            return
        await self._pace.wait()
        try:
            seq = await self._kept(say)
        except (Blocked, ChatOver, NotFound) as trouble:
            # Sent at once: what waits for the page is not sent any more.
            await socket.send_text(protocol.refused(say.id, trouble.code, str(trouble)))
            raise
        except CrmError as trouble:
            self._page.give(protocol.refused(say.id, trouble.code, str(trouble)))
        else:
            self._hub.said(self._page)
            self._page.give(protocol.kept(say, seq))

    async def _kept(self, say: Say) -> int:
        """The number of its line, after the commit, however long the database is away."""
        away = False
        while True:
            try:
                line = await self._ask(self._port.say, self._page.token, say.id, say.text)
            except (DatabaseTrouble, TimeoutError):
                if not away:
                    away = True
                    self._page.forget_state()
                    self._page.give(protocol.AWAY)
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                if away:
                    self._hub.look(self._page.chat_id)
                return line.seq


async def _frame(socket: WebSocket) -> Frame:
    """The next frame; raises BadFrame."""
    try:
        return protocol.read(await socket.receive_text())
    except KeyError:
        raise BadFrame from None


async def _close(socket: WebSocket, code: int) -> None:
    """Close it, unless the page was faster."""
    with suppress(RuntimeError, WebSocketDisconnect):
        await socket.close(code)
