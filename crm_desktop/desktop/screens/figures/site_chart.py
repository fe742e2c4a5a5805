"""A site's day as the bars of a chart: who came by half hour, on how many usually do."""

from __future__ import annotations

from datetime import datetime, time

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.site_figure_words import sums_words
from crm_desktop.desktop.widgets.half_hour_chart import Bar
from crm_desktop.domain.site_figures import SiteFigures, SiteSums


def bars(found: SiteFigures, now: datetime) -> tuple[list[Bar], float | None, str]:
    """The day by half hour, where the moment stands in it, and a summary."""
    halves = found.by_half_hour()
    here = words.local(now)
    gone = here.time().replace(tzinfo=None)
    rows = []
    for at, sums in halves.items():
        ahead = found.is_today and at > gone and not sums.came
        usual = found.usual.get(at, 0.0) if found.usual else None
        rows.append(
            Bar(
                at.strftime("%H:%M") if not at.minute else "",
                None if ahead else sums.came,
                usual,
                None,
                _bar_words(at, sums, usual, ahead=ahead),
            )
        )
    place = None
    if found.is_today and halves:
        first = min(halves)
        minutes = (gone.hour - first.hour) * 60 + gone.minute - first.minute
        place = minutes / 30 if 0 <= minutes / 30 <= len(rows) else None
    return rows, place, words.count(found.sums.came, "visitor")


def _bar_words(at: time, sums: SiteSums, usual: float | None, *, ahead: bool) -> str:
    said = f"{at:%H:%M}: "
    said += "to come" if ahead else sums_words(sums)
    return said if usual is None else f"{said} · usually {usual:.0f}"
