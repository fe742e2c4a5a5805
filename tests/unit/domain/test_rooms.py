"""A visitor with a safety marker is proposed a safe room, when one is free."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from crm_desktop.domain.states import ContactState
from crm_desktop.domain.visits import PlaceKind, PlaceView, Ticket, VisitRow, room_for

NOW = datetime(2026, 11, 27, 10, tzinfo=UTC)
MARKED = VisitRow(
    1, 1, Ticket("H", 14), "R. Doyle", 1, "Housing", ContactState.QUEUED, (), "", NOW, NOW, None,
    0, None, "", "", None, True, "en",
)  # fmt: skip


def _place(id_: int, kind: PlaceKind, *staff: str) -> PlaceView:
    return PlaceView(id_, 1, kind, f"{kind} {id_}", "", staff, None, None, None, None, "")


DESK, SECURE = _place(1, PlaceKind.DESK, "Kim"), _place(2, PlaceKind.SECURE)
ALONE, IN_TWOS = _place(3, PlaceKind.INTERVIEW, "Kim"), _place(4, PlaceKind.INTERVIEW, "A", "B")
ALL = (DESK, ALONE, IN_TWOS, SECURE)


def test_the_secure_room_comes_first() -> None:
    assert room_for(MARKED, ALL, NOW) == SECURE


def test_without_a_marker_any_desk_will_do() -> None:
    assert room_for(replace(MARKED, has_marker=False), ALL, NOW) is None


def test_held_or_in_use_it_is_an_interview_room_with_two() -> None:
    held = replace(SECURE, held_until=NOW + timedelta(minutes=5))
    used = replace(SECURE, visit_id=9)
    for room in (held, used):
        assert room_for(MARKED, (DESK, ALONE, IN_TWOS, room), NOW) == IN_TWOS
        assert room_for(MARKED, (DESK, ALONE, room), NOW) is None


def test_a_room_that_was_held_until_now_is_free() -> None:
    assert room_for(MARKED, (replace(SECURE, held_until=NOW),), NOW) is not None
