"""Reading a form out of a JSON Schema: only what a form can ask, everything else is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast
from urllib.parse import urlsplit

from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.form_fields import YES_NO, Choice, Field, FieldKind, ShowIf

#: Bounds against a schema that was made to hurt; real forms stay far below them.
MAX_FIELDS = 100
MAX_CHOICES = 500
MAX_WORDS = 4_000
MAX_LENGTH = 20_000

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}\Z")
_USUAL_LENGTH = {FieldKind.TEXTAREA: 5_000, FieldKind.EMAIL: 254, FieldKind.TEL: 40}
_TEXT_WIDGETS = ("textarea", "address", "postcode", "file")
_TEXT_FORMATS = ("date", "email", "tel", "payment")

_Schema = Mapping[str, object]


def read_fields(schema: _Schema) -> tuple[Field, ...]:
    """The questions of a schema in their order; InvalidInput says what is wrong with it."""
    properties = _mapping(schema.get("properties", {}), "properties")
    if len(properties) > MAX_FIELDS:
        raise _bad("properties", f"more than {MAX_FIELDS} questions")
    required = set(_names(schema.get("required", []), "required"))
    order = list(dict.fromkeys(_names(schema.get("x-order", []), "x-order")))
    for name in [*order, *required]:
        if name not in properties:
            raise _bad(name, "is named in x-order or required but is no property")
    order += [name for name in properties if name not in order]
    fields: list[Field] = []
    for name in order:
        part = _mapping(properties[name], name)
        fields.append(_field(name, part, name in required, [field.name for field in fields]))
    return tuple(fields)


def read_words(schema: _Schema, key: str, where: str = "form") -> str:
    """A piece of text of the schema, "" when absent; InvalidInput when it is no fair text."""
    words = schema.get(key, "")
    if not isinstance(words, str) or len(words) > MAX_WORDS:
        raise _bad(where, f"{key} must be text of at most {MAX_WORDS} characters")
    return words.strip()


def _field(name: str, part: _Schema, required: bool, earlier: Sequence[str]) -> Field:
    if not _NAME.match(name):
        raise _bad(name[:80], "a name is letters, digits and _ (at most 64), a letter first")
    kind, choices = _kind(name, part)
    return Field(
        name=name,
        kind=kind,
        question=read_words(part, "title", name) or name.replace("_", " ").capitalize(),
        hint=read_words(part, "description", name),
        required=required,
        choices=choices,
        max_length=_max_length(name, part, kind),
        minimum=_number(name, part, "minimum"),
        maximum=_number(name, part, "maximum"),
        multiple=part.get("type") == "array",
        url=_payment_page(name, part) if kind is FieldKind.PAYMENT else "",
        show_if=_show_if(name, part, earlier),
        public=part.get("x-public", True) is not False,
        words=_error_words(name, part),
    )


def _kind(name: str, part: _Schema) -> tuple[FieldKind, tuple[Choice, ...]]:
    kind, widget = part.get("type", "string"), part.get("x-widget", "")
    if kind == "boolean":
        return FieldKind.YES_NO, YES_NO
    if kind == "array":
        return _kind_of_list(name, part)
    if kind not in ("string", "integer", "number"):
        raise _bad(name, "type must be string, integer, number, boolean or array")
    if choices := _choices(name, part):
        as_list = widget == "select" or (widget != "radios" and len(choices) > 7)
        return (FieldKind.SELECT if as_list else FieldKind.RADIOS), choices
    return _kind_of_entry(part), ()


def _kind_of_list(name: str, part: _Schema) -> tuple[FieldKind, tuple[Choice, ...]]:
    if part.get("x-widget") == "file":
        return FieldKind.FILE, ()
    choices = _choices(name, _mapping(part.get("items", {}), name))
    if not choices:
        raise _bad(name, "a list needs items with enum or oneOf")
    return FieldKind.CHECKBOXES, choices


def _kind_of_entry(part: _Schema) -> FieldKind:
    kind, widget = part.get("type", "string"), part.get("x-widget", "")
    if kind != "string":
        return FieldKind(str(kind))
    for value, known in ((widget, _TEXT_WIDGETS), (part.get("format", ""), _TEXT_FORMATS)):
        if value in known:
            return FieldKind(str(value))
    return FieldKind.TEXT


def _choices(name: str, part: _Schema) -> tuple[Choice, ...]:
    listed = part.get("oneOf", part.get("enum", []))
    if not isinstance(listed, list) or len(listed) > MAX_CHOICES:
        raise _bad(name, f"choices are a list of at most {MAX_CHOICES}")
    choices = tuple(_choice(name, one) for one in listed)
    if len({str(choice.value) for choice in choices}) != len(choices):
        raise _bad(name, "the same choice stands twice")
    return choices


def _choice(name: str, one: object) -> Choice:
    value, words = one, ""
    if isinstance(one, Mapping):
        value, words = one.get("const"), read_words(cast("_Schema", one), "title", name)
    if isinstance(value, bool) or not isinstance(value, str | int) or len(str(value)) > MAX_WORDS:
        raise _bad(name, "a choice is a text or a whole number")
    return Choice(value, words or str(value))


def _max_length(name: str, part: _Schema, kind: FieldKind) -> int:
    length = part.get("maxLength", _USUAL_LENGTH.get(kind, 500))
    if isinstance(length, bool) or not isinstance(length, int) or length < 1:
        raise _bad(name, "maxLength must be a whole number of at least 1")
    return min(length, MAX_LENGTH)


def _number(name: str, part: _Schema, key: str) -> float | None:
    value = part.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e15:
        raise _bad(name, f"{key} must be a number")
    return value


def _payment_page(name: str, part: _Schema) -> str:
    """Where a payment is taken: a page of the provider's, by TLS, without anybody's password."""
    url = read_words(part, "x-url", name)
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        usable = False
    if not usable or not url.isascii() or not url.isprintable() or " " in url:
        raise _bad(name, "a payment needs x-url: the provider's page, which begins with https://")
    return url


def _show_if(name: str, part: _Schema, earlier: Sequence[str]) -> ShowIf | None:
    """Only an earlier question may bring one up: so there are no circles."""
    if "x-show-if" not in part:
        return None
    condition = _mapping(part["x-show-if"], name)
    other, equals = condition.get("field"), condition.get("equals")
    wanted = cast("list[object]", equals if isinstance(equals, list) else [equals])
    if other not in earlier:
        raise _bad(name, "x-show-if must name a question that comes before it")
    scalars = tuple(one for one in wanted if isinstance(one, str | int | float))
    if len(wanted) > MAX_CHOICES or len(scalars) != len(wanted):
        raise _bad(name, "x-show-if needs equals: a text, number, true, false or a list of them")
    return ShowIf(str(other), scalars)


def _error_words(name: str, part: _Schema) -> dict[str, str]:
    errors = _mapping(part.get("x-error", {}), name)
    return {
        key: read_words(errors, key, name) for key in ("required", "invalid") if errors.get(key)
    }


def _mapping(value: object, where: str) -> _Schema:
    if not isinstance(value, Mapping):
        raise _bad(where, "must be an object")
    return cast("_Schema", value)


def _names(value: object, where: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise _bad(where, "must be a list of names")
    return cast("list[str]", value)


def _bad(where: str, words: str) -> InvalidInput:
    return InvalidInput(f"form: {where}: {words}", fields={where: words})
