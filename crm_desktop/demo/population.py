"""The demo's customers: as many as asked for, each made from their number alone.

So nothing has to be remembered: whoever meets number 314,159 again meets the same person.
Telephone numbers are those reserved for drama, and only the first thousand customers have one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import TypeVar

from crm_desktop.demo.content import DemoCentre
from crm_desktop.domain.text import fold

_DRAMA_NUMBERS = 1000
_MASK = (1 << 64) - 1
_T = TypeVar("_T")


@dataclass(slots=True)
class DemoCustomer:
    """One customer; `number` counts from 0. Not frozen: that doubles the cost of making one.

    `phone` is as written, `phone_norm` E.164; both empty when there is none, as for `email`
    and the 8-digit Council Tax `account`. `since` is when they became known.
    """

    number: int
    kind: str
    name: str
    folded: str
    email: str
    phone: str
    phone_norm: str
    account: str
    lines: str
    postcode: str
    prefers: str
    adjustment: str
    safety_marker: str
    since: date


class Population:
    """Customers by number, the same ones for the same `rng` state at the start."""

    def __init__(self, centre: DemoCentre, rng: Random, today: date) -> None:
        words = centre.words
        self._salt = rng.getrandbits(64) | 1
        self._days = tuple(today - timedelta(days=ago) for ago in range(4000))
        self._organisations = tuple((name, fold(name)) for name in words.organisations)
        self._words = words
        self._given = tuple((name, fold(name), _mailbox(name)) for name in words.given_names)
        self._family = tuple((name, fold(name), _mailbox(name)) for name in words.family_names)

    def customers(self, count: int) -> Iterator[DemoCustomer]:
        """The first `count` customers in order, in constant memory."""
        return map(self.customer, range(count))

    def name(self, number: int) -> str:
        """Only the name of one customer."""
        return self._name(self._bits(number))[0]

    def email(self, number: int) -> str:
        """Only the mail address of one customer, unique; empty for one in twelve."""
        return self._email(number, self._bits(number))

    def home(self, number: int) -> str:
        """Only the house number and street of one customer."""
        return self._home(self._bits(number))

    def customer(self, number: int) -> DemoCustomer:
        """Everything about one customer."""
        bits, more = self._bits(number), self._bits(~number)
        organisation = _is_organisation(bits)
        name, folded = self._name(bits)
        phone, phone_norm = _phone(number, mobile=bool(more & 1))
        words = self._words
        adjusted = not organisation and more % 16 == 0
        marked = not organisation and (more >> 8) % 250 == 0
        return DemoCustomer(
            number,
            "organisation" if organisation else "person",
            name,
            folded,
            self._email(number, bits),
            phone,
            phone_norm,
            str(40_000_000 + (number * 7919) % 10_000_000) if more % 3 else "",
            f"{self._home(bits)}\n{_pick(words.villages, more, 16)}",
            _pick(words.postcodes, bits, 48),
            ("email", "email", "phone", "")[(more >> 24) % 4],
            _pick(words.adjustments, more, 32) if adjusted else "",
            _pick(words.safety_markers, more, 40) if marked else "",
            self._days[(more >> 40) % len(self._days)],
        )

    def _name(self, bits: int) -> tuple[str, str]:
        """The name, and folded."""
        if _is_organisation(bits):
            return _pick(self._organisations, bits, 8)
        given, family = _pick(self._given, bits, 8), _pick(self._family, bits, 16)
        return f"{given[0]} {family[0]}", f"{given[1]} {family[1]}"

    def _email(self, number: int, bits: int) -> str:
        if (bits >> 56) % 12 == 0:
            return ""
        domain = _pick(self._words.mail_domains, bits, 40)
        if _is_organisation(bits):
            return f"office{number}@{domain}"
        given, family = _pick(self._given, bits, 8), _pick(self._family, bits, 16)
        return f"{given[2][0]}.{family[2]}{number}@{domain}"

    def _home(self, bits: int) -> str:
        return f"{1 + (bits >> 32) % 140} {_pick(self._words.streets, bits, 24)}"

    def _bits(self, number: int) -> int:
        """64 well-mixed bits of a number."""
        mixed = (number * 0x9E3779B97F4A7C15 + self._salt) & _MASK
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)


def _is_organisation(bits: int) -> bool:
    return bits % 40 == 0


def _pick(choices: tuple[_T, ...], bits: int, shift: int) -> _T:
    return choices[(bits >> shift) % len(choices)]


def _mailbox(name: str) -> str:
    return "".join(letter for letter in fold(name) if letter.isascii() and letter.isalnum())


def _phone(number: int, *, mobile: bool) -> tuple[str, str]:
    """A reserved number that nobody else has, or none once they are used up."""
    if number >= _DRAMA_NUMBERS:
        return "", ""
    # 389 has no factor in common with 1000, so that the numbers do not stand in a row.
    digits = f"{number * 389 % _DRAMA_NUMBERS:03}"
    if mobile:
        return f"07700 900{digits}", f"+447700900{digits}"
    return f"01632 960{digits}", f"+441632960{digits}"
