"""Words as people write them, made comparable: folded, cut into tokens, shortened."""

from __future__ import annotations

import re
import unicodedata

#: Letters that no Unicode decomposition turns into a base letter.
_LETTERS = str.maketrans(
    {
        "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ı": "i",
        "ŋ": "ng", "ə": "e", "ɗ": "d", "ɓ": "b", "ƙ": "k",
    }
)  # fmt: skip
_FOREIGN = re.compile(r"([^\x00-\x7f]+)")
_APOSTROPHES = re.compile(r"['’‘ʼ`´]")
_WORD = re.compile(r"[^\W_]+")
_SPACE = re.compile(r"\s+")


def fold(text: str) -> str:
    """Without case and accents, so that `Siân ŁUCZAK` equals `sian luczak`."""
    if text.isascii():
        return text.lower()
    # Nearly all of an English text is ASCII, which is done ten times as fast.
    pieces = _FOREIGN.split(text)
    pieces[::2] = [each.lower() for each in pieces[::2]]
    pieces[1::2] = [_fold_foreign(each) for each in pieces[1::2]]
    return "".join(pieces)


def _fold_foreign(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(each for each in decomposed if not unicodedata.combining(each))
    return kept.translate(_LETTERS)


def tokens(text: str) -> tuple[str, ...]:
    """The folded words and numbers in order; an apostrophe inside a word is dropped."""
    return tuple(_WORD.findall(_APOSTROPHES.sub("", fold(text))))


def indexed_words(text: str) -> tuple[str, ...]:
    """The folded words in order as the search indexes cut them, at an apostrophe too."""
    return tuple(_WORD.findall(fold(text)))


def excerpt(text: str, limit: int = 160) -> str:
    """The beginning on one line, at most `limit` characters, cut between words with an ellipsis."""
    # Only the beginning is looked at: a body may be megabytes of spaces.
    line = _SPACE.sub(" ", text[: limit * 4]).strip()
    if len(line) <= limit and len(text) <= limit * 4:
        return line
    cut = line[: limit - 1]
    space = cut.rfind(" ")
    if space > limit // 2:
        cut = cut[:space]
    return cut.rstrip(" ,;:.-") + "…"
