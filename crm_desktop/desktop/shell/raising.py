"""How urgent a contact is beyond its wait, and why: the reason stays with it for all to see."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.text import Text

_POINTS = {1: "A little sooner", 3: "Much sooner", 5: "As soon as anybody is free"}
_LONGEST = 200


class RaiseDialog(QDialog):
    """`chosen` carries the points and the reason; `raised` is why it was raised before."""

    chosen = Signal(int, str)

    def __init__(self, look: Look, raised: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Raise priority")
        self._group = QButtonGroup(self)
        self.reason = QLineEdit(raised)
        self.reason.setAccessibleName("Why it is more urgent")
        self.reason.setPlaceholderText("No heating, and a baby in the house")
        self.reason.setMaxLength(_LONGEST)
        self.reason.textChanged.connect(self._fit)
        self._go = PrimaryButton(look, "Raise")
        self._go.clicked.connect(self._raise)
        label = Text(look, "Why it is more urgent", Role.SMALL_STRONG, muted=True)
        label.setBuddy(self.reason)
        column = QVBoxLayout(self)
        for points, words in _POINTS.items():
            choice = QRadioButton(words)
            choice.setChecked(points == 3)
            self._group.addButton(choice, points)
            column.addWidget(choice)
        column.addSpacing(look.px(8))
        column.addWidget(label)
        column.addWidget(self.reason)
        column.addWidget(
            Text(look, "Everybody who works on it sees the reason.", Role.SMALL, muted=True)
        )
        column.addLayout(self._foot(look, lower=bool(raised)))
        self.resize(look.px(440), self.sizeHint().height())
        self._fit()
        self.reason.setFocus()

    def _foot(self, look: Look, *, lower: bool) -> QHBoxLayout:
        foot = QHBoxLayout()
        if lower:
            back = Button(look, "No longer raised")
            back.setAutoDefault(False)
            back.clicked.connect(self._lower)
            foot.addWidget(back)
        leave = Button(look, "Cancel")
        leave.setAutoDefault(False)
        leave.clicked.connect(self.reject)
        foot.addStretch(1)
        foot.addWidget(leave)
        foot.addWidget(self._go)
        return foot

    @Slot()
    def _fit(self) -> None:
        self._go.setEnabled(bool(self.reason.text().strip()))

    @Slot()
    def _raise(self) -> None:
        self.chosen.emit(self._group.checkedId(), self.reason.text().strip())
        self.accept()

    @Slot()
    def _lower(self) -> None:
        self.chosen.emit(0, "no longer needed")
        self.accept()
