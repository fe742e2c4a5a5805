"""Lengths as networks count them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.domain.post_length import addressed, graphemes, length, limit
from crm_desktop.domain.social import Network


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0), ("Siân", 4), ("Sia\u0302n", 4), ("👩‍👩‍👧", 1), ("🏴󠁧󠁢󠁷󠁬󠁳󠁿", 1), ("a\r\nb", 3), ("நி", 1)],
)
def test_characters_are_what_people_see(text: str, expected: int) -> None:
    assert graphemes(text) == expected


def test_blueskys_limit_of_bytes_counts_too() -> None:
    family = "👨‍👩‍👧‍👦"
    assert len((family * 120).encode()) == 3000
    assert length(Network.BLUESKY, family * 120) == limit(Network.BLUESKY)
    assert length(Network.BLUESKY, family * 121) > limit(Network.BLUESKY)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://www.example.gov.uk/a/very/long/way/to/bins?x=1", 23),
        ("See https://a.gov.uk/x.", 28),
        ("@council@social.example.gov.uk hello", 14),
        ("a@b.example", 11),
        ("http://localhost/", 17),
    ],
)
def test_mastodon_counts_addresses_as_23_and_of_a_mention_the_name(
    text: str, expected: int
) -> None:
    assert length(Network.MASTODON, text) == expected


@given(st.text(max_size=300), st.sampled_from([Network.BLUESKY, Network.MASTODON]))
def test_a_length_is_never_negative_and_grows(text: str, network: Network) -> None:
    assert 0 <= length(network, text) <= length(network, f"{text} a b")


@given(st.text(alphabet="aé👍🏽\u200d\u0301 ", max_size=200))
def test_what_fits_bluesky_is_within_both_of_its_limits(text: str) -> None:
    if length(Network.BLUESKY, text) <= limit(Network.BLUESKY):
        assert graphemes(text) <= 300
        assert len(text.encode()) <= 3000


def test_a_servers_own_limit_is_its_limit() -> None:
    assert limit(Network.MASTODON, 5000) == 5000
    assert limit(Network.MASTODON, "many") == 500
    assert limit(Network.BLUESKY, public=False) == 1000


def test_who_is_answered_on_mastodon_is_named_once() -> None:
    assert addressed(Network.MASTODON, "Hello", "a@b.example") == "@a@b.example Hello"
    assert addressed(Network.MASTODON, "Hello @A@b.example", "a@b.example") == "Hello @A@b.example"
    assert addressed(Network.BLUESKY, "Hello", "a.example") == "Hello"
