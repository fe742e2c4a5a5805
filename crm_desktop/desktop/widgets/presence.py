"""What a person chose to be, what the system sees, and what comes next: one button, one menu."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QMenu, QSizePolicy, QWidget

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.names import CHANNEL_NAMES
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.painting import (
    paint_box,
    paint_focus,
    paint_icon,
    paint_text,
    text_height,
    text_width,
)
from crm_desktop.domain.states import Channel, Presence

PRESENCE_WORDS: Mapping[Presence, tuple[str, str, Tone]] = {
    Presence.AVAILABLE: ("Available", "check-circle", Tone.OK),
    Presence.LUNCH: ("Lunch", "coffee", Tone.NEUTRAL),
    Presence.BREAK: ("Break", "coffee", Tone.NEUTRAL),
    Presence.TRAINING: ("Training", "book-open", Tone.NEUTRAL),
    Presence.MEETING: ("Meeting", "users", Tone.NEUTRAL),
    Presence.OTHER_WORK: ("Other work", "briefcase", Tone.NEUTRAL),
    Presence.OFFLINE: ("Not here", "moon", Tone.NEUTRAL),
}


class PresenceButton(QAbstractButton):
    """As "On contact · then Lunch". `chosen` carries a Presence that a person picked.

    `more_asked`: with words or a time; `day_asked`: to see one's day; `back_asked`: there again
    after an offer that was not answered; `channels_chosen`: the channels that are off.
    """

    chosen = Signal(object)
    more_asked = Signal()
    day_asked = Signal()
    back_asked = Signal()
    channels_chosen = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._icon, self._tone = "moon", Tone.NEUTRAL
        self._menu = QMenu(self)
        self._actions: dict[Presence, QAction] = {}
        for presence, (words, _, _) in PRESENCE_WORDS.items():
            action = self._menu.addAction(words)
            action.setData(presence.value)
            action.setCheckable(True)
            self._actions[presence] = action
        self._add_more()
        self._menu.triggered.connect(self._picked)
        self.clicked.connect(self._open)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look.changed.connect(self._relook)
        self.set_state(Presence.OFFLINE)
        self._relook()

    @property
    def menu(self) -> QMenu:
        """The presences to choose from."""
        return self._menu

    def set_off_channels(self, off: frozenset[Channel]) -> None:
        """Show of which channels nothing is offered."""
        for channel, action in self._channels.items():
            action.setChecked(channel not in off)

    def set_state(
        self,
        presence: Presence,
        activity: str = "",
        next_presence: Presence | None = None,
        *,
        detail: str = "",
        silent: bool = False,
    ) -> None:
        """Show what was chosen, what is being done ("On contact") and what comes after it.

        `detail` is what else was said of it, as "back 12:30"; `silent`: an offer was not answered.
        """
        words, self._icon, self._tone = PRESENCE_WORDS[presence]
        self._back.setVisible(silent)
        if silent:
            activity = "Not responding"
            self._tone, self._icon = Tone.WARNING, "bell"
        elif activity:
            self._tone, self._icon = Tone.ACCENT, "circle-dot"
        then = ""
        if next_presence is not None and next_presence is not presence:
            then = f" · then {PRESENCE_WORDS[next_presence][0]}"
        more = f" · {detail}" if detail else ""
        said = f"{activity or words}{then}{more}"
        marked = next_presence or presence
        if [each for each, action in self._actions.items() if action.isChecked()] != [marked]:
            for each, action in self._actions.items():
                action.setChecked(each is marked)
            self._mark()
        # It is told again and again, and another width lays out the whole bar.
        if said != self.text():
            self.setText(said)
            self.setAccessibleName(f"Presence: {said}")
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Room for sign, words and arrow."""
        font, px = self._look.font(Role.STRONG), self._look.px
        width = text_width(font, self.text()) + px(10) + px(14) + px(6) + px(20) + px(6)
        return QSize(width, text_height(font) + 2 * px(4))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the pill."""
        look, shade = self._look, self._look.theme.tone(self._tone)
        painter = QPainter(self)
        corner = (self.height() - 1) / 2
        paint_box(painter, self.rect(), corner, shade.soft, shade.border)
        row = self.rect().adjusted(look.px(10), 0, -look.px(8), 0)
        paint_icon(painter, look, row, self._icon, shade.text, size=14)
        row.setLeft(row.left() + look.px(14) + look.px(6))
        font = look.font(Role.STRONG)
        paint_text(painter, row, self.text(), font, shade.text)
        used = min(text_width(font, self.text()), row.width())
        row.setLeft(row.left() + used + look.px(4))
        paint_icon(painter, look, row, "chevron-down", shade.text, size=14)
        if self.hasFocus():
            paint_focus(painter, look, self.rect(), 12)

    def _add_more(self) -> None:
        menu = self._menu
        menu.addSeparator()
        self._more = menu.addAction("With a note or a time…")
        self._more.triggered.connect(self.more_asked)
        channels = menu.addMenu("Offer me")
        self._offer_me = channels.menuAction()
        self._channels: dict[Channel, QAction] = {}
        for channel, name in CHANNEL_NAMES.items():
            action = channels.addAction(name)
            action.setCheckable(True)
            action.setChecked(True)
            action.triggered.connect(self._channel_toggled)
            self._channels[channel] = action
        menu.addSeparator()
        self._back = menu.addAction("I am back")
        self._back.triggered.connect(self.back_asked)
        self._day = menu.addAction("My day…")
        self._day.triggered.connect(self.day_asked)

    @Slot()
    def open_menu(self) -> None:
        """Let the person choose."""
        self._open()
        self._menu.setActiveAction(next(iter(self._actions.values())))

    @Slot()
    def _channel_toggled(self) -> None:
        self.channels_chosen.emit(
            frozenset(each for each, action in self._channels.items() if not action.isChecked())
        )

    @Slot()
    def _open(self) -> None:
        # popup, not setMenu: a button's own menu runs a nested event loop.
        self._menu.popup(self.mapToGlobal(QPoint(0, self.height() + 2)))

    @Slot(QAction)
    def _picked(self, action: QAction) -> None:
        if action in self._actions.values():
            self.chosen.emit(Presence(action.data()))

    def _mark(self) -> None:
        """An icon stands where the tick would, so the words say what is chosen."""
        for action in self._actions.values():
            action.setFont(self._look.font(Role.STRONG if action.isChecked() else Role.BODY))

    @Slot()
    def _relook(self) -> None:
        self._mark()
        for presence, (_, icon, tone) in PRESENCE_WORDS.items():
            self._actions[presence].setIcon(self._look.icon(icon, self._look.ink(tone)))
        for action, icon in (
            (self._more, "pencil"),
            (self._offer_me, "inbox"),
            (self._back, "user-check"),
            (self._day, "history"),
        ):
            action.setIcon(self._look.icon(icon))
        self.updateGeometry()
        self.update()
