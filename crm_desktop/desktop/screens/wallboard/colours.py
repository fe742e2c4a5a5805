"""A wallboard's own colours, whatever the desktop's theme: every text at least 7 to 1."""

from __future__ import annotations

from dataclasses import dataclass, fields

from PySide6.QtGui import QColor

from crm_desktop.desktop.core.theme import Tone


@dataclass(frozen=True, slots=True)
class Colours:
    """All that is drawn with."""

    ground: QColor
    text: QColor
    muted: QColor
    line: QColor
    ok: QColor
    warning: QColor
    danger: QColor

    def ink(self, tone: Tone | None) -> QColor:
        """The colour of a number."""
        known = {Tone.OK: self.ok, Tone.WARNING: self.warning, Tone.DANGER: self.danger}
        return known.get(tone, self.text) if tone is not None else self.text

    def dimmed(self) -> Colours:
        """The same half faded into the ground: what is shown is old."""
        return Colours(*(_mixed(getattr(self, each.name), self.ground) for each in fields(self)))


def _mixed(colour: QColor, ground: QColor) -> QColor:
    return QColor(*((a + b) // 2 for a, b in zip(
        colour.toTuple()[:3], ground.toTuple()[:3], strict=True  # type: ignore[index]
    )))  # fmt: skip


def _colours(*names: str) -> Colours:
    return Colours(*(QColor(f"#{each}") for each in names))


DARK = _colours("000000", "ffffff", "d6d6d6", "707070", "6dff9e", "ffe14d", "ff9c9c")
LIGHT = _colours("ffffff", "000000", "333333", "8a8a8a", "0b4f29", "5a3700", "8f0f0b")
