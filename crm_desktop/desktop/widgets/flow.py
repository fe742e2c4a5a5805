"""A layout that goes on in the next line when a line is full, and laying out at once."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QMargins, QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


def lay_out(area: QWidget, *layouts: QLayout) -> None:
    """Lay out what a scroll area or a splitter holds now; `layouts` from the inside out.

    Left to Qt each level waits for another turn of the event loop, and what is not yet in its
    place is drawn in between.
    """
    for each in layouts:
        each.activate()
    QCoreApplication.sendEvent(area, QEvent(QEvent.Type.LayoutRequest))


class FlowLayout(QLayout):
    """Children from left to right in as many lines as they need; `gap` in pixels."""

    def __init__(self, parent: QWidget | None = None, gap: int = 6) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self._heights: dict[int, int] = {}
        self.setContentsMargins(QMargins())

    def set_gap(self, gap: int) -> None:
        """Change the room between children."""
        self._gap = gap
        self.invalidate()

    def addItem(self, item: QLayoutItem) -> None:
        """Qt's way in."""
        self._items.append(item)

    def count(self) -> int:
        """How many children there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """A child, or None; the stubs do not know that None ends the walk."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Take a child out."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """It takes no more than it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """The narrower, the higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The height of all lines at this width."""
        # Layouts around it ask a hundred times before they are done.
        if width not in self._heights:
            self._heights[width] = self._place(QRect(0, 0, width, 0), move=False)
        return self._heights[width]

    def invalidate(self) -> None:
        """Something in it has changed: measure again."""
        self._heights.clear()
        super().invalidate()

    def setGeometry(self, rect: QRect) -> None:
        """Place the children."""
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:
        """All in one line."""
        sizes = [item.sizeHint() for item in self._items if not item.isEmpty()]
        width = sum(size.width() for size in sizes) + self._gap * max(0, len(sizes) - 1)
        return self._grown(QSize(width, max((size.height() for size in sizes), default=0)))

    def minimumSize(self) -> QSize:
        """The widest child."""
        smallest = QSize(0, 0)
        for item in self._items:
            smallest = smallest.expandedTo(item.minimumSize())
        return self._grown(smallest)

    def _grown(self, size: QSize) -> QSize:
        margins = self.contentsMargins()
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def _place(self, rect: QRect, *, move: bool) -> int:
        inner = rect.marginsRemoved(self.contentsMargins())
        left, top, line = inner.left(), inner.top(), 0
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint()
            if left > inner.left() and left + size.width() > inner.left() + inner.width():
                left, top, line = inner.left(), top + line + self._gap, 0
            if move:
                width = min(size.width(), inner.width())
                item.setGeometry(QRect(QPoint(left, top), QSize(width, size.height())))
            left += size.width() + self._gap
            line = max(line, size.height())
        return top + line - rect.top() + self.contentsMargins().bottom()
