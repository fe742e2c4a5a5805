"""Tabs as underlined words with counts."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QTabBar, QWidget

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.widgets.painting import paint_focus, paint_text, text_height, text_width


class TabStrip(QTabBar):
    """Named tabs; `chosen` carries a tab's key when a person changes it."""

    chosen = Signal(str)

    def __init__(self, look: Look, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setAccessibleName(name)
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.currentChanged.connect(self._changed)
        look.changed.connect(self._relook)
        self._relook()

    def add(self, key: str, text: str, count: int | None = None) -> None:
        """Add a tab at the right."""
        self.blockSignals(True)
        at = self.addTab(text)
        self.setTabData(at, key)
        self.blockSignals(False)
        self.set_count(key, count, text)

    def set_count(self, key: str, count: int | None, text: str = "") -> None:
        """Show how many things are behind a tab; `text` renames it."""
        at = self._at(key)
        if at < 0:
            return
        words = text or self.tabToolTip(at)
        self.setTabToolTip(at, words)
        self.setTabText(at, words if count is None else f"{words} {count:,}")

    def key(self) -> str:
        """The current tab's key."""
        return str(self.tabData(self.currentIndex()) or "")

    def choose(self, key: str) -> None:
        """Go to a tab; `chosen` is told."""
        self.setCurrentIndex(self._at(key))

    def tabSizeHint(self, index: int) -> QSize:
        """Room for the words and the line under them."""
        font, px = self._look.font(Role.STRONG), self._look.px
        width = text_width(font, self.tabText(index)) + 2 * px(12)
        return QSize(width, text_height(font) + 2 * px(9))

    def minimumTabSizeHint(self, index: int) -> QSize:
        """Tabs scroll rather than shrink."""
        return self.tabSizeHint(index)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Words, and a thick line under the current ones."""
        look, theme, painter = self._look, self._look.theme, QPainter(self)
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.border)
        line = look.px(2)
        for at in range(self.count()):
            box, current = self.tabRect(at), at == self.currentIndex()
            ink = theme.link if current else theme.muted
            paint_text(
                painter,
                box,
                self.tabText(at),
                look.font(Role.STRONG),
                ink,
                align=Qt.AlignmentFlag.AlignHCenter,
            )
            if current:
                painter.fillRect(
                    box.left(), self.height() - line, box.width(), line, theme.selection_edge
                )
                if self.hasFocus():
                    paint_focus(painter, look, box.adjusted(2, 2, -2, -line - 1), 4)

    def _at(self, key: str) -> int:
        return next((at for at in range(self.count()) if self.tabData(at) == key), -1)

    @Slot(int)
    def _changed(self, _at: int) -> None:
        self.chosen.emit(self.key())

    @Slot()
    def _relook(self) -> None:
        # The bar measures its tabs again only when its font changes.
        self.setFont(self._look.font(Role.STRONG))
        self.updateGeometry()
        self.update()
