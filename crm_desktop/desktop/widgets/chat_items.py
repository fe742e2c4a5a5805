"""What a conversation line by line consists of, and the model that goes from one state to the next.

Rows are frozen and known by a key: when a line comes, nothing but its own row is new.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from crm_desktop.desktop.core import words
from crm_desktop.desktop.widgets.attachments import AttachedFile
from crm_desktop.desktop.widgets.rows import become

ITEM_ROLE = Qt.ItemDataRole.UserRole + 1
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class ItemKind(StrEnum):
    """What a row of a conversation is."""

    SAID = "said"
    FILE = "file"
    NOTE = "note"
    MAIL = "mail"
    CENTRE = "centre"
    TYPING = "typing"
    ASKED = "asked"
    EARLIER = "earlier"


_LABELS = {
    ItemKind.NOTE: "Internal note, never sent",
    ItemKind.MAIL: "By email",
    ItemKind.ASKED: "Asked before the chat",
}


class Fate(StrEnum):
    """What became of an own line."""

    KEPT = ""
    SENDING = "sending"
    STOPPED = "stopped"
    FAILED = "not sent"


@dataclass(frozen=True, slots=True)
class ChatItem:
    """One row. `mine`: the centre's side, at the right. `head` says who and when, "" where the row
    above says it already; `foot` what became of it, as "seen". `who` is always known, for the ear.
    """

    key: Hashable
    kind: ItemKind
    text: str
    who: str = ""
    mine: bool = False
    head: str = ""
    foot: str = ""
    fate: Fate = Fate.KEPT
    file: AttachedFile | None = None

    @property
    def label(self) -> str:
        """What kind of text it is, where it is none of the chat's own; "" for a line."""
        return _LABELS.get(self.kind, "")

    def aloud(self) -> str:
        """The row as it is read out."""
        if self.file is not None:
            said = f"File {self.file.name}, {words.size(self.file.size)}"
        else:
            said = self.text
        who = ", ".join(part for part in (self.label, self.who) if part)
        if self.kind is ItemKind.TYPING:
            who = f"{self.who} is typing"
        state = self.foot if self.fate is Fate.KEPT else self.fate.value
        return f"{who}: {said}. {state}".strip(" :") if who else said


class ChatModel(QAbstractListModel):
    """The rows of one conversation; `set_items` moves by differences."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items: list[ChatItem] = []

    @property
    def items(self) -> tuple[ChatItem, ...]:
        """The rows shown now."""
        return tuple(self._items)

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """How many rows there are."""
        return 0 if parent.isValid() else len(self._items)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The row's text, what is read aloud, or the ChatItem itself under ITEM_ROLE."""
        if not index.isValid() or index.row() >= len(self._items):
            return None
        item = self._items[index.row()]
        if role == ITEM_ROLE:
            return item
        if role == Qt.ItemDataRole.DisplayRole:
            return item.text
        return item.aloud() if role == Qt.ItemDataRole.AccessibleTextRole else None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Every row can be read and copied."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return (
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemNeverHasChildren
        )

    def set_items(self, items: Sequence[ChatItem]) -> None:
        """Show these instead."""
        become(self, self._items, items, self._changed)

    def _changed(self, at: int, _before: ChatItem) -> None:
        self.dataChanged.emit(self.index(at), self.index(at))
