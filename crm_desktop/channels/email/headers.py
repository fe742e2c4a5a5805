"""The headers of a mail or of one of its parts: tolerant, bounded, decoded."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from crm_desktop.channels.email.decoding import (
    clean_line,
    decode_base64,
    decode_header_bytes,
    known_charset,
)
from crm_desktop.channels.email.problems import Problems

MAX_BLOCK = 256 * 1024
MAX_HEADERS = 1000
MAX_VALUE = 32 * 1024
MAX_PARAMS = 100
_NAME = re.compile(rb"[!-9;-~]{1,200}[ \t]*:")
_WORD = re.compile(r"=\?([^?\s=]{1,60})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN = re.compile(r"(\?=)\s+(?==\?)")
_PARAM = re.compile(r";\s*([^\s=;\"]{1,100})\s*=\s*(\"(?:\\.|[^\"\\])*\"?|[^;]*)", re.DOTALL)
_UNESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Headers:
    """Header lines in order: (lower-case name, raw value with its folding undone)."""

    lines: tuple[tuple[str, str], ...] = ()

    def raw(self, name: str) -> str:
        """The first value of a header as it came, empty when there is none."""
        return next((value for each, value in self.lines if each == name), "")

    def all(self, name: str) -> list[str]:
        """Every value of a header as it came."""
        return [value for each, value in self.lines if each == name]

    def has(self, name: str) -> bool:
        """Whether there is such a header, even an empty one."""
        return any(each == name for each, _ in self.lines)

    def text(self, name: str) -> str:
        """The first value decoded into one clean line."""
        return clean_line(decode_words(self.raw(name)))

    def token(self, name: str) -> str:
        """The first value without parameters and comments, in lower case (`text/plain`)."""
        return re.split(r"[;(]", clean_line(self.raw(name)), maxsplit=1)[0].strip().lower()


def split_headers(raw: bytes, start: int, end: int, problems: Problems) -> tuple[Headers, int]:
    """The headers that begin at `start`, and where the body begins.

    A line that is no header ends them, as though an empty line had stood before it.
    """
    position = start
    if raw.startswith((b"From ", b">From "), position):
        position = _next_line(raw, position, end)
    lines: list[tuple[bytes, list[bytes]]] = []
    kept = 0
    while position < end:
        after = _next_line(raw, position, end)
        line = raw[position : min(after, position + MAX_VALUE)].rstrip(b"\r\n")
        if not line:
            return _decoded(lines), after
        kept += len(line)
        if kept > MAX_BLOCK or len(lines) > MAX_HEADERS:
            problems.left_out("The mail has more headers than any real mail; the rest was skipped.")
            return _decoded(lines), _after_block(raw, position, end)
        if line[:1] in b" \t" and lines:
            lines[-1][1].append(line.strip())
        elif _NAME.match(line):
            name, _, value = line.partition(b":")
            lines.append((name.strip(), [value.strip()]))
        else:
            if lines:
                problems.add("A header line of the mail cannot be read.")
            return _decoded(lines), position
        position = after
    return _decoded(lines), end


def _next_line(raw: bytes, position: int, end: int) -> int:
    found = raw.find(b"\n", position, end)
    return end if found < 0 else found + 1


def _after_block(raw: bytes, position: int, end: int) -> int:
    ends = [
        found + len(blank)
        for blank in (b"\n\n", b"\n\r\n")
        if (found := raw.find(blank, position, end)) >= 0
    ]
    return min(ends, default=end)


def _decoded(lines: list[tuple[bytes, list[bytes]]]) -> Headers:
    return Headers(
        tuple((name.decode("ascii", "replace").lower(), _value(pieces)) for name, pieces in lines)
    )


def _value(pieces: list[bytes]) -> str:
    return decode_header_bytes(b" ".join(pieces)[:MAX_VALUE])


def decode_words(value: str) -> str:
    """RFC 2047 encoded words decoded; what is broken stays readable rather than vanishing."""
    if "=?" not in value:
        return value
    joined = _BETWEEN.sub(r"\1", value[:MAX_VALUE])
    out: list[str] = []
    position = 0
    pending: tuple[str, bytes] = ("", b"")
    for word in _WORD.finditer(joined):
        charset = known_charset(word[1].partition("*")[0])
        content = _word_bytes(word[2], word[3])
        if word.start() > position or charset != pending[0]:
            out.append(_bytes_text(*pending))
            pending = ("", b"")
        out.append(joined[position : word.start()])
        # Some mailers cut one letter's bytes across two words: join before decoding.
        pending = (charset, pending[1] + content)
        position = word.end()
    out.append(_bytes_text(*pending))
    out.append(joined[position:])
    return "".join(out)


def _word_bytes(kind: str, content: str) -> bytes:
    raw = content.encode("utf-8", "replace")
    if kind in "qQ":
        return binascii.a2b_qp(raw, header=True)
    return decode_base64(raw, Problems())


def _bytes_text(charset: str, content: bytes) -> str:
    if charset:
        try:
            return content.decode(charset)
        except (UnicodeError, ValueError):
            pass
    return decode_header_bytes(content)


def parameters(value: str) -> dict[str, str]:
    """The parameters of a structured header, with RFC 2231 pieces joined and decoded."""
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for count, found in enumerate(_PARAM.finditer(value[:MAX_VALUE])):
        if count >= MAX_PARAMS:
            break
        name, content = found[1].lower(), _unquoted(found[2])
        base, star, rest = name.partition("*")
        if not star:
            plain.setdefault(name, content)
            continue
        number = rest.rstrip("*")
        index = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 0
        pieces.setdefault(base, {})[index] = (name.endswith("*"), content)
    return plain | {name: _joined(each) for name, each in pieces.items()}


def _unquoted(value: str) -> str:
    value = value.strip()
    if not value.startswith('"'):
        return value
    return _UNESCAPE.sub(r"\1", value[1:].removesuffix('"'))


def _joined(pieces: dict[int, tuple[bool, str]]) -> str:
    charset = ""
    content = b""
    for index, (encoded, text) in sorted(pieces.items()):
        if encoded and index == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)  # noqa: PLW2901  charset'language'text
        content += unquote_to_bytes(text) if encoded else text.encode("utf-8", "replace")
    return _bytes_text(known_charset(charset), content)
