"""Today by the half hour, what came against what was expected, and the question of lunch."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.names import CHANNEL_NAMES
from crm_desktop.desktop.screens.team.forecast_presenter import (
    AGAIN_MS,
    ForecastPresenter,
    error_words,
    half_hour_words,
    missing_words,
)
from crm_desktop.desktop.screens.team.what_if_dialog import WhatIfDialog
from crm_desktop.desktop.widgets.buttons import Button
from crm_desktop.desktop.widgets.card import PanelHeader, Surface
from crm_desktop.desktop.widgets.chooser import ChoiceField
from crm_desktop.desktop.widgets.half_hour_chart import Bar, HalfHourChart
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.figures import HALF_HOUR
from crm_desktop.domain.states import Channel
from crm_desktop.domain.views import QueueInfo
from crm_desktop.services.forecast import DayForecast

_ALL = "all"


class ForecastPane(Surface):
    """Implements `ForecastView`. `seen` says whether it is looked at."""

    seen = Signal(bool)

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self._look, self._clock = look, clock
        self._queues: tuple[QueueInfo, ...] = ()
        self.setAccessibleName("Today against forecast")
        self.header = PanelHeader(look, "Today against forecast")
        self.what_if = Button(look, "What if…", icon="users")
        self.what_if.setToolTip("What if two go to lunch now?")
        self.what_if.clicked.connect(self.ask)
        self.header.add(self.what_if)
        self.queue = ChoiceField(look, "Queue")
        self.channel = ChoiceField(look, "Channel")
        self.channel.set_rows(
            [Row(_ALL, "All channels"), *(Row(each, CHANNEL_NAMES[each]) for each in Channel)]
        )
        self.channel.choose(_ALL)
        self.chart = HalfHourChart(look, "Today by the half hour")
        self.empty = EmptyState(look, "bar-chart", "Nothing has come yet.")
        self._pages = QStackedWidget()
        for page in (self.empty, self.chart):
            self._pages.addWidget(page)
        choice = QHBoxLayout()
        choice.addWidget(self.queue, 3)
        choice.addWidget(self.channel, 2)
        self._inner = QVBoxLayout()
        self._inner.addLayout(choice)
        self._inner.addWidget(self._pages, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addLayout(self._inner, 1)
        self._timer = QTimer(self)
        self._timer.setInterval(AGAIN_MS)
        look.changed.connect(self._space)
        self._space()
        self.show_queues(())

    def bind(self, presenter: ForecastPresenter) -> None:
        """Give the pane who answers it."""
        self._presenter = presenter
        self.seen.connect(presenter.set_seen)
        self._timer.timeout.connect(presenter.again)
        for field in (self.queue, self.channel):
            field.chosen.connect(self._chosen)

    def show_queues(self, queues: tuple[QueueInfo, ...]) -> None:
        """See `ForecastView`."""
        self._queues = queues
        rows = [Row(each.id, each.name) for each in queues if each.mine]
        self.queue.set_rows([Row(_ALL, "All queues"), *rows])
        if self.queue.key() is None:
            self.queue.choose(_ALL)
        self.what_if.setEnabled(bool(rows))

    def show_queue(self, queue_id: int | None) -> None:
        """Show one queue or (None) all, as when that was chosen elsewhere on the screen."""
        self.queue.choose(_ALL if queue_id is None else queue_id)
        self._chosen()

    def show_day(self, day: DayForecast, now: datetime) -> None:
        """See `ForecastView`."""
        error, meaning = error_words(day)
        if not day.half_hours:
            self._say(*missing_words(day) if day.days_missing else ("Nothing has come today.", ""))
            return
        if not day.is_known:
            error = missing_words(day)[0].rstrip(".")
            meaning = " ".join(missing_words(day))
        self.header.set_text("Today against forecast", error)
        self.header.setToolTip(meaning)
        bars = [
            Bar(
                words.clock_time(each.at) if words.local(each.at).minute == 0 else "",
                each.came,
                each.expected,
                each.needed,
                half_hour_words(each),
            )
            for each in day.half_hours
        ]
        here = (now - day.half_hours[0].at) / HALF_HOUR
        came = sum(each.came or 0 for each in day.half_hours)
        summary = ", ".join(filter(None, (f"{words.count(came, 'contact')} so far", error)))
        self.chart.set_bars(bars, here if 0 <= here <= len(bars) else None, summary)
        self._pages.setCurrentWidget(self.chart)

    def show_trouble(self, trouble: CrmError | None) -> None:
        """See `ForecastView`. What was shown stays: it is as it was."""
        if trouble is not None:
            self.header.set_text("Today against forecast", words_for(trouble).happened)

    @Slot()
    def ask(self) -> None:
        """Open the question of lunch about the chosen queue, or the first."""
        mine = [each for each in self._queues if each.mine]
        if not mine:
            return
        key = self.queue.key()
        first = key if isinstance(key, int) else mine[0].id
        WhatIfDialog(self._look, self._presenter, mine, first, self).open()

    def showEvent(self, event: QShowEvent) -> None:
        """It is looked at."""
        super().showEvent(event)
        self._timer.start()
        self.seen.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """It is not looked at any more: nothing is read."""
        super().hideEvent(event)
        self._timer.stop()
        self.seen.emit(False)

    def _say(self, title: str, detail: str) -> None:
        self.header.set_text("Today against forecast")
        self.empty.set_text(title, detail)
        self._pages.setCurrentWidget(self.empty)

    @Slot()
    def _chosen(self) -> None:
        queue, channel = self.queue.key(), self.channel.key()
        self._presenter.choose(
            queue if isinstance(queue, int) else None,
            channel if isinstance(channel, Channel) else None,
        )

    @Slot()
    def _space(self) -> None:
        edge = self._look.px(12)
        self._inner.setContentsMargins(edge, self._look.px(8), edge, self._look.px(8))
        self._inner.setSpacing(self._look.px(8))
