"""Appointments in the main window: the booking form and the calendar, opened by commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.commands import CommandRegistry
from crm_desktop.desktop.core.layout import SITE, number_of
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.shell.contact_commands import Target
from crm_desktop.desktop.shell.desk import Desk
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.states import IdentifierKind
from crm_desktop.domain.views import ContactView, CustomerView
from crm_desktop.domain.visits import needs_in

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.appointments.book_dialog import BookDialog, Prefill
    from crm_desktop.desktop.screens.appointments.calendar_dialog import CalendarDialog
    from crm_desktop.desktop.screens.appointments.presenter import CalendarPresenter
    from crm_desktop.domain.appointments import Appointment, Booked


class BookedBar(Banner):
    """What was booked, to be read out: reference, time and place."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, Tone.OK, "calendar", wide=True, closable=True)
        self.hide()

    def show_booked(self, booked: Booked) -> None:
        """Say it; the reference as it is read out."""
        when = f"{words.date(booked.starts_at)}, {words.clock_time(booked.starts_at)}"
        self.set_text(
            f"Booked: {booked.reference}, {when}, {booked.place_name}.",
            f"Read out as {words.spoken_reference(booked.reference)}.",
        )
        self.show()
        announce(self, self.text())


class BookingDesk(QObject):
    """One a main window. `target` gives the contact to book from."""

    def __init__(
        self, desk: Desk, registry: CommandRegistry, window: QWidget, target: Callable[[], Target]
    ) -> None:
        super().__init__(window)
        self._desk, self._window, self._target = desk, window, target
        self.form: BookDialog | None = None
        self.calendar: CalendarDialog | None = None
        self._calendar_presenter: CalendarPresenter | None = None
        self.bar = BookedBar(desk.look)
        registry.bind("appointment.book", self.open_form)
        registry.bind("appointment.calendar", self.open_calendar)

    @Slot()
    def open_form(self) -> None:
        """Book from the open or chosen contact, or from none."""
        self._open(_prefill(self._target(), self._site()), self._window)

    @Slot()
    def open_calendar(self) -> None:
        """Show the calendar of the site where this computer stands."""
        if self.calendar is not None:
            self.calendar.raise_()
            return
        # Not at the start: most desktops never show it.
        from crm_desktop.desktop.screens.appointments.calendar_dialog import CalendarDialog
        from crm_desktop.desktop.screens.appointments.presenter import CalendarPresenter

        desk = self._desk
        today = words.local(desk.clock.now()).date()
        dialog = CalendarDialog(desk.look, today, self._site(), self._window)
        self._calendar_presenter = CalendarPresenter(desk.db, desk.runner.for_owner(dialog), dialog)
        dialog.bind(self._calendar_presenter)
        dialog.book_wanted.connect(self._book_there)
        dialog.move_wanted.connect(self._move)
        dialog.finished.connect(self._calendar_closed)
        self.calendar = dialog
        dialog.open()
        self._calendar_presenter.start()

    def changed(self, changes: Changes) -> None:
        """Tell the calendar."""
        if self._calendar_presenter is not None:
            self._calendar_presenter.changed(changes)

    def _open(self, prefill: Prefill, parent: QWidget, moving: Appointment | None = None) -> None:
        if self.form is not None:
            self.form.raise_()
            return
        from crm_desktop.desktop.screens.appointments.book_dialog import BookDialog
        from crm_desktop.desktop.screens.appointments.presenter import BookPresenter

        desk = self._desk
        today = words.local(desk.clock.now()).date()
        self.form = BookDialog(desk.look, today, prefill, parent, moving)
        presenter = BookPresenter(desk.db, desk.runner.for_owner(self.form), self.form)
        self.form.bind(presenter)
        self.form.done_with.connect(self._booked)
        self.form.finished.connect(self._form_closed)
        self.form.open()
        presenter.start()

    def _site(self) -> int | None:
        return number_of(self._desk.settings, SITE)

    @Slot(int)
    def _book_there(self, site_id: int) -> None:
        self._open(_prefill(None, site_id), self.calendar or self._window)

    @Slot(int, object)
    def _move(self, site_id: int, appointment: Appointment) -> None:
        self._open(_prefill(None, site_id), self.calendar or self._window, appointment)

    @Slot(object)
    def _booked(self, booked: Booked) -> None:
        self.bar.show_booked(booked)
        if self._calendar_presenter is not None and self.calendar is not None:
            self.calendar.refresh()

    @Slot(int)
    def _form_closed(self, _result: int) -> None:
        self.form = None

    @Slot(int)
    def _calendar_closed(self, _result: int) -> None:
        self.calendar = self._calendar_presenter = None


def _prefill(target: Target, site_id: int | None) -> Prefill:
    from crm_desktop.desktop.screens.appointments.book_dialog import Prefill

    if target is None:
        return Prefill(site_id=site_id)
    row = target.row if isinstance(target, ContactView) else target
    customer = target.customer if isinstance(target, ContactView) else None
    email = _first(customer, IdentifierKind.EMAIL)
    if not email and isinstance(target, ContactView):
        email = target.reply_to if "@" in target.reply_to else ""
    needs = [need for each in (customer.adjustments if customer else ()) for need in
             needs_in(each.words)]  # fmt: skip
    return Prefill(
        who=customer.name if customer else row.who,
        email=email,
        phone=_first(customer, IdentifierKind.PHONE),
        needs=tuple(dict.fromkeys(needs)),
        customer_id=customer.id if customer else None,
        contact_id=row.id,
        site_id=site_id,
        service_id=row.service_id,
    )


def _first(customer: CustomerView | None, kind: IdentifierKind) -> str:
    """What they can be reached by that way, when nothing is wrong with it."""
    known = customer.identifiers if customer else ()
    return next((each.value for each in known if each.kind == kind and not each.flag), "")
