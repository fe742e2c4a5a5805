"""Pictures from outside: shown when they are what they say and not too large to unpack."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QImage, QImageReader

#: A picture of more is a bomb, or of no use on a screen.
MOST_PIXELS = 16_000_000


def picture_of(octets: bytes) -> QImage:
    """The picture, or a blank one when it is broken or too large to unpack."""
    buffer = QBuffer()
    buffer.setData(QByteArray(octets))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    size = reader.size()
    if not size.isValid() or size.width() * size.height() > MOST_PIXELS:
        return _blank()
    image = reader.read()
    return _blank() if image.isNull() else image


def _blank() -> QImage:
    image = QImage(1, 1, QImage.Format.Format_ARGB32)
    image.fill(0)
    return image
