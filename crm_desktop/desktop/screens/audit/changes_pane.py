"""What changed behind an entry of the timeline: each row, before and after."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.widgets.buttons import Button, Kind
from crm_desktop.desktop.widgets.card import Card, PanelHeader, Surface
from crm_desktop.desktop.widgets.key_values import KeyValueGrid
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.audit_views import Deed, RowChange

_LONGEST = 400
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d")
#: Columns that hold a member of staff's number.
_PEOPLE = frozenset(
    ("owner_id", "staff_id", "author_id", "opened_by_id", "created_by_id", "requested_by_id")
)
#: A long word may be cut behind these.
_CUTS = re.compile(r"(?<=[-_/.,:@=])(?=\S)")
_ADDED = "What it held stands in the record itself."
_REDACTED = "Its values were removed by an administrator."


class ChangesPane(Surface):
    """The right side of "What a person did". `contact_wanted` carries the entry's contact."""

    contact_wanted = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self._deed: Deed | None = None
        self.setAccessibleName("Before and after")
        self._names: Mapping[object, str] = {}
        self._header = PanelHeader(look, "Before and after")
        self._open = Button(look, "Open the contact", kind=Kind.QUIET, icon="mail-open")
        self._open.clicked.connect(self._open_contact)
        self._empty = EmptyState(look, "history", "Nothing is chosen.", "Choose an entry.")
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setAccessibleName("Changed rows")
        self._pages = QStackedWidget()
        for each in (self._empty, self._scroll):
            self._pages.addWidget(each)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._header)
        column.addWidget(self._pages, 1)
        column.addWidget(self._open, 0, Qt.AlignmentFlag.AlignHCenter)
        self.setMinimumWidth(look.px(240))
        self.clear()

    def set_people(self, names: Mapping[object, str]) -> None:
        """What the people whose numbers stand in rows are called."""
        self._names = names

    def clear(self) -> None:
        """No entry is chosen."""
        self._deed = None
        self._header.set_text("Before and after")
        self._open.setVisible(False)
        self._empty.set_text("Nothing is chosen.", "Choose an entry.")
        self._pages.setCurrentIndex(0)

    def show_changes(self, changes: tuple[RowChange, ...], deed: Deed | None) -> None:
        """Show what changed with an entry."""
        if deed is None:
            self.clear()
            return
        self._deed = deed
        self._header.set_text("Before and after", f"{words.full(deed.at)}")
        self._open.setVisible(deed.contact_id is not None)
        if not changes:
            reading = deed.source == "read"
            title = "This was a reading." if reading else "No row changes are kept here."
            detail = "" if reading else "They are kept on PostgreSQL, for your own queues."
            self._empty.set_text(title, detail)
            self._pages.setCurrentIndex(0)
            return
        self._scroll.setWidget(self._cards(changes))
        self._pages.setCurrentIndex(1)

    def _cards(self, changes: tuple[RowChange, ...]) -> QWidget:
        ground = Surface(self._look)
        column = QVBoxLayout(ground)
        edge = self._look.px(12)
        column.setContentsMargins(edge, edge, edge, edge)
        column.setSpacing(self._look.px(10))
        for each in changes:
            column.addWidget(self._card(each))
        column.addStretch(1)
        return ground

    def _card(self, change: RowChange) -> Card:
        look = self._look
        card = Card(look)
        number = f" (no. {change.row_key})" if change.row_key else ""
        card.setAccessibleName(change.words)
        card.body.addWidget(Text(look, f"{change.words}{number}", Role.STRONG, wrap=True))
        if change.redacted:
            card.body.addWidget(Text(look, _REDACTED, muted=True, wrap=True))
        elif change.op == "I":
            card.body.addWidget(Text(look, _ADDED, muted=True, wrap=True))
        else:
            names = dict.fromkeys((*change.before, *change.after))
            card.body.addWidget(
                KeyValueGrid(look, [(_named(name), self._change(change, name)) for name in names])
            )
        return card

    def _change(self, change: RowChange, column: str) -> str:
        before = self._said(column, change.before.get(column))
        if not change.after:
            return before
        return f"{before} → {self._said(column, change.after.get(column))}"

    def _said(self, column: str, value: object) -> str:
        if column in _PEOPLE and value in self._names:
            return self._names[value]
        return _plain(value)

    @Slot()
    def _open_contact(self) -> None:
        if self._deed is not None and self._deed.contact_id is not None:
            self.contact_wanted.emit(self._deed.contact_id)


def _named(column: str) -> str:
    return column.removesuffix("_id").replace("_", " ").capitalize()


def _plain(value: object) -> str:
    if value is None or value in ("", [], {}):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and _TIME.fullmatch(value):
        return words.full(datetime.fromisoformat(value))
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return _CUTS.sub("\u200b", said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…")
