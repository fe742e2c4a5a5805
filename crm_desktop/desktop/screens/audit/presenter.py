"""Asks who has seen a customer and what a person did; each question leaves a trace itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from crm_desktop.desktop.core.presenting import CancelToken, Presenter, Tasks
from crm_desktop.domain.audit_views import AuditedPerson, Deed, Hour, RowChange, Sighting
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.views import FoundCustomer
from crm_desktop.services import Database, audit, audit_export, customers


class AuditView(Protocol):
    """What the presenter asks of the screen."""

    def show_found(self, found: tuple[FoundCustomer, ...], *, asked: str) -> None:
        """Show which customers were found for `asked`."""

    def show_seen(self, seen: tuple[Sighting, ...], *, more: bool) -> None:
        """Show who has seen the customer, newest first; `more`: there are earlier ones."""

    def show_people(self, people: tuple[AuditedPerson, ...]) -> None:
        """Show whom one may ask about."""

    def show_did(self, did: tuple[Deed, ...], *, more: bool) -> None:
        """Show what the person did, newest first."""

    def show_hours(self, hours: tuple[Hour, ...]) -> None:
        """Show how much that was, by the hour."""

    def show_changes(self, changes: tuple[RowChange, ...]) -> None:
        """Show what stands behind the chosen entry, before and after."""

    def show_exported(self, lines: int) -> None:
        """Say that a file was written."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Say why nothing is shown."""


class AuditPresenter(Presenter):
    """The audit screen."""

    def __init__(
        self, db: Database, tasks: Tasks, view: AuditView, *, now: Callable[[], datetime]
    ) -> None:
        super().__init__(tasks)
        self._db = db
        self._view = view
        self._now = now
        self._customer: int | None = None
        self._seen: tuple[Sighting, ...] = ()
        self._person: int | None = None
        self._day = self.today
        self._did: tuple[Deed, ...] = ()

    @property
    def today(self) -> date:
        """The day it is in London."""
        return self._now().astimezone(audit.LONDON).date()

    @property
    def day(self) -> date:
        """The day asked about."""
        return self._day

    def start(self) -> None:
        """Read whom one may ask about."""
        self._tasks.read(
            partial(audit.people, self._db),
            self._view.show_people,
            failed=self._view.show_trouble,
            key="people",
        )

    def search(self, text: str) -> None:
        """Find the customer to ask about."""
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

    def ask_who_saw(self, customer_id: int) -> None:
        """Who has seen this customer?"""
        self._customer, self._seen = customer_id, ()
        self._read_seen(None)

    def earlier_seen(self) -> None:
        """Show those who saw the customer before."""
        if self._seen:
            self._read_seen(self._seen[-1].id)

    def ask_who_did(self, staff_id: int) -> None:
        """What did this person do on the day?"""
        self._person = staff_id
        self._ask_day()

    def choose_day(self, day: date) -> None:
        """Ask about another day."""
        if day != self._day:
            self._day = day
            self._ask_day()

    def earlier_done(self) -> None:
        """Show what was done before on that day."""
        if self._did:
            self._read_did()

    def open_changes(self, deed_key: tuple[str, int]) -> None:
        """Show what changed with an entry."""
        deed = next((each for each in self._did if (each.source, each.id) == deed_key), None)
        if deed is None or self._person is None:
            return
        if deed.xact is None or not deed.changes:
            self._view.show_changes(())
            return
        self._tasks.read(
            partial(audit.row_changes, self._db, self._person, deed.xact),
            self._view.show_changes,
            failed=self._view.show_trouble,
            key="changes",
        )

    def export_seen(self, file: Path) -> None:
        """Write who saw the customer into a file."""
        if self._customer is not None:
            self._export(partial(audit_export.who_saw, self._db, self._customer, file))

    def export_did(self, file: Path) -> None:
        """Write what the person did into a file."""
        if self._person is not None:
            self._export(partial(audit_export.who_did, self._db, self._person, self._day, file))

    def _export(self, work: Callable[[], int]) -> None:
        self._tasks.read(work, self._view.show_exported, failed=self._view.show_trouble)

    def _read_seen(self, before: int | None) -> None:
        assert self._customer is not None
        self._tasks.read(
            partial(audit.who_saw, self._db, self._customer, before),
            self._got_seen,
            failed=self._view.show_trouble,
            key="seen",
        )

    def _got_seen(self, seen: tuple[Sighting, ...]) -> None:
        self._seen += seen
        self._view.show_seen(self._seen, more=len(seen) == audit.PORTION)

    def _ask_day(self) -> None:
        self._did = ()
        if self._person is None:
            return
        self._read_did()
        self._tasks.read(
            partial(audit.hours, self._db, self._person, self._day),
            self._view.show_hours,
            failed=self._view.show_trouble,
            key="hours",
        )

    def _read_did(self) -> None:
        assert self._person is not None
        before = self._did[-1].cursor if self._did else None
        self._tasks.read(
            partial(audit.who_did, self._db, self._person, self._day, before),
            self._got_did,
            failed=self._view.show_trouble,
            key="did",
        )

    def _got_did(self, did: tuple[Deed, ...]) -> None:
        self._did += did
        self._view.show_did(self._did, more=len(did) == audit.PORTION)

    def _find(self, text: str, _token: CancelToken) -> tuple[FoundCustomer, ...]:
        return customers.search(self._db, text)
