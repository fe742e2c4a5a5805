"""The form of a service, one JSON Schema for the advisor's screen and for the public's page.

The convention (draft 2020-12, an object): `x-order` [names]; a property has `type` (string,
integer, number, boolean, array), `title` (the question), `description` (the hint), `enum` or
`oneOf` [{const, title}], an array has `items` with one of these (ticks); `format` date, email,
tel; `x-widget` textarea, radios, select, checkboxes, file, address, postcode; `maxLength`,
`minimum`, `maximum`; `x-show-if` {field, equals}, naming an earlier question; `x-public` false
for the advisor only; `x-error` {required, invalid}: the form's own words. On the schema itself
`x-contact` "required" says that nobody may send the public form without a way to be answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.form_fields import (
    MAX_FILES,
    Answer,
    Choice,
    Field,
    FieldKind,
    ShowIf,
)
from crm_desktop.domain.form_schema import read_fields, read_words
from crm_desktop.domain.form_values import Unusable, clean_answer

__all__ = [
    "MAX_FILES",
    "Answer",
    "Choice",
    "Cleaned",
    "Field",
    "FieldKind",
    "Form",
    "ShowIf",
    "long_date",
]

#: Not strftime's: a desktop toolkit may have set the process's locale.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The usable answers by name, and by name what a person must mend in their own words."""

    answers: dict[str, Answer]
    errors: dict[str, str]


@dataclass(frozen=True, slots=True)
class Form:
    """The questions of one service in their order."""

    title: str
    fields: tuple[Field, ...]
    description: str = ""

    @classmethod
    def from_schema(cls, schema: Mapping[str, object]) -> Form:
        """Read a schema of the convention above; InvalidInput says what is wrong with it."""
        if not isinstance(schema, Mapping) or schema.get("type", "object") != "object":
            raise InvalidInput("form: not an object", fields={"form": "must be an object"})
        return cls(
            read_words(schema, "title"), read_fields(schema), read_words(schema, "description")
        )

    def public(self) -> Form:
        """The same form with only what the public is asked."""
        kept: dict[str, Field] = {}
        for field in self.fields:
            reachable = field.show_if is None or field.show_if.field in kept
            if field.public and reachable:
                kept[field.name] = field
        return Form(self.title, tuple(kept.values()), self.description)

    def field(self, name: str) -> Field | None:
        """The question of that name."""
        return next((field for field in self.fields if field.name == name), None)

    def visible(self, answers: Mapping[str, object]) -> tuple[Field, ...]:
        """The questions that are asked, given cleaned answers; a hidden one hides its followers."""
        shown: dict[str, Field] = {}
        for field in self.fields:
            if _is_asked(field, shown, answers):
                shown[field.name] = field
        return tuple(shown.values())

    def clean(self, raw: Mapping[str, object]) -> Cleaned:
        """Usable answers and errors of what was sent: lists of text (a web page) or values.

        Names that are no question are ignored, answers to hidden questions dropped, and the
        result stays within the form's limits whatever `raw` holds. For a file question `raw`
        holds the names of the files.
        """
        answers: dict[str, Answer] = {}
        errors: dict[str, str] = {}
        shown: dict[str, Field] = {}
        for field in self.fields:
            if not _is_asked(field, shown, answers):
                continue
            shown[field.name] = field
            try:
                answer = clean_answer(field, raw)
            except Unusable as trouble:
                errors[field.name] = str(trouble)
                continue
            if answer is not None:
                answers[field.name] = answer
            elif field.required:
                errors[field.name] = field.required_words
        return Cleaned(answers, errors)

    def summary(self, answers: Mapping[str, object]) -> list[tuple[str, str]]:
        """(question, answer in words) for everything answered and asked, in the form's order."""
        return [
            (field.question, _in_words(field, answers[field.name]))
            for field in self.visible(answers)
            if answers.get(field.name) not in (None, "", [])
        ]


def _is_asked(field: Field, shown: Mapping[str, Field], answers: Mapping[str, object]) -> bool:
    condition = field.show_if
    return condition is None or (
        condition.field in shown and condition.holds(answers.get(condition.field))
    )


def _in_words(field: Field, answer: object) -> str:
    if isinstance(answer, list | tuple):
        return ", ".join(field.words_of(one) for one in answer)
    if field.kind is FieldKind.DATE and isinstance(answer, str):
        return long_date(answer)
    return field.words_of(answer)


def long_date(iso: str) -> str:
    """ "2026-11-19" → "19 November 2026"; what is no date is returned as it is."""
    try:
        day = date.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
