"""A page is given every line in order and once, however its chat is read."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.channels.chat.page import Page, TooSlow
from crm_desktop.domain.chats import ChatLine, ChatState, LineKind, Place, Side, VisitorView

_NOW = datetime(2026, 11, 27, tzinfo=UTC)


def _view(first: int, last: int, *, advisor: str = "Aisha") -> VisitorView:
    lines = tuple(
        ChatLine(seq, LineKind.SAID, Side.STAFF, "Aisha", _NOW, str(seq))
        for seq in range(first, last + 1)
    )
    place = None if advisor else Place(4, None)
    return VisitorView(1, ChatState.OPEN, "en", last, place, advisor, False, None, None, lines)


def _page(sent: int = 0, most_frames: int = 1_000) -> Page:
    return Page(1, "token", site_id=7, sent=sent, most_frames=most_frames)


def _given(page: Page) -> list[tuple[str, Any]]:
    """The frames that wait."""
    found: list[str] = []

    async def send(frame: str) -> None:
        found.append(frame)

    async def run() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await page.send(send, 1)

    asyncio.run(run())
    return [pair for frame in found for pair in json.loads(frame).items()]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=12))
def test_readings_that_overlap_give_each_line_once(readings: list[tuple[int, int]]) -> None:
    page = _page()
    for asked, last in readings:
        after = min(asked, page.sent)
        page.show(_view(after + 1, max(after, last)))
    seqs = [line["seq"] for name, told in _given(page) if name == "lines" for line in told]
    assert seqs == list(range(1, page.sent + 1))


def test_a_state_is_told_when_it_is_another_and_not_for_every_line() -> None:
    page = _page()
    for last in range(1, 4):
        page.show(_view(last, last))
    assert [name for name, _ in _given(page)] == ["state", "lines", "lines", "lines"]


def test_a_place_is_told_until_somebody_has_taken_it() -> None:
    page = _page()
    page.show(_view(1, 0, advisor=""))
    page.show_place(Place(3, 240))
    page.show_place(Place(3, 240))
    page.show(_view(1, 0))
    page.show_place(Place(9, None))
    places = [told["place"] for name, told in _given(page) if name == "state"]
    assert places == [
        {"position": 4, "wait_seconds": None},
        {"position": 3, "wait_seconds": 240},
        None,
    ]


def test_a_page_that_reads_nothing_is_cut() -> None:
    async def run() -> None:
        page = _page()
        page.show(_view(1, 1))
        with pytest.raises(TooSlow):
            await page.send(lambda _: asyncio.sleep(60), 0.01)

    asyncio.run(run())


def test_no_more_than_so_much_is_kept_for_a_page_that_reads_nothing() -> None:
    async def run() -> None:
        page = _page(most_frames=5)
        for number in range(1, 100):
            page.show(_view(number, number))
        with pytest.raises(TooSlow):
            await page.send(lambda _: asyncio.sleep(0), 1)

    asyncio.run(run())
