"""From bytes to clean text: charsets as declared, as they are, and as mailers misname them."""

from __future__ import annotations

import binascii
import codecs
import re

from crm_desktop.channels.email.problems import Problems

#: Names that mailers use for charsets that Python knows by another name, and narrow charsets
#: that are in practice used for their wider successors (as browsers do).
_ALIASES = {
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "ansi_x3.4-1968": "utf-8",
    "utf8mb4": "utf-8",
    "unicode": "utf-8",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-6-i": "iso-8859-6",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "big5": "big5hkscs",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "unicode-1-1-utf-7": "utf-7",
    "windows-874": "cp874",
    "tis-620": "cp874",
}
#: Python codecs that are no mail charset; some are slow on purpose-made input.
_REFUSED = {"punycode", "idna", "undefined", "unicode-escape", "raw-unicode-escape", "mbcs", "oem"}
#: Glued pieces of base64; more padding than this is nonsense.
MAX_PIECES = 2000
_SAMPLE = 32 * 1024
#: With fewer letters beyond ASCII than this, guessing a language is guesswork.
_ENOUGH = 40
_NOT_BASE64 = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
)
_CONTROLS = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127, *range(0x80, 0xA0)), None)
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNSPACED = re.compile(r"[\s\u2028\u2029]+")


def clean_text(text: str) -> str:
    """Text that any database and screen can hold: LF lines, no controls but tab, no surrogates."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS)
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def clean_line(text: str, limit: int = 2000) -> str:
    """One line of clean text without edges of white space, at most `limit` characters."""
    return _UNSPACED.sub(" ", clean_text(text)).strip()[:limit]


def known_charset(name: str) -> str:
    """The codec to use for a charset as a mail names it; empty when there is none."""
    wanted = name.strip().strip("'\"").lower()[:40]
    wanted = _ALIASES.get(wanted, wanted)
    if not wanted or "\0" in wanted:
        return ""
    try:
        codec = codecs.lookup(wanted).name
        b"\0\0\0\0".decode(codec)
    except (LookupError, ValueError):
        return ""
    return "" if codec in _REFUSED else codec


def decode_text(content: bytes, declared: str, problems: Problems) -> str:
    """Clean text from bytes: the declared charset if it fits, else UTF-8, else the likeliest."""
    codec = known_charset(declared) if declared else "utf-8"
    if not codec:
        problems.add(f"The text names an unknown character set ({clean_line(declared, 40)}).")
    for each in dict.fromkeys((codec, "utf-8")):
        if each and (text := _strictly(content, each)) is not None:
            return clean_text(text)
    guess = _likeliest(content)
    if codec:
        problems.add("Some letters of the text did not fit its character set and may be wrong.")
    return clean_text(content.decode(guess, "replace"))


def decode_header_bytes(raw: bytes) -> str:
    """A header's value as text; raw 8-bit is UTF-8 or else the West European code page."""
    text = _strictly(raw, "utf-8")
    return raw.decode("cp1252", "replace") if text is None else text


def _strictly(content: bytes, codec: str) -> str | None:
    try:
        return content.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _likeliest(content: bytes) -> str:
    if sum(each > 127 for each in content[:_SAMPLE]) < _ENOUGH:
        return "cp1252"
    from charset_normalizer import from_bytes

    best = from_bytes(content[:_SAMPLE]).best()
    return known_charset(best.encoding) or "cp1252" if best else "cp1252"


def decode_transfer(body: bytes, encoding: str, problems: Problems) -> bytes:
    """The content of a part without its Content-Transfer-Encoding."""
    match encoding:
        case "" | "7bit" | "8bit" | "binary":
            return body
        case "base64":
            return decode_base64(body, problems)
        case "quoted-printable":
            return binascii.a2b_qp(body)
        case "x-uuencode" | "uuencode" | "x-uue" | "uue":
            return _decode_uu(body, problems)
    problems.add(f"A part is encoded in an unknown way ({clean_line(encoding, 40)}).")
    return body


def decode_base64(body: bytes, problems: Problems) -> bytes:
    """Base64 with line noise, missing padding or several pieces glued together."""
    letters = body.translate(None, _NOT_BASE64)
    if letters.count(b"=") > MAX_PIECES:
        problems.left_out("A part is damaged: its base64 is no base64.")
        letters = letters.replace(b"=", b"")
    pieces = []
    for piece in letters.split(b"="):
        if len(piece) % 4 == 1:
            problems.add("A part is damaged: its base64 breaks off in the middle.")
            piece = piece[:-1]  # noqa: PLW2901  a lone last letter carries no whole byte
        pieces.append(binascii.a2b_base64(piece + b"=" * (-len(piece) % 4)))
    return b"".join(pieces)


def _decode_uu(body: bytes, problems: Problems) -> bytes:
    lines = body.split(b"\n")
    out = []
    started = False
    for line in (each.rstrip(b"\r") for each in lines):
        if not started:
            started = line.startswith(b"begin ")
        elif line == b"end":
            break
        else:
            try:
                out.append(binascii.a2b_uu(line))
            except binascii.Error:
                problems.add("A part is damaged: its uuencoding cannot be read whole.")
    return b"".join(out)
