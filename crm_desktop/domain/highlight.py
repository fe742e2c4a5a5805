"""The part of a text that shows why it was found, with the found words marked."""

from __future__ import annotations

import re
from collections.abc import Callable

from crm_desktop.domain.text import fold

#: Around a found word; they occur in no text that people write.
START, END = "\x02", "\x03"

_MARKS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_WORD = re.compile(r"[^\W_]+(?:['’‘ʼ`´][^\W_]+)*")
_LINK = re.compile(r"!?\[([^\]]{0,300})\]\([^)\s]{0,1000}\)")
_MARKDOWN = re.compile(r"[*_`#>|~]+")
_SPACE = re.compile(r"\s+")
_BEFORE = 40  # characters shown before the first found word
_READ_CHARACTERS = 20_000


def plain(markdown: str) -> str:
    """Markdown as one line of plain text, for an excerpt."""
    text = _MARKDOWN.sub("", _LINK.sub(r"\1", markdown[:_READ_CHARACTERS]))
    return _SPACE.sub(" ", _MARKS.sub(" ", text)).strip()


def highlighted(text: str, matches: Callable[[str], bool], limit: int = 160) -> str | None:
    """About `limit` characters of plain `text` around its first found word, marked with START, END.

    `matches` is asked for folded words; None when no word matches.
    """
    found: list[tuple[int, int]] = []
    for word in _WORD.finditer(text):
        if found and word.start() > found[0][0] + limit:
            break
        if matches(_folded(word[0])):
            found.append(word.span())
    if not found:
        return None
    start = _beginning(text, found[0][0])
    end = start + limit
    if end < len(text):
        space = text.rfind(" ", found[0][1], end + 1)
        end = max(space if space > 0 else end, found[0][1])
    parts, at = [], start
    for left, right in found:
        if right > end:
            break
        parts += [text[at:left], START, text[left:right], END]
        at = right
    parts.append(text[at:end])
    return ("…" if start else "") + "".join(parts) + ("…" if end < len(text) else "")


def _beginning(text: str, first: int) -> int:
    """Where the excerpt begins: at a word, not far before the first found one."""
    if first <= _BEFORE:
        return 0
    space = text.find(" ", first - _BEFORE, first)
    return space + 1 if space >= 0 else first


def _folded(word: str) -> str:
    if word.isascii() and word.isalnum():
        return word.lower()
    return "".join(each for each in fold(word) if each.isalnum())
