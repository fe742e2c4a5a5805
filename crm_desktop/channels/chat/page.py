"""One open page of a visitor: what it has been given, and what waits to be given."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from crm_desktop.channels.chat import protocol
from crm_desktop.domain.chats import Place, VisitorView


class TooSlow(Exception):
    """The page does not read what it is given."""


class Page:
    """Lines go out in order and once: `sent` is the last one given to this page.

    Nothing waits for a slow page: what it does not read is kept up to a limit, then it is cut and
    asks for the rest when it comes back.
    """

    def __init__(
        self, chat_id: int, token: str, *, site_id: int, sent: int, most_frames: int
    ) -> None:
        self.chat_id = chat_id
        self.token = token
        self.site_id = site_id
        self.sent = sent
        self.place: Place | None = None
        self._most_frames = most_frames
        self._frames: asyncio.Queue[str] = asyncio.Queue()
        self._too_many = False
        self._view: VisitorView | None = None
        self._state = ""
        self._typing = False

    @property
    def waits(self) -> bool:
        """Whether nobody has taken the chat yet."""
        return self._view is not None and self._view.place is not None

    def show(self, view: VisitorView) -> None:
        """Give what is new in a view that was read after `sent` or earlier."""
        self._view = view
        self.place = self.place or view.place
        self._show_state()
        lines = [line for line in view.lines if line.seq > self.sent]
        if lines:
            self.sent = lines[-1].seq
            self.give(protocol.lines(lines))
        if view.advisor_typing != self._typing:
            self._typing = view.advisor_typing
            self.give(protocol.typing(self._typing))

    def show_place(self, place: Place) -> None:
        """Say where the chat stands in the queue, if that is new."""
        self.place = place
        self._show_state()

    def forget_state(self) -> None:
        """The page was told that we are away: the next view says that we are not."""
        self._state = ""

    def give(self, frame: str) -> None:
        """Have a frame sent when those before it have been."""
        if self._frames.qsize() >= self._most_frames:
            self._too_many = True
        else:
            self._frames.put_nowait(frame)

    async def send(self, send: Callable[[str], Awaitable[None]], seconds: float) -> None:
        """Send what is given, for ever; raises TooSlow when a frame takes longer than that."""
        while True:
            frame = await self._frames.get()
            if self._too_many:
                raise TooSlow
            try:
                async with asyncio.timeout(seconds):
                    await send(frame)
            except TimeoutError:
                raise TooSlow from None

    def _show_state(self) -> None:
        if self._view is None:
            return
        if not self.waits:
            self.place = None
        # Every line makes the last number another: the lines themselves say so.
        state = protocol.state(replace(self._view, last_seq=0), self.place)
        if state != self._state:
            self._state = state
            self.give(protocol.state(self._view, self.place))
