"""What one check found, in words for whoever looks after the computer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How well one thing is."""

    OK = "ok"
    WARNING = "warning"
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's outcome; `to_do` is empty when there is nothing to do."""

    check: str
    state: State
    words: str
    to_do: str = ""


def ok(check: str, words: str) -> Finding:
    """All is well."""
    return Finding(check, State.OK, words)


def warning(check: str, words: str, to_do: str) -> Finding:
    """Work goes on, but somebody should look."""
    return Finding(check, State.WARNING, words, to_do)


def trouble(check: str, words: str, to_do: str) -> Finding:
    """Somebody cannot work until this is mended."""
    return Finding(check, State.TROUBLE, words, to_do)


_MARKS = {State.OK: "ok       ", State.WARNING: "warning  ", State.TROUBLE: "TROUBLE  "}


def said(found: Finding) -> tuple[str, ...]:
    """Its lines in a terminal."""
    words = f"{_MARKS[found.state]}{found.check}: {found.words}"
    return (words, f"         → {found.to_do}") if found.to_do else (words,)
