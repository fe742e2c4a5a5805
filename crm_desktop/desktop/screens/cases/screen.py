"""The cases screen: a search, chips for the states, and a list that opens the newest contact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.card import PanelHeader, Surface
from crm_desktop.desktop.widgets.chips import Chip, FilterChips
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.search_field import SearchField
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.states import CaseState
from crm_desktop.domain.views import CaseRow

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.cases.presenter import CasesPresenter

_STATES: dict[CaseState, tuple[str, Tone]] = {
    CaseState.NEW: ("New", Tone.ACCENT),
    CaseState.OPEN: ("Open", Tone.ACCENT),
    CaseState.WAITING_CUSTOMER: ("Waits for customer", Tone.WARNING),
    CaseState.WAITING_BACK_OFFICE: ("With back office", Tone.INFO),
    CaseState.RESOLVED: ("Resolved", Tone.OK),
    CaseState.CLOSED: ("Closed", Tone.NEUTRAL),
}
_ALL = "all"


class CasesScreen(Surface):
    """Implements `CasesView`. `contact_wanted` carries the newest contact of a case."""

    contact_wanted = Signal(object)

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self._clock = clock
        self._presenter: CasesPresenter | None = None
        self._contacts: dict[object, int | None] = {}
        self.setAccessibleName("Cases")
        self.field = SearchField(look, "Search cases", hint="Reference or customer")
        self._chips = FilterChips(look, "State")
        self._chips.set_chips(
            [Chip(_ALL, "All"), *(Chip(key.value, said) for key, (said, _) in _STATES.items())]
        )
        self._chips.choose(_ALL)
        self._header = PanelHeader(look, "Cases")
        self._list = RowList(look, "Cases")
        self._empty = EmptyState(look, "briefcase", "No case fits.")
        self._pages = QStackedWidget()
        for each in (self._list, self._empty):
            self._pages.addWidget(each)
        top = QVBoxLayout()
        edge = look.px(12)
        top.setContentsMargins(edge, edge, edge, edge)
        top.setSpacing(look.px(8))
        top.addWidget(self.field)
        top.addWidget(self._chips)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._header)
        column.addLayout(top)
        column.addWidget(self._pages, 1)
        self.field.asked.connect(self._search)
        self.field.moved.connect(self._list.step)
        self.field.returnPressed.connect(self._open_current)
        self._chips.chosen.connect(self._state_chosen)
        self._list.opened.connect(self._open)

    def bind(self, presenter: CasesPresenter) -> None:
        """Give the screen who answers it."""
        self._presenter = presenter

    def focus(self) -> None:
        """Put the keyboard into the search."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def show_cases(self, found: tuple[CaseRow, ...]) -> None:
        """See `CasesView`."""
        now = self._clock.now()
        self._contacts = {each.id: each.contact_id for each in found}
        self._list.set_rows([_row(each, words.when(each.opened_at, now)) for each in found])
        self._header.set_text("Cases", words.count(len(found), "case"))
        self._empty.set_text("No case fits.", "Search for less, or choose All.")
        self._pages.setCurrentIndex(0 if found else 1)

    def show_trouble(self, trouble: CrmError) -> None:
        """See `CasesView`."""
        said = words_for(trouble)
        self._empty.set_text(said.happened, said.to_do)
        self._pages.setCurrentIndex(1)

    @Slot(str)
    def _search(self, text: str) -> None:
        if self._presenter:
            self._presenter.search(text)

    @Slot(object)
    def _state_chosen(self, keys: tuple[str, ...]) -> None:
        chosen = keys[0] if keys else _ALL
        if self._presenter:
            self._presenter.choose_state(None if chosen == _ALL else CaseState(chosen))

    @Slot()
    def _open_current(self) -> None:
        self._open(self._list.current_key())

    @Slot(object)
    def _open(self, case_id: object) -> None:
        contact_id = self._contacts.get(case_id)
        if contact_id is not None:
            self.contact_wanted.emit(contact_id)


def _row(case: CaseRow, when: str) -> Row:
    said, tone = _STATES[case.state]
    due = f"due {words.full(case.due_at)}" if case.due_at else ""
    detail = " · ".join(part for part in (case.customer_name, case.service_name, due) if part)
    return Row(case.id, case.reference, detail, "briefcase", right=when, pill=(said.lower(), tone))
