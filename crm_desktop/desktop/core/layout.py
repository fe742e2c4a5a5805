"""Windows and panes come back as they were left."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QSplitter, QWidget

#: Where this computer stands: a site, and a desk or room of it, by their ids.
SITE, PLACE = "desk/site", "desk/place"


class Settings(Protocol):
    """Where this computer remembers a person's ways; values are text."""

    def get(self, key: str) -> str | None:
        """What was set, or None."""

    def set(self, key: str, value: str) -> None:
        """Remember."""


def number_of(settings: Settings, key: str) -> int | None:
    """What was set there, when it is a number; else None."""
    said = settings.get(key)
    return int(said) if said and said.isdecimal() else None


def save_layout(window: QWidget, settings: Settings, name: str) -> None:
    """Remember the window's place and the panes of every splitter that has an object name."""
    settings.set(f"layout/{name}/window", _text(window.saveGeometry()))
    for splitter in _splitters(window):
        settings.set(f"layout/{name}/{splitter.objectName()}", _text(splitter.saveState()))


def restore_layout(window: QWidget, settings: Settings, name: str) -> bool:
    """Put everything back; False when nothing, or nothing usable, was remembered."""
    restore_panes(window, settings, name)
    geometry = settings.get(f"layout/{name}/window")
    return bool(geometry) and window.restoreGeometry(_octets(geometry or ""))


def fit_screen(window: QWidget) -> None:
    """No larger than the screen that it opens on, whatever the size of text asks for."""
    window.resize(window.size().boundedTo(window.screen().availableGeometry().size()))


def restore_panes(part: QWidget, settings: Settings, name: str) -> None:
    """Put the panes of a part back that was made after its window."""
    for splitter in _splitters(part):
        if state := settings.get(f"layout/{name}/{splitter.objectName()}"):
            splitter.restoreState(_octets(state))


def _splitters(window: QWidget) -> list[QSplitter]:
    return [each for each in window.findChildren(QSplitter) if each.objectName()]


def _text(octets: QByteArray) -> str:
    return bytes(octets.toBase64().data()).decode("ascii")


def _octets(text: str) -> QByteArray:
    return QByteArray.fromBase64(text.encode("ascii", "replace"))
