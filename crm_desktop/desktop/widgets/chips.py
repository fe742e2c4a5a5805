"""Filter chips: a row of small toggles with counts, moved through with the arrow keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Scheme, Tone
from crm_desktop.desktop.widgets.flow import FlowLayout
from crm_desktop.desktop.widgets.painting import (
    ARROWS,
    key_badge_width,
    paint_focus,
    paint_icon,
    paint_key_badge,
    paint_text,
    text_height,
    text_width,
)
from crm_desktop.desktop.widgets.tips import plain_tip


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter: shown as icon or text, then its count and its key where there are such; `spoken`
    in full.
    """

    key: str
    text: str = ""
    icon: str = ""
    count: int | None = None
    spoken: str = ""
    cap: str = ""

    @property
    def label(self) -> str:
        """What is drawn beside the icon."""
        return " ".join(
            part for part in (self.text, "" if self.count is None else f"{self.count:,}") if part
        )


class ChipButton(QAbstractButton):
    """One chip of a row."""

    def __init__(self, look: Look, chip: Chip, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look.changed.connect(self._relook)
        self.set_chip(chip)

    def set_chip(self, chip: Chip) -> None:
        """Show another count."""
        self.chip = chip
        name = chip.spoken or chip.text or chip.key
        count = "" if chip.count is None else f", {chip.count:,}"
        self.setAccessibleName(f"{name}{count}")
        self.setToolTip(plain_tip(chip.spoken))
        self._relook()

    def sizeHint(self) -> QSize:
        """Room for icon and label."""
        font = self._look.font(Role.STRONG)
        width = text_width(font, self.chip.label) + 2 * self._look.px(8)
        if self.chip.icon:
            width += self._look.px(15) + (self._look.px(4) if self.chip.label else 0)
        if self.chip.cap:
            width += key_badge_width(self._look, self.chip.cap) + self._look.px(3)
        return QSize(width, text_height(font) + 2 * self._look.px(4))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the chip; a chosen one has an edge too, not a tint alone."""
        theme, painter = self._look.theme, QPainter(self)
        shade = theme.tone(Tone.ACCENT if self.isChecked() else Tone.NEUTRAL)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(theme.selection if self.underMouse() else shade.soft)
        edged = self.isChecked() or theme.scheme is Scheme.CONTRAST
        painter.setPen(shade.text if edged else shade.soft)
        radius = self.height() / 2
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), radius, radius)
        row = self.rect().adjusted(self._look.px(8), 0, -self._look.px(6), 0)
        if self.chip.icon:
            paint_icon(painter, self._look, row, self.chip.icon, shade.text, size=15)
            row.setLeft(row.left() + self._look.px(15) + self._look.px(4))
        font = self._look.font(Role.STRONG)
        paint_text(painter, row, self.chip.label, font, shade.text)
        if self.chip.cap:
            row.setLeft(row.left() + text_width(font, self.chip.label) + self._look.px(6))
            paint_key_badge(painter, self._look, row, self.chip.cap, shade.text)
        if self.hasFocus():
            paint_focus(painter, self._look, self.rect(), 12)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave the arrows to the row: Qt would go to whatever comes next in the window."""
        if event.key() in ARROWS:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Tell what was chosen, then draw: Qt draws a button before anybody hears of it."""
        self.setUpdatesEnabled(False)
        super().keyReleaseEvent(event)
        self.setUpdatesEnabled(True)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """As with the key."""
        self.setUpdatesEnabled(False)
        super().mouseReleaseEvent(event)
        self.setUpdatesEnabled(True)

    @Slot()
    def _relook(self) -> None:
        self.updateGeometry()
        self.update()


class FilterChips(QWidget):
    """A row of chips, one or several chosen. `chosen` carries a tuple of keys."""

    chosen = Signal(object)

    def __init__(
        self, look: Look, name: str, *, exclusive: bool = True, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look, self._exclusive = look, exclusive
        self._buttons: list[ChipButton] = []
        self._flow = FlowLayout(self, look.px(4))
        self.setAccessibleName(name)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        look.changed.connect(self._relook)

    def set_chips(self, chips: Sequence[Chip]) -> None:
        """Show these chips; what was chosen stays chosen, counts change in place."""
        kept = set(self.keys())
        if [each.chip.key for each in self._buttons] == [chip.key for chip in chips]:
            for button, chip in zip(self._buttons, chips, strict=True):
                if chip != button.chip:
                    button.set_chip(chip)
            return
        for button in self._buttons:
            self._flow.removeWidget(button)
            button.deleteLater()
        self._buttons = [ChipButton(self._look, chip, self) for chip in chips]
        for button in self._buttons:
            button.setChecked(button.chip.key in kept)
            button.clicked.connect(self._clicked)
            self._flow.addWidget(button)
        self._tab_stop()

    def keys(self) -> tuple[str, ...]:
        """The chosen keys."""
        return tuple(each.chip.key for each in self._buttons if each.isChecked())

    def choose(self, *keys: str) -> None:
        """Show these as chosen; tells nobody."""
        for button in self._buttons:
            button.setChecked(button.chip.key in keys)
        self._tab_stop()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right move along the row."""
        step = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}.get(Qt.Key(event.key()), 0)
        focused = [each.hasFocus() for each in self._buttons]
        if step and any(focused):
            at = (focused.index(True) + step) % len(self._buttons)
            self._buttons[at].setFocus(Qt.FocusReason.TabFocusReason)
            return
        super().keyPressEvent(event)

    @Slot()
    def _clicked(self) -> None:
        clicked = self.sender()
        if self._exclusive:
            for button in self._buttons:
                button.setChecked(button is clicked)
        self._tab_stop()
        self.chosen.emit(self.keys())

    def _tab_stop(self) -> None:
        """One stop for the Tab key: the chosen chip, or the first."""
        stop = next((each for each in self._buttons if each.isChecked()), None)
        stop = stop or next(iter(self._buttons), None)
        for button in self._buttons:
            tab = button is stop or not self._exclusive
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if tab else Qt.FocusPolicy.ClickFocus)

    @Slot()
    def _relook(self) -> None:
        self._flow.set_gap(self._look.px(4))
