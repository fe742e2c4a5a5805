"""The room that a visitor is proposed, by rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from crm_desktop.domain.rooms import Seeks, is_kept, room_for
from crm_desktop.domain.visits import FreeStaff, Need, PlaceKind, PlaceView, Rooms, Ticket

NOW = datetime(2026, 11, 27, 10, tzinfo=UTC)
MARKED = Seeks(1, Ticket("H", 14), None, (), True)
PRIVATE = replace(MARKED, needs=(Need.PRIVATE_ROOM,), has_marker=False)
RAVI = FreeStaff("Ravi", "Desk 3")


def _place(id_: int, kind: PlaceKind, *staff: str) -> PlaceView:
    return PlaceView(id_, 1, kind, f"{kind} {id_}", "", staff, None, None, None, None, "")


DESK, SECURE = _place(1, PlaceKind.DESK, "Kim"), _place(2, PlaceKind.SECURE)
INTERVIEW, IN_TWOS = _place(3, PlaceKind.INTERVIEW), _place(4, PlaceKind.INTERVIEW, "A", "B")
FAMILY, POLICE = _place(5, PlaceKind.FAMILY), _place(6, PlaceKind.PARTNER)
ALL = (DESK, INTERVIEW, IN_TWOS, FAMILY, POLICE, SECURE)
USED = replace(SECURE, visit_id=9)


def _proposed(visit: Seeks, *places: PlaceView, free: tuple[FreeStaff, ...] = ()) -> str:
    """Which room; "" when none that is right is free, "any" where any desk will do."""
    found = room_for(visit, Rooms(places, free), NOW)
    return found.place if found else "any"


def test_with_a_marker_the_secure_room_comes_first() -> None:
    found = room_for(MARKED, Rooms(ALL, (RAVI,)), NOW)
    assert found is not None
    assert (found.place_id, found.in_twos, found.says_why) == (SECURE.id, False, True)


def test_without_marker_or_need_any_desk_will_do() -> None:
    assert _proposed(replace(MARKED, has_marker=False), *ALL) == "any"


def test_with_a_marker_an_interview_room_wants_two_and_says_who_is_free() -> None:
    held = replace(SECURE, held_until=NOW + timedelta(minutes=5))
    for secure in (held, USED):
        assert _proposed(MARKED, DESK, INTERVIEW, FAMILY, secure) == "", "nobody could come too"
        found = room_for(MARKED, Rooms((DESK, INTERVIEW, secure), (RAVI,)), NOW)
        assert found is not None
        assert (found.place_id, found.in_twos, found.colleagues) == (3, True, (RAVI,))


def test_two_who_are_in_the_room_already_are_enough() -> None:
    found = room_for(MARKED, Rooms((DESK, IN_TWOS, USED), (RAVI,)), NOW)
    assert found is not None
    assert [each.name for each in found.colleagues] == ["A", "B"]


def test_a_private_room_is_never_the_secure_one() -> None:
    assert _proposed(PRIVATE, DESK, SECURE, POLICE) == ""
    assert _proposed(PRIVATE, DESK, FAMILY, INTERVIEW, SECURE) == FAMILY.name
    found = room_for(PRIVATE, Rooms(ALL), NOW)
    assert found is not None
    assert (found.in_twos, found.says_why) == (False, False)


def test_what_is_kept_for_this_visitor_comes_first() -> None:
    kept = replace(INTERVIEW, held_until=NOW + timedelta(minutes=5), held_visit_id=1)
    assert _proposed(PRIVATE, FAMILY, kept) == kept.name
    others = replace(kept, held_visit_id=8)
    assert _proposed(PRIVATE, others) == ""
    assert is_kept(others, 1, NOW)
    assert not is_kept(kept, 1, NOW)


def test_a_room_that_was_held_until_now_is_free() -> None:
    assert _proposed(MARKED, replace(SECURE, held_until=NOW)) == SECURE.name


def test_who_needs_it_gets_a_room_without_steps() -> None:
    seeks = replace(PRIVATE, needs=(Need.PRIVATE_ROOM, Need.STEP_FREE))
    up_there = replace(INTERVIEW, step_free=False)
    assert _proposed(seeks, up_there) == ""
    assert _proposed(seeks, up_there, FAMILY) == FAMILY.name


def test_who_is_in_a_room_is_proposed_none() -> None:
    assert _proposed(replace(MARKED, place_id=INTERVIEW.id), *ALL) == "any"
    assert _proposed(replace(MARKED, place_id=DESK.id), *ALL) == SECURE.name
