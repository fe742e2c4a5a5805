"""One line for a telephone call: its state and clock, who it is, what matters, what can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from PySide6.QtCore import QPoint, QRect, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Scheme, Tone
from crm_desktop.desktop.widgets.buttons import Button, IconButton, Kind
from crm_desktop.desktop.widgets.call_said import Mark, Said
from crm_desktop.desktop.widgets.painting import Painted, paint_icon, text_width
from crm_desktop.desktop.widgets.pill import Pill
from crm_desktop.desktop.widgets.text import ElidedText, Text

#: What was not done stays to be read for so long.
_READ_MS = 12_000
_HEIGHT, _EDGE, _SIGN, _STRIPE = 46, 14, 18, 4
#: Who it is has at least so much room before buttons give way to the menu.
_WHO, _LITTLE = 190, 110
#: Below this width (at 100 %) signs do without their words, and buttons without their keys.
_NARROW = 1000


class CallBar(Painted):
    """Buttons are the given actions, by id and in their order; those that find no room stand in
    the menu with `more`, the ids of everything that can be asked of a call. `dismissed`: what was
    not done was read.
    """

    dismissed = Signal()

    def __init__(
        self,
        look: Look,
        actions: Mapping[str, QAction],
        *,
        primary: Sequence[str],
        danger: Sequence[str],
        more: Sequence[str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, parent)
        self._tone, self._icon = Tone.NEUTRAL, "phone"
        self._actions, self._more_ids = actions, more
        self._said: Said | None = None
        self._doing = ""
        self._wanted: tuple[str, ...] = ()
        self.setAccessibleName("Telephone call")
        self._state = ElidedText(look, "", Role.STRONG, snug=True)
        self._clock = Text(look, "", Role.HEADING)
        self._who = ElidedText(look, "", Role.STRONG, snug=True)
        self._detail = ElidedText(look, "", muted=True)
        self._pills = QHBoxLayout()
        self._marks: list[Pill] = []
        self._trouble = ElidedText(look, "", Role.STRONG, tone=Tone.DANGER)
        self._seen = IconButton(look, "x", "I have read it")
        self._seen.clicked.connect(self.settle)
        self._more = IconButton(look, "more-horizontal", "More to do with this call")
        self._more.clicked.connect(self._show_menu)
        self._buttons = {
            each: self._button(each, each in primary, each in danger) for each in actions
        }
        self._row = QHBoxLayout(self)
        for part in (self._state, self._clock, self._who):
            self._row.addWidget(part)
        self._row.addWidget(self._detail, 1)
        self._row.addWidget(self._trouble, 1)
        self._row.addWidget(self._seen)
        self._row.addLayout(self._pills)
        for button in self._buttons.values():
            self._row.addWidget(button)
            button.hide()
        self._row.addWidget(self._more)
        self._reading = QTimer(self)
        self._reading.setSingleShot(True)
        self._reading.setInterval(_READ_MS)
        self._reading.timeout.connect(self.settle)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._space()
        self._say_trouble("")

    @property
    def trouble(self) -> str:
        """What was not done, while it is shown."""
        return self._trouble.text()

    @property
    def said(self) -> Said | None:
        """What it says of a call."""
        return self._said

    def button(self, command: str) -> Button:
        """The button of a command."""
        return self._buttons[command]

    def show_call(self, said: Said, now: datetime) -> None:
        """Say how a call is."""
        self._said = said
        self._tone, self._icon = said.tone, said.icon
        self._state.setText(said.state)
        self._state.set_tone(said.tone if said.tone is not Tone.NEUTRAL else None)
        self._who.setText(said.who)
        self._show_marks(said.marks)
        self._wanted = said.verbs
        self.setAccessibleName(f"Telephone call: {said.state}, {said.who}")
        self.tick(now)
        self._fit()
        self.update()

    def show_nothing(self, state: str) -> None:
        """There is no call; something is said all the same, as that none could be made."""
        self._said, self._wanted = None, ()
        self._tone, self._icon = Tone.NEUTRAL, "phone"
        for part in (self._who, self._clock):
            part.setText("")
        self._state.setText(state)
        self._state.set_tone(None)
        self._show_marks(())
        self._fit()
        self.update()

    def show_doing(self, doing: str) -> None:
        """Say that something is under way; empty: nothing is."""
        if doing:
            self.settle()
        self._doing = doing
        self._fit()

    def not_done(self, why: str) -> None:
        """Say what was not done, and why, where the eye is; it stays until it is read."""
        self._say_trouble(why)
        self._reading.start()
        announce(self, why)

    def _more_said(self) -> str:
        return self._doing or (self._said.detail if self._said else "")

    @Slot()
    def settle(self) -> None:
        """What was not done was read, or something new is asked."""
        if self._trouble.text():
            self._reading.stop()
            self._say_trouble("")
            self.dismissed.emit()

    def tick(self, now: datetime) -> None:
        """A second went by."""
        since = self._said.since if self._said else None
        shown = "" if since is None else words.stopwatch((now - since).total_seconds())
        self._clock.setText(shown)
        self._clock.setVisible(bool(shown))

    def sizeHint(self) -> QSize:
        """One line, whatever it says."""
        return QSize(self._look.px(400), self._look.px(_HEIGHT))

    def minimumSizeHint(self) -> QSize:
        """It gives way to the window."""
        return QSize(self._look.px(200), self._look.px(_HEIGHT))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Less room, fewer buttons."""
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The soft colour of the state, a stripe and a sign that say the same without colour."""
        look, shade = self._look, self._look.theme.tone(self._tone)
        painter = QPainter(self)
        painter.fillRect(self.rect(), shade.soft)
        painter.fillRect(0, self.height() - 1, self.width(), 1, shade.border)
        stripe = look.px(_STRIPE if look.theme.scheme is not Scheme.CONTRAST else 2 * _STRIPE)
        painter.fillRect(0, 0, stripe, self.height(), shade.text)
        spot = QRect(self.rect()).adjusted(look.px(_EDGE), 0, 0, -1)
        paint_icon(painter, look, spot, self._icon, shade.text, size=_SIGN)

    def _button(self, command: str, primary: bool, danger: bool) -> Button:
        kind = Kind.PRIMARY if primary else Kind.DANGER if danger else Kind.PLAIN
        action = self._actions[command]
        button = Button(self._look, action.text(), kind=kind)
        button.follow(action)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _show_marks(self, marks: Sequence[Mark]) -> None:
        while len(self._marks) < len(marks):
            pill = Pill(self._look, "")
            self._marks.append(pill)
            self._pills.addWidget(pill)
        for at, pill in enumerate(self._marks):
            pill.setVisible(at < len(marks))
            if at < len(marks):
                pill.set_icon(marks[at].icon)
                pill.set_content(marks[at].words, marks[at].tone)

    def _say_trouble(self, why: str) -> None:
        self._trouble.setText(why)
        for part in (self._trouble, self._seen):
            part.setVisible(bool(why))
        for part in (self._who, self._detail):
            part.setVisible(not why)
        self._fit()

    def _fit(self) -> None:
        """Buttons in their order as long as there is room beside who it is."""
        px = self._look.px
        narrow = self.width() < px(_NARROW)
        for pill in self._marks:
            pill.set_bare(narrow)
        for button in self._buttons.values():
            button.set_bare(narrow)
        # Empty, it still pushes what follows to the right.
        self._detail.setText("" if narrow and not self._doing else self._more_said())
        room = self.width() - px(_EDGE + _SIGN + 10) - px(_EDGE) - px(_LITTLE if narrow else _WHO)
        room -= self._more.sizeHint().width()
        for part in (self._state, self._clock):
            room -= text_width(part.font(), part.text()) + px(10) if part.text() else 0
        room -= sum(each.sizeHint().width() + px(6) for each in self._marks if not each.isHidden())
        self._row.setEnabled(False)
        for each in self._buttons:
            if each not in self._wanted:
                self._buttons[each].hide()
        for each in self._wanted:
            wanted = self._buttons.get(each)
            if wanted is not None:
                room -= wanted.sizeHint().width() + px(8)
                wanted.setVisible(room >= 0)
        self._row.setEnabled(True)

    @Slot()
    def _show_menu(self) -> None:
        menu = QMenu("Call", self)
        for each in self._more_ids:
            if each == "-":
                menu.addSeparator()
            elif each in self._actions:
                menu.addAction(self._actions[each])
        menu.setToolTipsVisible(True)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._more.mapToGlobal(QPoint(0, self._more.height())))

    def _relook(self) -> None:
        self._space()
        self._fit()
        super()._relook()

    def _space(self) -> None:
        px = self._look.px
        self._row.setContentsMargins(px(_EDGE + _SIGN + 10), px(6), px(_EDGE), px(7))
        self._row.setSpacing(px(8))
        self._pills.setSpacing(px(6))
