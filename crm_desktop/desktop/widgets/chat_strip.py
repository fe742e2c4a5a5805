"""A strip of chats side by side: who, their last words, what is new, and how long they wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QEnterEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QMenu, QSizePolicy, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Scheme, Tone
from crm_desktop.desktop.widgets.buttons import Button
from crm_desktop.desktop.widgets.painting import (
    Painted,
    paint_focus,
    paint_icon,
    paint_pill,
    paint_text,
    pill_size,
    text_height,
    text_width,
)

#: Who waits longer than this for an answer is urgent, and very urgent; in seconds.
AMBER_SECONDS, RED_SECONDS = 30, 60
_HEIGHT, _LEAST, _MOST, _EDGE, _GAP = 48, 176, 330, 10, 4
_MORE = 96


@dataclass(frozen=True, slots=True)
class ChatTab:
    """One chat. `number` is its Alt key's; `mark` an icon and a word for a chat whose visitor has
    left, or that has ended; empty for one that goes on.
    """

    key: int
    number: int
    who: str
    last: str
    unread: int = 0
    waiting_since: datetime | None = None
    mark: tuple[str, str] = ("", "")

    def wait(self, now: datetime) -> tuple[str, Tone, str]:
        """How long the visitor waits: words, tone and icon; empty words when it is their turn."""
        if self.waiting_since is None:
            return "", Tone.NEUTRAL, ""
        seconds = (now - self.waiting_since).total_seconds()
        clock = words.stopwatch(seconds)
        if seconds >= RED_SECONDS:
            return f"answer now · {clock}", Tone.DANGER, "alert-triangle"
        if seconds >= AMBER_SECONDS:
            return f"waits · {clock}", Tone.WARNING, "clock"
        return clock, Tone.NEUTRAL, "clock"


class ChatButton(QAbstractButton):
    """One chat of the strip; a press goes to it."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self.tab: ChatTab | None = None
        self._now: datetime | None = None
        self._waits = ""
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_tab(self, tab: ChatTab, now: datetime, *, current: bool) -> None:
        """Be this chat."""
        changed = tab != self.tab or current != self.isChecked()
        self.tab = tab
        self.setChecked(current)
        self.tick(now)
        if changed:
            self.update()

    def tick(self, now: datetime) -> None:
        """A second went by: only who waits is drawn again."""
        if self.tab is None:
            return
        self._now = now
        waits = self.tab.wait(now)[0]
        if waits != self._waits:
            self._waits = waits
            self.update()
        self.setAccessibleName(self._aloud(now))

    def sizeHint(self) -> QSize:
        """As wide as there is room for."""
        return QSize(self._look.px(_MOST), self._look.px(_HEIGHT))

    def minimumSizeHint(self) -> QSize:
        """Narrower than this nobody is told from another."""
        return QSize(self._look.px(_LEAST), self._look.px(_HEIGHT))

    def enterEvent(self, event: QEnterEvent) -> None:
        """It can be pressed."""
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """No longer."""
        super().leaveEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Two lines: who and how long they wait; their last words and what is new."""
        if self.tab is None or self._now is None:
            return
        look, theme, px, painter = self._look, self._look.theme, self._look.px, QPainter(self)
        self._paint_ground(painter)
        inner = self.rect().adjusted(px(_EDGE), px(5), -px(_EDGE), -px(6))
        line = text_height(look.font(Role.STRONG))
        top = QRect(inner.left(), inner.top(), inner.width(), max(line, px(18)))
        below = QRect(inner.left(), top.bottom() + 1, inner.width(), inner.bottom() - top.bottom())
        top.setRight(self._paint_wait(painter, top))
        number = f"{self.tab.number}"
        small = look.font(Role.SMALL)
        if self.tab.number <= 5:
            paint_text(painter, top, number, small, theme.muted)
            top.setLeft(top.left() + text_width(small, number) + px(6))
        paint_text(painter, top, self.tab.who, look.font(Role.STRONG), theme.text)
        below.setRight(self._paint_unread(painter, below))
        ink = theme.text if self.tab.unread else theme.muted
        paint_text(painter, below, self.tab.last, small, ink)
        if self.hasFocus():
            paint_focus(painter, look, self.rect().adjusted(1, 1, -1, -2), 4)

    def _paint_ground(self, painter: QPainter) -> None:
        theme, px = self._look.theme, self._look.px
        ground = theme.selection if self.isChecked() else theme.surface
        painter.fillRect(self.rect(), theme.hover if self.underMouse() else ground)
        painter.fillRect(self.width() - 1, 0, 1, self.height(), theme.border)
        if self.isChecked():
            high = px(6) if theme.scheme is Scheme.CONTRAST else px(3)
            painter.fillRect(0, self.height() - high, self.width(), high, theme.selection_edge)

    def _paint_wait(self, painter: QPainter, line: QRect) -> int:
        """How long they wait, or that they are gone; returns where the room left of it ends."""
        assert self.tab is not None
        assert self._now is not None
        look, edge = self._look, line.right()
        said, tone, icon = self.tab.wait(self._now)
        mark_icon, mark = self.tab.mark
        if mark and not said:
            said, tone, icon = mark, Tone.NEUTRAL, mark_icon
        if not said:
            return edge
        size = pill_size(look, said, icon)
        name = text_width(look.font(Role.STRONG), self.tab.who) + look.px(24)
        if size.width() > line.width() - name and " " in said:
            # The sign says what the words do: the name has the room.
            said = said.rsplit(" ", 1)[-1]
            size = pill_size(look, said, icon)
        box = QRect(edge - size.width(), line.top(), size.width(), line.height())
        paint_pill(painter, look, box, said, tone, icon=icon)
        edge = box.left() - look.px(6)
        if mark and self.tab.waiting_since is not None:
            spot = QRect(edge - look.px(14), line.top(), look.px(14), line.height())
            paint_icon(painter, look, spot, mark_icon, look.theme.muted, size=14)
            edge = spot.left() - look.px(6)
        return edge

    def _paint_unread(self, painter: QPainter, line: QRect) -> int:
        assert self.tab is not None
        if not self.tab.unread:
            return line.right()
        look, theme = self._look, self._look.theme
        said = f"{self.tab.unread} new"
        font = look.font(Role.SMALL_STRONG)
        width = text_width(font, said) + 2 * look.px(7)
        height = min(line.height(), text_height(font) + look.px(2))
        box = QRect(line.right() - width, line.center().y() - height // 2, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.badge)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawRoundedRect(box, height / 2, height / 2)
        middle = Qt.AlignmentFlag.AlignHCenter
        paint_text(painter, box, said, font, theme.on_badge, align=middle)
        return box.left() - look.px(6)

    def _aloud(self, now: datetime) -> str:
        assert self.tab is not None
        tab = self.tab
        waits = ""
        if tab.waiting_since is not None:
            # By the minute: a name that changes every second would be read out every second.
            seconds = (now - tab.waiting_since).total_seconds()
            waits = (
                "answer now" if seconds >= RED_SECONDS
                else "waits for an answer" if seconds >= AMBER_SECONDS
                else "has just written"
            )  # fmt: skip
        parts = [f"Chat {tab.number}: {tab.who}", tab.mark[1], waits]
        if tab.unread:
            parts.append(words.count(tab.unread, "new line"))
        return ", ".join(part for part in (*parts, tab.last) if part)


class ChatStrip(Painted):
    """`chosen` carries a chat's key. What finds no room stands in a menu at the right."""

    chosen = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._tabs: tuple[ChatTab, ...] = ()
        self._current: int | None = None
        self._now: datetime | None = None
        self._buttons: list[ChatButton] = []
        self.setAccessibleName("Your chats")
        self._more = Button(look, "More", icon="chevron-down")
        self._more.clicked.connect(self._show_more)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._row.addStretch(1)
        self._row.addWidget(self._more)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    @property
    def tabs(self) -> tuple[ChatTab, ...]:
        """The chats shown."""
        return self._tabs

    def button(self, key: int) -> ChatButton | None:
        """The button of a chat, if it has found room."""
        for each in self._buttons:
            if each.tab is not None and each.tab.key == key and not each.isHidden():
                return each
        return None

    def show_tabs(self, tabs: Sequence[ChatTab], current: int | None, now: datetime) -> None:
        """Show these; `current` is the one that is open."""
        self._tabs, self._current, self._now = tuple(tabs), current, now
        while len(self._buttons) < len(tabs):
            button = ChatButton(self._look, self)
            button.clicked.connect(self._pressed)
            self._row.insertWidget(len(self._buttons), button)
            self._buttons.append(button)
        self._fit()

    def tick(self, now: datetime) -> None:
        """A second went by."""
        self._now = now
        for button in self._buttons:
            if not button.isHidden():
                button.tick(now)

    def sizeHint(self) -> QSize:
        """One line of two."""
        return QSize(self._look.px(400), self._look.px(_HEIGHT))

    def minimumSizeHint(self) -> QSize:
        """It gives way to the window."""
        return QSize(self._look.px(_LEAST), self._look.px(_HEIGHT))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Less room, fewer chats."""
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground and a hairline."""
        theme, painter = self._look.theme, QPainter(self)
        painter.fillRect(self.rect(), theme.surface)
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.border)

    def _relook(self) -> None:
        self._fit()
        super()._relook()

    def _fit(self) -> None:
        """So many as have room; the open one is always among them."""
        if self._now is None:
            return
        px = self._look.px
        room = max(1, self.width() // px(_LEAST))
        if len(self._tabs) > room:
            room = max(1, (self.width() - px(_MORE)) // px(_LEAST))
        shown = list(self._tabs[:room])
        open_one = next((each for each in self._tabs if each.key == self._current), None)
        if open_one is not None and open_one not in shown:
            shown[-1] = open_one
        hidden = len(self._tabs) - len(shown)
        self._row.setEnabled(False)
        for at, button in enumerate(self._buttons):
            if at < len(shown):
                button.show_tab(shown[at], self._now, current=shown[at].key == self._current)
                button.setMaximumWidth(px(_MOST))
            button.setVisible(at < len(shown))
        self._more.setVisible(hidden > 0)
        self._more.setText(f"{hidden} more")
        self._row.setEnabled(True)

    @Slot()
    def _pressed(self) -> None:
        button = self.sender()
        if isinstance(button, ChatButton) and button.tab is not None:
            # It is checked when its chat is open, not before.
            button.setChecked(button.tab.key == self._current)
            self.chosen.emit(button.tab.key)

    @Slot()
    def _show_more(self) -> None:
        assert self._now is not None
        menu = QMenu("Your chats", self)
        for tab in self._tabs:
            waits = tab.wait(self._now)[0] or tab.mark[1]
            said = " · ".join(part for part in (f"{tab.number}  {tab.who}", waits) if part)
            action = QAction(said.replace("&", "&&"), menu)
            action.setCheckable(True)
            action.setChecked(tab.key == self._current)
            action.triggered.connect(partial(self.chosen.emit, tab.key))
            menu.addAction(action)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._more.mapToGlobal(QPoint(0, self._more.height())))
