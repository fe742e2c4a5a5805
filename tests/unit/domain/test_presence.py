"""A day adds up: whatever happened, its parts follow on each other and are as long as the shift."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.domain.presence import Mark, Span, spans
from crm_desktop.domain.states import Doing, Presence

DAY = datetime(2026, 11, 27, tzinfo=UTC)
END = DAY + timedelta(days=1)
_SEEN = st.sampled_from([Doing.THERE, Doing.IDLE, Doing.LOCKED, Doing.NOT_RESPONDING])
_WAS = st.tuples(st.booleans(), st.sampled_from(Presence), _SEEN)
#: Minutes of the day before, the day and the day after.
_MINUTES = st.integers(-300, 1800)


def at(minutes: float) -> datetime:
    """So many minutes into the day."""
    return DAY + timedelta(minutes=minutes)


def of_day(
    marks: list[Mark], in_hand: list[tuple[datetime, datetime | None]], now: datetime
) -> tuple[Span, ...]:
    return spans(marks, in_hand, DAY, END, now)


@given(
    st.lists(st.tuples(_MINUTES, _WAS), max_size=30),
    st.lists(st.tuples(_MINUTES, st.one_of(st.none(), st.integers(0, 400))), max_size=12),
    st.integers(0, 1900),
)
def test_the_parts_of_a_day_are_as_long_as_the_shift(
    happened: list[tuple[int, tuple[bool, Presence, Doing]]],
    held: list[tuple[int, int | None]],
    now: int,
) -> None:
    marks = [Mark(at(minutes), *was) for minutes, was in sorted(happened, key=lambda each: each[0])]
    in_hand = [
        (at(begin), None if length is None else at(begin + length)) for begin, length in held
    ]

    parts = of_day(marks, in_hand, at(now))

    until = min(END, at(now))
    ends = [each.at for each in marks[1:]] + [max(until, marks[-1].at)] if marks else []
    shift = sum(
        (
            max(timedelta(), min(end, until) - max(mark.at, DAY))
            for mark, end in zip(marks, ends, strict=True)
            if mark.signed_in
        ),
        timedelta(),
    )
    assert sum((each.length for each in parts), timedelta()) == shift
    assert all(each.length > timedelta() for each in parts)
    assert all(one.ended_at <= two.began_at for one, two in pairwise(parts))
    assert all(each.began_at >= DAY and each.ended_at <= until for each in parts)


def test_a_contact_in_hand_is_seen_unless_the_desktop_is_locked() -> None:
    marks = [
        Mark(at(0), True, Presence.AVAILABLE, Doing.THERE),
        Mark(at(20), True, Presence.AVAILABLE, Doing.LOCKED),
        Mark(at(30), True, Presence.AVAILABLE, Doing.IDLE),
        Mark(at(60), False, Presence.OFFLINE, Doing.THERE),
    ]

    parts = of_day(marks, [(at(10), at(40)), (at(15), at(25))], at(100))

    assert [(each.doing, each.began_at, each.ended_at) for each in parts] == [
        (Doing.THERE, at(0), at(10)),
        (Doing.ON_CONTACT, at(10), at(20)),
        (Doing.LOCKED, at(20), at(30)),
        (Doing.ON_CONTACT, at(30), at(40)),
        (Doing.IDLE, at(40), at(60)),
    ]
    assert not any(each.running for each in parts)


def test_a_shift_over_midnight_is_cut_there_and_the_last_part_still_runs() -> None:
    marks = [Mark(at(-60), True, Presence.TRAINING, Doing.THERE, by="Rose Boateng")]

    (part,) = of_day(marks, [], at(30))

    assert (part.began_at, part.ended_at, part.running) == (DAY, at(30), True)
    assert part.by == "Rose Boateng"
    assert of_day([], [], at(30)) == ()
