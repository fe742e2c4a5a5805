"""Keyed rows for lists: a new list of rows is applied as differences, never as a reset."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from crm_desktop.desktop.core.theme import Tone

#: The role under which a model gives the whole row.
ROW_ROLE = Qt.ItemDataRole.UserRole

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
        return (
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemNeverHasChildren
        )

    def index_of(self, key: Hashable) -> QModelIndex:
        """Where the row with this key stands; an invalid index when it does not."""
        for at, row in enumerate(self._rows):
            if row.key == key:
                return self.index(at)
        return QModelIndex()

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show these instead; selection and scroll position stay with their rows."""
        wanted = {row.key for row in rows}
        for first, last in runs([row.key not in wanted for row in self._rows]):
            self.beginRemoveRows(_ROOT, first, last)
            del self._rows[first : last + 1]
            self.endRemoveRows()
        if not self._rows and rows:
            self.beginInsertRows(_ROOT, 0, len(rows) - 1)
            self._rows = list(rows)
            self.endInsertRows()
            return
        for at, row in enumerate(rows):
            self._settle(at, row)

    def _settle(self, at: int, row: Row) -> None:
        """Make `row` the one at `at`, given that all before it are right."""
        if at >= len(self._rows) or self._rows[at].key != row.key:
            found = next(
                (n for n in range(at + 1, len(self._rows)) if self._rows[n].key == row.key), None
            )
            if found is None:
                self.beginInsertRows(_ROOT, at, at)
                self._rows.insert(at, row)
                self.endInsertRows()
                return
            self.beginMoveRows(_ROOT, found, found, _ROOT, at)
            self._rows.insert(at, self._rows.pop(found))
            self.endMoveRows()
        if self._rows[at] != row:
            self._rows[at] = row
            self.dataChanged.emit(self.index(at), self.index(at))
