"""Finds customers while somebody types, and keeps the record that is shown as it is now."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import CancelToken, Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.views import CustomerView, FoundCustomer
from crm_desktop.services import Database, customers


class CustomersView(Protocol):
    """What the presenter asks of the screen."""

    def show_found(self, found: tuple[FoundCustomer, ...], *, asked: str) -> None:
        """Show who was found for `asked`."""

    def show_customer(self, customer: CustomerView) -> None:
        """Show one record."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Say why nothing is shown."""


class CustomersPresenter(Presenter):
    """The customers screen."""

    def __init__(self, db: Database, tasks: Tasks, view: CustomersView) -> None:
        super().__init__(tasks)
        self._db = db
        self._view = view
        self._shown: int | None = None

    def search(self, text: str) -> None:
        """Find customers by a part of what is known of them."""
        wanted = text.strip()
        if not wanted:
            self._view.show_found((), asked="")
            return
        self._tasks.search(
            partial(self._find, wanted),
            partial(self._view.show_found, asked=wanted),
            failed=self._view.show_trouble,
            key="search",
        )

    def open(self, customer_id: int) -> None:
        """Show a record."""
        self._shown = customer_id
        self._tasks.read(
            partial(customers.get, self._db, customer_id),
            self._view.show_customer,
            failed=self._view.show_trouble,
            key="record",
        )

    def changed(self, changes: Changes) -> None:
        """Read the record again when it changed."""
        if self._shown is None:
            return
        if changes.has(Topic.EVERYTHING) or self._shown in changes.ids(Topic.CUSTOMER):
            self.open(self._shown)

    def _find(self, text: str, _token: CancelToken) -> tuple[FoundCustomer, ...]:
        return customers.search(self._db, text)
