"""The end of a contact: three answers by keyboard, service, resolution, avoidable or not."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QRadioButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.names import RESOLUTIONS, RESOLUTIONS_OF_POSTS
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.workspace.handoff_card import is_under_way
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.chooser import ChoiceField
from crm_desktop.desktop.widgets.flow import FlowLayout
from crm_desktop.desktop.widgets.painting import Painted
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.calls import WrapUp
from crm_desktop.domain.states import OF_POSTS, Channel, Resolution
from crm_desktop.domain.views import ContactView, Disposition, ServiceInfo
from crm_desktop.domain.wrap_up import WrapUpRule

_AVOIDABLE = {"y": "Yes, avoidable", "n": "No"}
_OWN_KEYS = frozenset("ynel1234567890")
_SAID = RESOLUTIONS | RESOLUTIONS_OF_POSTS
_ANSWERS = tuple(_SAID)
_NO_MODIFIER = Qt.KeyboardModifier.NoModifier


class WrapUpPanel(Painted):
    """Docked under the contact, which stays to be read: keys 1 to 8 choose the resolution (9 and 0
    two more, of posts), Y and N whether it was avoidable, Enter completes, F9 completes and takes
    the next. After a call E asks for more time where it ends by itself, and L leaves the answers
    out where the queue allows it.

    Signals: `completed` a Disposition and whether the next contact is wanted, `cancelled`,
    `more_time`, `left_out`, `scrolled` by how many pages the contact above should move.
    """

    completed = Signal(object, bool)
    cancelled = Signal()
    more_time = Signal()
    left_out = Signal()
    scrolled = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.setAccessibleName("Wrap up")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._sent = self._answered = False
        self._offered = True
        self._service = ChoiceField(look, "Service", "What was it about?")
        self._resolutions, self._avoidable = QButtonGroup(self), QButtonGroup(self)
        self._missing = Text(look, "", Role.SMALL, tone=Tone.DANGER, wrap=True)
        self._missing.hide()
        self._time = Text(look, "", Role.SMALL_STRONG, muted=True)
        self._more = Button(look, "More time", key="E")
        self._more.clicked.connect(self.more_time)
        self._leave = Button(look, "Leave out", key="L")
        self._leave.setAccessibleName("Leave the answers out and be done, key L")
        self._leave.clicked.connect(self._left_out)
        self._back = Button(look, "Back", key="Esc")
        self._back.clicked.connect(self.cancelled)
        self._next = Button(look, "Complete and next", key="F9")
        self._next.clicked.connect(self.complete_and_next)
        self._done = PrimaryButton(look, "Complete", key="Return")
        self._done.clicked.connect(self.complete)
        self._service.chosen.connect(self._has_answered)
        for group in (self._resolutions, self._avoidable):
            group.buttonClicked.connect(self._has_answered)
        self._radios = QWidget()
        self._grid = QGridLayout(self._radios)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._columns = 0
        for at, (answer, said) in enumerate(_SAID.items()):
            radio = QRadioButton(f"{(at + 1) % 10}  {said}")
            radio.setAccessibleName(f"{said}, key {(at + 1) % 10}")
            radio.setVisible(answer not in OF_POSTS)
            self._resolutions.addButton(radio, at)
        self._column = QVBoxLayout(self)
        self._column.addLayout(self._head())
        self._column.addWidget(Text(look, "How did it end?", Role.SMALL_STRONG, muted=True))
        self._column.addWidget(self._radios)
        self._column.addWidget(self._missing)
        self._column.addLayout(self._foot())
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self._space()
        self._place_radios()
        self.set_rule(None)

    @property
    def is_answered(self) -> bool:
        """Whether a person has answered anything, and nothing is on its way yet."""
        return self._answered and not self._sent

    @property
    def is_sent(self) -> bool:
        """Whether the answers are on their way."""
        return self._sent

    def set_rule(self, rule: WrapUpRule | None) -> None:
        """How the wrap-up of a call ends; None: as that of any contact."""
        timed = rule is not None and rule.mode is WrapUp.TIMED
        self._time.setVisible(timed)
        self._more.setVisible(timed and rule is not None and not rule.extended)
        self._leave.setVisible(rule is not None and rule.mode is WrapUp.OPTIONAL)

    def show_time(self, said: str, tone: Tone) -> None:
        """Say how much is left of it."""
        self._time.set_tone(None if tone is Tone.NEUTRAL else tone)
        self._time.setText(said)

    def help_now(self) -> str:
        """What can be done about it, for a screen reader."""
        return "" if self._more.isHidden() else "E gives more time."

    def set_services(self, services: tuple[ServiceInfo, ...]) -> None:
        """What the first answer may be."""
        self._service.set_rows([Row(each.id, each.name, each.group) for each in services])

    def offer_next(self, offered: bool) -> None:
        """Whether there is a queue at hand to take the next contact from."""
        self._offered = offered
        self.set_narrow(False)

    def set_narrow(self, narrow: bool) -> None:
        """Where there is little room F9 is left to its key, which stands on Next too."""
        self._next.setVisible(self._offered and not narrow)

    def begin(self, contact: ContactView, service_id: int | None) -> None:
        """Ask anew, with what is known already chosen: handed off, when something is."""
        self._missing.hide()
        self._let(True)
        self._answered = False
        self._service.choose(service_id or contact.row.service_id)
        self._ask_of_posts(contact.row.channel is Channel.SOCIAL)
        handed = any(is_under_way(each) for case in contact.cases for each in case.handoffs)
        self.choose(Resolution.HANDED_OFF if handed else Resolution.RESOLVED)
        self._button(self._avoidable, 1).setChecked(True)

    def warn(self, words: str) -> None:
        """Say what the person may have forgotten; it does not stop them."""
        self._say(words, Tone.WARNING)

    def not_completed(self, words: str) -> None:
        """Say why it is not done; the answers stay."""
        self._let(True)
        self._say(words, Tone.DANGER)

    def choose(self, resolution: Resolution) -> None:
        """Answer how it ended, until a person answers otherwise."""
        self._button(self._resolutions, _ANSWERS.index(resolution)).setChecked(True)

    def event(self, event: QEvent) -> bool:
        """Its own keys are its own here, whatever command has them elsewhere."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() in (_NO_MODIFIER, Qt.KeyboardModifier.KeypadModifier)
            if plain and event.text().lower() in _OWN_KEYS:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits, Y, N, Enter and Escape; the page keys move what stands above."""
        key = event.text().lower()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if not event.isAutoRepeat():
                self.complete()
        elif event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
        elif event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.scrolled.emit(1 if event.key() == Qt.Key.Key_PageDown else -1)
        elif key in _AVOIDABLE:
            self._button(self._avoidable, list(_AVOIDABLE).index(key)).setChecked(True)
            self._answered = True
        elif key.isdecimal() and (radio := self._answer(key)):
            radio.setChecked(True)
            self._answered = True
        elif key == "e" and not self._more.isHidden():
            self._more.click()
        elif key == "l" and not self._leave.isHidden():
            self._leave.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A surface with a strong line above, so that it stands apart from the contact."""
        theme, painter = self._look.theme, QPainter(self)
        painter.fillRect(self.rect(), theme.surface)
        painter.fillRect(0, 0, self.width(), 2, theme.tone(Tone.ACCENT).text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many columns of answers as there is room for."""
        super().resizeEvent(event)
        self._place_radios()

    @Slot()
    def complete(self) -> None:
        """Answer and be done."""
        self._complete(then_next=False)

    @Slot()
    def complete_and_next(self) -> None:
        """Answer, be done, and take what comes next."""
        self._complete(then_next=True)

    def _head(self) -> QHBoxLayout:
        label = Text(self._look, "Service", Role.SMALL_STRONG, muted=True)
        label.setBuddy(self._service)
        row = QHBoxLayout()
        row.addWidget(Text(self._look, "Wrap up", Role.HEADING))
        row.addSpacing(self._look.px(10))
        row.addWidget(label)
        row.addWidget(self._service, 1)
        for each in (self._time, self._more):
            row.addWidget(each)
        return row

    def _foot(self) -> QHBoxLayout:
        asked = QWidget()
        flow = FlowLayout(asked, self._look.px(10))
        flow.addWidget(
            Text(self._look, "Could this contact have been avoided?", Role.SMALL_STRONG, muted=True)
        )
        for at, (key, said) in enumerate(_AVOIDABLE.items()):
            radio = QRadioButton(f"{key.upper()}  {said}")
            radio.setAccessibleName(f"Avoidable: {said}, key {key.upper()}")
            self._avoidable.addButton(radio, at)
            flow.addWidget(radio)
        row = QHBoxLayout()
        row.addWidget(asked, 1)
        for each in (self._back, self._leave, self._next, self._done):
            row.addWidget(each, 0, Qt.AlignmentFlag.AlignBottom)
        return row

    def _place_radios(self) -> None:
        """Two rows where there is room, more where there is not."""
        radios = [each for each in self._resolutions.buttons() if not each.isHidden()]
        wanted = max(each.sizeHint().width() for each in radios) + self._look.px(12)
        edges = self._column.contentsMargins()
        room = max(self.width() - edges.left() - edges.right(), wanted)
        fitting = next(each for each in (4, 3, 2, 1) if each == 1 or each * wanted <= room)
        if fitting == self._columns:
            return
        self._columns = fitting
        rows = -(-len(radios) // fitting)
        for at, radio in enumerate(radios):
            self._grid.addWidget(radio, at % rows, at // rows)

    def _ask_of_posts(self, asked: bool) -> None:
        """Whether what only posts end as can be answered."""
        for answer in OF_POSTS:
            self._button(self._resolutions, _ANSWERS.index(answer)).setVisible(asked)
        self._columns = 0
        self._place_radios()

    def _answer(self, key: str) -> QRadioButton | None:
        """What a digit chooses, 0 the tenth; None when there is no such answer."""
        found = self._resolutions.button((int(key) - 1) % 10)
        return found if isinstance(found, QRadioButton) and not found.isHidden() else None

    def _button(self, group: QButtonGroup, number: int) -> QRadioButton:
        button = group.button(number)
        assert isinstance(button, QRadioButton)
        return button

    def _complete(self, *, then_next: bool) -> None:
        service = self._service.key()
        if self._sent:
            return
        if not isinstance(service, int):
            self._say("Choose the service that this was about.", Tone.DANGER)
            self._service.setFocus()
            return
        self._missing.hide()
        self._let(False)
        disposition = Disposition(
            service_id=service,
            resolution=_ANSWERS[self._resolutions.checkedId()],
            avoidable=self._avoidable.checkedId() == 0,
        )
        self.completed.emit(disposition, then_next)

    @Slot()
    def _has_answered(self) -> None:
        self._answered = True

    @Slot()
    def _left_out(self) -> None:
        if not self._sent:
            self._let(False)
            self.left_out.emit()

    def _let(self, can: bool) -> None:
        """A second Enter while the first is on its way does nothing."""
        self._sent = not can
        for each in (self._back, self._leave, self._more, self._next, self._done):
            each.setEnabled(can)

    def _say(self, words: str, tone: Tone) -> None:
        self._missing.set_tone(tone)
        self._missing.setText(words)
        self._missing.show()
        announce(self, words)

    def _relook(self) -> None:
        self._space()
        self._columns = 0
        self._place_radios()
        super()._relook()

    def _space(self) -> None:
        px = self._look.px
        self._column.setContentsMargins(px(14), px(10), px(14), px(10))
        self._column.setSpacing(px(6))
        self._grid.setHorizontalSpacing(px(12))
        self._grid.setVerticalSpacing(px(2))
