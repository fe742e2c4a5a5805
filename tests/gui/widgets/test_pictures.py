"""Rows drawn from pictures: nobody sees a difference, and each is drawn once."""

from __future__ import annotations

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Scheme, Tone
from crm_desktop.desktop.widgets import pictures
from crm_desktop.desktop.widgets.painting import paint_box, paint_icon, paint_text, paint_tile
from crm_desktop.desktop.widgets.pictures import Pictures

ROW = QRect(4, 30, 200, 27)


class Drawn:
    """Draws words and counts how often."""

    def __init__(self, look: Look, words: str = "Margaret Okafor") -> None:
        self.look, self.words, self.times = look, words, 0

    def __call__(self, painter: QPainter, rect: QRect) -> None:
        self.times += 1
        paint_text(painter, rect, self.words, self.look.font(Role.STRONG), self.look.theme.text)


def shown(look: Look, kept: Pictures | None, paint: Drawn, ratio: float = 1.0) -> QImage:
    """A page with one row on it, through pictures or without them."""
    page = QPixmap(round(220 * ratio), round(80 * ratio))
    page.setDevicePixelRatio(ratio)
    page.fill(look.theme.surface)
    painter = QPainter(page)
    if kept is None:
        paint(painter, ROW)
    else:
        kept.draw(painter, ROW, 1, paint.words, paint)
    painter.end()
    return page.toImage()


def test_a_picture_is_what_would_have_been_drawn(look: Look) -> None:
    for scheme in Scheme:
        look.set_scheme(scheme)
        for ratio in (1.0, 1.25, 2.0):
            drawn = shown(look, Pictures(look), Drawn(look), ratio)
            assert drawn == shown(look, None, Drawn(look), ratio)


def test_a_row_that_says_the_same_is_drawn_once(look: Look) -> None:
    kept, row = Pictures(look), Drawn(look)

    pages = [shown(look, kept, row) for _ in range(3)]

    assert row.times == 1
    assert pages[0] == pages[1] == pages[2]


def test_other_words_and_another_look_are_drawn_anew(look: Look) -> None:
    kept, row = Pictures(look), Drawn(look)
    shown(look, kept, row)

    row.words = "Hassan Thistlethwaite"
    assert shown(look, kept, row) == shown(look, None, Drawn(look, row.words))
    look.set_scheme(Scheme.DARK)
    assert shown(look, kept, row) == shown(look, None, Drawn(look, row.words))
    assert row.times == 3


def test_a_tile_on_any_ground_is_what_would_have_been_drawn(look: Look) -> None:
    for scheme in Scheme:
        look.set_scheme(scheme)
        theme = look.theme
        for tone in Tone:
            for ground in (theme.surface, theme.hover, theme.selection):
                pages = [tile(look, tone, ground, straight=each) for each in (True, False)]
                assert pages[0] == pages[1]


def tile(look: Look, tone: Tone, ground: QColor, *, straight: bool) -> QImage:
    """A tile on a ground, as it is shown or drawn straight on it."""
    page, shade, side = QPixmap(40, 40), look.theme.tone(tone), look.px(26)
    page.fill(ground)
    painter, where = QPainter(page), QRect(5, 4, side, side)
    if straight:
        edge = shade.border if look.theme.scheme is Scheme.CONTRAST else None
        paint_box(painter, where, look.px(5), shade.soft, edge)
        middle = QRect(0, 0, look.px(16), look.px(16))
        middle.moveCenter(where.center())
        paint_icon(painter, look, middle, "mail", shade.text)
    else:
        paint_tile(painter, look, where, "mail", tone)
    painter.end()
    return page.toImage()


def test_pictures_take_no_more_room_than_they_may(look: Look) -> None:
    kept, row, page = Pictures(look), Drawn(look), QPixmap(220, 80)
    enough = pictures._MOST // (ROW.width() * ROW.height() * 4)
    painter = QPainter(page)
    for key in range(enough + 5):
        kept.draw(painter, ROW, key, row.words, row)

    for key in range(enough + 4, 4, -1):
        kept.draw(painter, ROW, key, row.words, row)
    assert row.times == enough + 5
    kept.draw(painter, ROW, 0, row.words, row)
    painter.end()
    assert row.times == enough + 6
