"""The strip at the foot of the window: is this live, and how are we doing."""

from __future__ import annotations

from PySide6.QtCore import QSize, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.live import FeedState
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.painting import Painted, paint_icon
from crm_desktop.desktop.widgets.text import ElidedText, Text

_INKS = {True: Tone.OK, False: Tone.DANGER}


class _Lamp(Painted):
    """A small icon that repeats in shape and colour what the words beside it say."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._live: bool | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_live(self, live: bool) -> None:
        """Show the one or the other."""
        self._live = live
        self.update()

    def sizeHint(self) -> QSize:
        """As high as small text."""
        return QSize(self._look.px(13), self._look.px(13))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A filled dot when live, a grey one before that, a struck-out sign when away."""
        look, painter = self._look, QPainter(self)
        ink = look.theme.muted if self._live is None else look.ink(_INKS[self._live])
        if self._live is False:
            paint_icon(painter, look, self.rect(), "wifi-off", ink, size=13)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(ink)
        painter.setBrush(ink)
        side = look.px(7)
        painter.drawEllipse((self.width() - side) // 2, (self.height() - side) // 2, side, side)


class ConnectionLight(QWidget):
    """Says whether changes arrive; a change is announced."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lamp, self._text = _Lamp(look), Text(look, "", Role.SMALL)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._lamp)
        row.addWidget(self._text)
        self._connected = True
        self._say("Connecting")

    @Slot(object)
    def set_state(self, state: FeedState) -> None:
        """Show the feed's state; connect LiveFeed.state_changed here."""
        was, self._connected = self._connected, state.connected
        self._lamp.set_live(state.connected)
        self._text.set_tone(Tone.OK if state.connected else Tone.DANGER)
        self._say(
            "Connected, live"
            if state.connected
            else f"Database away since {words.clock_time(state.since)}, trying again"
        )
        if was is not state.connected:
            announce(self, self._text.text())

    def _say(self, text: str) -> None:
        self._text.setText(text)
        self.setAccessibleName(text)


class StatusStrip(Painted):
    """Short texts at the left and right; each has a key and is changed in place."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.light = ConnectionLight(look)
        self._parts: dict[str, Text] = {}
        self._row = QHBoxLayout(self)
        self._row.addWidget(self.light)
        self._row.addStretch(1)
        self._stretch = 1
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._relook()

    def set_part(self, key: str, text: str, *, right: bool = False) -> None:
        """Show or change one text; an empty one takes no room."""
        part = self._parts.get(key)
        if part is None:
            # What is told at the left may be long: it is cut before the window grows with it.
            part = (
                Text(self._look, "", Role.SMALL, muted=True)
                if right
                else ElidedText(self._look, "", Role.SMALL, muted=True, snug=True)
            )
            self._parts[key] = part
            if right:
                self._row.addWidget(part)
            else:
                self._row.insertWidget(self._stretch, part)
                self._stretch += 1
        part.setText(text)
        part.setVisible(bool(text))

    def add(self, widget: QWidget) -> None:
        """Put something small at the right end."""
        self._row.addWidget(widget)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fill, with a hairline above."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._look.theme.surface)
        painter.fillRect(0, 0, self.width(), 1, self._look.theme.border)

    def _relook(self) -> None:
        px = self._look.px
        self._row.setContentsMargins(px(13), px(4), px(13), px(3))
        self._row.setSpacing(px(16))
        super()._relook()
