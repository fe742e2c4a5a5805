"""The look before something is said in public: does it tell what only the customer's record knows?

In private a customer's own address may be said to them; in public nobody else must learn it. What
they said in public themselves, in the same conversation, is known already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from crm_desktop.domain.identifiers import normal_account, normal_email, normal_phone
from crm_desktop.domain.leak_text import FindingKind, name_key, plain, values_in_text
from crm_desktop.domain.text import tokens

#: A run of so many words of a longer text is that text's, not chance.
_RUN = 4
_SHORTEST_NAME = 3
_SHORTEST_ACCOUNT = 5
#: A word as names are written, O’Brien too.
_WORD = re.compile(r"[^\W\d_]+(?:['’‘ʼ`´][^\W\d_]+)*")
_POSTCODE = re.compile(r"\b([A-Za-z]{1,2}[0-9][0-9A-Za-z]?)[\s.-]*([0-9][A-Za-z]{2})\b")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august"),
    *("september", "october", "november", "december"),
)
_PLAIN_ANSWERS = frozenset({"yes", "no", "true", "false", "none", "other", "not known"})


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a customer; `answers` are their cases' answers, `services` those of cases.

    `notes` are longer words about them: adjustments, markers, titles of cases.
    """

    name: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    addresses: tuple[tuple[str, str], ...] = ()
    services: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def told(text: str, record: Record, *, shown: Iterable[str], said: str) -> tuple[str, ...]:
    """What the text tells of the record, in words for whoever wrote it, each once.

    `shown` is what everybody sees of the customer anyway (display name, handle), `said` what was
    said in public in this conversation.
    """
    looked_at = _Text(text)
    known = _Text(f"{said}\n" + "\n".join(shown))
    return tuple(dict.fromkeys(_findings(looked_at, record, known)))


class _Text:
    """A text, in the forms in which things are found in it."""

    def __init__(self, text: str) -> None:
        text = plain(text)
        self.tokens = tokens(text)
        self.words = frozenset(self.tokens)
        self.line = f" {' '.join(self.tokens)} "
        found = list(values_in_text(text, ""))
        self.emails = {each.value for each in found if each.kind is FindingKind.EMAIL}
        self.phones = {each.value for each in found if each.kind is FindingKind.PHONE}
        self.references = {each.value for each in found if each.kind is FindingKind.REFERENCE}
        self.postcodes = {f"{a}{b}".upper() for a, b in _POSTCODE.findall(text)}
        self.squeezed = _squeezed(text)
        self.capitals = {
            word for each in _WORD.findall(text) if each[:1].isupper()
            for word in tokens(each)
        }  # fmt: skip

    def holds(self, phrase: tuple[str, ...]) -> bool:
        """Whether these words stand in it one after another."""
        return bool(phrase) and f" {' '.join(phrase)} " in self.line


def _squeezed(text: str) -> str:
    """Letters and digits alone, upper case, as account numbers are compared."""
    return re.sub(r"[\s/.\-\u2013\u2014]+", "", text).upper()


def _findings(text: _Text, record: Record, known: _Text) -> Iterator[str]:
    yield from _name(text, record.name, known)
    for each in record.emails:
        if (norm := normal_email(each)) in text.emails - known.emails:
            yield f"The email address “{norm}” is on the customer's record"
    for each in record.phones:
        if normal_phone(each) in text.phones - known.phones:
            yield f"The telephone number “{each}” is on the customer's record"
    for each in record.accounts:
        norm = normal_account(each) or ""
        if len(norm) >= _SHORTEST_ACCOUNT and norm in text.squeezed and norm not in known.squeezed:
            yield f"The account number “{each}” is on the customer's record"
    for reference in sorted(text.references - known.references):
        yield f"The reference “{reference}” is the customer's alone"
    yield from _addresses(text, record.addresses, known)
    for each in record.services:
        if text.holds(phrase := tokens(each)) and not known.holds(phrase):
            yield f"That the customer has a case about “{each}” is nobody else's to know"
    for each in (*record.answers, *record.notes):
        yield from _case_words(text, each, known)


def _name(text: _Text, name: str, known: _Text) -> Iterator[str]:
    for word in name_key(name).split():
        if len(word) >= _SHORTEST_NAME and word in text.capitals and word not in known.words:
            yield f"“{word.capitalize()}” is the customer's name, which they do not show here"


def _addresses(text: _Text, addresses: Iterable[tuple[str, str]], known: _Text) -> Iterator[str]:
    for lines, postcode in addresses:
        code = _squeezed(postcode)
        if code and code in text.postcodes - known.postcodes:
            yield f"The postcode “{postcode}” is the customer's"
        for line in re.split(r"[\n,]+", lines):
            whole = tokens(line)
            street = tuple(each for each in whole if not each[0].isdigit())
            for phrase in (whole, street):
                # A town alone is everybody's.
                if len(phrase) > 1 and text.holds(phrase) and not known.holds(phrase):
                    yield f"“{line.strip()}” is the customer's address"
                    break


def _case_words(text: _Text, answer: str, known: _Text) -> Iterator[str]:
    given = answer.strip()
    if given.lower() in _PLAIN_ANSWERS:
        return
    born = _day(given)
    if born is not None:
        for phrase in _said_days(born):
            if text.holds(phrase) and not known.holds(phrase):
                yield f"The date “{' '.join(phrase)}” is on the customer's record"
                return
        return
    squeezed = _squeezed(given)
    if len(squeezed) >= _SHORTEST_ACCOUNT and any(each.isdigit() for each in squeezed):
        short = len(tokens(given)) <= _RUN
        if short and squeezed in text.squeezed and squeezed not in known.squeezed:
            yield f"“{given}” is on the customer's record"
            return
    words = tokens(given)
    if len(words) <= _RUN:
        long_enough = sum(map(len, words)) > _SHORTEST_NAME
        if long_enough and text.holds(words) and not known.holds(words):
            yield f"“{given}” is on the customer's record"
        return
    for start in range(len(words) - _RUN + 1):
        run = words[start : start + _RUN]
        if text.holds(run) and not known.holds(run):
            yield f"“{' '.join(run)}” is on the customer's record"
            return


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10]) if len(text) in (10, 19, 20, 25) else None
    except ValueError:
        return None


def _said_days(day: date) -> Iterator[tuple[str, ...]]:
    """The ways in which people write a day, as words."""
    month, year = _MONTHS[day.month - 1], str(day.year)
    yield (year, f"{day.month:02}", f"{day.day:02}")
    for short in (year, year[2:]):
        yield (str(day.day), str(day.month), short)
        yield (f"{day.day:02}", f"{day.month:02}", short)
    ending = {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10 if day.day not in (11, 12, 13) else 0)
    for name in (month, month[:3]):
        for number in (str(day.day), f"{day.day}{ending or 'th'}"):
            yield (number, name, year)
            yield (number, name)
            yield (name, number)
