"""What the booking form and the calendar ask of the services, off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.appointments import Appointment, Booked, Diary, New, Slot, Wanted
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.visits import (
    CheckedIn,
    CheckedInBy,
    CheckIn,
    SiteInfo,
    SiteService,
)
from crm_desktop.services import Database, appointments, visits

#: So many days are looked through for free times at once.
DAYS_SHOWN = 14


class BookView(Protocol):
    """What the presenter asks of the booking form."""

    def show_sites(self, sites: tuple[SiteInfo, ...]) -> None:
        """Where one can be booked."""

    def show_services(self, services: tuple[SiteService, ...]) -> None:
        """What for, at the chosen site."""

    def show_free(self, slots: tuple[Slot, ...]) -> None:
        """When, from the chosen day on."""

    def booked(self, booked: Booked) -> None:
        """It is done: reference, time and place."""

    def not_booked(self, trouble: CrmError) -> None:
        """Say why not; what was entered stays."""


class BookPresenter(Presenter):
    """One booking, or one that is moved."""

    def __init__(self, db: Database, tasks: Tasks, view: BookView) -> None:
        super().__init__(tasks)
        self._db, self._view = db, view
        self._busy = False

    def start(self) -> None:
        """Read where one can be booked."""
        self._tasks.read(
            partial(visits.sites, self._db), self._view.show_sites, failed=self._view.not_booked
        )

    def choose_site(self, site_id: int) -> None:
        """Read what one can be booked for there."""
        self._tasks.read(
            partial(visits.site_services, self._db, site_id),
            self._view.show_services,
            failed=self._view.not_booked,
            key="services",
        )

    def look(self, wanted: Wanted, first: date) -> None:
        """Read the free times of two weeks."""
        last = first + timedelta(days=DAYS_SHOWN - 1)
        self._tasks.read(
            partial(appointments.free, self._db, wanted, first, last),
            self._view.show_free,
            failed=self._view.not_booked,
            key="free",
        )

    def book(self, new: New) -> None:
        """Book it; asked twice it is one."""
        if not self._busy:
            self._busy = True
            self._tasks.write(
                partial(appointments.book, self._db, new), self._done, failed=self._failed
            )

    def move(self, appointment_id: int, starts_at: datetime, minutes: int) -> None:
        """Another time for what is booked."""
        if not self._busy:
            self._busy = True
            self._tasks.write(
                partial(appointments.move, self._db, appointment_id, starts_at, minutes),
                self._done,
                failed=self._failed,
            )

    def _done(self, answer: tuple[Booked, Changes]) -> None:
        self._busy = False
        self._view.booked(answer[0])

    def _failed(self, trouble: CrmError) -> None:
        self._busy = False
        self._view.not_booked(trouble)


class CalendarView(Protocol):
    """What the presenter asks of the calendar."""

    def show_sites(self, sites: tuple[SiteInfo, ...]) -> None:
        """Whose calendar can be shown."""

    def show_diary(self, first: date, days: int, diary: Diary) -> None:
        """Who is booked from that day on."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Say what could not be read or done."""


class CalendarPresenter(Presenter):
    """One site's calendar, a day or a week."""

    def __init__(self, db: Database, tasks: Tasks, view: CalendarView) -> None:
        super().__init__(tasks)
        self._db, self._view = db, view
        self._shown: tuple[int, date, int] | None = None

    def start(self) -> None:
        """Read whose calendars there are."""
        self._tasks.read(
            partial(visits.sites, self._db), self._view.show_sites, failed=self._view.show_trouble
        )

    def changed(self, changes: Changes) -> None:
        """Read again what is shown when something of it is another."""
        if changes.has(Topic.APPOINTMENT) or changes.has(Topic.EVERYTHING):
            self._read()

    def show(self, site_id: int, first: date, days: int) -> None:
        """Read these days of a site."""
        self._shown = (site_id, first, days)
        self._read()

    def cancel(self, appointment: Appointment, why: str) -> None:
        """Booked no more."""
        self._write(partial(appointments.cancel, self._db, appointment.id, why))

    def late(self, appointment: Appointment, minutes: int) -> None:
        """They come so much later."""
        until = appointment.starts_at + timedelta(minutes=minutes)
        self._write(partial(appointments.late, self._db, appointment.id, until))

    def arrived(self, appointment: Appointment, key: str) -> None:
        """They are here: into the line, with a ticket."""
        assert self._shown is not None
        said = CheckIn(
            key=key,
            site_id=self._shown[0],
            service_id=appointment.service_id,
            by=CheckedInBy.APPOINTMENT,
            who=appointment.who,
            customer_id=appointment.customer_id,
            appointment_id=appointment.id,
            needs=appointment.needs,
            language=appointment.language,
        )
        self._write(partial(visits.check_in, self._db, said))

    def _write(self, work: Callable[[], tuple[Booked | CheckedIn, Changes]]) -> None:
        self._tasks.write(work, lambda _: self._read(), failed=self._view.show_trouble)

    def _read(self) -> None:
        if self._shown is None:
            return
        site_id, first, days = self._shown
        self._tasks.read(
            partial(appointments.diary, self._db, site_id, first, first + timedelta(days=days - 1)),
            lambda diary: self._view.show_diary(first, days, diary),
            failed=self._view.show_trouble,
            key="diary",
        )
