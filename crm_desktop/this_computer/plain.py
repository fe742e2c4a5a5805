"""Frozen dataclasses of the domain as JSON and back, for what is kept in this computer's files."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from crm_desktop.domain.errors import InvalidInput

T = TypeVar("T")


def written(value: object) -> bytes:
    """As JSON."""
    return json.dumps(_plain(value)).encode()


def read(kind: type[T], data: bytes) -> T:
    """What `written` gave; raises InvalidInput when it is anything else."""
    try:
        found: T = _made(kind, json.loads(data))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(f"no {kind.__name__}") from error
    return found


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value


def _made(kind: Any, value: Any) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        (some,) = (each for each in inner if each is not type(None))
        return None if value is None else _made(some, value)
    if origin is tuple:
        kinds = [inner[0]] * len(value) if inner[-1] is Ellipsis else inner
        return tuple(_made(each, part) for each, part in zip(kinds, value, strict=True))
    if origin is Mapping:
        return {key: _made(inner[1], each) for key, each in value.items()}
    if is_dataclass(kind):
        hints, make = get_type_hints(kind), cast("Any", kind)
        # What an older release left out has its default.
        return make(**{name: _made(hints[name], value[name]) for name in hints if name in value})
    return _one(kind, value)


def _one(kind: Any, value: Any) -> Any:
    if kind in (date, datetime):
        return kind.fromisoformat(value)
    if issubclass(kind, Enum):
        return kind(value)
    if kind is float and isinstance(value, int):
        return float(value)
    if type(value) is not kind:
        raise TypeError(f"{kind.__name__} expected")
    return value
