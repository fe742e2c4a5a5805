"""Payment cards are never typed into the program: what looks like the number of one is refused."""

from __future__ import annotations

import re

from crm_desktop.domain.errors import CardNumber

#: For people, wherever it is said.
REFUSED = (
    "This looks like the number of a payment card. Card numbers are never typed in here: payment "
    "is taken on the provider's own page."
)
#: 13 to 19 digits, with single spaces, dots or dashes between them as cards have them. A plus
#: begins a telephone number.
_DIGITS = re.compile(r"(?<![0-9+])(?:[0-9][ .\-\u00a0\u2011\u2013]?){12,18}[0-9](?![0-9])")

#: How cards' numbers begin and how long they are, issuer by issuer: every tenth run of digits
#: passes the check, and what a telephone, a meter or a program is known by must go through.
_ISSUED = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})"  # Visa
    r"|(?:5[1-5]|2[2-7])[0-9]{14}"  # Mastercard
    r"|3[47][0-9]{13}"  # American Express
    r"|3(?:0[0-5]|[689][0-9])[0-9]{11}"  # Diners Club
    r"|35[0-9]{14}"  # JCB
    r"|(?:5[06-9]|6[0-9])[0-9]{11,17}"  # Maestro, Discover, UnionPay
)


def has_card_number(text: str) -> bool:
    """Whether a text has 13 to 19 digits in a row that an issuer's card could have and that pass
    the check of card numbers (Luhn).
    """
    found = (re.sub(r"[^0-9]", "", each) for each in _DIGITS.findall(text))
    return any(_ISSUED.fullmatch(each) and _passes_luhn(each) for each in found)


def masked(text: str) -> str:
    """The text with all but the last four digits of card numbers hidden: what a customer wrote is
    kept, its card numbers are not.
    """
    return _DIGITS.sub(_hidden, text)


def _hidden(found: re.Match[str]) -> str:
    text = found[0]
    if not has_card_number(text):
        return text
    digits = [at for at, each in enumerate(text) if each.isdigit()]
    kept = frozenset(digits[-4:])
    return "".join(
        "\N{BULLET}" if each.isdigit() and at not in kept else each for at, each in enumerate(text)
    )


def refuse_card_numbers(**texts: str) -> None:
    """Raise CardNumber, which names the field, when a text has a card number in it."""
    wrong = {name: REFUSED for name, text in texts.items() if has_card_number(text)}
    if wrong:
        raise CardNumber(REFUSED, fields=wrong)


def _passes_luhn(digits: str) -> bool:
    if len(set(digits)) == 1:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
