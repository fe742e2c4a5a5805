"""Who this is: how to reach them, what they need from us, and what was before."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import IconButton
from crm_desktop.desktop.widgets.card import SectionHeader, Surface
from crm_desktop.desktop.widgets.flow import FlowLayout
from crm_desktop.desktop.widgets.pill import Avatar, Pill
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.views import CustomerView, HistoryEntry, IdentifierView

_KINDS = {"email": "Email", "phone": "Phone", "handle": "Social", "account": "Account"}


class CustomerPanel(QScrollArea):
    """Signals: `change_asked`, `opened` a HistoryEntry that may be read."""

    change_asked = Signal()
    opened = Signal(object)

    def __init__(
        self, look: Look, clock: Clock, *, editable: bool = True, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look, self._clock, self._editable = look, clock, editable
        self._shown: CustomerView | None = None
        self._entries: dict[object, HistoryEntry] = {}
        self.setAccessibleName("Customer")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._ground = Surface(look)
        self._outer = QVBoxLayout(self._ground)
        self._outer.setContentsMargins(0, 0, 0, 0)
        self._outer.setSpacing(0)
        self._facts = QWidget()
        self._column = QVBoxLayout(self._facts)
        self._history_head = SectionHeader(look, "HISTORY")
        self._history = RowList(look, "History")
        self._history.opened.connect(self._open_entry)
        self._history.clicked.connect(self._open_current)
        self._history.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._empty = EmptyState(
            look, "user", "No customer yet.", "Choose who this is, or make a new record."
        )
        self._empty.add_action("Choose the customer…").clicked.connect(self.change_asked)
        for each in (self._facts, self._history_head, self._history, self._empty):
            self._outer.addWidget(each)
        self._outer.addStretch(1)
        self.setWidget(self._ground)
        look.changed.connect(self._again)

    def show_customer(self, customer: CustomerView | None) -> None:
        """Show a customer, or that nobody is chosen."""
        if customer == self._shown and customer is not None:
            return
        self._shown = customer
        known = customer is not None
        for each in (self._facts, self._history_head, self._history):
            each.setVisible(known)
        self._empty.setVisible(not known)
        if customer is not None:
            self._fill(customer)

    def _fill(self, customer: CustomerView) -> None:
        _clear(self._column)
        self._column.addLayout(self._head(customer))
        self._column.addLayout(self._identifiers(customer))
        self._show_history(customer)
        edge = self._look.px(14)
        self._column.setContentsMargins(edge, edge, edge, edge)
        self._column.setSpacing(self._look.px(10))

    def _head(self, customer: CustomerView) -> QVBoxLayout:
        look = self._look
        top, said, pills = QHBoxLayout(), QVBoxLayout(), QWidget()
        said.setSpacing(0)
        name = Text(look, customer.name, Role.STRONG, wrap=True, selectable=True)
        name.setAccessibleName(f"Customer {customer.name}")
        said.addWidget(name)
        said.addWidget(
            Text(look, f"since {words.local(customer.since):%Y}", Role.SMALL, muted=True)
        )
        top.addWidget(Avatar(look, customer.name))
        top.addLayout(said, 1)
        if self._editable:
            change = IconButton(look, "pencil", "Choose another customer")
            change.clicked.connect(self.change_asked)
            top.addWidget(change, 0, Qt.AlignmentFlag.AlignTop)
        flow = FlowLayout(pills, look.px(6))
        for marker in customer.markers:
            kind = "Safety marker" if marker.state == "active" else f"Marker {marker.state}"
            pill = Pill(look, kind, Tone.DANGER, "shield-alert")
            pill.setToolTip(marker.words)
            flow.addWidget(pill)
        if customer.adjustments:
            flow.addWidget(Pill(look, "Adjustments", Tone.WARNING, "ear"))
        if customer.open_cases:
            flow.addWidget(Pill(look, words.count(customer.open_cases, "open case"), Tone.ACCENT))
        if customer.kind != "person":
            flow.addWidget(Pill(look, customer.kind.capitalize(), Tone.NEUTRAL, "building-2"))
        head = QVBoxLayout()
        head.addLayout(top)
        if flow.count():
            head.addWidget(pills)
        else:
            pills.deleteLater()
        return head

    def _identifiers(self, customer: CustomerView) -> QGridLayout:
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(0, self._look.px(66))
        grid.setVerticalSpacing(self._look.px(1))
        for each in customer.identifiers:
            self._identifier(grid, each)
        for lines, postcode in customer.addresses:
            self._fact(grid, "Address", f"{lines} {postcode}".strip())
        if customer.prefers:
            self._fact(grid, "Prefers", customer.prefers)
        contacts = words.count(customer.contacts_in_year, "contact")
        self._fact(grid, "Contacts", f"{contacts} in 12 months")
        return grid

    def _identifier(self, grid: QGridLayout, each: IdentifierView) -> None:
        said = each.value if not each.flag else f"{each.value} ({each.flag})"
        line, label, value = self._fact(grid, _KINDS.get(each.kind, each.kind.capitalize()), said)
        if each.flag:
            value.set_tone(Tone.WARNING)
        copy = IconButton(self._look, "copy", f"Copy {each.value}", size=14)
        copy.setProperty("copies", each.value)
        copy.clicked.connect(self._copy)
        grid.addWidget(copy, line, 2)
        for text in (label, value):
            grid.setAlignment(text, Qt.AlignmentFlag.AlignVCenter)

    def _fact(self, grid: QGridLayout, name: str, says: str) -> tuple[int, Text, Text]:
        line = grid.rowCount()
        value = Text(self._look, says, wrap=True, selectable=True)
        value.setAccessibleName(f"{name}: {says}")
        label = Text(self._look, name, muted=True)
        grid.addWidget(label, line, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(value, line, 1)
        return line, label, value

    def _show_history(self, customer: CustomerView) -> None:
        now = self._clock.now()
        self._entries = {(each.kind, each.id): each for each in customer.history}
        self._history.set_rows([_row(each, words.when(each.at, now)) for each in customer.history])
        self._history_head.set_text(
            "HISTORY", words.count(len(customer.history), "entry", "entries")
        )
        self._history.setFixedHeight(self._history.content_height() + 2)
        self._history.setVisible(bool(customer.history))

    @Slot()
    def _copy(self) -> None:
        sender = self.sender()
        if sender is not None:
            QGuiApplication.clipboard().setText(str(sender.property("copies")))
            announce(self, "Copied")

    @Slot(object)
    def _open_entry(self, key: object) -> None:
        entry = self._entries.get(key)
        if entry is not None and entry.readable:
            self.opened.emit(entry)

    @Slot()
    def _open_current(self) -> None:
        self._open_entry(self._history.current_key())

    @Slot()
    def _again(self) -> None:
        if self._shown is not None:
            self._fill(self._shown)


def _row(entry: HistoryEntry, when: str) -> Row:
    icons = {"case": "briefcase", "email": "mail", "web_form": "file-text", "call": "phone"}
    icon = icons.get(entry.channel or entry.kind, "history")
    title = entry.title or entry.service_name or entry.kind.capitalize()
    parts = [entry.service_name if entry.title else "", entry.state.replace("_", " "), entry.who]
    if not entry.readable:
        parts.append("content restricted")
    detail = " · ".join(part for part in parts if part)
    tone = Tone.ACCENT if entry.readable else Tone.NEUTRAL
    return Row((entry.kind, entry.id), title, detail, icon, tone, when)


def _clear(layout: QVBoxLayout | QHBoxLayout | QGridLayout) -> None:
    while item := layout.takeAt(0):
        if widget := item.widget():
            widget.hide()
            widget.deleteLater()
        elif inner := item.layout():
            _clear(inner)  # type: ignore[arg-type]  # only these three are put in
