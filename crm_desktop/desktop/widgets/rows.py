"""Keyed rows for lists: a new list of rows is applied as differences, never as a reset."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from crm_desktop.desktop.core.theme import Tone

#: The role under which a model gives the whole row.
ROW_ROLE = Qt.ItemDataRole.UserRole
#: What a view may do with a row that can be chosen; put together once, as every drawing asks for
#: each row.
TO_CHOOSE = (
    Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
)

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a RowList: a tile, a title, a second line, and something at the right.

    `key` tells rows apart; `pill` is words and tone; `spoken` replaces what is read aloud;
    a `heading` is a section's name and cannot be chosen.
    """

    key: Hashable
    title: str
    detail: str = ""
    icon: str = ""
    tone: Tone = Tone.ACCENT
    right: str = ""
    pill: tuple[str, Tone] | None = None
    spoken: str = ""
    heading: bool = False

    def aloud(self) -> str:
        """What a screen reader says for the row."""
        pill = self.pill[0] if self.pill else ""
        return self.spoken or ", ".join(
            part for part in (self.title, self.detail, pill, self.right) if part
        )


def runs(marks: Sequence[bool]) -> list[tuple[int, int]]:
    """First and last place of each run of marked places, from the end, so that what goes leaves
    the places of the others as they are: a view does the same work for a run as for a row.
    """
    found: list[tuple[int, int]] = []
    for at, marked in enumerate(marks):
        if not marked:
            continue
        if found and found[-1][1] == at - 1:
            found[-1] = (found[-1][0], at)
        else:
            found.append((at, at))
    return found[::-1]


class Keyed(Protocol):
    """A row that is told from others by its key."""

    @property
    def key(self) -> Hashable:
        """Which row it is, whatever it says."""


K = TypeVar("K", bound=Keyed)


def become(
    model: QAbstractItemModel,
    shown: list[K],
    wanted: Sequence[K],
    changed: Callable[[int, K], None],
) -> None:
    """Turn `shown`, the rows of a flat model, into `wanted` and tell views what was removed,
    inserted and moved. `changed` hears the place of a row that says something else, and what it
    said before.
    """
    keys = {row.key for row in wanted}
    for first, last in runs([row.key not in keys for row in shown]):
        model.beginRemoveRows(_ROOT, first, last)
        del shown[first : last + 1]
        model.endRemoveRows()
    if not shown and wanted:
        model.beginInsertRows(_ROOT, 0, len(wanted) - 1)
        shown.extend(wanted)
        model.endInsertRows()
        return
    for at, row in enumerate(wanted):
        _settle(model, shown, at, row)
        if shown[at] != row:
            before, shown[at] = shown[at], row
            changed(at, before)


def _settle(model: QAbstractItemModel, shown: list[K], at: int, row: K) -> None:
    """Bring the row of that key to `at`, given that all before it are right."""
    if at < len(shown) and shown[at].key == row.key:
        return
    found = next((n for n in range(at + 1, len(shown)) if shown[n].key == row.key), None)
    if found is None:
        model.beginInsertRows(_ROOT, at, at)
        shown.insert(at, row)
        model.endInsertRows()
        return
    model.beginMoveRows(_ROOT, found, found, _ROOT, at)
    shown.insert(at, shown.pop(found))
    model.endMoveRows()


class RowsModel(QAbstractListModel):
    """A list of Rows; `set_rows` moves from one list to the next by differences."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows shown now."""
        return tuple(self._rows)

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """How many rows there are; a row has none below it."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The row's title, what is read aloud, or the Row itself under ROW_ROLE."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        return row.aloud() if role == Qt.ItemDataRole.AccessibleTextRole else None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Headings are seen, not chosen."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        if self._rows[index.row()].heading:
            return Qt.ItemFlag.ItemNeverHasChildren
        return TO_CHOOSE

    def index_of(self, key: Hashable) -> QModelIndex:
        """Where the row with this key stands; an invalid index when it does not."""
        for at, row in enumerate(self._rows):
            if row.key == key:
                return self.index(at)
        return QModelIndex()

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show these instead; selection and scroll position stay with their rows."""
        become(self, self._rows, rows, self._changed)

    def _changed(self, at: int, _before: Row) -> None:
        self.dataChanged.emit(self.index(at), self.index(at))
