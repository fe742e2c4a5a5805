"""An excerpt shows why a text was found, as the text is written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.domain.highlight import END, START, highlighted, plain

LONG = "Nothing to see here. " * 30


def _marked(text: str, *words: str) -> str:
    shown = highlighted(text, lambda word: word in words)
    return (shown or "").replace(START, "[").replace(END, "]")


def test_found_words_keep_their_accents_and_capitals() -> None:
    text = "Ask Siân at the Children's Café."

    assert _marked(text, "sian", "childrens", "cafe") == "Ask [Siân] at the [Children's] [Café]."


def test_the_excerpt_begins_and_ends_at_words_near_the_first_found_one() -> None:
    shown = _marked(LONG + "The bin lorry comes on Monday. " + LONG, "bin")

    assert shown.startswith("…")
    assert "The [bin] lorry comes on Monday." in shown
    assert shown.endswith(("here.…", "Nothing…", "to…", "see…"))
    assert len(shown) <= 170


def test_a_text_without_the_words_has_no_excerpt() -> None:
    assert highlighted(LONG, lambda word: word == "bin") is None


def test_markdown_becomes_one_plain_line() -> None:
    assert plain("# Bins\n\n* **Blue**: see [the page](https://example.org/bins)\n\x02> Now") == (
        "Bins Blue: see the page Now"
    )


@given(st.text(max_size=400), st.sets(st.sampled_from("abcde0")))
def test_any_text_keeps_its_words_and_balanced_marks(text: str, words: set[str]) -> None:
    clean = plain(text)

    shown = highlighted(clean, lambda word: word[:1] in words)

    if shown is not None:
        assert shown.count(START) == shown.count(END) > 0
        bare = shown.replace(START, "").replace(END, "")
        assert bare.strip("…") in clean
