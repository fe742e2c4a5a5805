"""A person's day as one bar: each part as long as it was, and what it was in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from PySide6.QtCore import QEvent, QRect, QSize
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.painting import Painted, paint_text, text_height, text_width
from crm_desktop.desktop.widgets.presence import PRESENCE_WORDS
from crm_desktop.domain.presence import Span
from crm_desktop.domain.states import Doing, Presence

_BAR = 26
#: Hours between two marks, the first that leaves their words apart.
_STEPS = (1, 2, 3, 6, 12)
_SEEN = {
    Doing.ON_CONTACT: ("On contact", Tone.ACCENT),
    Doing.IDLE: ("idle", Tone.WARNING),
    Doing.LOCKED: ("locked", Tone.WARNING),
    Doing.NOT_RESPONDING: ("not responding", Tone.DANGER),
}
_WORKING = {Presence.TRAINING, Presence.MEETING, Presence.OTHER_WORK}


def span_words(span: Span) -> str:
    """What a part of a day was, as "Available, locked" or "On contact"."""
    presence = PRESENCE_WORDS[span.presence][0]
    if span.doing is Doing.THERE:
        return presence
    if span.doing is Doing.ON_CONTACT:
        return "On contact" if span.presence is Presence.AVAILABLE else f"On contact, {presence}"
    return f"{presence}, {_SEEN[span.doing][0]}"


def span_tone(span: Span) -> Tone:
    """The colour of a part of a day; its words say the same."""
    if span.doing in _SEEN and (
        span.doing is Doing.ON_CONTACT or span.presence is Presence.AVAILABLE
    ):
        return _SEEN[span.doing][1]
    if span.presence is Presence.AVAILABLE:
        return Tone.OK
    return Tone.INFO if span.presence in _WORKING else Tone.NEUTRAL


def totals(spans: Sequence[Span]) -> tuple[tuple[str, Tone, timedelta], ...]:
    """How long each thing was in all, longest first."""
    found: dict[tuple[str, Tone], timedelta] = {}
    for each in spans:
        key = (span_words(each), span_tone(each))
        found[key] = found.get(key, timedelta()) + each.length
    return tuple(
        (said, tone, length)
        for (said, tone), length in sorted(found.items(), key=lambda item: -item[1])
    )


def shift_words(spans: Sequence[Span]) -> str:
    """As "09:00 to 17:02, 7 h 42 min signed in"."""
    if not spans:
        return "Not signed in"
    length = sum((each.length for each in spans), timedelta())
    until = "now" if spans[-1].running else words.clock_time(spans[-1].ended_at)
    begins = words.clock_time(spans[0].began_at)
    return f"{begins} to {until}, {length_words(length)} signed in"


def length_words(length: timedelta) -> str:
    """As "3 h 10 min", "41 min", "12 s"."""
    seconds = int(length.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


class DayBar(Painted):
    """Reads itself to a screen reader as shift and totals; a part says what it was when pointed
    at. Nothing in it can be chosen: the list of its parts is for that.
    """

    def __init__(self, look: Look, name: str, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._name = name
        self._spans: tuple[Span, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.set_spans(())

    def set_spans(self, spans: Sequence[Span]) -> None:
        """Show a day."""
        self._spans = tuple(spans)
        parts = [
            f"{said} {words.spoken_span(length.total_seconds())}"
            for said, _, length in totals(self._spans)
        ]
        self.setAccessibleName(". ".join([f"{self._name}: {shift_words(self._spans)}", *parts]))
        self.update()

    def sizeHint(self) -> QSize:
        """A strip with its hours below."""
        height = self._look.px(_BAR) + text_height(self._look.font(Role.SMALL)) + self._look.px(4)
        return QSize(self._look.px(320), height)

    def part_at(self, x: int) -> Span | None:
        """The part of the day at a place from the left, in pixels."""
        for each in self._spans:
            if self._x(each.began_at) <= x < self._x(each.ended_at):
                return each
        return None

    def paintEvent(self, event: QPaintEvent) -> None:
        """The parts, and the hours under them."""
        painter, look = QPainter(self), self._look
        bar = QRect(0, 0, self.width(), look.px(_BAR))
        painter.fillRect(bar, look.theme.sunken)
        for each in self._spans:
            left = self._x(each.began_at)
            width = max(1, self._x(each.ended_at) - left)
            shade = look.theme.tone(span_tone(each))
            painter.fillRect(left, bar.top(), width, bar.height(), shade.text)
            if span_tone(each) is Tone.NEUTRAL or each.doing in (Doing.LOCKED, Doing.IDLE):
                # Away is half as high: not by its colour alone.
                painter.fillRect(left, bar.top(), width, bar.height() // 2, look.theme.sunken)
        painter.fillRect(0, bar.bottom() + 1, self.width(), 1, look.theme.outline)
        self._paint_hours(painter, bar.bottom() + 2)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say what the part under the pointer was."""
        part = self.part_at(int(event.position().x()))
        self.setToolTip(_told(part) if part else "")

    def event(self, event: QEvent) -> bool:
        """The tooltip follows the pointer from part to part."""
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.toolTip(), self)
            return True
        return super().event(event)

    def _paint_hours(self, painter: QPainter, top: int) -> None:
        if not self._spans:
            return
        begin, end = self._ends()
        font, look = self._look.font(Role.SMALL), self._look
        apart = text_width(font, "00:00") + look.px(14)
        hours = (end - begin).total_seconds() / 3600
        step = next((n for n in _STEPS if self.width() * n / hours >= apart), _STEPS[-1])
        moment = words.local(begin).replace(minute=0, second=0, microsecond=0)
        while moment <= end:
            x = self._x(moment)
            if words.local(moment).hour % step == 0 and 0 <= x <= self.width() - apart + look.px(
                14
            ):
                painter.fillRect(x, top - 1, 1, look.px(4), look.theme.outline)
                box = QRect(x, top + look.px(2), apart, text_height(font))
                paint_text(painter, box, words.clock_time(moment), font, look.theme.muted)
            moment += timedelta(hours=1)

    def _ends(self) -> tuple[datetime, datetime]:
        begin, end = self._spans[0].began_at, self._spans[-1].ended_at
        return begin, max(end, begin + timedelta(minutes=30))

    def _x(self, moment: datetime) -> int:
        begin, end = self._ends()
        share = (moment - begin).total_seconds() / (end - begin).total_seconds()
        return round(share * self.width())


def _told(span: Span) -> str:
    until = "now" if span.running else words.clock_time(span.ended_at)
    begins = words.clock_time(span.began_at)
    by = f", set by {span.by}" if span.by else ""
    return f"{begins} to {until}: {span_words(span)}, {length_words(span.length)}{by}"
