"""Visitors of chats, a connection each: `python -m … ORDERS`.

Says when all are there, begins when it is told, and says at last what it sent and heard: moments
are seconds of the monotonic clock, delays milliseconds. Everybody types before they say something.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

_TYPES_BEFORE = 0.4
_SETTLES = 3.0


@dataclass
class _Noted:
    """What all visitors sent and heard."""

    sent: dict[str, float] = field(default_factory=dict)
    asked: dict[str, float] = field(default_factory=dict)
    kept: list[float] = field(default_factory=list)
    got: dict[str, float] = field(default_factory=dict)


class _Visitor:
    def __init__(self, number: int, page: ClientConnection, noted: _Noted) -> None:
        self._number = number
        self._page = page
        self._noted = noted
        self._said = 0

    async def hear(self) -> None:
        """Until the connection ends; what is heard is noted."""
        async for frame in self._page:
            now = time.monotonic()
            told = json.loads(frame)
            if kept := told.get("kept"):
                began = self._noted.asked.pop(f"{self._number}/{kept['id']}")
                self._noted.kept.append((now - began) * 1000)
            for line in told.get("lines", ()):
                if line["side"] == "staff":
                    self._noted.got[line["text"]] = now

    async def say(self, *, watched: bool) -> None:
        """Type, then say something."""
        self._said += 1
        name, text = f"s-{self._said}", f"visitor {self._number} says {self._said} about a bin"
        await self._page.send(json.dumps({"typing": text[:20]}))
        await asyncio.sleep(_TYPES_BEFORE)
        now = self._noted.asked[f"{self._number}/{name}"] = time.monotonic()
        if watched:
            self._noted.sent[text] = now
        await self._page.send(json.dumps({"say": {"id": name, "text": text}}))


async def _talk(orders: Mapping[str, Any]) -> dict[str, Any]:
    noted = _Noted()
    visitors, hearing = [], []
    for number, token in enumerate(orders["tokens"]):
        page = await connect(
            orders["url"],
            origin=Origin(orders["origin"]),
            additional_headers={"X-Forwarded-For": f"10.0.{number // 200}.{number % 200 + 1}"},
            compression=None,
        )
        await page.send(json.dumps({"hello": {"token": token, "after": 0}}))
        visitors.append(_Visitor(number, page, noted))
        hearing.append(asyncio.create_task(visitors[-1].hear()))
    _say(len(visitors))
    await asyncio.to_thread(sys.stdin.readline)
    begun = time.monotonic()
    saying = await _say_all(visitors, orders)
    took = time.monotonic() - begun
    await asyncio.gather(*saying)
    await asyncio.sleep(_SETTLES)
    for each in hearing:
        each.cancel()
    return {
        "sent": noted.sent,
        "kept": noted.kept,
        "got": noted.got,
        "unkept": len(noted.asked),
        "a_second": len(saying) / took,
    }


async def _say_all(visitors: list[_Visitor], orders: Mapping[str, Any]) -> list[asyncio.Task[None]]:
    """One after the other at an even pace; the first is watched and says more than the others."""
    a_second, watched = orders["a_second"], orders["watched_a_second"]
    begun, saying = time.monotonic(), []
    for turn in range(a_second * orders["seconds"]):
        await asyncio.sleep(max(0.0, begun + turn / a_second - time.monotonic()))
        is_watched = turn % (a_second // watched) == 0
        visitor = visitors[0] if is_watched else visitors[1 + turn % (len(visitors) - 1)]
        saying.append(asyncio.create_task(visitor.say(watched=is_watched)))
    return saying


def _say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _say(asyncio.run(_talk(json.loads(sys.argv[1]))))
