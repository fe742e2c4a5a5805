"""The rules of routing: nobody gets more than they can have, and nothing starves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.domain.routing import Hand, Need, Wanted, Why, decided, virtual_entry

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
_WHY = st.sampled_from([None, None, None, Why.AWAY, Why.LOCKED])


@st.composite
def hands(draw: st.DrawFn) -> list[Hand]:
    """A few people with any load."""
    return [
        Hand(
            staff_id=number,
            why=draw(_WHY),
            capacity=draw(st.sampled_from([50, 100, 150])),
            skills=draw(st.dictionaries(st.integers(1, 2), st.integers(1, 5))),
            busy=draw(st.sampled_from([0, 33, 66, 100])),
            laid=draw(st.sampled_from([0, 20, 60])),
            offered=draw(st.booleans()),
            given_at=draw(st.sampled_from(["", "2026-03-02 09:55:00.000000"])),
        )
        for number in range(draw(st.integers(0, 6)))
    ]


@st.composite
def wanted(draw: st.DrawFn) -> Wanted:
    """A contact of the first queue with any demands."""
    weight, interruptible = draw(st.sampled_from([(100, False), (33, False), (20, True)]))
    return Wanted(
        id=1,
        queue_id=1,
        queued_at=NOW - timedelta(seconds=draw(st.integers(0, 600))),
        weight=weight,
        interruptible=interruptible,
        needs=draw(
            st.lists(
                st.builds(Need, st.integers(1, 2), st.integers(1, 5), st.none() | st.just(60)),
                max_size=2,
            )
        ),
        last_one=draw(st.none() | st.integers(0, 5)),
        last_seconds=draw(st.sampled_from([0, 30])),
        declined=draw(
            st.dictionaries(
                st.integers(0, 5),
                st.tuples(
                    st.sampled_from([NOW - timedelta(seconds=n) for n in (10, 60, 900)]),
                    st.booleans(),
                ),
                max_size=2,
            )
        ),
    )


@given(hands(), wanted())
def test_everybody_of_the_queue_is_chosen_or_told_why_not(
    people: list[Hand], contact: Wanted
) -> None:
    decision = decided(people, contact, NOW)

    told = [each for ids in decision.considered.values() for each in ids]
    chosen = [] if decision.chosen is None else [decision.chosen]
    assert sorted(told + chosen) == [each.staff_id for each in people]


@given(hands(), wanted())
def test_who_is_chosen_is_there_has_room_and_did_not_decline_for_good(
    people: list[Hand], contact: Wanted
) -> None:
    chosen = next(
        (each for each in people if each.staff_id == decided(people, contact, NOW).chosen), None
    )
    if chosen is not None:
        assert chosen.why is None
        assert chosen.room(contact.interruptible) >= contact.weight
        assert not contact.declined.get(chosen.staff_id, (NOW, False))[1]


@given(st.integers(0, 15), st.integers(0, 15), st.integers(1, 3_600), st.booleans(), st.booleans())
def test_whatever_comes_later_is_overtaken_in_the_end(
    mine: int, theirs: int, ageing: int, lays: bool, theirs_lays: bool
) -> None:
    """However urgent the others are, from some moment on every newcomer stands behind."""
    entry = virtual_entry(NOW, mine, ageing, lays)
    much_later = NOW + timedelta(seconds=(15 + 24 + 1) * ageing)

    assert entry < virtual_entry(much_later, theirs, ageing, theirs_lays)
