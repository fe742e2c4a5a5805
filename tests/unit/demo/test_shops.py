"""The demo's shop at any hour: who stands in today's line came today."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crm_desktop.demo.centre import Ids
from crm_desktop.demo.shops import _Shop

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("now", "long"),
    [
        (datetime(2026, 11, 28, 14, 30, tzinfo=LONDON), timedelta(minutes=27)),
        (datetime(2026, 11, 28, 0, 16, tzinfo=LONDON), timedelta(minutes=13.5)),
        (datetime(2026, 6, 20, 0, 0, 16, tzinfo=LONDON), timedelta(minutes=0.225)),
    ],
    ids=["afternoon", "after midnight", "at midnight in summer"],
)
def test_whoever_waits_came_today(now: datetime, long: timedelta) -> None:
    shop = _Shop(1, {}, Ids({}, {}, {}, {}, {}), now)
    came = shop.ago(27)
    assert now - came == long
    assert came.date() == now.date()
