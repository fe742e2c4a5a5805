"""The head of a board: the columns' titles, and by which the rows are sorted."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Slot
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QHeaderView, QWidget

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.widgets.painting import paint_icon, paint_text, text_height, text_width


class BoardHead(QHeaderView):
    """Titles to click on; an arrow says which way the sorted column goes."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._look = look
        self._sorted: tuple[int, bool] | None = None
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(1)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Columns")
        look.changed.connect(self._relook)

    def show_sorted(self, section: int, *, down: bool) -> None:
        """Mark the column by which the rows are sorted."""
        self._sorted = (section, down)
        self.viewport().update()

    def sizeHint(self) -> QSize:
        """A line of small text."""
        height = text_height(self._look.font(Role.SMALL_STRONG)) + 2 * self._look.px(6)
        return QSize(super().sizeHint().width(), height)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        """The title, a hairline, and the arrow."""
        look, theme = self._look, self._look.theme
        painter.save()
        painter.fillRect(rect, theme.surface)
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, theme.border)
        font = look.font(Role.SMALL_STRONG)
        title = str(self.model().headerData(section, self.orientation()) or "")
        inner = rect.adjusted(look.px(10), 0, -look.px(2), -1)
        paint_text(painter, inner, title, font, theme.muted)
        if self._sorted is not None and self._sorted[0] == section and title:
            arrow = inner.adjusted(text_width(font, title) + look.px(3), 0, 0, 0)
            icon = "chevron-down" if self._sorted[1] else "chevron-up"
            paint_icon(painter, look, arrow, icon, theme.muted, size=12)
        painter.restore()

    @Slot()
    def _relook(self) -> None:
        self.updateGeometry()
        self.viewport().update()
