"""The queue as a Qt list: frozen rows, moved by differences, ticking only where words change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from itertools import takewhile
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from crm_desktop.desktop.core.names import (
    CHANNEL_NAMES,
    logged_words,
    offered_words,
    raised_words,
)
from crm_desktop.desktop.core.pills import PillText, pill_of
from crm_desktop.desktop.widgets.rows import TO_CHOOSE, runs
from crm_desktop.desktop.widgets.tips import plain_tip
from crm_desktop.domain.calls import CallView
from crm_desktop.domain.views import QueueRow

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_NEVER = datetime.min.replace(tzinfo=UTC)


class QueueRole(IntEnum):
    """What the delegate asks of a row."""

    ENTRY = Qt.ItemDataRole.UserRole + 1
    PILL = Qt.ItemDataRole.UserRole + 2
    MINE = Qt.ItemDataRole.UserRole + 3


@dataclass(frozen=True, slots=True)
class Heading:
    """A line that begins a section; `aside` stands at its right end."""

    key: str
    words: str
    aside: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A contact in a section."""

    row: QueueRow
    mine: bool


Entry = Heading | Line


def _key(entry: Entry) -> str | int:
    return entry.key if isinstance(entry, Heading) else entry.row.id


class QueueModel(QAbstractListModel):
    """Headings and rows in one flat list. `show` applies the smallest difference.

    What a pill says is worked out when it is asked for: of a long list few rows are on screen.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: list[Entry] = []
        self._keys: list[str | int] = []
        self._pills: dict[int, PillText | None] = {}
        self._now = _NEVER
        #: This person's own calls by contact: their rows have a clock of talking.
        self.calls: Mapping[int, CallView] = {}

    def show(self, entries: Sequence[Entry], now: datetime) -> None:
        """Become `entries`, telling views what was removed, inserted, moved and changed."""
        self._now = now
        keys = [_key(entry) for entry in entries]
        if keys != self._keys:
            self._remove(set(keys))
            self._arrange(entries, keys)
        self._update(entries)

    def tick(self, now: datetime, shown: range | None = None) -> int:
        """Count down to `now` in the places that are `shown` (None: all of them); only rows whose
        words changed are painted. Returns how many.
        """
        self._now = now
        before, self._pills = self._pills, {}
        changed = 0
        for place in shown or range(len(self._entries)):
            entry = self._entries[place]
            if isinstance(entry, Heading):
                continue
            pill = self.pill_of(entry.row)
            if pill != before.get(entry.row.id, pill):
                index = self.index(place)
                self.dataChanged.emit(index, index, [QueueRole.PILL])
                changed += 1
        return changed

    def entry_at(self, place: int) -> Entry:
        """What stands at a place; without the way through Qt that `data` takes."""
        return self._entries[place]

    def pill_of(self, row: QueueRow) -> PillText | None:
        """What the pill of a row says now."""
        if row.id not in self._pills:
            self._pills[row.id] = pill_of(row, self._now, self.calls.get(row.id))
        return self._pills[row.id]

    def place_of(self, contact_id: int) -> QModelIndex:
        """Where a contact stands; an invalid index when it is not in the list."""
        for place, entry in enumerate(self._entries):
            if isinstance(entry, Line) and entry.row.id == contact_id:
                return self.index(place)
        return QModelIndex()

    def row_at(self, index: Index) -> QueueRow | None:
        """The contact at an index; None on a heading or nowhere."""
        if not index.isValid():
            return None
        entry = self._entries[index.row()]
        return entry.row if isinstance(entry, Line) else None

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """Headings and rows together."""
        return 0 if parent.isValid() else len(self._entries)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Headings can neither be selected nor opened."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        if self.row_at(index) is None:
            return Qt.ItemFlag.ItemNeverHasChildren
        return TO_CHOOSE

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words for people and screen readers, the entry itself for the delegate."""
        if not index.isValid() or not 0 <= index.row() < len(self._entries):
            return None
        entry = self._entries[index.row()]
        if role == QueueRole.ENTRY:
            return entry
        if isinstance(entry, Heading):
            speaks = role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
            return entry.words if speaks else None
        return self._of_line(entry, role)

    def _of_line(self, line: Line, role: int) -> Any:
        if role == QueueRole.PILL:
            return self.pill_of(line.row)
        if role == QueueRole.MINE:
            return line.mine
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{line.row.who} · {line.row.subject}"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return spoken(line.row, self.pill_of(line.row))
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tip(line.row)
        return None

    def _remove(self, wanted: set[str | int]) -> None:
        for first, last in runs([key not in wanted for key in self._keys]):
            self.beginRemoveRows(_NOWHERE, first, last)
            del self._entries[first : last + 1], self._keys[first : last + 1]
            self.endRemoveRows()

    def _arrange(self, wanted: Sequence[Entry], keys: list[str | int]) -> None:
        present = set(self._keys)
        for place, key in enumerate(keys):
            if place < len(self._keys) and self._keys[place] == key:
                continue
            if key in present:
                self._move(key, place)
            else:
                end = place + sum(
                    1 for _ in takewhile(lambda each: each not in present, keys[place:])
                )
                self.beginInsertRows(_NOWHERE, place, end - 1)
                self._entries[place:place] = wanted[place:end]
                self._keys[place:place] = keys[place:end]
                self.endInsertRows()

    def _move(self, key: str | int, place: int) -> None:
        start = self._keys.index(key, place)
        self.beginMoveRows(_NOWHERE, start, start, _NOWHERE, place)
        self._entries.insert(place, self._entries.pop(start))
        self._keys.insert(place, self._keys.pop(start))
        self.endMoveRows()

    def _update(self, wanted: Sequence[Entry]) -> None:
        for place, entry in enumerate(wanted):
            if self._entries[place] != entry:
                self._entries[place] = entry
                if isinstance(entry, Line):
                    self._pills.pop(entry.row.id, None)
                index = self.index(place)
                self.dataChanged.emit(index, index)


def spoken(row: QueueRow, pill: PillText | None) -> str:
    """A row as a screen reader says it."""
    parts = [f"{CHANNEL_NAMES[row.channel]} from {row.who}", row.subject, row.queue_name]
    if pill:
        parts.append(pill.spoken)
    if row.needs_checking:
        parts.append("needs checking")
    parts += [raised_words(row), offered_words(row), logged_words(row)]
    if row.looking:
        parts.append(f"{' and '.join(row.looking)} looking")
    return ", ".join(part for part in parts if part)


def _tip(row: QueueRow) -> str:
    lines = [f"{row.who} · {CHANNEL_NAMES[row.channel]}", row.subject]
    lines.append(" · ".join(part for part in (row.queue_name, row.service_name) if part))
    lines += [raised_words(row), offered_words(row), logged_words(row).capitalize()]
    if row.looking:
        lines.append(f"Looking at it: {', '.join(row.looking)}")
    return plain_tip("\n".join(line for line in lines if line))
