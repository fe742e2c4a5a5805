"""Others' alarms on top of everything: where, who and since when, and one key to say "I come"."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QElapsedTimer, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import Button, Kind, PrimaryButton
from crm_desktop.desktop.widgets.card import Card
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.alarms import OpenAlarm

#: Whoever types when it comes does not acknowledge it by their next line.
DEAF_MS = 1_000
_WIDTH = 560


class AlarmOverlay(QWidget):
    """A window that names no customer. `acknowledged` and `ended` carry an alarm's key."""

    acknowledged = Signal(str)
    ended = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__(
            None,
            Qt.WindowType.Tool
            | Qt.WindowType.FramelessWindowHint
            | Qt.WindowType.WindowStaysOnTopHint,
        )
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self.setWindowTitle("Alarm")
        self.setAccessibleName("Alarm")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._look = look
        self._cards: dict[str, _AlarmCard] = {}
        self._hidden: set[str] = set()
        self._shown_for = QElapsedTimer()
        self._body = QWidget()
        self._column = QVBoxLayout(self._body)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QScrollArea.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setAccessibleName("Alarms")
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidget(self._body)
        outer = QVBoxLayout(self)
        edge = look.px(10)
        outer.setContentsMargins(edge, edge, edge, edge)
        outer.addWidget(self._area)
        look.changed.connect(self.update)

    @property
    def needs_answer(self) -> bool:
        """Whether one is shown that this person has not acknowledged."""
        return any(not card.alarm.answered for card in self._cards.values())

    def show_alarms(self, found: tuple[OpenAlarm, ...], now: datetime) -> tuple[str, ...]:
        """Show those that this person has not put away; the keys of those that are new."""
        shown = [each for each in found if each.key not in self._hidden]
        fresh = tuple(each.key for each in shown if each.key not in self._cards)
        keys = [each.key for each in shown]
        for key in [key for key in self._cards if key not in keys]:
            card = self._cards.pop(key)
            card.hide()
            card.deleteLater()
        for alarm in shown:
            if alarm.key not in self._cards:
                card = _AlarmCard(self._look, alarm.key)
                card.coming.connect(self.acknowledged)
                card.over.connect(self.ended)
                card.away.connect(self._put_away)
                self._cards[alarm.key] = card
                self._column.addWidget(card)
            self._cards[alarm.key].show_alarm(alarm, now)
        if not shown:
            self.hide()
        elif fresh:
            self._come_up()
            newest = next(each for each in shown if each.key == fresh[-1])
            announce(self, said(newest, now))
        elif self.isVisible():
            self._fit()
        return fresh

    def show_again(self) -> None:
        """Show what was put away."""
        self._hidden.clear()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter says that this person comes, Escape puts away what is acknowledged."""
        if self._shown_for.isValid() and self._shown_for.elapsed() < DEAF_MS:
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.isAutoRepeat():
            first = next((c for c in self._cards.values() if not c.alarm.answered), None)
            if first is not None:
                self.acknowledged.emit(first.alarm.key)
        elif event.key() == Qt.Key.Key_Escape:
            for key in [k for k, c in self._cards.items() if c.alarm.answered]:
                self._put_away(key)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A broad edge in the colour of danger."""
        theme = self._look.theme
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._look.ink(Tone.DANGER))
        edge = self._look.px(5)
        painter.fillRect(self.rect().adjusted(edge, edge, -edge, -edge), theme.surface)

    @Slot(str)
    def _put_away(self, key: str) -> None:
        self._hidden.add(key)
        card = self._cards.pop(key, None)
        if card is not None:
            card.hide()
            card.deleteLater()
        if not self._cards:
            self.hide()
        else:
            self._fit()

    def _come_up(self) -> None:
        if not self.isVisible() or not self.isActiveWindow():
            self._shown_for.start()
        self._fit()
        self.show()
        self.raise_()
        self.activateWindow()
        self.setFocus()

    def _fit(self) -> None:
        screen = self.screen() or QGuiApplication.primaryScreen()
        free = screen.availableGeometry()
        width = min(self._look.px(_WIDTH), free.width())
        inner = width - 2 * self._look.px(10)
        high = self._high(inner)
        if high > free.height():
            # They scroll, and the bar covers none of them.
            inner -= self._area.verticalScrollBar().sizeHint().width() + self._look.px(4)
            high = self._high(inner)
        height = min(high, free.height())
        self._body.setFixedWidth(inner)
        self.setFixedSize(width, height)
        self.move(
            free.left() + (free.width() - width) // 2, free.top() + (free.height() - height) // 3
        )

    def _high(self, inner: int) -> int:
        """How high all of them are, with the edge, where they are `inner` wide."""
        cards = self._cards.values()
        high = sum(max(each.sizeHint().height(), each.heightForWidth(inner)) for each in cards)
        return high + self._column.spacing() * (len(cards) - 1) + 2 * self._look.px(10)


class _Place(Text):
    """Read from across a room."""

    def _relook(self) -> None:
        super()._relook()
        large = self.font()
        large.setPointSizeF(large.pointSizeF() * 1.6)
        self.setFont(large)


class _AlarmCard(Card):
    """One alarm."""

    coming = Signal(str)
    over = Signal(str)
    away = Signal(str)

    def __init__(self, look: Look, key: str) -> None:
        super().__init__(look, Tone.DANGER)
        self._key = key
        self.alarm: OpenAlarm
        self._kind = Text(look, "", Role.STRONG, tone=Tone.DANGER)
        self._place = _Place(look, "", Role.FIGURE, wrap=True)
        self._who = Text(look, "", Role.TITLE, wrap=True)
        self._said = Text(look, "", Role.BODY, wrap=True)
        self._answers = Text(look, "", Role.STRONG, wrap=True)
        self._come = PrimaryButton(look, "I am coming", icon="check", key="Return")
        self._over = Button(look, "It is over", icon="check", kind=Kind.PLAIN)
        self._away = Button(look, "Hide", kind=Kind.QUIET, key="Esc")
        for button, press in (
            (self._come, self._press_come),
            (self._over, self._press_over),
            (self._away, self._press_away),
        ):
            # The keyboard stays with the window: Enter means one thing.
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAutoDefault(False)
            button.clicked.connect(press)
        for each in (self._kind, self._place, self._who, self._said, self._answers):
            self.body.addWidget(each)
        self.body.addSpacing(look.px(6))
        row = QHBoxLayout()
        row.addStretch(1)
        for button in (self._away, self._over, self._come):
            row.addWidget(button)
        self.body.addLayout(row)

    def show_alarm(self, alarm: OpenAlarm, now: datetime) -> None:
        """Say what is known of it now."""
        self.alarm = alarm
        kind = "Test of the alarm" if alarm.test else "A colleague needs help"
        tone = Tone.WARNING if alarm.test else Tone.DANGER
        self.set_tone(tone)
        self._kind.set_tone(tone)
        self._kind.setText(kind)
        self._place.setText(where(alarm))
        self._who.setText(alarm.who)
        since = f"Since {words.clock_time(alarm.raised_at)}"
        site = alarm.site if alarm.place else ""
        self._said.setText(". ".join(each for each in (since, site) if each))
        self._answers.setText(answers(alarm))
        self._come.setVisible(not alarm.answered)
        self._over.setVisible(alarm.answered)
        self._away.setVisible(alarm.answered)
        self.setAccessibleName(said(alarm, now))

    @Slot()
    def _press_come(self) -> None:
        self.coming.emit(self._key)

    @Slot()
    def _press_over(self) -> None:
        self.over.emit(self._key)

    @Slot()
    def _press_away(self) -> None:
        self.away.emit(self._key)


def where(alarm: OpenAlarm) -> str:
    """The place, as far as it is known."""
    return alarm.place or alarm.words or alarm.site or "Place not known"


def answers(alarm: OpenAlarm) -> str:
    """Who comes."""
    if not alarm.answers:
        return "Nobody has acknowledged it yet."
    names = [f"{each.name} ({words.clock_time(each.at)})" for each in alarm.answers]
    return f"Coming: {', '.join(names)}"


def said(alarm: OpenAlarm, now: datetime) -> str:
    """The alarm as it is read aloud."""
    kind = "Test of the alarm" if alarm.test else "Alarm"
    since = words.spoken_span(max(0.0, (now - alarm.raised_at).total_seconds()))
    return f"{kind}: {where(alarm)}, {alarm.who}, {since} ago. {answers(alarm)}"
