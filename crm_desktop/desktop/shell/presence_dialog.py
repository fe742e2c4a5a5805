"""Presence with words of one's own and a time to be back; and, in a contact, when it begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from PySide6.QtCore import QDateTime, QSize, Qt, QTimeZone, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QTimeEdit,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.shell.presence import Choice
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.presence import PRESENCE_WORDS
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.presence import LONGEST_WORDS, Standing
from crm_desktop.domain.states import Presence

_MINUTES = (15, 30, 45, 60)


class PresenceDialog(QDialog):
    """`chosen` carries a Choice."""

    chosen = Signal(object)

    def __init__(
        self, look: Look, clock: Clock, standing: Standing, parent: QWidget, *, busy: bool
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Presence")
        self._look, self._clock = look, clock
        self._presence = QComboBox()
        self._presence.setAccessibleName("Presence")
        self._presence.setIconSize(QSize(look.px(16), look.px(16)))
        for presence, (name, icon, tone) in PRESENCE_WORDS.items():
            self._presence.addItem(look.icon(icon, look.ink(tone)), name, presence)
        first = standing.afterwards or standing.presence
        if first is Presence.AVAILABLE:
            first = Presence.MEETING
        self._presence.setCurrentIndex(list(PRESENCE_WORDS).index(first))
        self._words = QLineEdit(standing.words)
        self._words.setMaxLength(LONGEST_WORDS)
        self._words.setAccessibleName("Note for colleagues")
        self._words.setPlaceholderText("Such as: induction, room 4")
        self._back = self._back_choices()
        self._time = self._time_edit()
        self._after = QCheckBox("When the contact in hand has ended")
        self._after.setChecked(busy)
        self._after.setVisible(busy)
        self._lay_out(look)
        self._back.currentIndexChanged.connect(self._fit)
        self._presence.currentIndexChanged.connect(self._fit)
        self._fit()
        self.setMinimumWidth(look.px(380))

    def _back_choices(self) -> QComboBox:
        made = QComboBox()
        made.setAccessibleName("Back at")
        made.addItem("Not said", 0)
        now = self._clock.now()
        for minutes in _MINUTES:
            at = words.clock_time(now + timedelta(minutes=minutes))
            made.addItem(f"In {words.count(minutes, 'minute')}, at {at}", minutes)
        made.addItem("At a time…", -1)
        return made

    def _time_edit(self) -> QTimeEdit:
        zone = QTimeZone(b"Europe/London")
        soon = int((self._clock.now() + timedelta(hours=1)).timestamp())
        made = QTimeEdit(QDateTime.fromSecsSinceEpoch(soon - soon % 900, zone).time())
        made.setDisplayFormat("HH:mm")
        made.setAccessibleName("Back at this time")
        return made

    def _lay_out(self, look: Look) -> None:
        go, back = PrimaryButton(look, "Set presence"), Button(look, "Cancel")
        go.clicked.connect(self._choose)
        back.setAutoDefault(False)
        back.clicked.connect(self.reject)
        go.setDefault(True)
        when = QHBoxLayout()
        when.addWidget(self._back, 1)
        when.addWidget(self._time)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(back)
        foot.addWidget(go)
        column = QVBoxLayout(self)
        for name, widget in (
            ("Presence", self._presence),
            ("Note for colleagues", self._words),
            ("Back at", when),
        ):
            label = Text(look, name, Role.SMALL_STRONG, muted=True)
            column.addWidget(label)
            if isinstance(widget, QWidget):
                label.setBuddy(widget)
                column.addWidget(widget)
            else:
                label.setBuddy(self._back)
                column.addLayout(widget)
        column.addWidget(self._after)
        column.addStretch(1)
        column.addLayout(foot)

    @Slot()
    def _fit(self) -> None:
        there = self._presence.currentData() is Presence.AVAILABLE
        self._back.setEnabled(not there)
        self._time.setVisible(self._back.currentData() == -1)
        self._time.setEnabled(not there)

    def _back_at(self) -> datetime | None:
        minutes, now = self._back.currentData(), self._clock.now()
        if not self._back.isEnabled() or minutes == 0:
            return None
        if minutes > 0:
            return now + timedelta(minutes=minutes)
        entered = self._time.time()
        here = words.local(now)
        at = here.replace(hour=entered.hour(), minute=entered.minute(), second=0, microsecond=0)
        # A time that has passed is tomorrow's: somebody says in the evening when they are back.
        return (at if at > here else at + timedelta(days=1)).astimezone(UTC)

    @Slot()
    def _choose(self) -> None:
        self.chosen.emit(
            Choice(
                self._presence.currentData(),
                self._words.text().strip(),
                self._back_at(),
                at_once=not self._after.isChecked(),
            )
        )
        self.accept()
