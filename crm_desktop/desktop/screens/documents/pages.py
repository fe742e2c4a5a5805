"""Pages of a document as pictures: made upright, turned, and put together into one PDF.

Everything here is for worker threads. What is drawn anew carries nothing of the camera or the place
that its picture was taken with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRect, QSize, Qt
from PySide6.QtGui import (
    QImage,
    QImageWriter,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QTransform,
)

from crm_desktop.desktop.widgets.thumbs import thumb
from crm_desktop.domain.documents import Source, judged
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.views import NewAttachment

#: Both sides of a page of A4 at 200 dots an inch: small print is legible, and a page is no load.
_LONG, _DPI = 2_339, 200
_QUALITY = 88
_PREVIEW, _SMALL = QSize(420, 420), QSize(96, 96)


@dataclass(frozen=True, slots=True)
class Page:
    """One file of the document; `preview` is None for what is no picture that is drawn."""

    file: NewAttachment
    source: Source
    preview: QImage | None

    @property
    def is_picture(self) -> bool:
        """Whether it can be turned, and be a page of a PDF."""
        return self.preview is not None


def brought(file: NewAttachment, source: Source) -> Page:
    """A file as it was brought, byte for byte; raises InvalidInput for what is not taken."""
    known = judged(file)
    return Page(known, source, thumb(known.content, _PREVIEW))


def drawn(image: QImage, name: str, source: Source) -> Page:
    """A picture of ours, as from a camera or the clipboard, no larger than a page needs."""
    if image.isNull():
        raise _unreadable(name)
    content = _jpeg(_fitted(image, QSize(_LONG, _LONG)))
    file = NewAttachment(f"{name}.jpg", "image/jpeg", content)
    return Page(file, source, thumb(content, _PREVIEW))


def small(content: bytes) -> QImage | None:
    """What a file looks like in a list; None when it is none that is drawn."""
    return thumb(content, _SMALL)


def turned(page: Page, degrees: int) -> Page:
    """The page turned clockwise; it is a picture of ours then."""
    image = _whole(page).transformed(QTransform().rotate(degrees))
    return drawn(image, page.file.name.rpartition(".")[0] or page.file.name, page.source)


def together(pages: Sequence[Page], name: str) -> NewAttachment:
    """All pictures as one PDF of A4, each page upright or lying as its picture is."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(_DPI)
    writer.setPageMargins(QMarginsF())
    painter = QPainter()
    for number, page in enumerate(pages):
        image = _whole(page)
        lying = image.width() > image.height()
        writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
        writer.setPageOrientation(
            QPageLayout.Orientation.Landscape if lying else QPageLayout.Orientation.Portrait
        )
        if number == 0:
            painter.begin(writer)
        else:
            writer.newPage()
        sheet = QRect(0, 0, writer.width(), writer.height())
        shown = _fitted(image, sheet.size())
        place = QRect(0, 0, shown.width(), shown.height())
        place.moveCenter(sheet.center())
        painter.drawImage(place, shown)
    painter.end()
    return NewAttachment(f"{name}.pdf", "application/pdf", bytes(buffer.data().data()))


def _whole(page: Page) -> QImage:
    image = thumb(page.file.content, QSize(_LONG, _LONG))
    if image is None:
        raise _unreadable(page.file.name)
    return image


def _fitted(image: QImage, box: QSize) -> QImage:
    if image.width() <= box.width() and image.height() <= box.height():
        return image
    return image.scaled(
        box, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )


def _jpeg(image: QImage) -> bytes:
    """Without a word about camera, time or place; what shone through is white."""
    ground = QImage(image.size(), QImage.Format.Format_RGB32)
    ground.fill(Qt.GlobalColor.white)
    painter = QPainter(ground)
    painter.drawImage(0, 0, image)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(b"jpeg"))
    writer.setQuality(_QUALITY)
    writer.write(ground)
    return bytes(buffer.data().data())


def _unreadable(name: str) -> InvalidInput:
    words = f"{name} cannot be drawn as a picture, so nothing was changed."
    return InvalidInput(words, fields={"files": words})
