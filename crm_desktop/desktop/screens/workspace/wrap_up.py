"""The end of a contact: three answers by keyboard, service, resolution, avoidable or not."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.card import Card, Surface
from crm_desktop.desktop.widgets.chooser import ChoiceField
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.states import Resolution
from crm_desktop.domain.views import ContactView, Disposition, ServiceInfo

RESOLUTIONS: dict[Resolution, str] = {
    Resolution.RESOLVED: "Resolved",
    Resolution.HANDED_OFF: "Handed off",
    Resolution.TRANSFERRED_OUT: "Transferred out",
    Resolution.SIGNPOSTED_COUNCIL: "Signposted in the council",
    Resolution.SIGNPOSTED_OUTSIDE: "Signposted outside",
    Resolution.CALLBACK: "Callback",
    Resolution.WARNED_ENDED: "Warned and ended",
    Resolution.NO_ACTION: "No action",
}
_AVOIDABLE = {"y": "Yes, avoidable", "n": "No"}


class WrapUpPanel(Surface):
    """Keys 1 to 8 choose the resolution, Y and N whether it was avoidable, Enter completes.

    Signals: `completed` a Disposition, `cancelled`.
    """

    completed = Signal(object)
    cancelled = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, sunken=True, parent=parent)
        self.setAccessibleName("Wrap up")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._service = ChoiceField(look, "Service", "What was it about?")
        self._resolutions, self._avoidable = QButtonGroup(self), QButtonGroup(self)
        self._missing = Text(look, "", Role.SMALL, tone=Tone.WARNING, wrap=True)
        self._missing.hide()
        self._done = PrimaryButton(look, "Complete", key="Return")
        self._done.clicked.connect(self._complete)
        back = Button(look, "Back", key="Esc")
        back.clicked.connect(self.cancelled)
        card = Card(look)
        card.body.addWidget(Text(look, "Wrap up", Role.TITLE))
        label = Text(look, "Service", Role.SMALL_STRONG, muted=True)
        label.setBuddy(self._service)
        card.body.addWidget(label)
        card.body.addWidget(self._service)
        card.body.addWidget(Text(look, "How did it end?", Role.SMALL_STRONG, muted=True))
        card.body.addLayout(self._resolution_grid())
        card.body.addWidget(
            Text(look, "Could this contact have been avoided?", Role.SMALL_STRONG, muted=True)
        )
        card.body.addLayout(self._avoidable_row())
        card.body.addWidget(self._missing)
        foot = QHBoxLayout()
        foot.addWidget(back)
        foot.addStretch(1)
        foot.addWidget(self._done)
        card.body.addLayout(foot)
        column = QVBoxLayout(self)
        edge = look.px(20)
        column.setContentsMargins(edge, edge, edge, edge)
        card.setMaximumWidth(look.px(680))
        column.addWidget(card)
        column.addStretch(1)

    def set_services(self, services: tuple[ServiceInfo, ...]) -> None:
        """What the first answer may be."""
        self._service.set_rows([Row(each.id, each.name, each.group) for each in services])

    def begin(self, contact: ContactView, service_id: int | None) -> None:
        """Ask anew, with what is known already chosen: handed off, when something was."""
        self._missing.hide()
        self._service.choose(service_id or contact.row.service_id)
        handed = any(case.handoffs for case in contact.cases)
        self.choose(Resolution.HANDED_OFF if handed else Resolution.RESOLVED)
        self._button(self._avoidable, 1).setChecked(True)
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def choose(self, resolution: Resolution) -> None:
        """Answer how it ended, until a person answers otherwise."""
        self._button(self._resolutions, list(RESOLUTIONS).index(resolution)).setChecked(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits, Y, N, Enter and Escape."""
        key = event.text().lower()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._complete()
        elif event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
        elif key in _AVOIDABLE:
            self._button(self._avoidable, list(_AVOIDABLE).index(key)).setChecked(True)
        elif key.isdecimal() and 1 <= int(key) <= len(RESOLUTIONS):
            self._button(self._resolutions, int(key) - 1).setChecked(True)
        else:
            super().keyPressEvent(event)

    def _resolution_grid(self) -> QGridLayout:
        grid = QGridLayout()
        half = (len(RESOLUTIONS) + 1) // 2
        for at, said in enumerate(RESOLUTIONS.values()):
            radio = QRadioButton(f"{at + 1}  {said}")
            radio.setAccessibleName(f"{said}, key {at + 1}")
            self._resolutions.addButton(radio, at)
            grid.addWidget(radio, at % half, at // half)
        return grid

    def _avoidable_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        for at, (key, said) in enumerate(_AVOIDABLE.items()):
            radio = QRadioButton(f"{key.upper()}  {said}")
            radio.setAccessibleName(f"Avoidable: {said}, key {key.upper()}")
            self._avoidable.addButton(radio, at)
            row.addWidget(radio)
        row.addStretch(1)
        return row

    def _button(self, group: QButtonGroup, number: int) -> QRadioButton:
        button = group.button(number)
        assert isinstance(button, QRadioButton)
        return button

    @Slot()
    def _complete(self) -> None:
        service = self._service.key()
        if not isinstance(service, int):
            self._missing.setText("Choose the service that this was about.")
            self._missing.show()
            self._service.setFocus()
            return
        self.completed.emit(
            Disposition(
                service_id=service,
                resolution=list(RESOLUTIONS)[self._resolutions.checkedId()],
                avoidable=self._avoidable.checkedId() == 0,
            )
        )
