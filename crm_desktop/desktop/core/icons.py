"""One icon set, tinted at run time, so that an icon always has its theme's colour and sharpness."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer


class UnknownIcon(LookupError):
    """The vendored set has no such drawing: a slip in the program, not in the data."""


class Icons:
    """Draws the SVGs of one directory in any colour, each (name, colour, size, ratio) once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._sources: dict[str, bytes] = {}
        self._pixmaps: dict[tuple[str, int, int, float], QPixmap] = {}

    def names(self) -> frozenset[str]:
        """Every icon there is."""
        return frozenset(path.stem for path in self._directory.glob("*.svg"))

    def pixmap(self, name: str, colour: QColor, size: int, ratio: float = 1.0) -> QPixmap:
        """The icon at `size` logical pixels for a screen of `ratio` device pixels each."""
        key = (name, colour.rgba(), size, ratio)
        if key not in self._pixmaps:
            self._pixmaps[key] = self._draw(name, colour, size, ratio)
        return self._pixmaps[key]

    def icon(self, name: str, colour: QColor, disabled: QColor, size: int) -> QIcon:
        """An icon for buttons and actions, paler when disabled, sharp on every screen there is."""
        made = QIcon()
        for ratio in _ratios():
            made.addPixmap(self.pixmap(name, colour, size, ratio))
            made.addPixmap(self.pixmap(name, disabled, size, ratio), QIcon.Mode.Disabled)
        return made

    def _draw(self, name: str, colour: QColor, size: int, ratio: float) -> QPixmap:
        source = self._source(name).replace(b"currentColor", colour.name().encode())
        side = max(1, round(size * ratio))
        pixmap = QPixmap(QSize(side, side))
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        QSvgRenderer(QByteArray(source)).render(painter, QRectF(0, 0, side, side))
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        return pixmap

    def _source(self, name: str) -> bytes:
        if name not in self._sources:
            path = self._directory / f"{name}.svg"
            try:
                self._sources[name] = path.read_bytes()
            except OSError as error:
                raise UnknownIcon(name) from error
        return self._sources[name]


def _ratios() -> tuple[float, ...]:
    """At which device pixels to a pixel icons are drawn: most computers need no large ones."""
    fine = any(each.devicePixelRatio() > 1 for each in QGuiApplication.screens())
    return (1.0, 2.0) if fine else (1.0,)
