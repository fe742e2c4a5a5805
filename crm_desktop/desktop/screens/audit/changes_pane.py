"""What changed behind an entry of the timeline: each row, before and after."""

from __future__ import annotations

import json

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.widgets.buttons import Button
from crm_desktop.desktop.widgets.card import Card, PanelHeader, Surface
from crm_desktop.desktop.widgets.key_values import KeyValueGrid
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.audit_views import Deed, RowChange

_LONGEST = 400
_ADDED = "What it held stands in the record itself."
_REDACTED = "Its values were removed by an administrator."


class ChangesPane(Surface):
    """The right side of "What a person did". `contact_wanted` carries the entry's contact."""

    contact_wanted = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self._deed: Deed | None = None
        self.setAccessibleName("Before and after")
        self._header = PanelHeader(look, "Before and after")
        self._open = Button(look, "Open the contact", icon="mail-open")
        self._open.clicked.connect(self._open_contact)
        self._header.add(self._open)
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
        self.setMinimumWidth(look.px(240))
        self.clear()

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
            column.addWidget(_card(self._look, each))
        column.addStretch(1)
        return ground

    @Slot()
    def _open_contact(self) -> None:
        if self._deed is not None and self._deed.contact_id is not None:
            self.contact_wanted.emit(self._deed.contact_id)


def _card(look: Look, change: RowChange) -> Card:
    card = Card(look)
    number = f" {change.row_key}" if change.row_key else ""
    card.setAccessibleName(change.words)
    card.body.addWidget(Text(look, f"{change.words}{number}", Role.STRONG, wrap=True))
    if change.redacted:
        card.body.addWidget(Text(look, _REDACTED, muted=True, wrap=True))
    elif change.op == "I":
        card.body.addWidget(Text(look, _ADDED, muted=True, wrap=True))
    else:
        names = dict.fromkeys((*change.before, *change.after))
        card.body.addWidget(
            KeyValueGrid(look, [(_named(name), _change(change, name)) for name in names])
        )
    return card


def _change(change: RowChange, name: str) -> str:
    before = _said(change.before.get(name))
    return f"{before} → {_said(change.after.get(name))}" if change.after else before


def _named(column: str) -> str:
    return column.removesuffix("_id").replace("_", " ").capitalize()


def _said(value: object) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"
