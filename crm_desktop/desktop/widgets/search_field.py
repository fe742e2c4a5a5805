"""A field to look something up while typing."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLineEdit, QWidget

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.widgets.buttons import key_text
from crm_desktop.desktop.widgets.painting import paint_icon, paint_text, text_width


class SearchField(QLineEdit):
    """`asked` carries the text at every key that changes it: what is asked again before the answer
    came is given up (`Tasks`), so that nobody waits for a pause. `left` says Escape on empty text,
    `moved` carries -1 or 1 for Up and Down, so that a list of results can be walked from here.
    """

    asked = Signal(str)
    left = Signal()
    moved = Signal(int)

    def __init__(
        self, look: Look, name: str, *, hint: str = "", key: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look, self._key = look, key_text(key)
        self.setAccessibleName(name)
        self.setPlaceholderText(hint or name)
        self._asked = ""
        self.textChanged.connect(self._typed)
        look.changed.connect(self._relook)
        self._relook()

    def ask_now(self) -> None:
        """Ask again, though the text is the same."""
        self._asked = self.text().strip()
        self.asked.emit(self._asked)

    def forget(self) -> None:
        """Empty it without asking."""
        self._asked = ""
        self.clear()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down walk the results, Escape empties, then leaves."""
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
        if step:
            self.moved.emit(step)
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The field, its magnifying glass, and the shortcut while it is empty."""
        super().paintEvent(event)
        look, painter = self._look, QPainter(self)
        row = self.rect().adjusted(look.px(9), 0, -look.px(8), 0)
        paint_icon(painter, look, row, "search", look.theme.muted, size=15)
        if self._key and not self.text():
            font = look.font(Role.SMALL)
            width, height = self._badge_width(), QFontMetrics(font).height() + look.px(2)
            badge = QRect(row.right() - width, (self.height() - height) // 2, width, height)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(look.theme.border, 1))
            painter.setBrush(look.theme.surface)
            painter.drawRoundedRect(badge, look.px(3), look.px(3))
            paint_text(
                painter,
                badge,
                self._key,
                font,
                look.theme.muted,
                align=Qt.AlignmentFlag.AlignHCenter,
            )

    @Slot(str)
    def _typed(self, text: str) -> None:
        if text.strip() != self._asked:
            self.ask_now()

    def _badge_width(self) -> int:
        return text_width(self._look.font(Role.SMALL), self._key) + 2 * self._look.px(5)

    @Slot()
    def _relook(self) -> None:
        # The hint is cut before the shortcut, not behind it.
        right = self._badge_width() + self._look.px(4) if self._key else 0
        self.setTextMargins(self._look.px(20), 0, right, 0)
        self.setMinimumWidth(self._look.px(140))
        self.update()
