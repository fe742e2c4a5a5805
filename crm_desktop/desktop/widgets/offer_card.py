"""A contact that is offered, over whatever is being done: it never takes the keyboard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Scheme, Tone
from crm_desktop.desktop.widgets.buttons import Button, Kind, PrimaryButton
from crm_desktop.desktop.widgets.painting import Painted, paint_box, paint_text, paint_tile
from crm_desktop.desktop.widgets.text import Text

_WIDTH, _EDGE = 400, 14
#: How high the strip at the foot of the window is.
_STRIP = 26
_FULL_TURN = 360 * 16
#: From here on the ring says that it is urgent, and a screen reader is told once.
_LAST_SECONDS = 5
#: What is longer is said in minutes.
_MINUTES_FROM = 100


@dataclass(frozen=True, slots=True)
class Offered:
    """What the card says: `kind` as "Email offered to you", `detail` as queue and wait.

    It runs out at `until` (None: never) after `seconds`; `more` says how many others are offered,
    `accept` what the first button says.
    """

    kind: str
    icon: str
    tone: Tone
    who: str
    subject: str
    detail: str
    note: str = ""
    until: datetime | None = None
    seconds: float = 0.0
    more: str = ""
    accept: str = "Accept"
    #: At the foot: what it is about is open, and what must be seen of it stands above.
    low: bool = False


class CountdownRing(Painted):
    """How much time is left, as a ring and a number; silent, the card speaks."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._left, self._share = 0, 0.0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_left(self, seconds: float, whole: float) -> None:
        """So many seconds are left of `whole`."""
        self._left = max(0, int(seconds + 0.5))
        self._share = min(1.0, max(0.0, seconds / whole)) if whole > 0 else 0.0
        self.update()

    def sizeHint(self) -> QSize:
        """A circle."""
        side = self._look.px(46)
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ring, shorter by the second, and the seconds in it."""
        look = self._look
        shade = look.theme.tone(Tone.DANGER if self._left <= _LAST_SECONDS else Tone.ACCENT)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        thick = look.px(4)
        around = self.rect().adjusted(thick, thick, -thick, -thick)
        theme = look.theme
        gone = theme.hover if theme.scheme is Scheme.CONTRAST else theme.border
        painter.setPen(QPen(gone, thick))
        painter.drawEllipse(around)
        pen = QPen(shade.text, thick)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawArc(around, 90 * 16, round(_FULL_TURN * self._share))
        middle = Qt.AlignmentFlag.AlignHCenter
        long = self._left >= _MINUTES_FROM
        said = f"{self._left // 60} m" if long else str(self._left)
        font = look.font(Role.SMALL if long else Role.STRONG)
        paint_text(painter, QRect(self.rect()), said, font, shade.text, align=middle)


class _Tile(Painted):
    """The channel's sign."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.icon, self.tone = "bell", Tone.ACCENT
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """A square."""
        return QSize(self._look.px(30), self._look.px(30))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        paint_tile(QPainter(self), self._look, QRect(self.rect()), self.icon, self.tone)


class OfferCard(Painted):
    """At the right of its parent, at the top or `low`. `accepted`, `declined` and `asked_why` are
    the answers to an offer, `back` the one to what was missed, `lapsed` that the time is up.
    """

    accepted = Signal()
    declined = Signal()
    asked_why = Signal()
    back = Signal()
    lapsed = Signal()

    def __init__(self, look: Look, parent: QWidget, *, below: int = 0, accept_key: str) -> None:
        super().__init__(look, parent)
        self._below = below
        self._shown: Offered | None = None
        self._warned = False
        self._key = accept_key
        self._tile, self._ring = _Tile(look), CountdownRing(look)
        self._kind = Text(look, "", Role.SMALL_STRONG, tone=Tone.ACCENT)
        self._who = Text(look, "", Role.HEADING, wrap=True)
        self._subject = Text(look, "", wrap=True)
        self._detail = Text(look, "", Role.SMALL, muted=True, wrap=True)
        self._note = Text(look, "", Role.ITALIC, wrap=True)
        self._why = Text(look, "", Role.SMALL, wrap=True)
        self.accept = PrimaryButton(look, "Accept", key=accept_key)
        self.decline = Button(look, "Decline…")
        self.why = Button(look, "Why me?", kind=Kind.QUIET)
        self.here = PrimaryButton(look, "I am back", key=accept_key)
        self._lay_out()
        self.accept.clicked.connect(self.accepted)
        self.decline.clicked.connect(self.declined)
        self.why.clicked.connect(self.asked_why)
        self.here.clicked.connect(self.back)
        parent.installEventFilter(self)
        self._space()
        self.hide()

    @property
    def offered(self) -> Offered | None:
        """The offer that is shown."""
        return self._shown

    def show_offer(self, offered: Offered, now: datetime) -> None:
        """Show an offer; a new one is announced, the same one is not announced again."""
        fresh = offered != self._shown or not self.isVisible()
        self._shown = offered
        if not fresh:
            self.tick(now)
            return
        self._warned = False
        self._say(offered.icon, offered.tone, offered.kind, offered.who, offered.subject)
        self._detail.setText(" · ".join(part for part in (offered.detail, offered.more) if part))
        self._set(self._note, offered.note)
        self._set(self._why, "")
        self._ring.setVisible(offered.until is not None)
        self.accept.setText(offered.accept)
        self._buttons(missed=False)
        self.tick(now)
        self._appear()
        said = [offered.kind, offered.who, offered.subject, offered.detail, offered.note]
        if offered.until is not None:
            left = max(0.0, (offered.until - now).total_seconds())
            said.append(f"{words.spoken_span(left)} to answer")
        key = f"{offered.accept} with {self._key}"
        announce(self, ". ".join(part for part in [*said, key] if part))

    def show_missed(self, why: str = "") -> None:
        """Say that an offer was not answered, why where that is known, and what follows."""
        title = why or "You did not answer an offer"
        if self._shown is None and self.isVisible() and self._who.text() == title:
            return
        self._shown = None
        detail = (
            "It went back to its queue. You are shown as not responding, and nothing more is "
            "offered to you until you are back."
        )
        self._say("bell", Tone.WARNING, "Not responding", title, detail)
        for each in (self._detail, self._note, self._why):
            self._set(each, "")
        self._ring.hide()
        self._buttons(missed=True)
        self._appear()
        announce(self, f"{title}. {detail}")

    def show_nothing(self) -> None:
        """There is nothing to answer."""
        self._shown = None
        if self.isVisible():
            focus = self.focusWidget() if self.isAncestorOf(self.window().focusWidget()) else None
            if focus is not None:
                focus.clearFocus()
            self.hide()

    def show_why(self, text: str) -> None:
        """Say why it was offered to this person."""
        self._set(self._why, text)
        self._place()
        announce(self, text)

    @Slot()
    def tick(self, now: datetime) -> None:
        """A second went by."""
        shown = self._shown
        if shown is None or shown.until is None:
            return
        left = (shown.until - now).total_seconds()
        self._ring.set_left(left, shown.seconds)
        if left <= 0:
            self.show_nothing()
            self.lapsed.emit()
        elif left <= _LAST_SECONDS and not self._warned and self.isVisible():
            self._warned = True
            announce(self, f"{words.count(max(1, int(left)), 'second')} left to accept")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the corner."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A surface with a clear edge: it lies on other things."""
        theme, corner = self._look.theme, self._look.px(8)
        tone = Tone.ACCENT if self._shown is not None else Tone.WARNING
        paint_box(QPainter(self), self.rect(), corner, theme.surface, theme.tone(tone).text)

    def _lay_out(self) -> None:
        texts = QVBoxLayout()
        texts.setSpacing(2)
        for each in (self._kind, self._who, self._subject, self._detail):
            texts.addWidget(each)
        self._head = QHBoxLayout()
        self._head.addWidget(self._tile, 0, Qt.AlignmentFlag.AlignTop)
        self._head.addLayout(texts, 1)
        self._head.addWidget(self._ring, 0, Qt.AlignmentFlag.AlignTop)
        self._foot = QHBoxLayout()
        for button in (self.accept, self.here, self.decline):
            self._foot.addWidget(button)
        self._foot.addStretch(1)
        self._foot.addWidget(self.why)
        self._column = QVBoxLayout(self)
        self._column.addLayout(self._head)
        self._column.addWidget(self._note)
        self._column.addWidget(self._why)
        self._column.addLayout(self._foot)

    def _say(self, icon: str, tone: Tone, kind: str, who: str, subject: str) -> None:
        self._tile.icon, self._tile.tone = icon, tone
        self._tile.update()
        self._kind.setText(kind)
        self._kind.set_tone(Tone.WARNING if tone is Tone.WARNING else Tone.ACCENT)
        self._who.setText(who)
        self._set(self._subject, subject)
        self._detail.show()
        self.setAccessibleName(f"{kind}: {who}")

    def _buttons(self, *, missed: bool) -> None:
        self.here.setVisible(missed)
        for button in (self.accept, self.decline, self.why):
            button.setVisible(not missed)

    def _appear(self) -> None:
        self._place()
        self.show()
        self.raise_()
        self._place()

    def _place(self) -> None:
        parent = self.parentWidget()
        if parent is None:
            return
        edge = self._look.px(_EDGE)
        width = min(self._look.px(_WIDTH), parent.width() - 2 * edge)
        height = max(self._column.totalHeightForWidth(width), self.minimumSizeHint().height())
        low = self._shown is not None and self._shown.low
        foot = parent.height() - height - edge - self._look.px(_STRIP)
        top = foot if low else self._look.px(self._below) + edge
        self.setGeometry(parent.width() - width - edge, top, width, height)

    @staticmethod
    def _set(text: Text, said: str) -> None:
        text.setText(said)
        text.setVisible(bool(said))

    def _relook(self) -> None:
        self._space()
        self._place()
        super()._relook()

    def _space(self) -> None:
        px = self._look.px
        self._column.setContentsMargins(px(14), px(12), px(14), px(12))
        self._column.setSpacing(px(9))
        self._head.setSpacing(px(10))
        self._foot.setSpacing(px(8))
