"""Pictures of rows as they were drawn last: when a list moves, most of it is what it was."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QPainter, QPixmap

from crm_desktop.desktop.core.look import Look

#: All pictures together are no larger than this, in bytes: some screens full of rows.
_MOST = 5_000_000
_PIXEL = 4


@dataclass(frozen=True, slots=True)
class _Picture:
    """What was drawn, and how many bytes it takes."""

    content: object
    size: QSize
    ratio: float
    pixmap: QPixmap
    octets: int


class Pictures:
    """Draws rows on the surface's colour, each once for as long as it says the same.

    Not see-through, so that letters are as sharp as if they were drawn in their place.
    """

    def __init__(self, look: Look) -> None:
        self._look = look
        self._kept: OrderedDict[Hashable, _Picture] = OrderedDict()
        self._octets = 0
        look.changed.connect(self.clear)

    def draw(
        self,
        painter: QPainter,
        rect: QRect,
        key: Hashable,
        content: object,
        paint: Callable[[QPainter, QRect], None],
    ) -> None:
        """Draw the row `key` over all of `rect`; `paint` is called only when `content`, the size
        or the screen is another than before.
        """
        device = painter.device()
        ratio = device.devicePixelRatioF() if device is not None else 1.0
        if ratio != int(ratio):
            # A row's edge falls between pixels: a picture would be blurred.
            painter.fillRect(rect, self._look.theme.surface)
            paint(painter, rect)
            return
        kept, size = self._kept.get(key), rect.size()
        if kept is None or kept.size != size or kept.ratio != ratio or kept.content != content:
            kept = self._make(key, content, size, ratio, paint)
        else:
            self._kept.move_to_end(key)
        painter.drawPixmap(rect.topLeft(), kept.pixmap)

    def clear(self) -> None:
        """Forget all: colours and fonts are others now."""
        self._kept.clear()
        self._octets = 0

    def _make(
        self,
        key: Hashable,
        content: object,
        size: QSize,
        ratio: float,
        paint: Callable[[QPainter, QRect], None],
    ) -> _Picture:
        pixmap = QPixmap(size * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(self._look.theme.surface)
        painter = QPainter(pixmap)
        paint(painter, QRect(0, 0, size.width(), size.height()))
        painter.end()
        made = _Picture(content, size, ratio, pixmap, pixmap.width() * pixmap.height() * _PIXEL)
        before = self._kept.pop(key, None)
        self._octets += made.octets - (before.octets if before else 0)
        self._kept[key] = made
        while self._octets > _MOST and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._octets -= oldest.octets
        return made
