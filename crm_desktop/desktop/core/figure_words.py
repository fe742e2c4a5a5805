"""Figures as they stand on tiles and the wallboard: value, tone with a word for it, and a line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.domain.figure_views import NAMES, CentreFigures
from crm_desktop.domain.figures import Figure, Sums, span
from crm_desktop.domain.site_figures import SiteFigure
from crm_desktop.domain.states import Channel

#: What is short of a goal by no more than so many points is nearly there.
_NEARLY = 10
#: A county's goal, in per cent (Norfolk's).
FIRST_POINT_GOAL = 80
NOTHING = "–"
#: Across the top of a team leader's screen.
TEAM_TILES = (
    Figure.SERVICE_LEVEL,
    Figure.ANSWER_SPEED,
    Figure.ABANDONED,
    Figure.LONGEST_WAIT,
    Figure.FIRST_POINT,
    Figure.HANDOFFS,
)
_SHARES = {
    Figure.SERVICE_LEVEL, Figure.ANSWERED, Figure.ABANDONED, Figure.ABANDONED_NET,
    Figure.OCCUPANCY, Figure.FIRST_POINT, Figure.FIRST_CONTACT, Figure.AVOIDABLE,
    Figure.TRANSFERRED,
}  # fmt: skip
_TIMES = {
    Figure.ANSWER_SPEED, Figure.HANDLE_TIME, Figure.TALK_TIME, Figure.HOLD_TIME,
    Figure.WRAP_UP_TIME,
}  # fmt: skip
_WITH_CONTACTS = frozenset(Figure) - {
    Figure.OCCUPANCY, Figure.FIRST_CONTACT, Figure.HANDOFFS
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FigureShown:
    """One figure in words. `tone` never stands without `word`; `opens`: contacts are behind it."""

    figure: Figure | SiteFigure
    label: str
    value: str
    detail: str
    tone: Tone | None
    word: str
    definition: str
    opens: bool

    def aloud(self) -> str:
        """What a screen reader says for it."""
        said = f"{self.label}: {self.value if self.value != NOTHING else 'none yet'}"
        return ", ".join(part for part in (said, self.word, self.detail) if part)


def team_tiles(found: CentreFigures) -> tuple[Figure, ...]:
    """The tiles of a team leader's screen: where calls are answered, their handling time too."""
    return (*TEAM_TILES, Figure.HANDLE_TIME) if found.sums().calls else TEAM_TILES


def shown(
    found: CentreFigures,
    figure: Figure,
    now: datetime,
    queue_id: int | None = None,
    channel: Channel | None = None,
) -> FigureShown:
    """A figure of the centre, of a queue or of a channel; what runs is as of `now`."""
    tone, word = judged(found, figure, queue_id, channel)
    return FigureShown(
        figure,
        _label(found, figure, queue_id, channel),
        value(found, figure, now, queue_id, channel),
        _detail(found, figure, queue_id, channel),
        tone,
        word,
        found.definition(figure, queue_id, channel),
        figure in _WITH_CONTACTS,
    )


#: What fits on a wall.
_ON_A_WALL = {
    Figure.LONGEST_WAIT: "Longest wait",
    Figure.ANSWER_SPEED: "Average answer",
    Figure.FIRST_POINT: "First-point",
    Figure.HANDLE_TIME: "Handling time",
    Figure.TALK_TIME: "Talk time",
    Figure.WRAP_UP_TIME: "Wrap-up",
}


def on_a_wall(found: CentreFigures, figure: Figure, now: datetime) -> FigureShown:
    """A figure of the centre to be read from afar: short words, whole numbers."""
    usual, goal = shown(found, figure, now), found.goal()
    goals = {Figure.SERVICE_LEVEL: goal, Figure.FIRST_POINT: FIRST_POINT_GOAL}
    detail = {
        Figure.SERVICE_LEVEL: "",
        Figure.FIRST_POINT: "",
        # It is in the first line below.
        Figure.LONGEST_WAIT: "",
        Figure.ABANDONED: words.count(found.sums().abandoned, "contact"),
        Figure.ANSWER_SPEED: f"of {found.sums().answered:,} answered",
        Figure.HANDLE_TIME: f"of {found.sums().handled:,} handled",
        Figure.TALK_TIME: f"of {words.count(found.sums().calls, 'call')}",
        Figure.WRAP_UP_TIME: f"of {words.count(found.sums().calls, 'call')}",
    }.get(figure, usual.detail)
    number = value(found, figure, now, whole=True)
    if number == NOTHING:
        detail = "nobody waits" if figure is Figure.LONGEST_WAIT else "none yet"
    return replace(
        usual,
        label=_ON_A_WALL.get(figure, NAMES[figure]),
        value=number,
        word=f"{usual.word} {goals[figure]}%" if usual.word and figure in goals else usual.word,
        detail=detail,
    )


def value(
    found: CentreFigures,
    figure: Figure,
    now: datetime,
    queue_id: int | None = None,
    channel: Channel | None = None,
    *,
    whole: bool = False,
) -> str:
    """The figure itself: a per cent, a time, or a count; `whole`: to be read from afar."""
    share = found.share(figure, queue_id, channel)
    say = briefly if whole else waited
    if figure is Figure.LONGEST_WAIT:
        oldest = found.oldest(queue_id, channel)
        return say((now - oldest).total_seconds()) if oldest else NOTHING
    if share.value is None:
        return "0" if figure is Figure.HANDOFFS else NOTHING
    if figure in _SHARES:
        return per_cent(share.value, whole=whole)
    if figure in _TIMES:
        return say(share.value)
    return f"{int(share.part):,}"


def per_cent(quotient: float, *, whole: bool = False) -> str:
    """As "83.1%", "100%"; never rounded up to all or down to nothing."""
    points = 100 * quotient
    if points in (0, 100):
        return f"{points:.0f}%"
    step = 1 if whole else 0.1
    kept = min(max(points, step), 100 - step)
    return f"{kept:.0f}%" if whole else f"{kept:.1f}%"


def briefly(seconds: float) -> str:
    """A time in five signs at most: "2:51", and from an hour on "3 h", "2 d"."""
    return words.stopwatch(seconds) if seconds < 3600 else words.span(seconds)


def waited(seconds: float) -> str:
    """A wait: "2:51", and from an hour on "3 h 10", "2 d"."""
    whole = max(0, int(seconds))
    if whole < 3600:
        return words.stopwatch(whole)
    if whole < 86_400:
        hours, rest = divmod(whole, 3600)
        return f"{hours} h {rest // 60:02}"
    return words.span(whole)


def judged(
    found: CentreFigures,
    figure: Figure,
    queue_id: int | None = None,
    channel: Channel | None = None,
) -> tuple[Tone | None, str]:
    """What a figure's colour says, and the word that says the same."""
    level = found.share(figure, queue_id, channel).value
    if figure is Figure.LONGEST_WAIT and level is not None:
        late = found.is_late(queue_id, channel)
        return (Tone.DANGER, "over target") if late else (Tone.OK, "in time")
    if figure is Figure.HANDOFFS:
        return (Tone.WARNING, "breaching") if found.handoffs.part else (Tone.OK, "none")
    goal = {
        Figure.SERVICE_LEVEL: found.goal(queue_id, channel),
        Figure.FIRST_POINT: FIRST_POINT_GOAL,
    }.get(figure)
    if level is None or goal is None:
        return None, ""
    if 100 * level >= goal:
        return Tone.OK, "on goal"
    if 100 * level >= goal - _NEARLY:
        return Tone.WARNING, "near goal"
    return Tone.DANGER, "below goal"


def _label(
    found: CentreFigures, figure: Figure, queue_id: int | None, channel: Channel | None
) -> str:
    promises = found.promises(queue_id, channel)
    if figure is Figure.SERVICE_LEVEL and len(promises) == 1:
        return f"{NAMES[figure]} ({promises[0].goal}% in {span(promises[0].seconds)})"
    return NAMES[figure]


def _detail(
    found: CentreFigures, figure: Figure, queue_id: int | None, channel: Channel | None
) -> str:
    sums = found.sums(queue_id, channel)
    if figure is Figure.SERVICE_LEVEL:
        goal = found.goal(queue_id, channel)
        own = f"goal {goal}% · " if goal is not None else ""
        return f"{own}{words.count(sums.offered, 'contact')} offered"
    if figure in (Figure.ABANDONED, Figure.ABANDONED_NET):
        return _abandoned(sums)
    if figure is Figure.LONGEST_WAIT:
        return _whose(found, queue_id, channel)
    return {
        Figure.ANSWER_SPEED: f"of {words.count(sums.answered, 'contact')} answered",
        Figure.ANSWERED: f"{sums.answered:,} of {sums.offered:,} offered",
        Figure.HANDLE_TIME: _handling(sums),
        Figure.TALK_TIME: f"of {words.count(sums.calls, 'call')} completed",
        Figure.HOLD_TIME: f"of {words.count(sums.calls, 'call')} completed",
        Figure.WRAP_UP_TIME: f"of {words.count(sums.calls, 'call')} completed",
        Figure.TRANSFERRED: f"{sums.transferred:,} of {words.count(sums.calls, 'call')} completed",
        Figure.OCCUPANCY: "of the time available",
        Figure.FIRST_POINT: f"goal {FIRST_POINT_GOAL}% · {sums.completed:,} completed",
        Figure.FIRST_CONTACT: f"of {found.came_back.whole:,} resolved a week ago",
        Figure.AVOIDABLE: f"{sums.avoidable:,} of {sums.completed:,} completed",
        Figure.WAITING: "in all queues" if queue_id is None else "",
        Figure.HANDOFFS: f"of {found.handoffs.whole:,} under way",
    }[figure]


def _handling(sums: Sums) -> str:
    """As "of 31 contacts handled", and of calls "talk 3:10, hold 0:20, wrap-up 1:05"."""
    if not sums.calls:
        return f"of {words.count(sums.handled, 'contact')} handled"
    parts = (sums.talk_seconds, sums.hold_seconds, sums.wrap_up_seconds)
    return f"calls: {call_times(*(each / sums.calls for each in parts))}"


def call_times(talk: float, hold: float, wrap_up: float) -> str:
    """As "talk 3:10, hold 0:20, wrap-up 1:05"."""
    return f"talk {waited(talk)}, hold {waited(hold)}, wrap-up {waited(wrap_up)}"


def _abandoned(sums: Sums) -> str:
    """As "28 contacts, 9 of them at once: net 4.6%"."""
    said = words.count(sums.abandoned, "contact")
    if not sums.abandoned_short or not sums.offered:
        return said
    net = per_cent((sums.abandoned - sums.abandoned_short) / sums.offered)
    return f"{said}, {sums.abandoned_short:,} of them at once: net {net}"


def _whose(found: CentreFigures, queue_id: int | None, channel: Channel | None) -> str:
    """Where the one that waits longest waits."""
    oldest = found.oldest(queue_id, channel)
    if oldest is None:
        return "nobody waits"
    names = {each.id: each.name for each in found.queues}
    where = next(
        each
        for each in found.waiting
        if each.oldest_at == oldest and queue_id in (None, each.queue_id)
    )
    return names.get(where.queue_id, "")
