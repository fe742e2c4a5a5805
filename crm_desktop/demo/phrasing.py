"""What customers write and answer, varied from the demo's patterns before the rows are made.

Texts are made once into pools and then only picked, so that millions of rows cost little; the
writer's own address stands as a mark until the row has its customer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from crm_desktop.demo.content import DemoCentre, DemoService, MailPattern, Words
from crm_desktop.domain.forms import Field, FieldKind, Form

#: Stands for the writer's own address until it is known.
HOME = "⌂"

_ALTERNATIVES = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_GREETED = re.compile(r"(hi|hello|dear|good|thank)\b", re.IGNORECASE)
_OPTIONAL_ANSWERED = 0.55


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail without its writer; `service` is a code, None when it is about nothing listed."""

    service: str | None
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class FilledForm:
    """A web form's answers without their writer; `own_home` names the questions that hold HOME."""

    service: DemoService
    answers: Mapping[str, object]
    own_home: tuple[str, ...]
    text: str


def letters(centre: DemoCentre, rng: Random, count: int) -> list[Letter]:
    """Varied mails, each service as often as its volume says."""
    volumes: dict[str | None, float] = {each.code: each.volume for each in centre.services}
    patterns = centre.mails
    share = [
        volumes.get(pattern.service, 2.0)
        / sum(1 for other in patterns if other.service == pattern.service)
        for pattern in patterns
    ]
    chosen = rng.choices(patterns, weights=share, k=count)
    return [_letter(centre.words, rng, pattern) for pattern in chosen]


def filled_forms(centre: DemoCentre, rng: Random, count: int, today: date) -> list[FilledForm]:
    """Varied answers to the public forms, each service as often as its volume says."""
    public = [
        (service, Form.from_schema(service.schema).public())
        for service in centre.services
        if service.public and service.schema is not None
    ]
    chosen = rng.choices(public, weights=[service.volume for service, _ in public], k=count)
    return [_filled(centre.words, rng, service, form, today) for service, form in chosen]


def _letter(words: Words, rng: Random, pattern: MailPattern) -> Letter:
    body = _varied(words, rng, pattern.body)
    if not _GREETED.match(body):
        opening = rng.choice(words.openings)
        body = f"{opening}\n\n{body}" if opening else body
    subject = _varied(words, rng, rng.choice(pattern.subjects))
    return Letter(pattern.service, subject, f"{body}\n\n{rng.choice(words.closings)}".rstrip())


def _varied(words: Words, rng: Random, text: str) -> str:
    text = _ALTERNATIVES.sub(lambda found: rng.choice(found[1].split("|")), text)
    return _SLOT.sub(lambda found: _slot(words, rng, found[1]), text)


def _slot(words: Words, rng: Random, name: str) -> str:
    return _SLOTS[name](words, rng)


#: Every slot that a pattern may use.
_SLOTS: Mapping[str, Callable[[Words, Random], str]] = {
    "home": lambda _words, _rng: HOME,
    "n": lambda _words, rng: str(rng.randint(1, 140)),
    "n2": lambda _words, rng: str(rng.randint(1, 140)),
    "street": lambda words, rng: rng.choice(words.streets),
    "street2": lambda words, rng: rng.choice(words.streets),
    "village": lambda words, rng: rng.choice(words.villages),
    "postcode": lambda words, rng: rng.choice(words.postcodes),
    "landmark": lambda words, rng: rng.choice(words.landmarks),
    "day": lambda words, rng: rng.choice(words.weekdays),
    "month": lambda words, rng: rng.choice(words.months),
    "bin": lambda words, rng: rng.choice(words.bins),
    "account": lambda _words, rng: f"{rng.randint(4000, 4999)} {rng.randint(0, 9999):04}",
    "column": lambda _words, rng: str(rng.randint(1000, 9899)),
    "age": lambda _words, rng: str(rng.randint(71, 96)),
    "age2": lambda _words, rng: str(rng.randint(1, 4)),
}


def _filled(words: Words, rng: Random, service: DemoService, form: Form, today: date) -> FilledForm:
    raw: dict[str, object] = {}
    for field in form.fields:
        if field.kind is FieldKind.FILE:
            continue
        if field.required or rng.random() < _OPTIONAL_ANSWERED:
            raw[field.name] = _answer(words, rng, service.code, field, today)
    answers: dict[str, object] = dict(form.clean(raw).answers)
    own_home = tuple(name for name, value in answers.items() if value == HOME)
    text = "\n".join(f"{question}: {answer}" for question, answer in form.summary(answers))
    return FilledForm(service, answers, own_home, text)


def _answer(words: Words, rng: Random, service: str, field: Field, today: date) -> object:
    if field.choices:
        return _choice(rng, field)
    if field.kind is FieldKind.DATE:
        ago = rng.randint(30 * 365, 95 * 365) if field.name == "born" else rng.randint(0, 6)
        return (today - timedelta(days=ago)).isoformat()
    if field.kind in (FieldKind.INTEGER, FieldKind.NUMBER):
        low, high = int(field.minimum or 0), int(field.maximum or 10)
        return rng.randint(low, min(high, low + 9))
    if field.kind is FieldKind.ADDRESS:
        return _address(words, rng, field.name)
    return _words_for(words, rng, f"{service}.{field.name}")


def _address(words: Words, rng: Random, name: str) -> str:
    if name in ("address", "old_address"):
        return HOME
    street = rng.choice(words.streets)
    if name == "location":
        return f"{street}, {rng.choice(words.landmarks)}"
    village, postcode = rng.choice(words.villages), rng.choice(words.postcodes)
    return f"{rng.randint(1, 140)} {street}, {village} {postcode}"


def _choice(rng: Random, field: Field) -> object:
    values = [choice.value for choice in field.choices]
    if field.kind is FieldKind.YES_NO:
        return rng.choice(("yes", "no"))
    if field.kind is not FieldKind.CHECKBOXES:
        return rng.choice(values)
    if "none" in values and rng.random() < 0.5:
        return ["none"]
    real = [value for value in values if value != "none"]
    return sorted(rng.sample(real, k=min(len(real), rng.choice((1, 1, 2)))), key=values.index)


def _words_for(words: Words, rng: Random, question: str) -> str:
    known = words.form_texts.get(question)
    if known:
        return rng.choice(known)
    if question.endswith(".column"):
        return f"HV{rng.randint(1000, 9899)}"
    if question.endswith(".account"):
        return _slot(words, rng, "account")
    if question.endswith(".registration"):
        return f"HV{rng.randint(10, 69)} {''.join(rng.choices('ABCDEFGHJKLMNOPRSTUVWXY', k=3))}"
    if question.endswith(".badge"):
        return f"{rng.choice('ABCDEFGH')}{rng.randint(10000, 99999)}"
    return ""
