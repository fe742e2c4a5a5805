"""The network between everybody and PostgreSQL: it can be cut, and it can fall silent."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from contextlib import suppress
from typing import Self

_PIECE = 65_536
_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Passes bytes on between a port of its own and the server's; use it with `with`."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._refusing = False
        self._passing = asyncio.Event()
        self._passing.set()
        self.port = 0

    def cut(self) -> int:
        """Reset every connection and take no new one; how many ends there were."""
        return asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result()

    def silence(self) -> None:
        """Pass nothing on any more, without a word to anybody."""
        self._loop.call_soon_threadsafe(self._passing.clear)

    def mend(self) -> None:
        """Pass everything on again; what was silenced arrives late."""

        def mend() -> None:
            self._refusing = False
            self._passing.set()

        self._loop.call_soon_threadsafe(mend)

    def __enter__(self) -> Self:
        self._thread.start()
        listening = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        self._server = listening
        self.port = listening.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _serve(self, near_in: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if self._refusing:
                _reset(near)
                return
            try:
                far_in, far = await asyncio.open_connection("127.0.0.1", self._server_port)
            except OSError:
                _reset(near)
                return
            ends = {near, far}
            self._ends |= ends
            with suppress(OSError, asyncio.CancelledError):
                ways = [self._pass_on(near_in, far), self._pass_on(far_in, near)]
                await asyncio.gather(*ways)
            self._ends -= ends
            for end in ends:
                end.close()
        finally:
            self._tasks.discard(task)

    async def _pass_on(self, source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        while piece := await source.read(_PIECE):
            await self._passing.wait()
            to.write(piece)
            await to.drain()
        await self._passing.wait()
        to.close()

    async def _cut(self) -> int:
        self._refusing = True
        ends, self._ends = self._ends, set()
        for end in ends:
            _reset(end)
        return len(ends)

    async def _end(self) -> None:
        self._server.close()
        await self._cut()
        self._passing.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _reset(end: asyncio.StreamWriter) -> None:
    """Let the other side see a reset, as from a router that has lost its mind."""
    sock: socket.socket | None = end.get_extra_info("socket")
    if sock is not None:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    end.transport.abort()
