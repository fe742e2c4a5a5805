"""Mail HTML is shown without running or fetching anything."""

from __future__ import annotations

import pytest

from crm_desktop.channels.email.html import from_text, sanitise, to_text
from crm_desktop.channels.email.problems import Problems


def cleaned(source: str) -> str:
    """Sanitised HTML."""
    return sanitise(source, Problems())


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        '<img src="x" onerror="alert(1)">',
        '<a href="javascript:alert(1)">x</a>',
        '<a href="file:///etc/passwd">x</a>',
        '<a href="\\\\host\\share">x</a>',
        "<iframe src='https://x.test'></iframe>",
        "<object data='https://x.test'></object>",
        "<form action='https://x.test'><input name=a></form>",
        "<style>@import 'https://x.test'</style>",
        "<link rel=stylesheet href='https://x.test'>",
        "<meta http-equiv=refresh content='0;url=https://x.test'>",
        "<base href='https://x.test'>",
        "<svg><image href='https://x.test'/></svg>",
        "<p style=\"background-image:url('https://x.test')\">x</p>",
        "<p style='background-color:url(https://x.test)'>x</p>",
        "<table background='https://x.test'><tr><td>x</td></tr></table>",
        "<img src='https://x.test/spy.png?id=1'>",
        "<img srcset='https://x.test/a 2x' src='//x.test/a'>",
        "<img src='data:image/svg+xml;base64,AAAA'>",
        "<video poster='https://x.test'></video>",
        "<p style='position:fixed;top:0'>x</p>",
        "<!-- https://x.test -->",
    ],
)
def test_nothing_is_run_or_fetched(source: str) -> None:
    shown = cleaned(source).lower()
    for danger in ("script", "onerror", "file:", "x.test", "url(", "data:", "position", "\\\\host"):
        assert danger not in shown


def test_pictures_of_the_mail_itself_stay() -> None:
    assert cleaned('<img src="cid:a@b" alt="Map">') == '<img src="cid:a@b" alt="Map">'


def test_a_remote_picture_leaves_its_words() -> None:
    assert cleaned('<p><img src="https://x.test/a" alt="Our logo"></p>') == "<p>[Our logo]</p>"
    assert cleaned('<p><img alt="a &quot;b&quot; > c" src="x:y"></p>').startswith("<p>[a &quot;b")


def test_links_stay_and_tell_nothing_to_whom_they_lead() -> None:
    assert cleaned('<a href="https://x.test">x</a>') == (
        '<a href="https://x.test" rel="noopener noreferrer">x</a>'
    )
    assert "mailto:a@b.org" in cleaned('<a href="mailto:a@b.org">x</a>')


def test_tables_and_modest_styles_stay() -> None:
    source = '<table border="1"><tbody><tr><td style="color:red">x</td></tr></tbody></table>'
    assert cleaned(source) == source


def test_text_of_html_reads_like_a_letter() -> None:
    source = (
        "<h1>Bins</h1><p>Dear  <b>Ann</b>,<br>hello &amp; welcome.</p><ul><li>one</li><li>two</li>"
        "</ul><table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>"
        '<p>See <a href="https://x.test/p">the page</a> or <a href="https://x.test">x.test</a>'
        ' <a href="https://y.test/">https://y.test</a></p>'
        "<blockquote>You wrote<br>this<blockquote>and that</blockquote></blockquote>"
        "<pre>a\n  b</pre>"
    )
    assert to_text(cleaned(source)) == (
        "Bins\n\nDear Ann,\nhello & welcome.\n\n- one\n- two\n\na b\nc\n\n"
        "See the page (https://x.test/p) or x.test (https://x.test) https://y.test\n\n"
        "> You wrote\n> this\n>\n> > and that\na\n  b"
    )


def test_text_becomes_html_that_means_the_same() -> None:
    assert from_text("a < b\nc\n\n\nd & e") == "<p>a &lt; b<br>c</p><p>d &amp; e</p>"
    assert to_text(from_text("a < b\nc\n\nd & e")) == "a < b\nc\n\nd & e"


def test_very_long_or_deep_html_says_that_it_was_cut() -> None:
    problems = Problems()
    sanitise("x" * 1_000_001, problems)
    sanitise("<div>" * 3000, problems)
    assert len(problems.words()) == 2
    assert problems.incomplete
