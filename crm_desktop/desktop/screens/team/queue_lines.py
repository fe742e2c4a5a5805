"""What a queue's line says: waiting, longest wait, staff, service level, what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.names import CHANNEL_COUNTS
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.board import BoardRow, Cell, Column
from crm_desktop.domain.states import Channel
from crm_desktop.domain.team import ChannelWait, QueueNow, Staffing
from crm_desktop.services.forecast import Ahead

#: Somebody waits at the other end of these.
_LIVE = (Channel.CALL, Channel.CHAT, Channel.VISIT)
_NEAR = 10
COLUMNS = (
    Column("name", "Queue", 136, stretch=2),
    Column("waiting", "Waiting", 124, stretch=3),
    Column("longest", "Longest wait", 98),
    Column("staffed", "Staffed", 66, rank=1),
    Column("level", "Service level", 92, rank=2),
    Column("ahead", "Next 30 min", 118, stretch=1, rank=3),
    Column("more", "", 34),
)


@dataclass(frozen=True, slots=True)
class Level:
    """The service level so far today and its goal, both in per cent."""

    percent: float
    goal: int


@dataclass(frozen=True, slots=True)
class QueueLine:
    """All that a line is made of."""

    queue: QueueNow
    staff: Staffing
    level: Level | None = None
    ahead: Ahead | None = None

    def row(self, now: datetime) -> BoardRow:
        """The line as it reads at a moment."""
        wait, over, alone = self.queue.pressing, self._is_over(now), self._is_alone
        trouble = self.in_trouble(now)
        name = Cell(
            self.queue.name,
            Tone.DANGER if trouble else None,
            strong=True,
            icon="alert-triangle" if trouble else "",
            spoken=f"{self.queue.name}, in trouble" if trouble else "",
        )
        cells = (
            name,
            self._waiting(),
            _longest(wait, now, over=over),
            self._staffed(alone=alone),
            self._level(),
            self._ahead(),
            Cell(icon="more-horizontal", muted=True, spoken="Menu"),
        )
        return BoardRow(self.queue.id, cells, Tone.DANGER if trouble else None)

    def order(self, column: str, now: datetime) -> tuple[object, ...]:
        """By what rows are sorted in a column, the worst or first of the alphabet at the top."""
        wait, name = self.queue.pressing, self.queue.name.casefold()
        if column == "waiting":
            return (-self.queue.waiting, name)
        if column == "longest":
            left = (wait.next_due_at - now).total_seconds() if wait and wait.next_due_at else 1e12
            return (left, name)
        if column == "staffed":
            return (self.staff.working, name)
        if column == "level":
            return (self.level.percent - self.level.goal if self.level else 1e6, name)
        if column == "ahead":
            return (-self._short(), -(self.ahead.expected if self.ahead else -1), name)
        return (name,)

    def in_trouble(self, now: datetime) -> bool:
        """Whether somebody at the other end waits too long, or nobody is there for what waits."""
        wait = self.queue.pressing
        return self._is_alone or (self._is_over(now) and wait is not None and wait.channel in _LIVE)

    @property
    def _is_alone(self) -> bool:
        return self.queue.waiting > 0 and self.staff.working == 0

    def _is_over(self, now: datetime) -> bool:
        wait = self.queue.pressing
        return wait is not None and wait.next_due_at is not None and wait.next_due_at < now

    def _waiting(self) -> Cell:
        said = " · ".join(_counted(each) for each in self.queue.waits)
        return Cell(said) if said else Cell("nothing", muted=True)

    def _staffed(self, *, alone: bool) -> Cell:
        if not self.staff.here:
            return Cell("nobody", Tone.DANGER if alone else None, strong=alone, muted=not alone)
        said = f"{self.staff.working} of {self.staff.here}"
        return Cell(said, Tone.DANGER if alone else None, strong=alone)

    def _level(self) -> Cell:
        if self.level is None:
            return Cell("–", muted=True, spoken="not known yet")
        below = self.level.goal - self.level.percent
        tone = Tone.OK if below <= 0 else Tone.WARNING if below <= _NEAR else Tone.DANGER
        said = f"{self.level.percent:.0f}%"
        against = "on target" if below <= 0 else f"below the goal of {self.level.goal}%"
        # An arrow beside the colour: who does not see red sees that it is below.
        return Cell(
            said,
            tone,
            pill=True,
            icon="" if below <= 0 else "arrow-down",
            spoken=f"{said}, {against}",
        )

    def _short(self) -> int:
        return max(0, self.ahead.needed - self.staff.working) if self.ahead else 0

    def _ahead(self) -> Cell:
        if self.ahead is None:
            return Cell("–", muted=True, spoken="no forecast")
        short = self._short()
        expected = f"{self.ahead.expected:.0f}"
        what = f"{short} short" if short else f"{self.ahead.needed} needed"
        if not short and not self.ahead.needed:
            return Cell(expected, spoken=f"{expected} expected")
        said, spoken = f"{expected} · {what}", f"{expected} expected, {what}"
        return Cell(said, Tone.WARNING if short else None, strong=bool(short), spoken=spoken)


def _counted(wait: ChannelWait) -> str:
    return words.count(wait.waiting, *CHANNEL_COUNTS[wait.channel])


def _longest(wait: ChannelWait | None, now: datetime, *, over: bool) -> Cell:
    if wait is None or wait.oldest_at is None:
        return Cell("–", muted=True, spoken="nothing waits")
    seconds = (now - wait.oldest_at).total_seconds()
    live = wait.channel in _LIVE and seconds < 3600
    said = words.stopwatch(seconds) if live else words.span(seconds)
    spoken = words.spoken_span(seconds)
    if not over:
        return Cell(said, spoken=spoken)
    return Cell(f"{said} · late", Tone.DANGER, strong=True, spoken=f"{spoken}, past its target")
