"""Times and counts read, and sound, as a person would say them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crm_desktop.desktop.core import words

NOW = datetime(2026, 7, 20, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (timedelta(seconds=20), "now"),
        (timedelta(minutes=79), "10:41"),
        (timedelta(days=1), "yesterday 12:00"),
        (timedelta(days=130), "12 Mar"),
        (timedelta(days=495), "12 Mar 2025"),
    ],
)
def test_a_moment_is_as_short_as_it_stays_clear(ago: timedelta, shown: str) -> None:
    assert words.when(NOW - ago, NOW) == shown


def test_moments_are_shown_on_a_london_clock() -> None:
    assert words.full(datetime(2026, 11, 24, 17, 0, tzinfo=UTC)) == "Tue 24 Nov 2026 17:00"
    assert words.clock_time(NOW) == "12:00"


@pytest.mark.parametrize(
    ("seconds", "shown", "spoken"),
    [
        (171, "2 min left", "2 minutes 51 seconds left"),
        (-400, "6 min over", "6 minutes 40 seconds overdue"),
        (3 * 3600, "3 h left", "3 hours left"),
        (86400, "1 d left", "1 day left"),
        (0, "0 s left", "0 seconds left"),
    ],
)
def test_what_is_left_of_a_clock(seconds: float, shown: str, spoken: str) -> None:
    assert words.remaining(seconds) == shown
    assert words.spoken_remaining(seconds) == spoken


def test_a_short_wait_stands_against_its_target() -> None:
    assert words.waited_of(171, 20) == "2:51 / 0:20"
    assert words.stopwatch(3_750) == "1:02:30"


def test_a_reference_is_read_out_letter_by_letter() -> None:
    assert words.spoken_reference("C-8F3-T9K-4") == "C, 8 F 3, T 9 K, 4"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Margaret Okafor", "MO"), ("@brumble.bsky", "B"), ("Zoë", "Z"), ("", "?"), ("(none)", "?")],
)
def test_initials_stand_for_anybody(name: str, letters: str) -> None:
    assert words.initials(name) == letters


def test_counts_and_sizes_are_grammatical() -> None:
    assert words.count(1, "contact") == "1 contact"
    assert words.count(1204, "query", "queries") == "1,204 queries"
    assert [words.size(each) for each in (1, 12_000, 3_400_000)] == ["1 byte", "12 KB", "3.4 MB"]
