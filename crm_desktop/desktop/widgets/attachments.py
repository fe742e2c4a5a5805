"""A strip of attached files: what each is, how large, and a way to open or remove it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import count

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QImage,
    QImageWriter,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.widgets.flow import FlowLayout
from crm_desktop.desktop.widgets.painting import (
    paint_focus,
    paint_icon,
    paint_text,
    text_height,
    text_width,
)
from crm_desktop.desktop.widgets.tips import plain_tip
from crm_desktop.domain.views import NewAttachment


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """One file; `size` in bytes, `key` is whatever tells it apart."""

    key: object
    name: str
    media_type: str
    size: int

    @property
    def icon(self) -> str:
        """What kind of file it is."""
        if self.media_type.startswith("image/"):
            return "image"
        if self.media_type == "text/calendar":
            return "calendar"
        return "file-text" if self.media_type in _DOCUMENTS else "paperclip"


def pasted(picture: QImage, names: Collection[str]) -> NewAttachment | None:
    """A picture that was pasted, as of a screen, as a file called like none of `names`; None when
    there is nothing in it.
    """
    name = next(each for at in count(1) if (each := f"picture {at}.png") not in names)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not QImageWriter(buffer, QByteArray(b"PNG")).write(picture):
        return None
    return NewAttachment(name, "image/png", bytes(buffer.data().data()))


_DOCUMENTS = {"application/pdf", "text/plain", "application/msword", "text/csv", "text/html"}
_WIDEST = 300


class FileChip(QAbstractButton):
    """One file of a strip: Enter opens, Delete removes where that is allowed."""

    remove = Signal()

    def __init__(self, look: Look, file: AttachedFile, *, removable: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self.file, self._removable = look, file, removable
        self.setAccessibleName(f"{file.name}, {words.size(file.size)}")
        self.setAccessibleDescription("Delete removes it" if removable else "Opens the file")
        self.setToolTip(plain_tip(file.name))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look.changed.connect(self._relook)

    def sizeHint(self) -> QSize:
        """As wide as its name, up to a limit."""
        px, font = self._look.px, self._look.font(Role.SMALL)
        width = text_width(font, self._label()) + px(16) + px(6) + 2 * px(8) + 2
        if self._removable:
            width += px(14) + px(6)
        return QSize(min(width, px(_WIDEST)), max(text_height(font), px(16)) + 2 * px(4))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Icon, name, size, and a cross where it can be removed."""
        look, theme, painter = self._look, self._look.theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.border, 1))
        painter.setBrush(theme.hover if self.underMouse() else theme.sunken)
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), look.px(5), look.px(5))
        row = self.rect().adjusted(look.px(8), 0, -look.px(8), 0)
        paint_icon(painter, look, row, self.file.icon, theme.muted)
        row.setLeft(row.left() + look.px(16) + look.px(6))
        if self._removable:
            cross = self.rect().adjusted(self.width() - look.px(8) - look.px(14), 0, 0, 0)
            paint_icon(painter, look, cross, "x", theme.muted, size=14)
            row.setRight(cross.left() - look.px(6))
        paint_text(painter, row, self._label(), look.font(Role.SMALL), theme.text)
        if self.hasFocus():
            paint_focus(painter, look, self.rect())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete removes, Enter opens."""
        if self._removable and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on the cross removes, anywhere else opens."""
        cross = self.width() - self._look.px(8) - self._look.px(16)
        if self._removable and self.isDown() and event.position().x() >= cross:
            self.setDown(False)
            self.remove.emit()
        else:
            super().mouseReleaseEvent(event)

    def _label(self) -> str:
        return f"{self.file.name} · {words.size(self.file.size)}"

    @Slot()
    def _relook(self) -> None:
        self.updateGeometry()
        self.update()


class AttachmentStrip(QWidget):
    """Files in as many lines as they need; hidden when empty. `opened`, `removed` carry a key."""

    opened = Signal(object)
    removed = Signal(object)

    def __init__(
        self, look: Look, *, removable: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look, self._removable = look, removable
        self._chips: list[FileChip] = []
        self._flow = FlowLayout(self, look.px(6))
        self.setAccessibleName("Attachments")
        self.hide()

    def set_files(self, files: Sequence[AttachedFile]) -> None:
        """Show these files."""
        if tuple(files) == self.files():
            return
        for chip in self._chips:
            self._flow.removeWidget(chip)
            chip.deleteLater()
        self._chips = [
            FileChip(self._look, each, removable=self._removable, parent=self) for each in files
        ]
        for chip in self._chips:
            chip.clicked.connect(self._clicked)
            chip.remove.connect(self._remove)
            self._flow.addWidget(chip)
        self.setVisible(bool(files))

    def files(self) -> tuple[AttachedFile, ...]:
        """The files shown."""
        return tuple(chip.file for chip in self._chips)

    @Slot()
    def _clicked(self) -> None:
        chip = self.sender()
        if isinstance(chip, FileChip):
            self.opened.emit(chip.file.key)

    @Slot()
    def _remove(self) -> None:
        chip = self.sender()
        if isinstance(chip, FileChip):
            self.removed.emit(chip.file.key)
