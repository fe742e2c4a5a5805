"""The customers screen: search at the left, the record at the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.card import PanelHeader, Surface
from crm_desktop.desktop.widgets.customer_panel import CustomerPanel
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.search_field import SearchField
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.views import CustomerView, FoundCustomer

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.customers.presenter import CustomersPresenter


class CustomersScreen(QWidget):
    """Implements `CustomersView`. `history_wanted` carries a HistoryEntry to open, `seen_wanted`
    the customer of whom somebody asks who has seen them, where they are `audited`, `dial_wanted` a
    number and the customer whose it is.
    """

    history_wanted = Signal(object)
    seen_wanted = Signal(object)
    dial_wanted = Signal(str, object)

    def __init__(
        self, look: Look, clock: Clock, *, audited: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._presenter: CustomersPresenter | None = None
        self.setAccessibleName("Customers")
        self.field = SearchField(
            look, "Search customers", hint="Name, telephone, email, account or reference"
        )
        self._header = PanelHeader(look, "Customers")
        self._list = RowList(look, "Customers found")
        self._blank = EmptyState(
            look, "search", "Find a customer.", "Type a part of what you know."
        )
        self._record = CustomerPanel(look, clock, editable=False, audited=audited)
        self._unread = EmptyState(look, "user", "No customer is shown.")
        self._found, self._right = QStackedWidget(), QStackedWidget()
        left = Surface(look)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._header)
        top = QVBoxLayout()
        edge = look.px(12)
        top.setContentsMargins(edge, edge, edge, edge)
        top.addWidget(self.field)
        column.addLayout(top)
        column.addWidget(self._found, 1)
        for each in (self._blank, self._list):
            self._found.addWidget(each)
        self._right.addWidget(_on_surface(look, self._unread))
        self._right.addWidget(self._record)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setObjectName("customers")
        split.addWidget(left)
        split.addWidget(self._right)
        split.setChildrenCollapsible(False)
        split.setSizes([look.px(420), look.px(700)])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(split)
        self.field.asked.connect(self._search)
        self.field.moved.connect(self._list.step)
        self._list.current.connect(self._open)
        self._record.opened.connect(self.history_wanted)
        self._record.seen_wanted.connect(self.seen_wanted)
        self._record.dial_wanted.connect(self._dial)

    def bind(self, presenter: CustomersPresenter) -> None:
        """Give the screen who answers it."""
        self._presenter = presenter

    @Slot(str)
    def _dial(self, number: str) -> None:
        self.dial_wanted.emit(number, self._record.customer)

    def focus(self) -> None:
        """Put the keyboard into the search."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def show_found(self, found: tuple[FoundCustomer, ...], *, asked: str) -> None:
        """See `CustomersView`."""
        self._list.set_rows([Row(each.id, each.name, each.detail, "user") for each in found])
        self._header.set_text("Customers", f"{len(found)} found" if asked else "")
        if not found:
            title = f"Nobody was found for “{asked}”." if asked else "Find a customer."
            self._blank.set_text(title, "A part of a name, number or address is enough.")
        self._found.setCurrentIndex(1 if found else 0)

    def show_customer(self, customer: CustomerView) -> None:
        """See `CustomersView`."""
        self._record.show_customer(customer)
        self._right.setCurrentIndex(1)

    def show_trouble(self, trouble: CrmError) -> None:
        """See `CustomersView`."""
        said = words_for(trouble)
        self._blank.set_text(said.happened, said.to_do)
        self._found.setCurrentIndex(0)

    @Slot(str)
    def _search(self, text: str) -> None:
        if self._presenter:
            self._presenter.search(text)

    @Slot(object)
    def _open(self, customer_id: int) -> None:
        if self._presenter:
            self._presenter.open(customer_id)


def _on_surface(look: Look, widget: QWidget) -> Surface:
    surface = Surface(look)
    column = QVBoxLayout(surface)
    column.addWidget(widget)
    return surface
