"""Making a clean answer of what somebody typed, or the sentence that tells them what to mend."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date

from crm_desktop.domain.card_numbers import REFUSED, has_card_number
from crm_desktop.domain.form_fields import Answer, Field, FieldKind

_INVISIBLE = re.compile("[\u202a-\u202e\u2066-\u2069\ufeff]")
_EMAIL = re.compile(
    r"[^\s@<>\"(),:;\[\]\\]{1,64}@[^\s@<>\"(),:;\[\]\\]+\.[^\s@<>\"(),:;\[\]\\]{2,}\Z"
)
_TEL = re.compile(r"\+?[0-9 ()./-]{6,39}(\s?(ext\.?|x)\s?[0-9]{1,6})?\Z", re.IGNORECASE)
_POSTCODE = re.compile(r"(GIR0AA|[A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2})\Z")
_WHOLE = re.compile(r"-?[0-9]{1,15}\Z")
_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,10})?\Z")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_LINES = frozenset({FieldKind.TEXTAREA, FieldKind.ADDRESS})


class Unusable(Exception):
    """An answer that cannot be taken; the message is shown beside the question."""


def clean_answer(field: Field, raw: Mapping[str, object]) -> Answer | None:
    """The answer to `field` among what was sent, None when it was left empty.

    A date may come as ISO text or in the parts `<name>-day`, `-month`, `-year`. Raises Unusable.
    """
    if field.kind is FieldKind.DATE:
        return _date(field, raw)
    texts = [text for text in (tidy(one, field) for one in _texts(raw.get(field.name))) if text]
    if not texts:
        return None
    if field.kind is FieldKind.FILE:
        return texts[: field.max_files]
    if field.kind is FieldKind.CHECKBOXES:
        return _ticks(field, texts)
    if field.choices:
        return _chosen(field, texts[0])
    if len(texts[0]) > field.max_length:
        raise Unusable(f"{field.subject} must be {field.max_length:,} characters or less")
    if field.kind is not FieldKind.TEL and has_card_number(texts[0]):
        raise Unusable(REFUSED)
    return _READERS.get(field.kind, _plain)(field, texts[0])


def tidy(text: str, field: Field) -> str:
    """NFC, without control characters or tricks with writing direction, trimmed.

    Line ends stay (as \\n) where the question is about several lines; the work is bounded
    before it is done, and what is too long stays recognisably too long.
    """
    kept = text[: 4 * max(field.max_length, 500)].replace("\r\n", "\n").replace("\r", "\n")
    if field.kind not in _LINES:
        kept = kept.replace("\n", " ")
    kept = _INVISIBLE.sub("", kept.replace("\t", " "))
    kept = "".join(c for c in kept if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs"))
    return unicodedata.normalize("NFC", kept).strip()


def _texts(value: object) -> list[str]:
    """What was sent for one name as texts; a web page sends lists, a screen sends values."""
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [text for one in value[:1_000] for text in _texts(one)]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return [str(value)] if isinstance(value, str | int | float | date) else []


def _plain(_: Field, text: str) -> Answer:
    return text


def _address(_: Field, text: str) -> Answer:
    """One line, however it was typed, so that page and screen keep the same answer."""
    return ", ".join(part for line in text.split("\n") if (part := line.strip(" ,")))


def _email(field: Field, text: str) -> Answer:
    if not _EMAIL.match(text):
        raise Unusable(
            field.invalid_words(
                "Enter an email address in the correct format, like name@example.com"
            )
        )
    return text


def _tel(field: Field, text: str) -> Answer:
    if not _TEL.match(text) or not 7 <= sum(c.isdigit() for c in text) <= 21:
        raise Unusable(
            field.invalid_words("Enter a telephone number, like 01632 960 001 or +44 808 157 0192")
        )
    return text


def _postcode(field: Field, text: str) -> Answer:
    bare = re.sub(r"[\s.-]", "", text).upper()
    if not _POSTCODE.match(bare):
        raise Unusable(field.invalid_words("Enter a full UK postcode, like NR2 3TT"))
    return f"{bare[:-3]} {bare[-3:]}"


def _integer(field: Field, text: str) -> Answer:
    bare = _bare_number(text)
    if not _WHOLE.match(bare):
        raise Unusable(field.invalid_words(f"{field.subject} must be a whole number, like 15"))
    return int(_within(field, int(bare)))


def _number(field: Field, text: str) -> Answer:
    bare = _bare_number(text)
    if not _DECIMAL.match(bare):
        raise Unusable(field.invalid_words(f"{field.subject} must be a number, like 15 or 3.5"))
    return _within(field, float(bare) if "." in bare else int(bare))


def _bare_number(text: str) -> str:
    return text.replace(",", "").replace(" ", "").removeprefix("£")


def _within(field: Field, value: float) -> float:
    if field.minimum is not None and value < field.minimum:
        raise Unusable(field.invalid_words(f"{field.subject} must be {field.minimum:g} or more"))
    if field.maximum is not None and value > field.maximum:
        raise Unusable(field.invalid_words(f"{field.subject} must be {field.maximum:g} or less"))
    return value


def _chosen(field: Field, text: str) -> Answer:
    if field.kind is FieldKind.YES_NO:
        said = {"yes": True, "true": True, "no": False, "false": False}.get(text.lower())
        if said is None:
            raise Unusable(field.required_words)
        return said
    for choice in field.choices:
        if str(choice.value) == text:
            return choice.value
    raise Unusable(field.required_words)


def _ticks(field: Field, texts: list[str]) -> Answer:
    known = [str(choice.value) for choice in field.choices]
    if not set(texts) <= set(known):
        raise Unusable(field.required_words)
    return [value for value in known if value in texts]


def _date(field: Field, raw: Mapping[str, object]) -> Answer | None:
    whole = _texts(raw.get(field.name))
    if whole and whole[0].strip():
        return _real_date(field, *_iso_parts(whole[0]))
    given = {p: "".join(_texts(raw.get(f"{field.name}-{p}"))[:1]).strip() for p in _PARTS}
    missing = [part for part in _PARTS if not given[part]]
    if len(missing) == 3:
        return None
    if missing:
        raise Unusable(f"{_named(field)} must include a {' and '.join(missing)}")
    return _real_date(field, given["day"], given["month"], given["year"])


_PARTS = ("day", "month", "year")


def _iso_parts(text: str) -> tuple[str, str, str]:
    year, month, day = [*text.strip()[:10].split("-"), "", "", ""][:3]
    return day, month, year


def _real_date(field: Field, day: str, month: str, year: str) -> str:
    """ISO text of a real date of the years a council deals with; months may be words."""
    if month[:3].lower() in _MONTHS:
        month = str(_MONTHS.index(month[:3].lower()) + 1)
    try:
        if not all(
            part.isascii() and part.isdigit() and len(part) <= 4 for part in (day, month, year)
        ):
            raise ValueError
        if not 1850 <= int(year) <= 2200:
            raise ValueError
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        raise Unusable(field.invalid_words(f"{_named(field)} must be a real date")) from None


def _named(field: Field) -> str:
    return "The date" if field.question.endswith("?") else field.question


_READERS: dict[FieldKind, Callable[[Field, str], Answer]] = {
    FieldKind.ADDRESS: _address,
    FieldKind.EMAIL: _email,
    FieldKind.TEL: _tel,
    FieldKind.POSTCODE: _postcode,
    FieldKind.INTEGER: _integer,
    FieldKind.NUMBER: _number,
}
