"""The time after a call: how long it lasts, once more of it, or none; beside the questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
)

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.domain.calls import WrapUp
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.states import Channel, ContactState
from crm_desktop.domain.views import ContactView
from crm_desktop.domain.wrap_up import WrapUpRule

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.workspace.screen import WorkspaceScreen
    from crm_desktop.desktop.screens.workspace.wrap_up_presenter import WrapUpPresenter

#: When somebody is told that the time is nearly up, in seconds.
_SOON = 15
_TYPING = (QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox, QComboBox)
_ENDED = "The call has ended."
_HOW = {
    WrapUp.MANDATORY: "F12 asks how.",
    WrapUp.OPTIONAL: "F12 asks how; you may leave that out.",
}


class AfterCall(QObject):
    """Implements `AfterCallView` for one workspace. The strip speaks while the questions are not
    asked; while they are, they say the same themselves.
    """

    def __init__(self, screen: WorkspaceScreen, look: Look, clock: Clock) -> None:
        super().__init__(screen)
        self._screen, self._clock = screen, clock
        self._presenter: WrapUpPresenter | None = None
        self._contact: ContactView | None = None
        self._warned = self._over = self._leaving = False
        self.rule: WrapUpRule | None = None
        self.strip = Banner(look, Tone.NEUTRAL, "timer", wide=True)
        self.strip.hide()
        panel = screen.wrap_up
        panel.more_time.connect(self._extend)
        panel.left_out.connect(self._leave)
        screen.shown.connect(self._shown)
        clock.tick.connect(self._tick)

    def bind(self, presenter: WrapUpPresenter) -> None:
        """Say who reads and writes."""
        self._presenter = presenter

    def show_rule(self, contact_id: int, rule: WrapUpRule | None) -> None:
        """See `AfterCallView`."""
        if not self._screen.is_open(contact_id):
            return
        begins = self.rule is None and rule is not None
        self.rule = rule
        if rule is not None and rule.until is not None and self._left(rule) > _SOON:
            self._warned = False
        self._screen.wrap_up.set_rule(rule)
        if begins and not self._is_typing():
            self._screen.presenter.begin_wrap_up()
        self.tell()
        if begins:
            announce(self.strip, f"{_ENDED} {self.strip.text()}")

    def left(self, contact_id: int) -> None:
        """See `AfterCallView`."""
        self._leaving = False
        if self._screen.is_open(contact_id):
            self._screen.wrapped_up(then_next=False)

    def not_done(self, trouble: CrmError) -> None:
        """See `AfterCallView`."""
        self._leaving = False
        self._screen.wrap_up.not_completed(words_for(trouble).sentence())

    @Slot(object)
    def _shown(self, contact: ContactView | None) -> None:
        before, self._contact = self._contact, contact
        if contact is None or before is None or contact.row.id != before.row.id:
            self._forget()
        if contact is None:
            return
        row = contact.row
        wraps = row.channel is Channel.CALL and row.state is ContactState.WRAP_UP
        if wraps and self._screen.presenter.is_mine and self._presenter is not None:
            self._presenter.read(row.id)
        elif self.rule is not None:
            self._ended(row.state)

    def _ended(self, state: ContactState) -> None:
        """It is in wrap-up no more; when its time ended it, this desktop is told so."""
        timed = self.rule is not None and self.rule.mode is WrapUp.TIMED
        by_others = not (self._leaving or self._screen.wrap_up.is_sent)
        self._forget()
        if timed and by_others and state is ContactState.COMPLETED:
            self._screen.wrapped_up(then_next=False)

    def _forget(self) -> None:
        self.rule = None
        self._warned = self._over = False
        self._screen.wrap_up.set_rule(None)
        self.strip.hide()

    @Slot()
    def _tick(self) -> None:
        if self.rule is not None and self.rule.until is not None:
            self.tell()

    def tell(self) -> None:
        """Say how it stands now, where it is seen."""
        rule, panel = self.rule, self._screen.wrap_up
        self.strip.setVisible(rule is not None and panel.isHidden())
        if rule is None:
            return
        if rule.until is None:
            self.strip.set_text(_ENDED, _HOW.get(rule.mode, ""))
            return
        left = self._left(rule)
        soon = left <= _SOON
        said = f"Wrap-up ends in {words.stopwatch(left)}"
        panel.show_time(f"Ends in {words.stopwatch(left)}", Tone.WARNING if soon else Tone.NEUTRAL)
        self.strip.set_tone(Tone.WARNING if soon else Tone.NEUTRAL, "timer")
        self.strip.set_text(f"{_ENDED} {said}.", "F12 asks how it ended. What you typed is kept.")
        if soon and not self._warned:
            self._warned = True
            announce(panel, f"{said}. {panel.help_now()}".strip())
        if left <= 0 and not self._over:
            self._over = True
            self._time_up()

    def _left(self, rule: WrapUpRule) -> float:
        assert rule.until is not None
        return (rule.until - self._clock.now()).total_seconds()

    def _time_up(self) -> None:
        """What a person has said by now is said; the rest, without a word, the gateway does."""
        self._screen.unsent.keep_note()
        if self._screen.wrap_up.is_answered:
            self._screen.wrap_up.complete()

    @Slot()
    def _extend(self) -> None:
        if self._contact is not None and self._presenter is not None:
            self._presenter.extend(self._contact.row.id)

    @Slot()
    def _leave(self) -> None:
        if self._contact is not None and self._presenter is not None:
            self._leaving = True
            self._screen.unsent.keep_note()
            self._presenter.leave(self._contact.row.id)

    def _is_typing(self) -> bool:
        """Whether the keyboard is in a text, or elsewhere than in this contact."""
        focus = QApplication.focusWidget()
        if focus is None:
            return False
        return isinstance(focus, _TYPING) or not self._screen.isAncestorOf(focus)
