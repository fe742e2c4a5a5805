"""What else can be done to many contacts: one menu, by keys or mouse, and what it asks further."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

from PySide6.QtCore import QObject, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.parking import ParkUntil, choices, next_morning
from crm_desktop.desktop.widgets.chooser import Chooser
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.time_dialog import TimeDialog
from crm_desktop.domain.reassigning import (
    BulkChange,
    CloseAsSpam,
    Park,
    SetDue,
    SetPriority,
    SetService,
)
from crm_desktop.domain.views import ServiceInfo

#: What a priority is called.
PRIORITIES = ((0, "As usual"), (3, "Raised"), (6, "High"), (9, "Urgent"))


class Ask(StrEnum):
    """What a choice of the menu has to ask first."""

    SERVICE = "service"
    DUE = "due"
    PARK = "park"
    ANSWER = "answer"
    GONE_HOME = "gone_home"


class MoreMenu(QMenu):
    """Signals: `chosen` a BulkChange, `asked` an Ask. `person` names whose contacts are shown,
    empty when they are not one person's.
    """

    chosen = Signal(object)
    asked = Signal(object)

    def __init__(self, clock: Clock, parent: QWidget, *, any_chosen: bool, person: str) -> None:
        super().__init__("More", parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        now = clock.now()
        priority = self.addMenu("&Priority")
        for number, said in PRIORITIES:
            self._offer(priority, f"&{number}  {said}", SetPriority(number))
        self._offer(self, "&Service…", Ask.SERVICE)
        due = self.addMenu("&Due by")
        hours = (("In an hour", now + timedelta(hours=1)), ("In 2 hours", now + timedelta(hours=2)))
        morning = next_morning(now)
        for number, (said, at) in enumerate((*hours, (words.full(morning), morning)), start=1):
            self._offer(due, f"&{number}  {said}", SetDue(at))
        self._offer(due, "&4  Pick a time…", Ask.DUE)
        park = self.addMenu("P&ark")
        for number, until in enumerate(choices(now), start=1):
            self._offer(park, f"&{number}  {until.words}", Park(until.until, until.for_reply))
        self._offer(park, "&5  Pick a time…", Ask.PARK)
        self._offer(self, "Answer with one &text…", Ask.ANSWER)
        self.addSeparator()
        self._offer(self, "&Close as spam", CloseAsSpam())
        for each in self.actions():
            each.setEnabled(any_chosen)
        if person:
            self.addSeparator()
            self._offer(self, f"{person} has gone &home", Ask.GONE_HOME)

    def _offer(self, menu: QMenu, said: str, what: BulkChange | Ask) -> None:
        slot = self._ask if isinstance(what, Ask) else self._pick
        menu.addAction(said, slot).setData(what)

    @Slot()
    def _pick(self) -> None:
        sender = self.sender()
        if isinstance(sender, QAction):
            self.chosen.emit(sender.data())

    @Slot()
    def _ask(self) -> None:
        sender = self.sender()
        if isinstance(sender, QAction):
            # An action keeps it as a plain word.
            self.asked.emit(Ask(sender.data()))


class Asking(QObject):
    """Asks over a pane which service, or by when; `chosen` carries a BulkChange."""

    chosen = Signal(object)

    def __init__(self, look: Look, clock: Clock, pane: QWidget) -> None:
        super().__init__(pane)
        self._look, self._clock, self._pane = look, clock, pane

    def service(self, services: Sequence[ServiceInfo], corner: QPoint) -> None:
        """Which service, chosen by a part of its name."""
        rows = [Row(each.id, each.name, each.group, "tag") for each in services]
        chooser = Chooser(self._look, "Service", rows, self._pane)
        chooser.chosen.connect(self._service_chosen)
        chooser.open_at(corner)

    def due(self) -> None:
        """By when."""
        dialog = TimeDialog(self._look, self._clock, "Due by", "Set", self._pane)
        dialog.chosen.connect(self._due_chosen)
        dialog.open()

    def park(self) -> None:
        """Until when."""
        dialog = TimeDialog(self._look, self._clock, "Park until", "Park", self._pane)
        dialog.chosen.connect(self._park_chosen)
        dialog.open()

    @Slot(object)
    def _service_chosen(self, key: int) -> None:
        self.chosen.emit(SetService(key))

    @Slot(object)
    def _due_chosen(self, chosen: ParkUntil) -> None:
        if chosen.until is not None:
            self.chosen.emit(SetDue(chosen.until))

    @Slot(object)
    def _park_chosen(self, chosen: ParkUntil) -> None:
        self.chosen.emit(Park(chosen.until))
