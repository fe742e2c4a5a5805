"""Both sides of a conversation in one picture: a desktop, and what is seen outside beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QColor, QImage, QPainter

from crm_desktop.tour.hands import Hands
from crm_desktop.tour.story import Tour

_GAP = 28


def both(
    tour: Tour, name: str, outside: Callable[[Path], None], hands: Hands | None = None
) -> None:
    """Leave one picture of the first desktop, or another window, and of what is seen outside;
    `outside` saves that at a path.
    """
    files = [tour.stage.folder / f"{name}-{side}.png" for side in ("desktop", "page")]
    (hands or tour.hands).picture(files[0])
    outside(files[1])
    path = tour.out / f"{tour.step.number:02}-{name}.png"
    _side_by_side(*files).save(str(path))
    tour.step.pictures.append(path.name)


def _side_by_side(first: Path, second: Path) -> QImage:
    left, right = QImage(str(first)), QImage(str(second))
    width = left.width() + right.width() + 3 * _GAP
    height = max(left.height(), right.height()) + 2 * _GAP
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("#d7dde2"))
    painter = QPainter(image)
    painter.drawImage(_GAP, _GAP, left)
    painter.drawImage(2 * _GAP + left.width(), _GAP, right)
    painter.end()
    return image
