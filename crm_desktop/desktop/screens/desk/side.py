"""What the public sees now, the day in figures, and who is in which room."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.desk.words import PLACE_KINDS, minutes
from crm_desktop.desktop.widgets.buttons import Button
from crm_desktop.desktop.widgets.card import PanelHeader, Surface
from crm_desktop.desktop.widgets.painting import Painted, paint_text, text_height
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.visits import Called, PlaceKind, PlaceView, SiteDay, SiteLine

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
    """`place_chosen` carries the id of a desk or room whose row was opened; `figures_wanted` comes
    when the whole day is asked for.
    """

    place_chosen = Signal(object)
    figures_wanted = Signal()

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self._clock = clock
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
        self.places = RowList(look, "Desks and rooms")
        self.places.opened.connect(self.place_chosen)
        px = look.px
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(PanelHeader(look, "Now serving", "as on the public screen"))
        inner = QVBoxLayout()
        inner.setContentsMargins(px(12), px(10), px(12), px(12))
        inner.addWidget(self.serving)
        column.addLayout(inner)
        today = PanelHeader(look, "Today")
        figures = Button(look, "Figures…")
        figures.setAccessibleName("Figures of this site")
        figures.clicked.connect(self.figures_wanted)
        today.add(figures)
        column.addWidget(today)
        grid = QGridLayout()
        grid.setContentsMargins(px(14), px(8), px(14), px(10))
        grid.setVerticalSpacing(px(10))
        for at, figure in enumerate(self._figures.values()):
            cell = QVBoxLayout()
            cell.setSpacing(0)
            for each in figure:
                cell.addWidget(each)
            grid.addLayout(cell, at // 2, at % 2)
        column.addLayout(grid)
        column.addWidget(PanelHeader(look, "Desks and rooms"))
        column.addWidget(self.places, 1)

    def show_line(self, line: SiteLine) -> None:
        """Show the site now."""
        self.serving.show_called(line.called)
        self._show_day(line.day)
        now = self._clock.now()
        self.places.set_rows([_place_row(each, words.when(each.since, now) if each.since else "",
                                         held=bool(each.held_until and each.held_until > now))
                              for each in line.places])  # fmt: skip

    def _show_day(self, day: SiteDay) -> None:
        said = {
            "footfall": f"{day.footfall:,}",
            "wait": "–" if day.average_wait is None else minutes(day.average_wait),
            "within": "–" if day.within_target is None else f"{day.within_target:.0%}",
            "unseen": f"{day.left_unseen + day.no_shows:,}",
        }
        for key, text in said.items():
            self._figures[key][0].setText(text)


def _place_row(place: PlaceView, since: str, *, held: bool) -> Row:
    staff = ", ".join(place.staff)
    if place.ticket is not None:
        pill, detail = (f"{place.ticket}", Tone.WARNING), f"since {since} · {staff}"
    elif held:
        until = words.clock_time(place.held_until) if place.held_until else ""
        pill, detail = ("held", Tone.DANGER), f"until {until} · {place.held_for}"
    else:
        pill, detail = ("free", Tone.OK), staff or place.partner or "nobody is here"
    kind = "" if place.kind is PlaceKind.DESK else f" · {PLACE_KINDS[place.kind]}"
    return Row(place.id, f"{place.name}{kind}", detail.strip(" ·"), "home", pill=pill)
