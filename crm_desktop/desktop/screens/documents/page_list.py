"""The pages and files of a document as small pictures, in order, and what a scanner has left."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QImage, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.screens.documents.pages import Page
from crm_desktop.desktop.widgets.painting import text_height
from crm_desktop.domain.documents import Scan

_KEY = Qt.ItemDataRole.UserRole
_TURNS: dict[int, int] = {Qt.Key.Key_Left: -90, Qt.Key.Key_Right: 90}
#: Sides of the pictures, at 100 %.
_PAGE, _SCAN = 104, 52


class PageList(QListWidget):
    """Delete removes the chosen page. `changed` when there are more, fewer or other pages,
    `turn_wanted` the degrees by which the chosen one should be turned (Alt and an arrow).
    """

    changed = Signal()
    turn_wanted = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._pages: list[Page] = []
        self.setAccessibleName("Pages of the document")
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setWordWrap(True)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        look.changed.connect(self._relook)
        self._relook()

    def pages(self) -> tuple[Page, ...]:
        """What there is, in order."""
        return tuple(self._pages)

    def add(self, page: Page) -> None:
        """One more at the end, which is then the chosen one."""
        self._pages.append(page)
        self.addItem(self._item(page))
        self.setCurrentRow(self.count() - 1)
        self.changed.emit()

    def replace(self, before: Page, page: Page) -> None:
        """A page is another now, in its place; one that was removed meanwhile stays away."""
        if before in self._pages:
            at = self._pages.index(before)
            self._pages[at] = page
            self.takeItem(at)
            self.insertItem(at, self._item(page))
            self.setCurrentRow(at)
            self.changed.emit()

    def current(self) -> Page | None:
        """The chosen page."""
        at = self.currentRow()
        return self._pages[at] if 0 <= at < len(self._pages) else None

    def remove_current(self) -> None:
        """Take the chosen page out."""
        at = self.currentRow()
        if 0 <= at < len(self._pages):
            del self._pages[at]
            self.takeItem(at)
            self.changed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete removes."""
        if event.key() == Qt.Key.Key_Delete:
            self.remove_current()
        elif event.modifiers() == Qt.KeyboardModifier.AltModifier and event.key() in _TURNS:
            self.turn_wanted.emit(_TURNS[event.key()])
        else:
            super().keyPressEvent(event)

    def _item(self, page: Page) -> QListWidgetItem:
        size = words.size(len(page.file.content))
        picture = page.preview if page.preview is not None else self._paper()
        item = QListWidgetItem(
            _picture(picture, self.iconSize(), self._look.theme.border), page.file.name
        )
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{page.file.name}, {size}")
        return item

    def _paper(self) -> QPixmap:
        return self._look.pixmap("file-text", self._look.theme.muted, 48)

    @Slot()
    def _relook(self) -> None:
        px = self._look.px
        font = self._look.font(Role.SMALL)
        self.setFont(font)
        self.setIconSize(QSize(px(_PAGE), px(_PAGE)))
        grid = QSize(px(_PAGE + 28), px(_PAGE + 16) + text_height(font))
        self.setGridSize(grid)
        self.setMinimumHeight(grid.height() + px(16))


class ScanList(QListWidget):
    """Files in the scanner's folder, the newest first. `wanted` carries a Scan."""

    wanted = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._small: dict[Scan, QImage] = {}
        self.setAccessibleName("In the scanner’s folder, newest first")
        self.itemActivated.connect(self._wanted)
        look.changed.connect(self._relook)
        self._relook()

    def show_scans(self, scans: Sequence[Scan]) -> None:
        """Show these; the chosen one stays chosen while it is there."""
        chosen = self.current()
        self._small = {scan: image for scan, image in self._small.items() if scan in scans}
        self.clear()
        for scan in scans:
            self.addItem(self._item(scan))
        at = next((n for n, each in enumerate(scans) if chosen and each.path == chosen.path), 0)
        self.setCurrentRow(at if scans else -1)

    def show_small(self, scan: Scan, picture: QImage) -> None:
        """What one of them looks like."""
        self._small[scan] = picture
        for at in range(self.count()):
            item = self.item(at)
            if item.data(_KEY) == scan:
                item.setIcon(_picture(picture, self.iconSize(), self._look.theme.border))

    def choose_first(self) -> None:
        """The newest is the chosen one."""
        self.setCurrentRow(0 if self.count() else -1)

    def current(self) -> Scan | None:
        """The chosen file."""
        item = self.currentItem()
        scan = item.data(_KEY) if item is not None else None
        return scan if isinstance(scan, Scan) else None

    def _item(self, scan: Scan) -> QListWidgetItem:
        said = f"{words.full(scan.at)} · {words.size(scan.size)}"
        item = QListWidgetItem(f"{scan.name}\n{said}")
        paper = self._look.pixmap("file-text", self._look.theme.muted, 28)
        item.setIcon(
            _picture(self._small.get(scan, paper), self.iconSize(), self._look.theme.border)
        )
        item.setData(_KEY, scan)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{scan.name}, {said}")
        return item

    @Slot(QListWidgetItem)
    def _wanted(self, _item: QListWidgetItem) -> None:
        scan = self.current()
        if scan is not None:
            self.wanted.emit(scan)

    @Slot()
    def _relook(self) -> None:
        self.setFont(self._look.font())
        self.setSpacing(self._look.px(3))
        self.setIconSize(QSize(self._look.px(_SCAN), self._look.px(_SCAN)))


def _picture(picture: QImage | QPixmap, size: QSize, edge: QColor) -> QIcon:
    """The picture in the middle of a square, so that all words begin at the same place, with an
    edge, as paper is white; it looks the same when it is chosen.
    """
    square = QPixmap(size)
    square.fill(Qt.GlobalColor.transparent)
    drawn = isinstance(picture, QImage)
    if isinstance(picture, QImage):
        picture = QPixmap.fromImage(
            picture.scaled(
                size, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
        )
    painter = QPainter(square)
    place = QRectF(QPointF(), picture.deviceIndependentSize())
    place.moveCenter(QRectF(square.rect()).center())
    painter.drawPixmap(place.topLeft(), picture)
    if drawn:
        painter.setPen(edge)
        painter.drawRect(place.adjusted(0.5, 0.5, -0.5, -0.5))
    painter.end()
    icon = QIcon(square)
    icon.addPixmap(square, QIcon.Mode.Selected)
    return icon
