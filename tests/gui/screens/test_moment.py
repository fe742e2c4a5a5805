"""When something happened, as people enter it: London's clock in, UTC out."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.moment_entry import MomentEntry, read_time


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("10:50", time(10, 50)),
        ("9.05", time(9, 5)),
        ("1050", time(10, 50)),
        ("950", time(9, 50)),
        ("2 pm", time(14, 0)),
        ("12:30 am", time(0, 30)),
        ("24:00", None),
        ("10:61", None),
        ("10", None),
        ("13 pm", None),
        ("", None),
        ("soon", None),
    ],
)
def test_times_of_day_are_read_as_they_are_written(text: str, meant: time | None) -> None:
    assert read_time(text) == meant


def test_a_summer_time_is_entered_as_london_has_it(look: Look, qtbot: QtBot) -> None:
    now = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    entry = MomentEntry(look, now, clock=lambda: now)
    qtbot.addWidget(entry)

    assert entry.time.text() == "13:00"
    entry.time.setText("10:50")

    assert entry.moment() == datetime(2026, 7, 1, 9, 50, tzinfo=UTC)
