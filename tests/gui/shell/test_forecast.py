"""Today against the forecast, the question of lunch, and a queue's rules, over a real database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import exp

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSpinBox
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.tasks import TaskRunner
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.team.forecast_pane import ForecastPane
from crm_desktop.desktop.screens.team.forecast_presenter import ForecastPresenter
from crm_desktop.desktop.screens.team.what_if_dialog import WhatIfDialog
from crm_desktop.desktop.widgets.half_hour_chart import Bar, HalfHourChart, _nice
from crm_desktop.domain import forecasting
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.figures import HALF_HOUR, half_hour
from crm_desktop.domain.states import Presence
from crm_desktop.services.forecast import DayForecast, HalfHour
from crm_desktop.store.models import (
    Activity,
    ArrivalForecast,
    HalfHourStat,
    QueueTarget,
    Staff,
)
from tests.centre import Centre
from tests.gui.conftest import Grab

Done = Callable[[], None]
#: The whole day's calls: two peaks, as at design/team.png.
SLOTS = range(16, 36)
#: A Monday long ago, with no clock change near it.
DAY = datetime(2024, 11, 18, tzinfo=UTC)


def expected_in(slot: int) -> float:
    """The calls of one half hour."""
    return 8 + 46 * exp(-(((slot - 20.5) / 3.2) ** 2)) + 22 * exp(-(((slot - 27) / 4) ** 2))


def fill(centre: Centre) -> None:
    """The calls of a day that is long over, with their forecast; what is expected around now; and
    people who work.
    """
    general = centre.queue_id("general")
    with centre.as_owner().write() as tx:
        tx.session.add(QueueTarget(queue_id=general, channel="call", seconds=20))
        for person in tx.session.query(Staff).all():
            person.presence = Presence.AVAILABLE
            tx.session.merge(Activity(staff_id=person.id, signed_in_at=tx.now, seen_at=tx.now))
        soon = half_hour(tx.now)
        expected = {DAY + slot * HALF_HOUR: calls_in(slot) for slot in range(48)}
        expected |= {soon + slot * HALF_HOUR: 12.0 for slot in range(6)}
        for at, calls in expected.items():
            tx.session.add(
                ArrivalForecast(
                    half_hour=at, queue_id=general, channel="call", planned=calls * 0.94,
                    expected=calls, aht_seconds=240, patience_seconds=150,
                    needed=needed_for(calls), made_at=DAY,
                )
            )  # fmt: skip
        for slot in range(44):
            came = came_of(slot, calls_in(slot))
            tx.session.add(
                HalfHourStat(
                    half_hour=DAY + slot * HALF_HOUR, queue_id=general, channel="call",
                    arrivals=came, answered=came, answered_within=came - 2, seconds=20,
                    in_opening_hours=True, goal=80, short_seconds=5, variant="default",
                )
            )  # fmt: skip


def calls_in(slot: int) -> float:
    """What is expected in a half hour of that day, by night too."""
    return expected_in(slot) if slot in SLOTS else 12.0


def came_of(slot: int, calls: float) -> int:
    """How many of the expected came."""
    return round(calls * (1.08 if slot % 2 else 0.94))


def needed_for(calls: float) -> int:
    """About how many people that takes."""
    return round(calls * 240 / 1800 + 2.4)


def half_day() -> DayForecast:
    """The day of the design, at half past twelve."""
    hours = tuple(
        HalfHour(
            DAY + slot * HALF_HOUR, expected_in(slot), 0.94 * expected_in(slot),
            needed_for(expected_in(slot)),
            came_of(slot, expected_in(slot)) if slot < 25 else None, None,
        )
        for slot in SLOTS
    )  # fmt: skip
    over = [(each.expected or 0, each.came) for each in hours if each.came is not None]
    errors = forecasting.errors(over)
    return DayForecast(DAY.date(), hours, errors, errors, 84)


class At(Clock):
    """A clock that stands at a moment of the day of the test."""

    def __init__(self, moment: datetime) -> None:
        super().__init__()
        self._moment = moment

    def now(self) -> datetime:
        return self._moment


@pytest.fixture
def done(runner: TaskRunner, settle: Callable[[TaskRunner], None]) -> Callable[[], None]:
    """Wait until everything was read and shown."""
    return lambda: settle(runner)


@pytest.fixture
def pane(centre: Centre, look: Look, runner: TaskRunner, qtbot: QtBot, done: Done) -> ForecastPane:
    """A team leader's pane at half past twelve."""
    fill(centre)
    clock = At(DAY + timedelta(hours=12, minutes=40))
    made = ForecastPane(look, clock)
    qtbot.addWidget(made)
    presenter = ForecastPresenter(
        centre.as_person("rose"), runner.for_owner(made), made, now=clock.now
    )
    made.bind(presenter)
    made.resize(700, 260)
    presenter.start()
    made.show()
    done()
    return made


def test_an_axis_has_whole_numbers_at_its_lines() -> None:
    tops = {most: _nice(most) for most in range(1, 2_000)}

    assert all(top >= most and top % 4 == 0 for most, top in tops.items())


def test_what_came_stands_against_what_was_expected(pane: ForecastPane) -> None:
    said = accessibility.texts(accessibility.tree(pane))

    assert any("contacts so far, error so far" in each for each in said)
    assert pane.chart.isVisible()
    assert accessibility.problems(pane) == []


def test_every_half_hour_is_read_by_arrow_keys(pane: ForecastPane) -> None:
    chart = pane.chart
    chart.setFocus()
    QTest.keyClick(chart, Qt.Key.Key_Home)
    QTest.keyClick(chart, Qt.Key.Key_PageDown)
    for _ in range(16):
        QTest.keyClick(chart, Qt.Key.Key_Right)

    wanted = f"{round(expected_in(20) * 0.94)} came, {expected_in(20):.0f} expected, "
    assert accessibility.announced(chart).startswith(f"10:00 to 10:30: {wanted}")
    assert accessibility.announced(chart).endswith("people needed")
    assert chart.accessibleDescription() == accessibility.announced(chart)
    QTest.keyClick(chart, Qt.Key.Key_End)
    assert "23:30 to 00:00: 0 came, 12 expected" in accessibility.announced(chart)
    QTest.keyClick(chart, Qt.Key.Key_Right)
    assert "23:30 to 00:00" in chart.current_text()


def test_a_bar_that_is_pressed_is_read(pane: ForecastPane) -> None:
    chart = pane.chart

    QTest.mouseClick(chart, Qt.MouseButton.LeftButton, pos=QPoint(chart.width() - 40, 90))

    assert "expected" in chart.current_text()


def test_a_change_of_the_forecast_is_read_at_once(
    centre: Centre, pane: ForecastPane, done: Done
) -> None:
    chart = pane.chart
    with centre.as_owner().write() as tx:
        for row in tx.session.query(ArrivalForecast).all():
            row.expected = 77
    pane._presenter.changed(Changes.of(Topic.FORECAST, centre.queue_id("general")))
    done()

    chart.setFocus()
    QTest.keyClick(chart, Qt.Key.Key_End)
    assert "77 expected" in chart.current_text()


def test_another_queue_shows_its_own_day(centre: Centre, pane: ForecastPane, done: Done) -> None:
    pane.show_queue(centre.queue_id("waste"))
    done()

    assert not pane.chart.isVisible()
    assert "Too little history for a forecast" in " ".join(
        accessibility.texts(accessibility.tree(pane))
    )


def test_a_hidden_pane_reads_nothing(centre: Centre, pane: ForecastPane, done: Done) -> None:
    pane.hide()
    with centre.as_owner().write() as tx:
        for row in tx.session.query(ArrivalForecast).all():
            row.expected = 77
    pane._presenter.changed(Changes.of(Topic.FORECAST, 1))

    pane.show()
    done()
    pane.chart.setFocus()
    QTest.keyClick(pane.chart, Qt.Key.Key_End)
    assert "77 expected" in pane.chart.current_text()


def lunch(pane: ForecastPane, done: Done) -> WhatIfDialog:
    """The open question of lunch."""
    QTest.mouseClick(pane.what_if, Qt.MouseButton.LeftButton)
    (dialog,) = pane.findChildren(WhatIfDialog)
    done()
    return dialog


def typed(field: QSpinBox, text: str, qtbot: QtBot, done: Done) -> None:
    """Enter a number, and wait until it was asked for."""
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    qtbot.wait(200)
    done()


def test_two_who_go_to_lunch_are_answered_in_words(
    centre: Centre, pane: ForecastPane, qtbot: QtBot, done: Done
) -> None:
    pane.show_queue(centre.queue_id("general"))
    done()
    dialog = lunch(pane, done)
    # Anna, Ben and Rose belong to the queue and are available.
    assert dialog.people.value() == 3
    assert dialog.change.value() == -2
    first = dialog.answer()

    typed(dialog.people, "14", qtbot, done)
    many = dialog.answer()
    typed(dialog.change, "-13", qtbot, done)
    none_left = dialog.answer()
    typed(dialog.change, "3", qtbot, done)

    assert first.startswith("Not now: ")
    assert many.startswith("Yes, 2 people can go: still ")
    assert none_left.startswith("Not now: ")
    assert "The goal is 80% answered within 20 seconds." in none_left
    assert dialog.answer().startswith("With 3 people more: ")
    assert accessibility.announced(dialog) == dialog.answer()
    assert accessibility.problems(dialog) == []


def test_a_queue_without_a_forecast_has_no_answer(
    centre: Centre, pane: ForecastPane, done: Done
) -> None:
    pane.show_queue(centre.queue_id("waste"))
    done()

    dialog = lunch(pane, done)

    assert dialog.answer().startswith("There is nothing to reckon with yet.")


@pytest.mark.parametrize(
    ("size", "scheme"), [(100, Scheme.LIGHT), (100, Scheme.CONTRAST), (200, Scheme.DARK)]
)
def test_pictures_of_the_forecast(  # noqa: PLR0917
    centre: Centre,
    pane: ForecastPane,
    done: Done,
    grab: Grab,
    qtbot: QtBot,
    size: int,
    scheme: Scheme,
) -> None:
    look = pane._look
    look.set_scheme(scheme)
    look.set_scale(size)
    pane.resize(700 if size == 100 else 1000, 260 if size == 100 else 420)
    pane.show_day(half_day(), DAY + timedelta(hours=12, minutes=40))
    grab(pane, f"forecast-{size}-{scheme.value}")
    pane.chart.setFocus()
    QTest.keyClick(pane.chart, Qt.Key.Key_Right)
    pane.queue.choose(centre.queue_id("general"))
    dialog = lunch(pane, done)
    typed(dialog.people, "6", qtbot, done)
    grab(dialog, f"what-if-{size}-{scheme.value}")
    # A screen reader finds no widget without a name.
    assert accessibility.problems(pane) == []


def test_a_chart_of_nothing_and_of_one_bar_is_drawn(look: Look, qtbot: QtBot, grab: Grab) -> None:
    chart = HalfHourChart(look, "Today")
    qtbot.addWidget(chart)
    chart.resize(300, 140)
    chart.show()
    QTest.keyClick(chart, Qt.Key.Key_Right)
    assert chart.current_text() == ""

    chart.set_bars([Bar("08:00", 0, None, None, "08:00 to 08:30: 0 came")], 0.5, "")
    QTest.keyClick(chart, Qt.Key.Key_Right)

    grab(chart, "chart-one-bar")
    assert chart.current_text() == "08:00 to 08:30: 0 came"
    assert chart.accessibleName() == "Today"
