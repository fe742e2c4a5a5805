"""What hangs on the wall: the centre with its queues, or one site with what people come about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from crm_desktop.desktop.core.figure_words import NOTHING, FigureShown, briefly, judged, on_a_wall
from crm_desktop.desktop.core.figure_words import per_cent as points
from crm_desktop.desktop.core.figure_words import value as figure_value
from crm_desktop.desktop.core.site_figure_words import judged_in_time, site_on_a_wall
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.domain.figure_views import CentreFigures, QueueNow
from crm_desktop.domain.figures import Figure
from crm_desktop.domain.site_figures import SiteFigure, SiteFigures, SiteSums
from crm_desktop.domain.visits import TARGET_SECONDS

#: Always there, and those that take turns in the last place.
STANDING = (Figure.SERVICE_LEVEL, Figure.WAITING, Figure.LONGEST_WAIT)
TURNS = (
    Figure.ANSWER_SPEED,
    Figure.ABANDONED,
    Figure.FIRST_POINT,
    Figure.OCCUPANCY,
    Figure.HANDLE_TIME,
)
#: Where calls are answered.
CALL_TURNS = (Figure.TALK_TIME, Figure.WRAP_UP_TIME)
_SITE_STANDING = (SiteFigure.WITHIN, SiteFigure.WAITING, SiteFigure.LONGEST)
_SITE_TURNS = (
    SiteFigure.CAME,
    SiteFigure.WAIT,
    SiteFigure.SERVED,
    SiteFigure.ANSWERED_NOW,
    SiteFigure.LEFT,
    SiteFigure.NO_SHOW,
)
#: The cells of a line, and what is said for them.
Line = tuple[tuple[tuple[str, Tone | None], ...], str]


class WallContent(Protocol):
    """What a wallboard draws."""

    #: What stands above the columns.
    heads: tuple[str, str, str, str, str]

    @property
    def at(self) -> datetime:
        """As of when it is."""

    @property
    def title(self) -> str:
        """Whose figures they are; empty for the centre's."""

    def figures(self, page: int, now: datetime) -> tuple[FigureShown, ...]:
        """What stands on the tiles at this turn."""

    def lines(self, now: datetime) -> Sequence[Line]:
        """What is to be seen below, the worst first."""


class CentreWall:
    """The centre's figures and its queues."""

    heads = ("Queue", "Waiting", "Longest", "Level", "Staffed")
    title = ""

    def __init__(self, found: CentreFigures) -> None:
        self._found = found

    @property
    def at(self) -> datetime:
        """See `WallContent`."""
        return self._found.at

    def figures(self, page: int, now: datetime) -> tuple[FigureShown, ...]:
        """See `WallContent`."""
        found = self._found
        turns = (*TURNS, *CALL_TURNS) if found.sums().calls else TURNS
        shown = (*STANDING, turns[page % len(turns)])
        return tuple(on_a_wall(found, each, now) for each in shown)

    def lines(self, now: datetime) -> Sequence[Line]:
        """Where anything is to be seen, worst first."""
        found = self._found

        def alive(queue: QueueNow) -> bool:
            return bool(
                queue.available or found.waiting_in(queue.id) or found.sums(queue.id).offered
            )

        def badness(queue: QueueNow) -> tuple[bool, float, str]:
            oldest = found.oldest(queue.id)
            waited = (found.at - oldest).total_seconds() if oldest else 0.0
            return not found.is_late(queue.id), -waited, queue.name

        queues = sorted(filter(alive, found.queues), key=badness)
        return [_queue_line(found, each, now) for each in queues]


class SiteWall:
    """One site's day, and what people come about there."""

    heads = ("Service", "Waiting", "Longest", "In time", "Served")

    def __init__(self, found: SiteFigures) -> None:
        self._found = found
        self.site_id = found.site_id

    @property
    def at(self) -> datetime:
        """See `WallContent`."""
        return self._found.at

    @property
    def title(self) -> str:
        """See `WallContent`."""
        return self._found.site

    def figures(self, page: int, now: datetime) -> tuple[FigureShown, ...]:
        """See `WallContent`."""
        shown = (*_SITE_STANDING, _SITE_TURNS[page % len(_SITE_TURNS)])
        return tuple(site_on_a_wall(self._found, each, now) for each in shown)

    def lines(self, now: datetime) -> Sequence[Line]:
        """The services, who waits longest first; others that came together last."""
        found = self._found
        rows = [
            (found.services.get(service_id or 0, "Others"), sums)
            for service_id, sums in found.by_service().items()
            if service_id is not None or sums.came
        ]
        rows.sort(key=lambda row: (row[1].since is None, row[1].since or now))
        return [_service_line(name, sums, now) for name, sums in rows]


def _queue_line(found: CentreFigures, queue: QueueNow, now: datetime) -> Line:
    """The cells of a queue, and what is said for them."""
    waiting = found.waiting_in(queue.id)
    longest = figure_value(found, Figure.LONGEST_WAIT, now, queue.id, whole=True)
    level = figure_value(found, Figure.SERVICE_LEVEL, now, queue.id, whole=True)
    wait_tone, wait_word = judged(found, Figure.LONGEST_WAIT, queue.id)
    level_tone, level_word = judged(found, Figure.SERVICE_LEVEL, queue.id)
    cells = (
        (queue.name, None),
        (f"{waiting:,}", None),
        (longest, wait_tone),
        (level, level_tone),
        (f"{queue.available}/{queue.members}", None),
    )
    said = [f"{queue.name}: {waiting:,} waiting"]
    if longest != NOTHING:
        said.append(f"longest {longest}, {wait_word}")
    if level != NOTHING:
        said.append(f"service level {level}, {level_word}")
    said.append(f"{queue.available} of {queue.members} available")
    return cells, ", ".join(said)


def _service_line(name: str, sums: SiteSums, now: datetime) -> Line:
    waits = None if sums.since is None else max(0.0, (now - sums.since).total_seconds())
    longest = NOTHING if waits is None else briefly(waits)
    late = waits is not None and waits > TARGET_SECONDS
    wait_tone = None if waits is None else (Tone.DANGER if late else Tone.OK)
    in_time = sums.in_time.value
    level = NOTHING if in_time is None else points(in_time, whole=True)
    level_tone, level_word = judged_in_time(sums)
    cells = (
        (name, None),
        (f"{sums.waiting:,}", None),
        (longest, wait_tone),
        (level, level_tone),
        (f"{sums.served:,}", None),
    )
    said = [f"{name}: {sums.waiting:,} waiting"]
    if waits is not None:
        said.append(f"longest {longest}, {'over 15 minutes' if late else 'in time'}")
    if in_time is not None:
        said.append(f"{level} seen in time, {level_word}")
    said.append(f"{sums.served:,} served")
    return cells, ", ".join(said)
