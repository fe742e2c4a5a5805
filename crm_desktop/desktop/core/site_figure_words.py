"""A site's figures as they stand on tiles, in lists and on the wallboard."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from crm_desktop.desktop.core.figure_words import NOTHING, FigureShown, briefly, per_cent, waited
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.domain.site_figures import (
    NAMES,
    SiteFigure,
    SiteFigures,
    SiteSums,
    definition,
)
from crm_desktop.domain.visits import TARGET_SECONDS

#: Of all who are served so many, in per cent, should be seen in time; a few less is nearly that.
GOAL, _NEARLY = 80, 10
#: In the order of the tiles; the first line is of now, and of today alone.
_NOW = (SiteFigure.WAITING, SiteFigure.LONGEST)
_DAY = (
    SiteFigure.CAME, SiteFigure.WAIT, SiteFigure.WITHIN, SiteFigure.SERVED,
    SiteFigure.ANSWERED_NOW, SiteFigure.LEFT, SiteFigure.NO_SHOW, SiteFigure.KEPT,
    SiteFigure.LATE, SiteFigure.MISSED,
)  # fmt: skip
_ON_A_WALL = {
    SiteFigure.WAITING: "Waiting",
    SiteFigure.LONGEST: "Longest wait",
    SiteFigure.WITHIN: "Within 15 min",
    SiteFigure.ANSWERED_NOW: "At the counter",
    SiteFigure.NO_SHOW: "Did not come",
}


def site_tiles(found: SiteFigures) -> tuple[SiteFigure, ...]:
    """What is shown of a day, and of today also what is now."""
    return (_DAY[0], *_NOW, *_DAY[1:]) if found.is_today else _DAY


def site_shown(found: SiteFigures, figure: SiteFigure, now: datetime) -> FigureShown:
    """A figure of a site's day; what runs is as of `now`."""
    tone, word = site_judged(found, figure)
    return FigureShown(
        figure,
        NAMES[figure],
        site_value(found, figure, now),
        _detail(found, figure),
        tone,
        word,
        definition(figure),
        opens=True,
    )


def site_on_a_wall(found: SiteFigures, figure: SiteFigure, now: datetime) -> FigureShown:
    """The same, to be read from afar: short words, whole numbers."""
    usual = site_shown(found, figure, now)
    number = site_value(found, figure, now, whole=True)
    detail = "" if figure in (SiteFigure.WITHIN, SiteFigure.LONGEST) else usual.detail
    if number == NOTHING:
        detail = "nobody waits" if figure is SiteFigure.LONGEST else "none yet"
    return replace(
        usual,
        label=_ON_A_WALL.get(figure, usual.label),
        value=number,
        word=f"{usual.word} {GOAL}%" if usual.word and figure is SiteFigure.WITHIN else usual.word,
        detail=detail,
    )


def site_value(
    found: SiteFigures, figure: SiteFigure, now: datetime, *, whole: bool = False
) -> str:
    """The figure itself: a count, a time or a per cent."""
    sums, booked = found.sums, found.appointed
    say = briefly if whole else waited
    if figure is SiteFigure.LONGEST:
        return NOTHING if sums.since is None else say(max(0.0, (now - sums.since).total_seconds()))
    if figure is SiteFigure.WAIT:
        return NOTHING if sums.wait.value is None else say(sums.wait.value)
    if figure is SiteFigure.WITHIN:
        value = sums.in_time.value
        return NOTHING if value is None else per_cent(value, whole=whole)
    counts = {
        SiteFigure.CAME: sums.came,
        SiteFigure.WAITING: sums.waiting,
        SiteFigure.SERVED: sums.served,
        SiteFigure.ANSWERED_NOW: sums.answered_now,
        SiteFigure.LEFT: sums.left,
        SiteFigure.NO_SHOW: sums.no_shows,
        SiteFigure.KEPT: booked.kept,
        SiteFigure.LATE: booked.late,
        SiteFigure.MISSED: booked.missed,
    }
    return f"{counts[figure]:,}"


def site_judged(found: SiteFigures, figure: SiteFigure) -> tuple[Tone | None, str]:
    """What a figure's colour says, and the word that says the same."""
    if figure is SiteFigure.LONGEST and found.sums.since is not None:
        return (Tone.DANGER, "over 15 min") if found.is_late else (Tone.OK, "in time")
    if figure is SiteFigure.WITHIN:
        return judged_in_time(found.sums)
    return None, ""


def judged_in_time(sums: SiteSums) -> tuple[Tone | None, str]:
    """How near the goal those are who were seen in time."""
    value = sums.in_time.value
    if value is None:
        return None, ""
    if 100 * value >= GOAL:
        return Tone.OK, "on goal"
    nearly = 100 * value >= GOAL - _NEARLY
    return (Tone.WARNING, "near goal") if nearly else (Tone.DANGER, "below goal")


def sums_words(sums: SiteSums, *, now: bool = False) -> str:
    """As "12 came · 2 waiting · 9 served · 1 unseen"."""
    parts = [f"{sums.came:,} came"]
    if now and sums.waiting:
        parts.append(f"{sums.waiting:,} waiting")
    parts.append(f"{sums.served:,} served")
    if sums.answered_now:
        parts.append(f"{sums.answered_now:,} at the counter")
    if sums.unseen:
        parts.append(f"{sums.unseen:,} unseen")
    return " · ".join(parts)


def waits_words(sums: SiteSums) -> str:
    """As "average 7:12 · 89% in time"; empty where nobody was served."""
    if sums.wait.value is None or sums.in_time.value is None:
        return ""
    in_time = per_cent(sums.in_time.value, whole=True)
    return f"average {waited(sums.wait.value)} · {in_time} in time"


def _detail(found: SiteFigures, figure: SiteFigure) -> str:
    sums, booked = found.sums, found.appointed
    served = f"of {sums.served:,} served"
    if figure is SiteFigure.CAME:
        return _usual(found)
    if figure is SiteFigure.LONGEST:
        return "nobody waits" if sums.since is None else f"target {TARGET_SECONDS // 60} min"
    if figure is SiteFigure.KEPT:
        return f"{booked.to_come:,} to come" if booked.to_come else ""
    return {
        SiteFigure.WAITING: "at this moment",
        SiteFigure.WAIT: served,
        SiteFigure.WITHIN: f"goal {GOAL}% · {served}",
        SiteFigure.SERVED: "at a desk or in a room",
        SiteFigure.ANSWERED_NOW: "quick questions",
        SiteFigure.LEFT: "before anybody saw them",
        SiteFigure.NO_SHOW: "and were not seen",
        SiteFigure.LATE: f"of {booked.kept:,} kept",
        SiteFigure.MISSED: f"{booked.cancelled:,} cancelled" if booked.cancelled else "",
    }[figure]


def _usual(found: SiteFigures) -> str:
    """What came on the same weekday of the weeks before."""
    if not found.earlier:
        return ""
    average = sum(each.sums.came for each in found.earlier) / len(found.earlier)
    by_now = " by this time" if found.is_today else ""
    return f"usually {average:,.0f}{by_now}"
