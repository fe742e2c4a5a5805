"""X's count, by the conformance data that is published with twitter-text (validate.yml)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_desktop.domain.post_length import length, limit
from crm_desktop.domain.social import Network

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
LABEL = "somesuperlongurl" * 5
KANA = "あいうえおかきくけこ"


UNICODE_10 = (
    "Unicode 10.0 emoji: \U0001f92a; \U0001f9d5; \U0001f9d5\U0001f3fe; "
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
)
PUNCTUATION = (
    "This is a tweet with general punctuation characters: "
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u200c\u200d "
    "‐ ‑ ‒ – — ― ‖  ‗ ‘ ’ ‚ ‛ “ ” „ ‟ ′ ″ ‴ ‵ ‶ ‷"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("This is a test.", 15),
        ("Hi http://test.co", 26),
        ("http://test.co", 23),
        ("http://test.com", 23),
        ("https://test.com", 23),
        ("test.com", 23),
        ("Test https://test.com test https://test.com test.com test", 86),
        ("https://www.twitter.com/aloha " * 10, 240),
        ("285 chars- http://www.twitter.com/jack " + "xxxxxxxxxx-" * 24, 299),
        ("故人西辞黄鹤楼，烟花三月下扬州。" * 10, 320),
        ("\U0001f637" * 160, 320),
        ("A\u0301B", 2),
        ("A\ufb2c", 4),
        ("H\U0001f431☺" + FAMILY, 7),
        ("\U0001f637\U0001f47e\U0001f621\U0001f525\U0001f4a9", 10),
        ("\U0001f64b\U0001f3fd\U0001f468\u200d\U0001f3a4", 4),
        (FAMILY * 140, 280),
        ("Unicode 9.0 emoji: \U0001f920; \U0001f483; \U0001f483\U0001f3fe", 29),
        (UNICODE_10, 34),
        (PUNCTUATION, 112),
        (f"https://{LABEL}.com/foo", len(f"https://{LABEL}.com/foo")),
        (f"https://{LABEL}.com/foo https://validurl.com", len(f"https://{LABEL}.com/foo ") + 23),
        ("randomurl" * 7 + "s.com", 68),
        (KANA * 12 + " http://" + KANA * 5 + "あい.com", 264),
        (KANA * 12 + " http://" + KANA * 5 + "あいう.com", 358),
        ("\u2066\u202ahttp://foobar.پاکستان/\u202c\u2069", 31),
    ],
)
def test_published_conformance_data(text: str, expected: int) -> None:
    assert length(Network.X, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("www.northmere.gov.uk/bins-and-recycling/missed", 23),
        ("See https://www.northmere.gov.uk/bins?day=mon, please.", 4 + 23 + 9),
        ("bins@northmere.gov.uk", 21),
        ("northmere.uk", 12),
        ("northmere.uk/bins", 23),
        ("t.co", 23),
        ("Rounds are late.Sorry", 21),
        ("8.30am", 6),
        ("© Council", 9),
        ("Diolch, ŵ ŷ", 11),
    ],
)
def test_what_councils_write(text: str, expected: int) -> None:
    assert length(Network.X, text) == expected


def test_limit_is_the_published_one() -> None:
    assert limit(Network.X) == 280


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_text_has_a_length(text: str) -> None:
    counted = length(Network.X, text)

    assert counted >= 0
    assert (counted > 0) == bool(text)
