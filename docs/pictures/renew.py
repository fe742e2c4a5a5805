"""Renews the README's pictures from those of a tour: `make tour`, then this with .venv's Python."""

import os
from collections import Counter
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtGui import QImage

HERE = Path(__file__).resolve().parent
TOUR = HERE.parents[1] / "build" / "tour"
#: So many colours are kept as they are: they fill the areas. Of the others, those that are
#: nearer to a kept one than this, in every channel, are taken for it.
FLAT, NEAR = 64, 10


def palette_of(image: QImage) -> list[int]:
    """The 256 commonest colours that differ, as 0xffRRGGBB: nearly all that a window has."""
    chosen: list[tuple[int, int, int]] = []
    for colour, _ in Counter(memoryview(image.constBits()).cast("I").tolist()).most_common():
        parts = (colour >> 16 & 255, colour >> 8 & 255, colour & 255)
        apart = all(
            max(abs(a - b) for a, b in zip(parts, other, strict=True)) > NEAR for other in chosen
        )
        if len(chosen) < FLAT or (apart and len(chosen) < 256):
            chosen.append(parts)
    return [0xFF000000 | red << 16 | green << 8 | blue for red, green, blue in chosen]


for old in sorted(HERE.glob("*.png")):
    shown = QImage(str(TOUR / old.name)).convertToFormat(QImage.Format.Format_RGB32)
    palette = palette_of(shown)
    shown.convertToFormat(QImage.Format.Format_Indexed8, palette).save(str(old), "PNG", 0)
