"""Asking the centre without holding up the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

_Needs = ParamSpec("_Needs")
_T = TypeVar("_T")


class Asking:
    """A few threads of its own, so that what is slow elsewhere holds up nobody here."""

    def __init__(self, name: str, threads: int, seconds: float) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._seconds = seconds

    async def __call__(
        self, ask: Callable[_Needs, _T], *needs: _Needs.args, **named: _Needs.kwargs
    ) -> _T:
        """The answer; TimeoutError when it takes too long: then nobody knows what became of it."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._seconds):
            return await loop.run_in_executor(self._threads, lambda: ask(*needs, **named))
