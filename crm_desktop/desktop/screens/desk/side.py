"""What the public sees now, the day in figures, and who is in which room."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.screens.desk.places import PlacesBoard
from crm_desktop.desktop.screens.desk.words import minutes
from crm_desktop.desktop.widgets.buttons import Button
from crm_desktop.desktop.widgets.card import PanelHeader, Surface
from crm_desktop.desktop.widgets.painting import Painted, paint_text, text_height
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.visits import Called, SiteDay, SiteLine

#: A page lower than this, in px, has little room.
_LOW = 690
_CENTRE = Qt.AlignmentFlag.AlignCenter


class NowServing(Painted):
    """The ticket that was called last, as large as it is on the public screen; no names."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._called: tuple[Called, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Nobody was called lately")

    def show_called(self, called: tuple[Called, ...]) -> None:
        """The newest first."""
        self._called = called
        said = [f"{each.ticket}, {each.place}" for each in called]
        self.setAccessibleName(f"Called: {'; '.join(said)}" if said else "Nobody was called lately")
        self.update()

    def sizeHint(self) -> QSize:
        """Three lines."""
        big, small = self._look.font(Role.FIGURE), self._look.font(Role.SMALL)
        high = text_height(big) + 2 * text_height(small) + self._look.px(40)
        return QSize(self._look.px(260), high)

    def paintEvent(self, event: QPaintEvent) -> None:
        """As on the public screen: light on dark."""
        look, painter = self._look, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(look.theme.rail)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(self.rect(), look.px(6), look.px(6))
        ink, small, big = look.theme.rail_text, look.font(Role.SMALL), look.font(Role.FIGURE)
        row = QRect(0, look.px(12), self.width(), text_height(small))
        if not self._called:
            paint_text(painter, self.rect(), "Nobody was called lately", small, ink, align=_CENTRE)
            return
        first, *others = self._called
        paint_text(painter, row, "Please go to", small, ink, align=_CENTRE)
        row = QRect(0, row.bottom() + look.px(4), self.width(), text_height(big))
        paint_text(painter, row, f"{first.ticket} → {first.place}", big, ink, align=_CENTRE)
        row = QRect(0, row.bottom() + look.px(8), self.width(), text_height(small))
        said = " · ".join(f"{each.ticket} {each.place}" for each in others[:3])
        paint_text(painter, row, said, small, ink, align=_CENTRE)


class DeskSide(Surface):
    """What the public sees, the day, and at the foot the board of `places`; `figures_wanted` comes
    when the whole day is asked for.
    """

    figures_wanted = Signal()

    def __init__(self, look: Look, places: PlacesBoard, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self.serving = NowServing(look)
        self._figures = {
            key: (Text(look, "–", Role.TITLE), Text(look, said, Role.SMALL, muted=True))
            for key, said in (
                ("footfall", "visitors"),
                ("wait", "average wait"),
                ("within", "seen within 15 min"),
                ("unseen", "left unseen"),
            )
        }
        self._today = PanelHeader(look, "Today")
        figures = Button(look, "Figures…")
        figures.setAccessibleName("Figures of this site")
        figures.clicked.connect(self.figures_wanted)
        self._today.add(figures)
        self._day = QWidget()
        self._above = QWidget()
        self._lay_out(places)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A low window has no room for a heading over the figures."""
        super().resizeEvent(event)
        self._today.setVisible(event.size().height() >= self._look.px(_LOW))

    def show_places_alone(self, *, alone: bool) -> None:
        """Nothing but who is where."""
        self._above.setVisible(not alone)

    def _lay_out(self, places: PlacesBoard) -> None:
        look, px = self._look, self._look.px
        above = QVBoxLayout(self._above)
        above.setContentsMargins(0, 0, 0, 0)
        above.setSpacing(0)
        above.addWidget(PanelHeader(look, "Now serving", "as on the public screen"))
        inner = QVBoxLayout()
        inner.setContentsMargins(px(12), px(10), px(12), px(6))
        inner.addWidget(self.serving)
        above.addLayout(inner)
        above.addWidget(self._today)
        grid = QGridLayout(self._day)
        grid.setContentsMargins(px(14), px(8), px(14), px(6))
        grid.setVerticalSpacing(px(8))
        for at, figure in enumerate(self._figures.values()):
            cell = QVBoxLayout()
            cell.setSpacing(0)
            for each in figure:
                cell.addWidget(each)
            grid.addLayout(cell, at // 2, at % 2)
        above.addWidget(self._day)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._above)
        column.addWidget(PanelHeader(look, "Who is where", "Alt P"))
        column.addWidget(places, 1)

    def show_line(self, line: SiteLine) -> None:
        """Show the site now."""
        self.serving.show_called(line.called)
        self._show_day(line.day)

    def _show_day(self, day: SiteDay) -> None:
        said = {
            "footfall": f"{day.footfall:,}",
            "wait": "–" if day.average_wait is None else minutes(day.average_wait),
            "within": "–" if day.within_target is None else f"{day.within_target:.0%}",
            "unseen": f"{day.left_unseen + day.no_shows:,}",
        }
        for key, text in said.items():
            self._figures[key][0].setText(text)
