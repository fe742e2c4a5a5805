"""A site's day in a window: figures, the half hours, services, desks, and the weeks before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QDialog,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core import site_figure_words as said
from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.screens.figures.site_behind import SiteBehindDialog
from crm_desktop.desktop.screens.figures.site_chart import bars
from crm_desktop.desktop.screens.figures.site_presenter import SiteDayPresenter
from crm_desktop.desktop.widgets.banner import ErrorBar
from crm_desktop.desktop.widgets.buttons import Button, IconButton
from crm_desktop.desktop.widgets.card import PanelHeader, Surface
from crm_desktop.desktop.widgets.chooser import ChoiceField
from crm_desktop.desktop.widgets.date_entry import DateEntry, read_day, say_day
from crm_desktop.desktop.widgets.dialog_room import resize_within
from crm_desktop.desktop.widgets.figure_tile import FigureTiles
from crm_desktop.desktop.widgets.half_hour_chart import HalfHourChart
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.site_figures import (
    NAMES,
    SiteBehind,
    SiteFigure,
    SiteFigures,
    definition,
)
from crm_desktop.domain.visits import SiteInfo

_NONE_BEFORE = "Nobody came on this weekday of the four weeks before."
#: Below this width (at 100 %) the lists stand below each other.
_NARROW = 860


class SiteDayDialog(QDialog):
    """Implements `SiteDayView`. `contact_wanted` carries a contact, `site_chosen` a site.

    Alt+Left and Alt+Right go a day back and forth, Alt+Home to today.
    """

    contact_wanted = Signal(object)
    site_chosen = Signal(object)

    def __init__(self, look: Look, now: Callable[[], datetime], parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self._now = look, now
        self._presenter: SiteDayPresenter | None = None
        self._found: SiteFigures | None = None
        self.behind: SiteBehindDialog | None = None
        self._asked: tuple[int, SiteFigure] | None = None
        self.setWindowTitle("Figures of a site")
        self._error = ErrorBar(look)
        self.tiles = FigureTiles(look)
        self.tiles.opened.connect(self.open_behind)
        self.chart = HalfHourChart(look, "Visitors by the half hour", expected="Usually")
        self.chart.setFixedHeight(look.px(160))
        self.services = RowList(look, "By service")
        self.places = RowList(look, "By desk")
        self.earlier = RowList(look, "The weeks before")
        self.services.opened.connect(self._open_service)
        self.places.opened.connect(self._open_place)
        self.earlier.opened.connect(self._go_to)
        self._nothing = EmptyState(
            look, "map-pin", "There is no site yet.", "An administrator sets sites and desks up."
        )
        self._nothing.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        column.addWidget(self._error)
        column.addWidget(self._nothing, 1)
        column.addWidget(self._scrolled(), 1)
        resize_within(self, look, look.px(1200), look.px(800))

    def bind(self, presenter: SiteDayPresenter) -> None:
        """Give the window who reads."""
        self._presenter = presenter

    def ask(self, site_id: int, figure: SiteFigure) -> None:
        """Show who is behind a number of that site's today, as soon as it is read."""
        self._asked = (site_id, figure)
        self.site.choose(site_id)
        if self._presenter is not None:
            self._presenter.choose_site(site_id)
            self._presenter.choose_day(None)

    # SiteDayView

    def show_sites(self, sites: tuple[SiteInfo, ...], chosen: int | None) -> None:
        """See `SiteDayView`."""
        self.site.set_rows([Row(each.id, each.name, right=each.code) for each in sites])
        self.site.choose(chosen)
        self._nothing.setVisible(not sites)
        self._area.setVisible(bool(sites))

    def show_figures(self, found: SiteFigures) -> None:
        """See `SiteDayView`."""
        self._found = found
        self._error.hide()
        self.setWindowTitle(f"Figures of {found.site}")
        if not self.day.hasFocus():
            self.day.set_value(found.day.isoformat())
        self._today.setEnabled(not found.is_today)
        self._after.setEnabled(not found.is_today)
        self._show_now()
        self.services.set_rows(self._service_rows(found))
        self.places.set_rows(self._place_rows(found))
        self._show_earlier(found)
        for each in (self.services, self.places, self.earlier):
            # All of it is seen: the page scrolls, not each list in it.
            each.setFixedHeight(max(self._look.px(60), each.content_height() + 2))
            if each.current_key() is None:
                each.step(1)
        if self._asked is not None and self._asked[0] == found.site_id:
            asked, self._asked = self._asked[1], None
            self.open_behind(asked)

    def show_trouble(self, trouble: CrmError) -> None:
        """See `SiteDayView`."""
        self._error.show_trouble(trouble)

    @Slot()
    def tick(self) -> None:
        """What runs reads differently each second."""
        if self._found is not None and self._found.is_today and self._found.sums.waiting:
            self._show_now()

    # What a person does

    @Slot(object)
    def open_behind(
        self, figure: SiteFigure, service_id: int | None = None, place_id: int | None = None
    ) -> None:
        """Show who is behind a number; of one service or place alone where one is given."""
        found, presenter = self._found, self._presenter
        if found is None or presenter is None:
            return
        title = f"{NAMES[figure]}: {said.site_value(found, figure, self._now())}"
        of = ""
        if service_id is not None:
            of = found.services.get(service_id, "")
        elif place_id is not None:
            of = next((each.name for each in found.places if each.id == place_id), "")
        if of:
            title = f"{NAMES[figure]}: {of}"
        dialog = SiteBehindDialog(self._look, figure, title, definition(figure), self)
        dialog.contact_wanted.connect(self.contact_wanted)
        dialog.finished.connect(self._behind_closed)
        self.behind = dialog

        def show(rows: tuple[SiteBehind, ...]) -> None:
            if self.behind is dialog:
                dialog.show_rows(
                    tuple(
                        replace(
                            each, service=found.services.get(each.service_id or 0, each.service)
                        )
                        for each in rows
                        if service_id in (None, each.service_id)
                        and place_id in (None, each.place_id)
                    )
                )

        dialog.open()
        presenter.behind(found.site_id, found.day, figure, show, dialog.show_trouble)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """From day to day."""
        alt = event.modifiers() == Qt.KeyboardModifier.AltModifier
        if alt and event.key() == Qt.Key.Key_Left:
            self._step(-1)
        elif alt and event.key() == Qt.Key.Key_Right:
            self._step(1)
        elif alt and event.key() == Qt.Key.Key_Home:
            self._to_today()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lists stand below each other where there is little room."""
        super().resizeEvent(event)
        narrow = event.size().width() < self._look.px(_NARROW)
        way = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        self._lists.setDirection(way)

    # Its parts

    def _head(self) -> QWidget:
        look = self._look
        head = Surface(look)
        self.site = ChoiceField(look, "Site", "Choose a site…")
        self.site.chosen.connect(self._site_chosen)
        self.day = DateEntry(look)
        self.day.setAccessibleName("Day")
        self.day.setFixedWidth(look.px(190))
        self.day.returnPressed.connect(self._day_typed)
        self.day.editingFinished.connect(self._day_typed)
        before = IconButton(look, "chevron-left", "The day before (Alt+Left)")
        self._after = IconButton(look, "chevron-right", "The day after (Alt+Right)")
        self._today = Button(look, "Today")
        self._today.setAutoDefault(False)
        before.clicked.connect(self._back)
        self._after.clicked.connect(self._forth)
        self._today.clicked.connect(self._to_today)
        row = QHBoxLayout(head)
        edge = look.px(14)
        row.setContentsMargins(edge, look.px(10), edge, look.px(10))
        row.addWidget(self.site, 1)
        for each in (before, self.day, self._after, self._today):
            row.addWidget(each)
        return head

    def _scrolled(self) -> QWidget:
        look = self._look
        body = QWidget()
        column = QVBoxLayout(body)
        edge = look.px(14)
        column.setContentsMargins(edge, look.px(12), edge, edge)
        column.setSpacing(look.px(12))
        column.addWidget(self.tiles)
        column.addWidget(self.chart)
        self._lists = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._lists.setSpacing(look.px(12))
        self._heads = {}
        for each in (self.services, self.places, self.earlier):
            part = QVBoxLayout()
            part.setSpacing(0)
            head = PanelHeader(look, each.accessibleName())
            self._heads[each] = head
            part.addWidget(head)
            part.addWidget(each)
            if each is self.earlier:
                self._none_before = Text(look, _NONE_BEFORE, muted=True, wrap=True)
                self._none_before.setContentsMargins(edge, edge, edge, edge)
                part.addWidget(self._none_before)
            part.addStretch(1)
            self._lists.addLayout(part, 1)
        column.addLayout(self._lists)
        self._hint = Text(look, "Enter on a figure, a service or a desk lists who is behind it.",
                          Role.SMALL, muted=True, wrap=True)  # fmt: skip
        column.addWidget(self._hint)
        column.addStretch(1)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setAccessibleName("Figures")
        self._area.setWidget(body)
        return self._area

    def _show_now(self) -> None:
        found, now = self._found, self._now()
        if found is None:
            return
        self.tiles.show_figures(
            [said.site_shown(found, each, now) for each in said.site_tiles(found)]
        )
        self.chart.set_bars(*bars(found, now))

    def _service_rows(self, found: SiteFigures) -> list[Row]:
        rows = []
        for service_id, sums in found.by_service().items():
            if service_id is None and not sums.came:
                continue
            name = found.services.get(service_id or 0, "Services that are not yours to see")
            rows.append(
                Row(
                    (service_id,),
                    name,
                    said.sums_words(sums, now=found.is_today),
                    right=said.waits_words(sums),
                )
            )
        return rows

    def _place_rows(self, found: SiteFigures) -> list[Row]:
        sums = found.by_place()
        rows = []
        for each in found.places:
            there = f"{each.staff} there now" if each.staff else "nobody there now"
            parts = [f"{sums[each.id].served:,} served", there if found.is_today else ""]
            rows.append(
                Row(
                    (each.id,),
                    each.name,
                    " · ".join(filter(None, parts)),
                    right=said.waits_words(sums[each.id]),
                )
            )
        return rows

    def _show_earlier(self, found: SiteFigures) -> None:
        day = say_day(found.day).split()[0]
        at = words.clock_time(found.at)
        self._heads[self.earlier].set_text(
            "The weeks before", f"{day}, each until {at}" if found.is_today else f"each {day}"
        )
        self.earlier.set_rows(
            [
                Row(
                    each.day,
                    say_day(each.day),
                    said.sums_words(each.sums),
                    right=said.waits_words(each.sums),
                )
                for each in found.earlier
            ]
        )
        self.earlier.setVisible(bool(found.earlier))
        self._none_before.setVisible(not found.earlier)

    @Slot(object)
    def _site_chosen(self, site_id: object) -> None:
        if isinstance(site_id, int) and self._presenter is not None:
            self._presenter.choose_site(site_id)
            self.site_chosen.emit(site_id)

    @Slot(object)
    def _open_service(self, key: object) -> None:
        if isinstance(key, tuple) and key[0] is not None:
            self.open_behind(SiteFigure.CAME, service_id=key[0])

    @Slot(object)
    def _open_place(self, key: object) -> None:
        if isinstance(key, tuple):
            self.open_behind(SiteFigure.SERVED, place_id=key[0])

    @Slot(object)
    def _go_to(self, day: object) -> None:
        if isinstance(day, date):
            self._show_day(day)

    @Slot()
    def _day_typed(self) -> None:
        today = words.local(self._now()).date()
        day = read_day(self.day.text(), today)
        if day is not None and self._found is not None and day != self._found.day:
            self._show_day(min(day, today))

    @Slot()
    def _back(self) -> None:
        self._step(-1)

    @Slot()
    def _forth(self) -> None:
        self._step(1)

    @Slot()
    def _to_today(self) -> None:
        self._show_day(words.local(self._now()).date())

    def _step(self, by: int) -> None:
        if self._found is not None:
            today = words.local(self._now()).date()
            self._show_day(min(self._found.day + timedelta(days=by), today))

    def _show_day(self, day: date) -> None:
        if self._presenter is not None:
            today = words.local(self._now()).date()
            self._presenter.choose_day(None if day == today else day)

    @Slot(int)
    def _behind_closed(self, _result: int) -> None:
        self.behind = None
