"""The wallboard: figures above, queues below, worst first, for people five metres away.

It names no customer and no member of staff. F11 fills the monitor, Esc leaves, L turns light and
dark round, S shows one site after the other, then the centre again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QEvent, QRect, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QCloseEvent,
    QFont,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.screens.wallboard.colours import DARK, LIGHT, Colours
from crm_desktop.desktop.screens.wallboard.content import CentreWall, Line, SiteWall, WallContent
from crm_desktop.desktop.screens.wallboard.parts import (
    COLUMNS,
    LABEL,
    NAME,
    WallLine,
    WallTile,
    wall_font,
)
from crm_desktop.desktop.widgets.painting import paint_text
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.figure_views import CentreFigures
from crm_desktop.domain.site_figures import SiteFigures

TILES, LINES = 4, 4
_TURN_MS = 12_000
#: Parts of the height: the top, the tiles, the heads, each line; the foot has the rest.
_TOP, _TILES, _HEAD, _LINE = 0.075, 0.32, 0.065, 0.125


class Wallboard(QWidget):
    """`opened` carries a Figure, or of a site a SiteFigure; `left` comes when it closes,
    `light_chosen` True or False, `site_turned` when the next site is asked for.
    """

    opened = Signal(object)
    site_turned = Signal()
    left = Signal()
    light_chosen = Signal(bool)

    def __init__(
        self, look: Look, clock: Clock, *, light: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setWindowTitle("Wallboard")
        self.setAccessibleName("Wallboard")
        # No tile has the keyboard, and its ring, before somebody asks for one.
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._look, self._clock, self._light = look, clock, light
        self._content: WallContent | None = None
        self._away_since: datetime | None = None
        self._trouble = ""
        self._page = 0
        self._tiles = [WallTile(look, self.colours, self) for _ in range(TILES)]
        for tile in self._tiles:
            tile.opened.connect(self.opened)
        self._lines = [WallLine(look, self.colours, self) for _ in range(LINES)]
        self._turning = QTimer(self)
        self._turning.setInterval(_TURN_MS)
        self._turning.timeout.connect(self.turn)
        self._turning.start()
        clock.tick.connect(self._tick)
        self.resize(look.px(1280), look.px(720))
        self._place()
        self.setFocus()

    @property
    def colours(self) -> Colours:
        """What is drawn with now: faded while what is shown is old."""
        return self._bright.dimmed() if self.is_old else self._bright

    @property
    def is_old(self) -> bool:
        """Whether what is shown may be another by now."""
        return self._away_since is not None or bool(self._trouble)

    def show_figures(self, found: CentreFigures) -> None:
        """Show the centre as it is now."""
        self._show(CentreWall(found))

    def show_site(self, found: SiteFigures) -> None:
        """Show one site as it is now."""
        self._show(SiteWall(found))

    @property
    def site_id(self) -> int | None:
        """Which site is shown, None for the centre."""
        return self._content.site_id if isinstance(self._content, SiteWall) else None

    def show_trouble(self, trouble: CrmError) -> None:
        """They could not be read again: what is shown is old."""
        self._trouble = words_for(trouble).happened
        self._place()

    def set_away(self, since: datetime | None) -> None:
        """The database is away since then, or (None) here."""
        self._away_since = since
        self._place()

    @Slot()
    def turn(self) -> None:
        """The next queues, and the next figure in the last place."""
        self._page += 1
        self._fill()
        self.update()

    def set_light(self, light: bool) -> None:
        """Black on white, or white on black."""
        self._light = light
        self.light_chosen.emit(light)
        self._place()

    def toggle_full(self) -> None:
        """Fill the monitor, or be a window again."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    @property
    def is_full(self) -> bool:
        """Whether it fills the monitor."""
        return bool(self.windowState() & Qt.WindowState.WindowFullScreen)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The few keys that it has."""
        if event.key() == Qt.Key.Key_F11:
            self.toggle_full()
        elif event.key() == Qt.Key.Key_Escape:
            if self.is_full:
                self.toggle_full()
            else:
                self.close()
        elif event.key() == Qt.Key.Key_L and not event.modifiers():
            self.set_light(not self._light)
        elif event.key() == Qt.Key.Key_S and not event.modifiers():
            self.site_turned.emit()
        elif event.key() in (Qt.Key.Key_PageDown, Qt.Key.Key_Right):
            self.turn()
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fill the monitor, or not."""
        self.toggle_full()

    def changeEvent(self, event: QEvent) -> None:
        """The pointer is nothing to look at on a wall."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            if self.is_full:
                self.setCursor(Qt.CursorShape.BlankCursor)
            else:
                self.unsetCursor()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Everything follows the height."""
        super().resizeEvent(event)
        self._place()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Nobody looks any more."""
        self._turning.stop()
        self._clock.tick.disconnect(self._tick)
        self.left.emit()
        super().closeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground, the top with the time, the heads of the columns, the foot."""
        painter, colours, wall = QPainter(self), self.colours, self.wall
        painter.fillRect(self.rect(), colours.ground)
        side = self._side
        top = QRect(side, 0, self.width() - 2 * side, round(_TOP * wall))
        name = wall_font(self._look, NAME * wall)
        right = Qt.AlignmentFlag.AlignRight
        paint_text(painter, top, self._said(), name, self._bright.text)
        if not self.is_old:
            now = words.clock_time(self._clock.now())
            paint_text(painter, top, now, name, colours.text, align=right)
        label = wall_font(self._look, LABEL * wall, QFont.Weight.Normal)
        left, heads = side, round((_TOP + _TILES) * wall)
        heads_said = (self._content or CentreWall).heads
        for text, part in zip(heads_said, COLUMNS, strict=True):
            width = round(part * (self.width() - 2 * side))
            room = QRect(left, heads, width, round(_HEAD * wall))
            indent = round(0.02 * wall) if left == side else 0
            paint_text(painter, room.adjusted(indent, 0, 0, 0), text, label, colours.muted)
            left += width
        foot = QRect(side, 0, self.width() - 2 * side, self.height())
        foot.setTop(round((_TOP + _TILES + _HEAD + LINES * _LINE) * wall))
        small = wall_font(self._look, 0.022 * wall, QFont.Weight.Normal)
        if not self.is_full:
            keys = "F11 full screen · L light or dark · S a site · Esc close"
            paint_text(painter, foot, keys, small, colours.muted)
        paint_text(painter, foot, self._page_said(), small, colours.muted, align=right)

    @property
    def wall(self) -> int:
        """The height that all sizes follow: the window's, unless it is narrow."""
        return min(self.height(), round(self.width() / 1.6))

    @property
    def _bright(self) -> Colours:
        return LIGHT if self._light else DARK

    @property
    def _side(self) -> int:
        return round(0.02 * self.wall)

    def _said(self) -> str:
        """What stands at the top left: the day, or since when nothing is new."""
        content = self._content
        if not self.is_old:
            day = words.full(self._clock.now()).rsplit(" ", 1)[0]
            return f"{content.title} · {day}" if content is not None and content.title else day
        why = "The database is away." if self._away_since else self._trouble
        if content is None:
            return why
        return f"As of {words.clock_time(content.at)}. {why}"

    def _page_said(self) -> str:
        pages = self._pages()
        return f"{self._page % pages + 1} of {pages}" if pages > 1 else ""

    def _pages(self) -> int:
        return max(1, -(-len(self._below()) // LINES))

    @Slot()
    def _tick(self) -> None:
        """What runs reads differently each second."""
        if self._content is not None and not self.is_old:
            self._fill()
        self.update(0, 0, self.width(), round(_TOP * self.wall))

    def _show(self, content: WallContent) -> None:
        self._content, self._trouble = content, ""
        self.setAccessibleName(f"Wallboard: {content.title}" if content.title else "Wallboard")
        self._fill()
        self._place()

    def _now(self) -> datetime:
        """What runs is as of now, unless all that is shown is old."""
        now = self._clock.now()
        if self._content is None:
            return now
        return self._content.at if self.is_old else max(self._content.at, now)

    def _fill(self) -> None:
        content = self._content
        if content is None:
            return
        shown = content.figures(self._page, self._now())
        for tile, figure in zip(self._tiles, shown, strict=True):
            tile.show_figure(figure)
        lines = self._below()
        begin = self._page % max(1, -(-len(lines) // LINES)) * LINES
        page = lines[begin : begin + LINES]
        for line, (cells, spoken) in zip(self._lines, page, strict=False):
            line.show_cells(cells, spoken)
            line.show()
        for line in self._lines[len(page) :]:
            line.hide()

    def _below(self) -> Sequence[Line]:
        """Where anything is to be seen, worst first."""
        return self._content.lines(self._now()) if self._content is not None else ()

    def _place(self) -> None:
        wall, side, colours = self.wall, self._side, self.colours
        width = (self.width() - (len(self._tiles) + 1) * side) // len(self._tiles)
        top, high = round(_TOP * wall), round(_TILES * wall)
        for at, tile in enumerate(self._tiles):
            tile.fit(wall, colours, self._bright)
            tile.setGeometry(side + at * (width + side), top, width, high)
        begin, each = round((_TOP + _TILES + _HEAD) * wall), round(_LINE * wall)
        for at, line in enumerate(self._lines):
            line.fit(wall, colours)
            line.setGeometry(side, begin + at * each, self.width() - 2 * side, each)
        self.update()
