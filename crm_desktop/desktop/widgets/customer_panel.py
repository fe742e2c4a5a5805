"""Who this is: how to reach them, what they need from us, and what was before."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import IconButton
from crm_desktop.desktop.widgets.card import SectionHeader, Surface
from crm_desktop.desktop.widgets.facts import Fact, FactList
from crm_desktop.desktop.widgets.flow import FlowLayout, lay_out
from crm_desktop.desktop.widgets.pill import Avatar, Pill
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.desktop.widgets.who_is_it import WhoIsIt
from crm_desktop.domain.views import CustomerView, HistoryEntry, IdentifierView

_KINDS = {"email": "Email", "phone": "Phone", "handle": "Social", "account": "Account"}


class CustomerPanel(QScrollArea):
    """Signals: `change_asked`, `opened` a HistoryEntry that may be read, `seen_wanted` the
    CustomerView of whom somebody asks who has seen them; `audited` offers the question.
    `dial_wanted` a number to call, `is_this` the id of whoever of several it is.
    """

    change_asked = Signal()
    seen_wanted = Signal(object)
    opened = Signal(object)
    dial_wanted = Signal(str)
    is_this = Signal(object)

    def __init__(
        self,
        look: Look,
        clock: Clock,
        *,
        editable: bool = True,
        audited: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look, self._clock, self._editable = look, clock, editable
        self._audited = audited
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
        self._top = QWidget()
        self._column = QVBoxLayout(self._top)
        self._facts = FactList(look, "How to reach them")
        self._facts.dial_wanted.connect(self.dial_wanted)
        self._who = WhoIsIt(look)
        self._who.chosen.connect(self.is_this)
        self._who.other.connect(self.change_asked)
        self._who.hide()
        self._column.addLayout(self._build_head())
        self._column.addWidget(self._facts)
        self._history_head = SectionHeader(look, "HISTORY")
        self._history = RowList(look, "History")
        self._history.opened.connect(self._open_entry)
        self._history.clicked.connect(self._open_current)
        self._history.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._empty = EmptyState(
            look, "user", "No customer yet.", "Choose who this is, or make a new record."
        )
        self._empty.add_action("Choose the customer…").clicked.connect(self.change_asked)
        for each in (self._top, self._history_head, self._history, self._who, self._empty):
            self._outer.addWidget(each)
        self._outer.addStretch(1)
        self.setWidget(self._ground)
        look.changed.connect(self._space)
        self._space()

    @property
    def customer(self) -> CustomerView | None:
        """Who is shown."""
        return self._shown

    def show_customer(self, customer: CustomerView | None) -> None:
        """Show a customer, or that nobody is chosen."""
        if customer == self._shown and customer is not None:
            return
        self._shown = customer
        self._who.hide()
        known = customer is not None
        for each in (self._top, self._history_head, self._history):
            each.setVisible(known)
        self._empty.setVisible(not known)
        if customer is not None:
            self._fill(customer)
        lay_out(self, self._column, self._outer)

    def offer(self, found: tuple[tuple[int, str], ...]) -> None:
        """Ask which of several people it is, (id, name) each; while nobody is chosen."""
        wanted = bool(found) and self._shown is None
        if wanted:
            self._who.ask(found)
        self._who.setVisible(wanted)
        self._empty.setVisible(self._shown is None and not wanted)
        lay_out(self, self._column, self._outer)

    def _fill(self, customer: CustomerView) -> None:
        self._avatar.set_name(customer.name)
        self._name.setText(customer.name)
        self._name.setAccessibleName(f"Customer {customer.name}")
        self._since.setText(f"since {words.local(customer.since).year}")
        self._show_pills(customer)
        lines = [_of_identifier(each) for each in customer.identifiers]
        lines += [
            Fact("Address", said, said)
            for said in (f"{where} {postcode}".strip() for where, postcode in customer.addresses)
        ]
        if customer.prefers:
            lines.append(Fact("Prefers", customer.prefers))
        contacts = words.count(customer.contacts_in_year, "contact")
        lines.append(Fact("Contacts", f"{contacts} in 12 months"))
        self._facts.show_facts(lines)
        self._show_history(customer)

    def _build_head(self) -> QVBoxLayout:
        look = self._look
        self._avatar = Avatar(look, "")
        self._name = Text(look, "", Role.STRONG, wrap=True, selectable=True)
        self._since = Text(look, "", Role.SMALL, muted=True)
        self._pills = {
            "marker": Pill(look, "Safety marker", Tone.DANGER, "shield-alert"),
            "adjustments": Pill(look, "Adjustments", Tone.WARNING, "ear"),
            "cases": Pill(look, "", Tone.ACCENT),
            "kind": Pill(look, "", Tone.NEUTRAL, "building-2"),
        }
        said, top = QVBoxLayout(), QHBoxLayout()
        said.setSpacing(0)
        said.addWidget(self._name)
        said.addWidget(self._since)
        top.addWidget(self._avatar)
        top.addLayout(said, 1)
        if self._audited:
            seen = IconButton(look, "eye", "Who has seen this customer")
            seen.clicked.connect(self._ask_seen)
            top.addWidget(seen, 0, Qt.AlignmentFlag.AlignTop)
        if self._editable:
            change = IconButton(look, "pencil", "Choose another customer")
            change.clicked.connect(self.change_asked)
            top.addWidget(change, 0, Qt.AlignmentFlag.AlignTop)
        self._pill_row = QWidget()
        flow = FlowLayout(self._pill_row, look.px(6))
        for pill in self._pills.values():
            flow.addWidget(pill)
        head = QVBoxLayout()
        head.addLayout(top)
        head.addWidget(self._pill_row)
        return head

    def _show_pills(self, customer: CustomerView) -> None:
        active = any(each.state == "active" for each in customer.markers)
        self._pills["marker"].set_content(
            "Safety marker" if active else "Marker proposed", Tone.DANGER
        )
        self._pills["cases"].set_content(words.count(customer.open_cases, "open case"), Tone.ACCENT)
        self._pills["kind"].set_content(customer.kind.capitalize(), Tone.NEUTRAL)
        shown = {
            "marker": bool(customer.markers),
            "adjustments": bool(customer.adjustments),
            "cases": bool(customer.open_cases),
            "kind": customer.kind != "person",
        }
        for key, wanted in shown.items():
            self._pills[key].setVisible(wanted)
        self._pill_row.setVisible(any(shown.values()))

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
    def _ask_seen(self) -> None:
        if self._shown is not None:
            self.seen_wanted.emit(self._shown)

    @Slot(object)
    def _open_entry(self, key: object) -> None:
        entry = self._entries.get(key)
        if entry is not None and entry.readable:
            self.opened.emit(entry)

    @Slot()
    def _open_current(self) -> None:
        self._open_entry(self._history.current_key())

    @Slot()
    def _space(self) -> None:
        edge = self._look.px(14)
        self._column.setContentsMargins(edge, edge, edge, edge)
        self._column.setSpacing(self._look.px(10))
        self._history.setFixedHeight(self._history.content_height() + 2)


def _of_identifier(each: IdentifierView) -> Fact:
    name = _KINDS.get(each.kind, each.kind.capitalize())
    said = f"{each.value} ({each.flag})" if each.flag else each.value
    dials = each.value if each.kind == "phone" else ""
    return Fact(name, said, each.value, dials, warns=bool(each.flag), wraps=False)


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
