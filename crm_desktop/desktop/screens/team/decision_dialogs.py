"""What is asked before a decision that cannot be taken back."""

from __future__ import annotations

from datetime import date, datetime

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.core.words import local
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import Button, Kind, PrimaryButton
from crm_desktop.desktop.widgets.date_entry import DateEntry
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.decisions import Decision


class SureDialog(QDialog):
    """A question, what follows from it, and two buttons; the safe one has the keyboard."""

    def __init__(self, look: Look, title: str, what: str, go: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setAccessibleDescription(what)
        back = Button(look, "Cancel")
        back.clicked.connect(self.reject)
        sure = Button(look, go, kind=Kind.DANGER)
        sure.setAutoDefault(False)
        sure.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(back)
        foot.addWidget(sure)
        column = QVBoxLayout(self)
        column.addWidget(Text(look, title, Role.HEADING, wrap=True))
        column.addWidget(Text(look, what, wrap=True))
        column.addSpacing(look.px(8))
        column.addLayout(foot)
        self.setMinimumWidth(look.px(420))
        back.setDefault(True)
        back.setFocus()


class ApproveDialog(QDialog):
    """A safety marker with the day on which it is looked at again; `approved` carries that date."""

    approved = Signal(object)

    def __init__(self, look: Look, decision: Decision, now: datetime, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Approve safety marker")
        self._today = local(now).date()
        self._wrong = Banner(look, Tone.DANGER, "circle-alert")
        self._wrong.hide()
        what = Text(look, decision.detail, Role.STRONG, wrap=True)
        told = (
            "Everybody who opens this customer sees the warning at once. It can be ended later, "
            "not made a proposal again. Tell the person yourself, unless that is unsafe."
        )
        self.day = DateEntry(look)
        self.day.setAccessibleName("Review on")
        self.day.set_value(_in_a_year(self._today).isoformat())
        label = Text(look, "Review on", Role.SMALL_STRONG, muted=True)
        label.setBuddy(self.day)
        back = Button(look, "Cancel")
        back.setAutoDefault(False)
        back.clicked.connect(self.reject)
        go = PrimaryButton(look, "Approve", icon="shield-check")
        go.setDefault(True)
        go.clicked.connect(self._approve)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(back)
        foot.addWidget(go)
        column = QVBoxLayout(self)
        column.addWidget(self._wrong)
        column.addWidget(what)
        column.addWidget(Text(look, told, wrap=True))
        column.addWidget(label)
        column.addWidget(self.day)
        column.addLayout(foot)
        self.setMinimumWidth(look.px(440))
        self.day.setFocus()
        self.day.selectAll()

    @Slot()
    def _approve(self) -> None:
        try:
            day = date.fromisoformat(self.day.value())
        except ValueError:
            day = self._today
        if day <= self._today:
            self._wrong.set_text("Choose a day to come, on which somebody looks at it again.")
            self._wrong.show()
            announce(self, self._wrong.text())
            return
        self.approved.emit(day)
        self.accept()


def _in_a_year(today: date) -> date:
    try:
        return today.replace(year=today.year + 1)
    except ValueError:  # 29 February
        return today.replace(year=today.year + 1, day=28)
