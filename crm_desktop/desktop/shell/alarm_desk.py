"""The silent alarm at one desktop: raised by keys or a hidden control, and shown when it comes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QWidget

from crm_desktop.desktop.core.commands import CommandRegistry
from crm_desktop.desktop.core.look import Role
from crm_desktop.desktop.screens.alarms.presenter import AlarmPresenter
from crm_desktop.desktop.shell.desk import Desk, later_for
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.alarms import OpenAlarm, Told
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import CrmError

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.alarms.overlay import AlarmOverlay
    from crm_desktop.desktop.screens.alarms.sound import AlarmSound

#: Behind what the start is busy with.
_SOON_MS = 700
_SENT, _COMES = "·", "··"


class AlarmDesk(QObject):
    """Put `sign` into the status strip. `ended` carries an alarm that this person ended, to be
    written down; `trouble` a CrmError.
    """

    ended = Signal(object)
    trouble = Signal(object)
    _heard = Signal(object)
    _pressed = Signal()

    def __init__(self, desk: Desk, registry: CommandRegistry, window: QWidget) -> None:
        super().__init__(window)
        self._desk = desk
        self._overlay: AlarmOverlay | None = None
        self._sound: AlarmSound | None = None
        self._found: tuple[OpenAlarm, ...] = ()
        self.sign = Text(desk.look, "", Role.SMALL, muted=True)
        self.sign.hide()
        self.presenter = AlarmPresenter(
            desk.db,
            desk.runner.for_owner(self),
            self,
            ways=desk.alarms,
            settings=desk.settings,
            me=desk.person,
            now=desk.clock.now,
        )
        self._heard.connect(self._hear, Qt.ConnectionType.QueuedConnection)
        self._pressed.connect(self.raise_alarm, Qt.ConnectionType.QueuedConnection)
        registry.bind("alarm.raise", self.raise_alarm)
        registry.bind("alarm.test", partial(self.presenter.raise_alarm, test=True))
        registry.bind("alarm.show", self.show_again)
        desk.clock.tick.connect(self._tick)

    @property
    def overlay(self) -> AlarmOverlay | None:
        """The window that shows alarms, once there was one."""
        return self._overlay

    def start(self) -> None:
        """Listen to the building at once, and read when the first picture is drawn."""
        if self._desk.alarms is not None:
            self._desk.alarms.start(self._heard.emit, self._pressed.emit)
        later_for(self)(_SOON_MS, self.presenter.start)

    def stop(self) -> None:
        """The window closes: no alarm outlives it."""
        if self._sound is not None:
            self._sound.stop()
        if self._overlay is not None:
            self._overlay.close()
            self._overlay.deleteLater()
            self._overlay = None

    def changed(self, changes: Changes) -> None:
        """Tell the presenter."""
        self.presenter.changed(changes)

    @Slot()
    def raise_alarm(self) -> None:
        """Tell everybody; nothing is seen or heard here but a dot."""
        self.presenter.raise_alarm()

    def show_again(self) -> None:
        """Show alarms that go on and were put away."""
        if self._overlay is not None:
            self._overlay.show_again()
            self.show_alarms(self._found)

    def show_alarms(self, found: tuple[OpenAlarm, ...]) -> None:
        """See `AlarmView`."""
        self._found = found
        if self._overlay is None:
            if not found:
                return
            self._make()
        assert self._overlay is not None
        assert self._sound is not None
        fresh = self._overlay.show_alarms(found, self._desk.clock.now())
        if not self._overlay.needs_answer:
            self._sound.stop()
        elif fresh:
            self._sound.start()

    def show_own(self, alarm: OpenAlarm | None) -> None:
        """See `AlarmView`: a dot that says nothing to who looks over a shoulder."""
        if alarm is None:
            self.sign.hide()
            return
        names = ", ".join(each.name for each in alarm.answers)
        self.sign.setText(_COMES if names else _SENT)
        self.sign.setAccessibleName(f"Acknowledged by {names}" if names else "Sent")
        self.sign.show()

    def show_trouble(self, trouble: CrmError) -> None:
        """See `AlarmView`."""
        self.trouble.emit(trouble)

    def _make(self) -> None:
        from crm_desktop.desktop.screens.alarms.overlay import AlarmOverlay
        from crm_desktop.desktop.screens.alarms.sound import AlarmSound

        self._overlay = AlarmOverlay(self._desk.look)
        self._overlay.acknowledged.connect(self.presenter.acknowledge)
        self._overlay.ended.connect(self._end)
        self._sound = AlarmSound(self._desk.alarms.sound if self._desk.alarms else "", self)

    @Slot(object)
    def _hear(self, told: Told) -> None:
        self.presenter.hear(told)

    @Slot(str)
    def _end(self, key: str) -> None:
        alarm = self.presenter.alarm(key)
        self.presenter.end(key)
        if alarm is not None and not alarm.test:
            self.ended.emit(alarm)

    @Slot()
    def _tick(self) -> None:
        """What is read aloud of the time since."""
        if self._overlay is not None and self._overlay.isVisible():
            self._overlay.show_alarms(self._found, self._desk.clock.now())
