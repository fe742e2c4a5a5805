"""What a post's HTML says, as text; where a link leads is told when its words do not."""

from __future__ import annotations

from html.parser import HTMLParser

MAX_HTML = 200_000
_BLOCKS = frozenset({"p", "div", "blockquote", "ul", "ol", "pre", "h1", "h2", "h3", "h4"})
_DROPPED = frozenset({"script", "style", "template", "noscript", "title"})


def text_of(html: object) -> str:
    """Plain text with its paragraphs; "" for anything that is no text."""
    if not isinstance(html, str):
        return ""
    reader = _Reader()
    reader.feed(html[:MAX_HTML])
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._hidden: list[str] = []
        self._link = ""
        self._shown: list[str] = []
        self._dropping = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _DROPPED:
            self._dropping = self._dropping or tag
        elif tag == "br":
            self._say("\n")
        elif tag == "li":
            self._say("\n- ")
        elif tag in _BLOCKS and self._parts:
            self._say("\n\n")
        elif tag == "a":
            self._end_link()
            # People and tags are named by their words, and lead to their own pages.
            named = {"mention", "hashtag", "u-url"} & set(given.get("class", "").split())
            self._link = "" if named else given.get("href", "")
            self._shown = []

    def handle_endtag(self, tag: str) -> None:
        if tag == self._dropping:
            self._dropping = ""
        elif tag == "a":
            self._end_link()
        elif tag in _BLOCKS:
            self._say("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self._say(data)
            self._shown.append(data)

    def text(self) -> str:
        """All of it; at most one empty line at a time."""
        self._end_link()
        lines = [line.strip() for line in "".join(self._parts).split("\n")]
        kept = [line for number, line in enumerate(lines) if line or (number and lines[number - 1])]
        hidden = [f"→ {each}" for each in dict.fromkeys(self._hidden)]
        return "\n".join(["\n".join(kept).strip(), *hidden]).strip()

    def _say(self, words: str) -> None:
        self._parts.append(words)

    def _end_link(self) -> None:
        if self._link and self._link not in "".join(self._shown):
            self._hidden.append(self._link)
        self._link = ""
