"""What in a text could identify somebody: addresses, numbers, references, names."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from html.parser import HTMLParser

from crm_desktop.domain.identifiers import normal_email, normal_phone
from crm_desktop.domain.references import find_references
from crm_desktop.domain.text import tokens


class FindingKind(StrEnum):
    """What was found that may be another customer's."""

    RECIPIENT = "recipient"
    EMAIL = "email"
    PHONE = "phone"
    REFERENCE = "reference"
    NAME = "name"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that could be somebody's: `value` in normal form, `shown` as it stands there."""

    kind: FindingKind
    value: str
    shown: str
    where: str


_TITLES = frozenset(
    "mr mrs miss ms mx dr prof professor sir dame lady lord rev revd cllr".split()  # noqa: SIM905
)
#: Lower-case words that stand inside names.
_PARTICLES = frozenset(
    "van von de der den ter ten di da dos das del della la le du ap ab ferch al el bin bint "  # noqa: SIM905
    "ibn y e i".split()
)
_INVISIBLE = re.compile("[\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_BLANKS = re.compile(r"[^\S\n]+")
_LOCAL = r"[\w.!#$%&'*+/=?^`{|}~-]"
_EMAIL = re.compile(rf"{_LOCAL}{{1,64}}@[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,8}}")
_DIGITS = re.compile(r"(?<![\w+])[+(]?\d[\d ().\u2010-\u2015/-]{5,24}\d(?!\w)")
_NAME_WORD = re.compile(r"[^\W\d_]+(?:['’‘ʼ`´][^\W\d_]+)*")
_GAP = re.compile(r"[\W_]{1,4}")
_CAMEL = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])")
_LONGEST_NAME = 6

_BLOCKS = frozenset(
    "p div table tr td th li ul ol h1 h2 h3 h4 h5 h6 blockquote pre hr".split()  # noqa: SIM905
)


def name_key(name: str) -> str:
    """A display name made comparable: without case, accents, punctuation and title."""
    words = tokens(name)
    while len(words) > 2 and words[0] in _TITLES:
        words = words[1:]
    return " ".join(words)


def plain(text: str) -> str:
    """Without what makes equal texts look different to a program and alike to a person."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return _BLANKS.sub(" ", text)


class Page(HTMLParser):
    """The texts of HTML, and what is hidden in it: attributes, comments, declarations."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.hidden: list[str] = []
        self.images: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep every attribute's value; pictures and backgrounds are fetched or shown."""
        self._part(tag)
        for name, value in attrs:
            if not value:
                continue
            picture = name in ("src", "background", "poster", "srcset") or (
                tag == "image" and name.endswith("href")
            )
            if picture:
                self.images.append(value.strip())
            self.hidden.append(value)
            self.images.extend(_STYLE_URL.findall(value) if name == "style" else ())

    def handle_endtag(self, tag: str) -> None:
        """Part paragraphs."""
        self._part(tag)

    def _part(self, tag: str) -> None:
        if tag == "br":
            self.text.append("\n")
        elif tag in _BLOCKS:
            self.text.append("\n\n")

    def handle_data(self, data: str) -> None:
        """Keep text, of style and script elements too: it leaves as well."""
        self.text.append(re.sub(r"\s+", " ", data))

    def handle_comment(self, data: str) -> None:
        """Keep a comment."""
        self.hidden.append(html.unescape(data))

    def handle_decl(self, decl: str) -> None:
        """Keep a declaration."""
        self.hidden.append(decl)

    def unknown_decl(self, data: str) -> None:
        """Keep a CDATA section."""
        self.hidden.append(data)

    def handle_pi(self, data: str) -> None:
        """Keep a processing instruction."""
        self.hidden.append(data)


_STYLE_URL = re.compile(r"url\(\s*['\"]?([^'\")]{1,500})", re.IGNORECASE)


def spaced(name: str) -> str:
    """A file name's words: `AnnLee_bill` → `Ann Lee bill`."""
    return _CAMEL.sub(" ", name).replace("_", " ")


def in_text(text: str, where: str, *, any_case: bool, names: frozenset[str]) -> Iterator[Candidate]:
    """Everything in a text that could be somebody's."""
    yield from values_in_text(text, where)
    yield from names_in_text(text, where, any_case=any_case, own=names)


def values_in_text(text: str, where: str) -> Iterator[Candidate]:
    """Addresses, numbers and references in a text."""
    yield from _emails(text, where)
    yield from _phones(text, where)
    for reference in find_references(text):
        yield Candidate(FindingKind.REFERENCE, reference, reference, where)


def _emails(text: str, where: str) -> Iterator[Candidate]:
    for match in _EMAIL.finditer(text):
        # Within an address line of a link ("?to=ann@example.org") the last piece is the address.
        for piece in dict.fromkeys((match[0], re.split(r"[=/?&]", match[0])[-1])):
            shown = piece.strip("'`*_.")
            # "ann@example.org.pdf", "ann@example.org.Please": the end may be no part of it.
            for _ in range(shown.rpartition("@")[2].count(".")):
                if value := normal_email(shown):
                    yield Candidate(FindingKind.EMAIL, value, shown, where)
                shown = shown.rpartition(".")[0]


def _phones(text: str, where: str) -> Iterator[Candidate]:
    for match in _DIGITS.finditer(text):
        for shown in _numbers(match[0]):
            value = normal_phone(shown)
            if value:
                yield Candidate(FindingKind.PHONE, value, shown.strip(), where)


def _numbers(run: str) -> Iterator[str]:
    """A run of digits and spaces, and the numbers that may stand in it side by side."""
    yield run
    groups = run.split()
    for start in range(len(groups)):
        for end in range(start + 1, len(groups) + 1):
            part = " ".join(groups[start:end])
            if 9 <= sum(each.isdigit() for each in part) <= 15:
                yield part


def names_in_text(
    text: str,
    where: str,
    *,
    any_case: bool,
    own: frozenset[str],
    begin: frozenset[str] | None = None,
) -> Iterator[Candidate]:
    """Runs of words that could be a name; not those inside an allowed name.

    With `begin` only the runs whose first word is made of these: all runs are many.
    """
    words = list(_NAME_WORD.finditer(text))
    covered = _covered(words, own)
    for start, first in enumerate(words):
        if not (any_case or _capital(first[0])):
            continue
        if begin is not None and not begin.issuperset(tokens(first[0])):
            continue
        for end in _ends(text, words, start, any_case=any_case):
            if covered.issuperset(range(start, end + 1)):
                continue
            keys = [key for each in words[start : end + 1] for key in tokens(each[0])]
            shown = text[first.start() : words[end].end()]
            yield Candidate(FindingKind.NAME, " ".join(keys), shown, where)
            if "," in text[first.end() : words[start + 1].start()]:
                turned = " ".join((*keys[1:], keys[0]))
                yield Candidate(FindingKind.NAME, turned, shown, where)


def _ends(text: str, words: list[re.Match[str]], start: int, *, any_case: bool) -> Iterator[int]:
    """The last words of the runs that begin at `start` and have no wide gap."""
    for end in range(start + 1, min(start + _LONGEST_NAME, len(words))):
        gap = text[words[end - 1].end() : words[end].start()]
        if not _GAP.fullmatch(gap) or gap.count("\n") > 1:
            return
        word = words[end][0]
        if any_case or _capital(word):
            yield end
        elif word.lower() not in _PARTICLES:
            return


def _capital(word: str) -> bool:
    return not word[0].islower()


def _covered(words: list[re.Match[str]], own: frozenset[str]) -> frozenset[int]:
    """The positions of words that belong to a name that may stand there."""
    if not own:
        return frozenset()
    covered: set[int] = set()
    lengths = {key.count(" ") + 1 for key in own if key}
    keys = ["".join(tokens(each[0])) for each in words]
    for start in range(len(words)):
        for length in lengths:
            if " ".join(keys[start : start + length]) in own:
                covered.update(range(start, start + length))
    return frozenset(covered)
