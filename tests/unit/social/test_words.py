"""Strangers' words and HTML, made harmless."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.channels.social.mastodon.html import text_of
from crm_desktop.channels.social.words import cut, handle, identity, line, plain
from crm_desktop.domain.social import MAX_TEXT

_ANY = st.text(st.characters(), max_size=200)
_MARKUP = st.lists(
    st.sampled_from(["<p>", "</p>", "<a href='x:y'>", "</a>", "<br>", "<script>", "&lt;", "<!--", "<", "hi"])
).map("".join)  # fmt: skip


@given(_ANY)
def test_nothing_that_turns_or_hides_is_left(text: str) -> None:
    shown = plain(text)
    assert all(unicodedata.category(each) != "Cc" or each in "\n\t" for each in shown)
    assert not set(shown) & set("\u202e\u202d\u2066\u2067\u200b\ufeff\u200f")
    shown.encode("utf-8")


def test_emoji_and_flags_stay_whole() -> None:
    assert plain("👩‍👩‍👧 🏴󠁧󠁢󠁷󠁬󠁳󠁿 ❤️") == "👩‍👩‍👧 🏴󠁧󠁢󠁷󠁬󠁳󠁿 ❤️"


def test_half_characters_and_zeros_can_be_kept() -> None:
    assert plain("a\ud800b\x00c") == "abc"


def test_a_huge_text_is_cut_and_says_so() -> None:
    problems: list[str] = []
    assert len(cut("x" * 5_000_000, problems)) == MAX_TEXT
    assert len(problems) == 1


def test_lookalikes_in_a_handle_show() -> None:
    assert handle("n\u043erfolk.gov.uk") == "n?rfolk.gov.uk"
    assert line("A\nB\u202eC") == "A BC"


def test_ids_are_ids() -> None:
    assert identity({"id": "at://x/y"}, "id") == "at://x/y"
    assert identity({"id": 7}, "id") == "7"
    for wrong in ("a b", "a\n", "x" * 1000, True, None, {}, []):
        assert identity({"id": wrong}, "id") == ""


def test_html_becomes_paragraphs_and_tells_where_links_lead() -> None:
    html = (
        "<p>One<br>two &amp; &lt;b&gt;</p><p><a class='mention' href='https://x/@a'>@a</a> "
        "<a href='https://www.example.gov.uk/long'><span class='invisible'>https://www.</span>"
        "<span>example.gov.uk/long</span></a> <a href='https://evil.example'>here</a></p>"
    )
    assert text_of(html) == (
        "One\ntwo & <b>\n\n@a https://www.example.gov.uk/long here\n→ https://evil.example"
    )


@given(_MARKUP)
def test_any_html_gives_a_text(html: str) -> None:
    assert isinstance(text_of(html), str)


def test_huge_and_nested_html_comes_to_an_end() -> None:
    assert text_of("<div>" * 100_000 + "hi").count("hi") <= 1
    assert text_of("<" * 200_000) != "x"
