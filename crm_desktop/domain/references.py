"""References that survive being read out, typed back and misheard: `C-8F3-T9K-4`.

A case's begin with C, an appointment's with A.

Six Crockford base-32 symbols and a check symbol over GF(32) from the same alphabet. Every single
wrong symbol and every swap of neighbours is caught, so any two references differ in at least two
symbols.
"""

from __future__ import annotations

import re

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
#: Numbers from 0 up to, not including, this have a reference.
CAPACITY = 1 << 30

_VALUES = {symbol: value for value, symbol in enumerate(ALPHABET)}
_MISREAD = str.maketrans("OIL", "011")
_DASHES = r"\-‐‑‒–—−"
_NOISE = re.compile(rf"[\s{_DASHES}]+")

_FIELD = 0b100101  # x^5 + x^2 + 1, irreducible
_GENERATOR = 31  # any element but 0 and 1 would do; this one makes DOMAIN's example valid


def _times_generator(value: int) -> int:
    """`value` times the generator in GF(32)."""
    product, factor = 0, _GENERATOR
    while factor:
        if factor & 1:
            product ^= value
        value <<= 1
        if value & 0b100000:
            value ^= _FIELD
        factor >>= 1
    return product


_TIMES_GENERATOR = tuple(_times_generator(value) for value in range(32))

_SYMBOL = r"[0-9A-TV-Z]"
_GAP = rf"[ \u00a0{_DASHES}]?"
_IN_TEXT = re.compile(
    rf"(?<![0-9A-Z])C({_GAP})({_SYMBOL}{{3}})({_GAP})({_SYMBOL}{{3}})({_GAP})({_SYMBOL})(?![0-9A-Z])",
    re.IGNORECASE | re.ASCII,
)

_WORDS = (
    "Alpha Bravo Charlie Delta Echo Foxtrot Golf Hotel Juliet Kilo Mike November Papa Quebec "
    "Romeo Sierra Tango Victor Whisky X-ray Yankee Zulu"
)
_SPOKEN = {word[0]: word for word in _WORDS.split()}


def _check_symbol(body: str) -> str:
    """The check symbol of six canonical symbols."""
    remainder = 0
    for symbol in body:
        remainder = _TIMES_GENERATOR[remainder ^ _VALUES[symbol]]
    return ALPHABET[remainder]


def _scramble(number: int) -> int:
    """A fixed bijection on 0 … CAPACITY-1: odd factors and shifted xors can be undone."""
    number = (number * 0x2C1B3C6D + 0x12345677) % CAPACITY
    number ^= number >> 15
    number = (number * 0x297A2D39) % CAPACITY
    return number ^ (number >> 14)


def make_reference(number: int, letter: str = "C") -> str:
    """The reference of a number; always the same, and no number shares another's.

    Cases opened one after another get references that look nothing alike.
    Raises ValueError outside 0 … CAPACITY-1.
    """
    if not 0 <= number < CAPACITY:
        raise ValueError(f"no reference for {number}")
    scrambled = _scramble(number)
    body = "".join(ALPHABET[(scrambled >> shift) & 31] for shift in (25, 20, 15, 10, 5, 0))
    return _written(body + _check_symbol(body), letter)


def parse_reference(text: str, letter: str = "C") -> str | None:
    """The canonical reference that a person typed, or None when it cannot be one.

    Forgives lower case, O for 0, I and L for 1, missing or other dashes, spaces and a missing
    letter.
    """
    symbols = _NOISE.sub("", text).upper().translate(_MISREAD)
    if len(symbols) == 8 and symbols[0] == letter:
        symbols = symbols[1:]
    if len(symbols) != 7 or any(symbol not in _VALUES for symbol in symbols):
        return None
    if _check_symbol(symbols[:6]) != symbols[6]:
        return None
    return _written(symbols, letter)


def find_references(text: str) -> tuple[str, ...]:
    """Every valid reference in running text, canonical, each once, in order of appearance."""
    found: dict[str, None] = {}
    for match in _IN_TEXT.finditer(text):
        first, left, second, right, third, last = match.groups()
        body = left + right + last
        dashed = all(gap.strip() for gap in (first, second, third))
        # Ordinary words ("complete") have the right letters; a person leaving out the dashes
        # of a real one leaves digits behind.
        if not dashed and not any(symbol.isdigit() for symbol in body):
            continue
        reference = parse_reference(body)
        if reference is not None:
            found[reference] = None
    return tuple(found)


def spoken(reference: str) -> str:
    """The reference as it is read out: `Charlie, 8 Foxtrot 3, Tango 9 Kilo, 4`."""
    groups = reference.split("-")
    return ", ".join(" ".join(_SPOKEN.get(symbol, symbol) for symbol in group) for group in groups)


def _written(symbols: str, letter: str = "C") -> str:
    return f"{letter}-{symbols[:3]}-{symbols[3:6]}-{symbols[6]}"
