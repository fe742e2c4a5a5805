"""Incidents at one desktop: written down after an alarm, with a contact or at any time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from crm_desktop.desktop.core.commands import CommandRegistry
from crm_desktop.desktop.shell.contact_commands import Target
from crm_desktop.desktop.shell.desk import Desk
from crm_desktop.domain.alarms import Incident, IncidentInput, IncidentKind, OpenAlarm
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.views import ContactView

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.incidents.dialog import IncidentsDialog
    from crm_desktop.desktop.screens.incidents.presenter import IncidentsPresenter


class IncidentDesk(QObject):
    """`target` gives the contact that is meant now."""

    def __init__(
        self, desk: Desk, registry: CommandRegistry, window: QWidget, target: Callable[[], Target]
    ) -> None:
        super().__init__(window)
        self._desk, self._window, self._target = desk, window, target
        self._list: IncidentsDialog | None = None
        self._presenter: IncidentsPresenter | None = None
        registry.bind("incident.write", self.write)
        registry.bind("incident.list", self.show_list)

    def changed(self, changes: Changes) -> None:
        """Tell the list, while it is open."""
        if self._presenter is not None:
            self._presenter.changed(changes)

    @Slot()
    def write(self) -> None:
        """Write one down; with the contact that is open, when one is."""
        contact = self._target()
        now = self._desk.clock.now()
        if isinstance(contact, ContactView):
            customer = contact.customer
            first = IncidentInput(
                now,
                IncidentKind.ABUSE,
                "",
                contact_id=contact.row.id,
                customer_id=customer.id if customer else None,
            )
            self._ask(first, customer.name if customer else "")
        else:
            self._ask(IncidentInput(now, IncidentKind.ABUSE, ""))

    @Slot(object)
    def after(self, alarm: OpenAlarm) -> None:
        """Write down what an alarm was, once it is over."""
        self._ask(IncidentInput(alarm.raised_at, IncidentKind.THREAT, "", alarm_id=alarm.id))

    def show_list(self) -> None:
        """Show those that this person may read."""
        from crm_desktop.desktop.screens.incidents.dialog import IncidentsDialog
        from crm_desktop.desktop.screens.incidents.presenter import IncidentsPresenter

        if self._list is None:
            self._list = IncidentsDialog(self._desk.look, self._desk.clock, self._window)
            tasks = self._desk.runner.for_owner(self._list)
            self._presenter = IncidentsPresenter(self._desk.db, tasks, self._list)
            self._list.change_asked.connect(self._change)
            self._list.new_asked.connect(self.write)
        assert self._presenter is not None
        self._list.show()
        self._list.raise_()
        self._presenter.start()

    @Slot(object)
    def _change(self, incident: Incident) -> None:
        self._ask(incident.said, incident.customer, marker_proposed=incident.marker_id is not None)

    def _ask(
        self, first: IncidentInput, customer: str = "", *, marker_proposed: bool = False
    ) -> None:
        from crm_desktop.desktop.screens.incidents.dialog import IncidentForm
        from crm_desktop.desktop.screens.incidents.presenter import IncidentWriter

        desk = self._desk
        form = IncidentForm(
            desk.look,
            desk.clock,
            first,
            self._list if self._list is not None and self._list.isVisible() else self._window,
            leads=desk.person.leads,
            customer=customer,
            marker_proposed=marker_proposed,
        )
        form.bind(IncidentWriter(desk.db, desk.runner.for_owner(form), form))
        form.open()
