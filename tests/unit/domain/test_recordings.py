"""How long a recording is kept, and what of a transcript a customer gets."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.domain.recordings import keep_until, released_text, stretches


@pytest.mark.parametrize(
    ("called", "gone"),
    [
        ("2026-01-15T10:00", "2026-07-15T23:00"),
        ("2026-08-31T10:00", "2027-03-01T00:00"),
        ("2027-08-31T10:00", "2028-03-01T00:00"),
        # Half past midnight in London is the day before in UTC.
        ("2026-06-30T23:30", "2027-01-02T00:00"),
        ("2026-12-31T12:00", "2027-06-30T23:00"),
    ],
)
def test_six_months_by_the_calendar_to_the_end_of_the_day_in_london(called: str, gone: str) -> None:
    began = datetime.fromisoformat(called).replace(tzinfo=UTC)

    assert keep_until(began).astimezone(UTC) == datetime.fromisoformat(gone).replace(tzinfo=UTC)


def test_what_is_redacted_is_not_released_nor_how_long_it_was() -> None:
    said = "I am Ada. Joe Bloggs of 4 Elm Row saw it."

    assert released_text(said, ((10, 20), (24, 33))) == "I am Ada. [redacted] of [redacted] saw it."
    assert released_text(said, ()) == said


@given(
    st.text(max_size=30),
    st.lists(st.tuples(st.integers(-5, 40), st.integers(-5, 40)), max_size=6).map(tuple),
)
def test_stretches_are_in_order_apart_and_within(
    text: str, marked: tuple[tuple[int, int], ...]
) -> None:
    found = stretches(text, marked)

    flat = [edge for each in found for edge in each]
    assert flat == sorted(set(flat))
    assert all(0 <= edge <= len(text) for edge in flat)
    covered = {at for start, end in found for at in range(start, end)}
    assert covered == {
        at for start, end in marked for at in range(max(0, start), min(len(text), end))
    }
