"""Who has seen this customer: search at the left, those who opened the record at the right."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import Button, Kind
from crm_desktop.desktop.widgets.card import PanelHeader, Surface
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.search_field import SearchField
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.domain.audit_views import Sighting
from crm_desktop.domain.errors import CrmError, NotAllowed
from crm_desktop.domain.views import FoundCustomer

_WHAT = {
    "customer": ("Opened the record", "user", Tone.ACCENT),
    "contact": ("Opened the contact", "mail-open", Tone.ACCENT),
    "attachment": ("Opened the file", "paperclip", Tone.INFO),
    "recording": ("Listened to a recording", "play", Tone.INFO),
    "report.customer": ("Asked who has seen this customer", "eye", Tone.NEUTRAL),
}
_OTHER = ("Opened it", "eye", Tone.NEUTRAL)


class SeenPage(QWidget):
    """Signals: `asked` a search, `customer_chosen` an id, `earlier_asked`, `contact_wanted` an id,
    `export_asked`.
    """

    asked = Signal(str)
    customer_chosen = Signal(object)
    earlier_asked = Signal()
    contact_wanted = Signal(object)
    export_asked = Signal()

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._clock = look, clock
        self._contacts: dict[object, int | None] = {}
        self._names: dict[object, str] = {}
        self.setAccessibleName("Who has seen a customer")
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setObjectName("audit-seen")
        split.addWidget(self._build_left())
        split.addWidget(self._build_right())
        split.setChildrenCollapsible(False)
        split.setSizes([look.px(380), look.px(740)])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(split)

    def focus(self) -> None:
        """Put the keyboard into the search."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def name_customer(self, name: str) -> None:
        """Say whom is asked about, before the answer is there."""
        self._header.set_text(name)

    def show_found(self, found: tuple[FoundCustomer, ...], *, asked: str) -> None:
        """Show which customers were found."""
        self._names = {each.id: each.name for each in found}
        self._found.set_rows([Row(each.id, each.name, each.detail, "user") for each in found])
        title = f"Nobody was found for “{asked}”." if asked else "Choose a customer."
        self._blank.set_text(title, "A part of a name, number or address is enough.")
        self._left.setCurrentIndex(1 if found else 0)

    def show_seen(self, seen: tuple[Sighting, ...], *, more: bool) -> None:
        """Show who has seen the customer, under the days."""
        self._contacts = {each.id: each.contact_id for each in seen}
        rows: list[Row] = []
        day = ""
        for each in seen:
            if words.date(each.at) != day:
                day = words.date(each.at)
                rows.append(Row(f"day {day}", day, heading=True))
            rows.append(_row(each))
        self.list.set_rows(rows)
        people = len({each.name for each in seen})
        told = f"{words.count(people, 'person', 'people')}, {words.times(len(seen))}"
        self._header.set_text(self._header.title(), told + (" and earlier" if more else ""))
        self.earlier.setVisible(more)
        self.export.setEnabled(bool(seen))
        self._none.set_text("Nobody has opened this customer's record.", "")
        self._right.setCurrentIndex(1 if seen else 0)

    def show_trouble(self, trouble: CrmError) -> None:
        """Say why there is no answer."""
        said = words_for(trouble)
        if isinstance(trouble, NotAllowed):
            self._none.set_text(
                "This customer has no contact with your queues.", "An administrator may ask."
            )
        else:
            self._none.set_text(said.happened, said.to_do)
        self.export.setEnabled(False)
        self._right.setCurrentIndex(0)

    def _build_left(self) -> QWidget:
        look = self._look
        self.field = SearchField(
            look, "Search customers to ask about", hint="Name, telephone, email or reference"
        )
        self._found = RowList(look, "Customers to ask about")
        self._blank = EmptyState(
            look, "eye", "Choose a customer.", "A part of a name, number or address is enough."
        )
        self._left = QStackedWidget()
        for each in (self._blank, self._found):
            self._left.addWidget(each)
        left = Surface(look)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(PanelHeader(look, "Customer"))
        top = QVBoxLayout()
        edge = look.px(12)
        top.setContentsMargins(edge, edge, edge, edge)
        top.addWidget(self.field)
        column.addLayout(top)
        column.addWidget(self._left, 1)
        self.field.asked.connect(self.asked)
        self.field.moved.connect(self._found.step)
        self.field.returnPressed.connect(self._choose_current)
        self._found.opened.connect(self._choose)
        self._found.clicked.connect(self._choose_current)
        return left

    def _build_right(self) -> QWidget:
        look = self._look
        self._header = PanelHeader(look, "Who has seen them")
        self.export = Button(look, "Export…", icon="download")
        self.export.clicked.connect(self.export_asked)
        self.export.setEnabled(False)
        self._header.add(self.export)
        self.list = RowList(look, "Who has seen the customer")
        self.list.opened.connect(self._open)
        self._none = EmptyState(
            look, "user", "No customer is chosen.", "Asking is written down, like every opening."
        )
        self.earlier = Button(look, "Show earlier ones", kind=Kind.QUIET, icon="chevron-down")
        self.earlier.clicked.connect(self.earlier_asked)
        self.earlier.hide()
        listed = QWidget()
        column = QVBoxLayout(listed)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.list, 1)
        column.addWidget(self.earlier, 0, Qt.AlignmentFlag.AlignHCenter)
        self._right = QStackedWidget()
        for each in (self._none, listed):
            self._right.addWidget(each)
        right = Surface(look)
        whole = QVBoxLayout(right)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._header)
        whole.addWidget(self._right, 1)
        return right

    @Slot()
    def _choose_current(self) -> None:
        key = self._found.current_key()
        if key is None and self._found.rows():
            key = self._found.rows()[0].key
        if key is not None:
            self._choose(key)

    @Slot(object)
    def _choose(self, customer_id: object) -> None:
        self.name_customer(self._names.get(customer_id, "Customer"))
        self.customer_chosen.emit(customer_id)

    @Slot(object)
    def _open(self, key: object) -> None:
        contact_id = self._contacts.get(key)
        if contact_id is not None:
            self.contact_wanted.emit(contact_id)


def _row(each: Sighting) -> Row:
    what, icon, tone = _WHAT.get(each.what, _OTHER)
    if each.title:
        about = f"“{each.title}”"
        what = f"{what} from contact {about}" if each.what == "customer" else f"{what} {about}"
    elif each.what == "customer" and each.contact_id is not None:
        what += " from a contact of another queue"
    return Row(
        each.id, each.name or "Somebody unknown", what, icon, tone, words.clock_time(each.at)
    )
