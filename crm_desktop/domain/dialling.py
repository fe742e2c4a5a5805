"""Numbers to be called: found in what is written, read out as people write them, warned of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from crm_desktop.domain.identifiers import normal_phone
from crm_desktop.domain.views import CustomerView

#: A text is looked through to here only: what comes from outside may be long.
_MOST_READ = 20_000
_MOST_FOUND = 12
#: As "0800 1111"; what has fewer digits is something else.
_SHORTEST = 8
#: As "never phone", "do not ring", "no calls", "not by telephone", "don't call".
_NEVER = re.compile(
    r"\b(?:never|do not|don['’]t|must not|no|not by)\s+(?:be\s+)?"
    r"(?:tele)?(?:phoned?|calls?|called|ring|rung)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written, and in E.164."""

    said: str
    norm: str


def numbers_in(text: str) -> tuple[Number, ...]:
    """The telephone numbers in a text, each once, in its order; at most a dozen."""
    found: dict[str, Number] = {}
    for _, _, number in islice(_matches(text), _MOST_FOUND):
        found.setdefault(number.norm, number)
    return tuple(found.values())


def number_at(text: str, place: int) -> Number | None:
    """The number that is written around a place of one line of text."""
    return next((each for start, end, each in _matches(text) if start <= place <= end), None)


def _matches(text: str) -> Iterator[tuple[int, int, Number]]:
    """Where numbers stand: what begins as a number does, for years and references do not."""
    import phonenumbers  # its tables are slow to load, and many processes never ask

    for match in phonenumbers.PhoneNumberMatcher(
        text[:_MOST_READ], "GB", leniency=phonenumbers.Leniency.POSSIBLE
    ):
        said: str = match.raw_string
        if said.lstrip("(")[:1] in ("0", "+") and sum(map(str.isdigit, said)) >= _SHORTEST:
            norm = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
            yield match.start, match.end, Number(said, norm)


def shown(norm: str) -> str:
    """`+441632960123` as people here write it, "01632 960123"; foreign ones with their country.

    What is no number, as an extension of the centre's own, stays as it is.
    """
    if not norm.startswith("+"):
        return norm
    import phonenumbers  # its tables are slow to load, and many processes never ask

    try:
        number = phonenumbers.parse(norm)
    except phonenumbers.NumberParseException:
        return norm
    kind = phonenumbers.PhoneNumberFormat
    home = number.country_code == 44
    return phonenumbers.format_number(number, kind.NATIONAL if home else kind.INTERNATIONAL)


def dialable(text: str) -> str:
    """What may be dialled of what was typed, in E.164; empty when it is no telephone number.

    Three to six digits are a number of the centre's own and stay as they are.
    """
    digits = re.sub(r"[\s().-]", "", text)
    if re.fullmatch(r"\d{3,6}", digits):
        return digits
    return normal_phone(text) or ""


def never_phone(customer: CustomerView | None) -> str:
    """Why this customer is not to be phoned, in the words of whoever recorded it; else empty."""
    if customer is None:
        return ""
    return next(_warnings(each.words for each in customer.adjustments), "") or next(
        _warnings([customer.prefers]), ""
    )


def _warnings(texts: Iterable[str]) -> Iterator[str]:
    return (text for text in texts if _NEVER.search(text))
