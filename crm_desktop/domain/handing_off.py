"""Turning a case's answers into what a back office is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from crm_desktop.domain.forms import FieldKind, Form

_YES_NO = {True: "true", False: "false"}


@dataclass(frozen=True, slots=True)
class HandoffMapping:
    """Which answers a target needs, and where.

    `attributes` maps the target's attribute codes to names of questions; the answers to the
    questions in `description` are written into the description; `address` and `photo` name the
    questions that hold them, or are empty.
    """

    attributes: Mapping[str, str] = field(default_factory=dict)
    description: tuple[str, ...] = ()
    address: str = ""
    photo: str = ""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> HandoffMapping:
        """As a service stores it."""
        return cls(
            attributes=dict(stored.get("attributes") or {}),
            description=tuple(stored.get("description") or ()),
            address=stored.get("address") or "",
            photo=stored.get("photo") or "",
        )


@dataclass(frozen=True, slots=True)
class Told:
    """What the target is told of a case's answers."""

    description: str
    attributes: dict[str, str | list[str]]
    address: str


def told(
    form: Form | None, answers: Mapping[str, object], mapping: HandoffMapping, title: str
) -> Told:
    """The answers in the target's terms: its attributes, and the rest in words."""
    in_words = _in_words(form, answers)
    named = mapping.description or tuple(in_words)
    lines = [title] if title else []
    lines += [f"{question}: {in_words[name][1]}" for name, question in _asked(in_words, named)]
    return Told(
        description="\n".join(lines),
        attributes={
            code: _attribute(answers[name], dates=name in _dates(form))
            for code, name in mapping.attributes.items()
            if answers.get(name) not in (None, "", [])
        },
        address=str(answers.get(mapping.address) or "") if mapping.address else "",
    )


def _in_words(form: Form | None, answers: Mapping[str, object]) -> dict[str, tuple[str, str]]:
    """Question and answer in words by the question's name, in the form's order."""
    if form is None:
        return {name: (name, str(value)) for name, value in answers.items() if value}
    return {
        each.name: pair
        for each in form.visible(answers)
        # Each alone, and asked whatever the others say: that it is asked was just found.
        for pair in Form("", (replace(each, show_if=None),)).summary(
            {each.name: answers.get(each.name)}
        )
    }


def _asked(
    in_words: Mapping[str, tuple[str, str]], names: tuple[str, ...]
) -> list[tuple[str, str]]:
    return [(name, in_words[name][0].rstrip("?")) for name in names if name in in_words]


def _dates(form: Form | None) -> frozenset[str]:
    fields = form.fields if form is not None else ()
    return frozenset(each.name for each in fields if each.kind is FieldKind.DATE)


def _attribute(value: object, *, dates: bool) -> str | list[str]:
    if dates:
        # Targets know moments, not days.
        return f"{value}T00:00:00Z"
    if isinstance(value, bool):
        return _YES_NO[value]
    if isinstance(value, (list, tuple)):
        return [str(each) for each in value]
    return str(value)
