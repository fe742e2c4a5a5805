"""Small pictures of pictures that came from outside, unpacked with measure; on any thread."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImage, QImageReader

#: Kinds that are drawn, whatever the file says it is: none that can name other files or run.
_KINDS = frozenset({b"png", b"jpeg", b"gif", b"webp", b"bmp"})
#: A picture with more pixels than this is not unpacked: a small file can grow into gigabytes.
_MOST_PIXELS = 60_000_000


def thumb(octets: bytes, box: QSize) -> QImage | None:
    """The picture within `box`, its sides in proportion; None when it is none that is drawn."""
    buffer = QBuffer()
    buffer.setData(QByteArray(octets))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setDecideFormatFromContent(True)
    reader.setAutoTransform(True)
    if bytes(reader.format().data()) not in _KINDS:
        return None
    size = reader.size()
    if not size.isValid() or size.width() * size.height() > _MOST_PIXELS:
        return None
    if size.width() > box.width() or size.height() > box.height():
        # Twice the box, so that a turned picture and a fine screen have enough of it.
        reader.setScaledSize(size.scaled(box * 2, Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    if image.isNull():
        return None
    if image.width() > box.width() or image.height() > box.height():
        image = image.scaled(
            box,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    return image
