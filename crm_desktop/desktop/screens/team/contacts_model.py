"""The open contacts as a Qt list: frozen rows, moved by differences, dragged by their ids."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from crm_desktop.desktop.core.names import CHANNEL_NAMES
from crm_desktop.desktop.core.pills import PillText, pill_of
from crm_desktop.desktop.screens.team.dragging import CONTACTS, mime_of
from crm_desktop.desktop.widgets.rows import runs
from crm_desktop.desktop.widgets.tips import plain_tip
from crm_desktop.domain.reassigning import WorkRow
from crm_desktop.domain.states import ContactState

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
#: From which priority on what is said of it.
URGENCIES = ((9, "urgent"), (6, "high"), (1, "raised"))
#: What a row says of a contact that does not wait.
STATE_WORDS = {
    ContactState.QUEUED: "",
    ContactState.OFFERED: "offered to",
    ContactState.ACTIVE: "with",
    ContactState.HELD: "on hold with",
    ContactState.WRAP_UP: "wrap-up by",
    ContactState.PARKED: "parked by",
}


class ContactsModel(QAbstractListModel):
    """Rows in the order of their next breach. `show` applies the smallest difference."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[WorkRow] = []
        self._pills: dict[int, PillText | None] = {}
        self._now = datetime.min.replace(tzinfo=UTC)

    @property
    def rows(self) -> Sequence[WorkRow]:
        """What is shown."""
        return self._rows

    def show(self, rows: Sequence[WorkRow], stays: set[int], now: datetime) -> None:
        """Become `rows`, of which `staying` ones stay, telling views what was removed, inserted and
        changed.

        What changes its place is taken out and put in: a move would have the selection look at
        every chosen row.
        """
        self._now = now
        self._pills.clear()
        for first, last in runs([row.id not in stays for row in self._rows]):
            self.beginRemoveRows(_NOWHERE, first, last)
            del self._rows[first : last + 1]
            self.endRemoveRows()
        self._insert(rows, stays)
        for place, (shown, row) in enumerate(zip(self._rows, rows, strict=True)):
            # Most are the very same row, which need not be compared.
            if shown is not row and shown != row:
                self._rows[place] = row
                index = self.index(place)
                self.dataChanged.emit(index, index)

    def staying(self, rows: Sequence[WorkRow]) -> set[int]:
        """Of `rows` those that are shown and keep their place among the others: the order is by
        next breach, then id.
        """
        shown = {row.id: row for row in self._rows}
        return {
            row.id
            for row in rows
            if (before := shown.get(row.id)) is row
            or (before is not None and before.row.due_at == row.row.due_at)
        }

    def tick(self, now: datetime, shown: range) -> None:
        """Count down to `now` in the places that are `shown`, painting what reads differently."""
        self._now = now
        before, self._pills = self._pills, {}
        for place in shown:
            row = self._rows[place]
            if self.pill_of(row) != before.get(row.id):
                self.dataChanged.emit(self.index(place), self.index(place))

    def pill_of(self, row: WorkRow) -> PillText | None:
        """What the pill of a row says now."""
        if row.id not in self._pills:
            self._pills[row.id] = pill_of(row.row, self._now)
        return self._pills[row.id]

    def row_at(self, place: int) -> WorkRow:
        """The row at a place that there is."""
        return self._rows[place]

    def place_of(self, contact_id: int) -> QModelIndex:
        """Where a contact stands; an invalid index when it is not in the list."""
        for place, row in enumerate(self._rows):
            if row.id == contact_id:
                return self.index(place)
        return QModelIndex()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """How many are shown."""
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Chosen and dragged, never edited."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return (
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemIsDragEnabled
            | Qt.ItemFlag.ItemNeverHasChildren
        )

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words for people and screen readers; the delegate asks `row_at`."""
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{row.row.who} · {row.row.subject}"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return _spoken(row, self.pill_of(row))
        return _tip(row) if role == Qt.ItemDataRole.ToolTipRole else None

    def mimeTypes(self) -> list[str]:
        """What a drag carries."""
        return [CONTACTS]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """The contacts at these places."""
        return mime_of(self._rows[index.row()].id for index in indexes)

    def _insert(self, rows: Sequence[WorkRow], stays: set[int]) -> None:
        fresh: list[WorkRow] = []
        for place, row in enumerate(rows):
            if row.id not in stays:
                fresh.append(row)
            elif fresh:
                self._insert_at(place - len(fresh), fresh)
                fresh = []
        if fresh:
            self._insert_at(len(self._rows), fresh)

    def _insert_at(self, place: int, fresh: list[WorkRow]) -> None:
        self.beginInsertRows(_NOWHERE, place, place + len(fresh) - 1)
        self._rows[place:place] = fresh
        self.endInsertRows()


def whereabouts(row: WorkRow) -> str:
    """As "with Ben Achebe"; empty while it waits."""
    words = STATE_WORDS.get(row.row.state, row.row.state.value)
    if not row.row.owner_name:
        return "parked" if row.row.state is ContactState.PARKED else ""
    return f"{words} {row.row.owner_name}"


def urgency_of(priority: int) -> str:
    """A priority in a word; empty for the usual one."""
    return next((said for least, said in URGENCIES if priority >= least), "")


def _spoken(row: WorkRow, pill: PillText | None) -> str:
    contact = row.row
    parts = [
        f"{CHANNEL_NAMES[contact.channel]} from {contact.who}",
        contact.subject,
        contact.queue_name,
        whereabouts(row),
        pill.spoken if pill else "",
        urgency_of(contact.priority),
    ]
    return ", ".join(part for part in parts if part)


def _tip(row: WorkRow) -> str:
    contact = row.row
    lines = [f"{contact.who} · {CHANNEL_NAMES[contact.channel]}", contact.subject]
    lines.append(" · ".join(part for part in (contact.queue_name, contact.service_name) if part))
    lines.append(whereabouts(row).capitalize())
    return plain_tip("\n".join(line for line in lines if line))
