"""Saying no to an offer with a reason, and asking why it was made: loaded when somebody does."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QMenu, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.routing_words import WHY_WORDS, people
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.routing import Why
from crm_desktop.domain.states import DeclineReason
from crm_desktop.domain.views import Moved
from crm_desktop.services import Database, calls, routing

_REASONS = {
    DeclineReason.CONFLICT: "I know this customer",
    DeclineReason.NOT_MY_SKILL: "I cannot answer this",
    DeclineReason.BREAK: "I am going on a break",
    DeclineReason.TECHNICAL: "Something does not work here",
    DeclineReason.OTHER: "Another reason…",
}
_LONGEST = 200
_UNANSWERED = {
    "busy": "Your phone was busy when a call came",
    "rejected": "Your phone refused a call",
    "unreachable": "Your phone could not be reached: is it switched on and registered?",
}
#: Why others were not chosen, and what that says of whoever was, the first that holds.
_BECAUSE = {
    Why.NOT_LAST: "You helped this customer last.",
    Why.LESS_SKILL: "You know most about it of those who are free.",
    Why.BUSIER: "You have least in hand of those who could take it.",
    Why.SOONER: "You have waited longest for work of those who could take it.",
}


def decline(db: Database, contact_id: int, reason: object, said: str) -> Moved:
    """Do not take it; `reason` is a DeclineReason."""
    return routing.decline(db, contact_id, DeclineReason(str(reason)), said)


def why_missed(db: Database) -> str:
    """Why the call that was offered was not answered, as "Your phone rang 20 seconds and nobody
    answered"; empty when what was missed was no call.
    """
    told = calls.why_unanswered(db)
    if told is None:
        return ""
    if told.reason != "no_answer":
        return _UNANSWERED.get(told.reason, "Your phone did not take a call")
    rang = max(1, round((told.at - told.offered_at).total_seconds()))
    return f"Your phone rang {words.count(rang, 'second')} and nobody answered"


def why(db: Database, contact_id: int) -> str:
    """Why the contact was offered to whoever asks, in words; and why not to others."""
    explained = routing.explain(db, contact_id)
    offer = explained.decisions[0] if explained.decisions else None
    if offer is None or offer.kind != "offer":
        return "A colleague passed it to you."
    reasons = {each.why: each.people for each in offer.considered}
    because = next((said for each, said in _BECAUSE.items() if each in reasons), "")
    others = "; ".join(f"{people(reasons[each])} ({_small(each)})" for each in reasons)
    return " ".join(
        part
        for part in (
            because or "Nobody else of its queue could take it.",
            f"Not chosen: {others}." if others else "",
        )
        if part
    )


def _small(reason: Why) -> str:
    said = WHY_WORDS[reason]
    return said[:1].lower() + said[1:]


class DeclineMenu(QMenu):
    """`chosen` carries the DeclineReason and words of one's own. Digits choose, too."""

    chosen = Signal(object, str)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__("Decline because", parent)
        self._look = look
        self.setAccessibleName("Decline because")
        self.aboutToHide.connect(self.deleteLater)
        for number, (reason, said) in enumerate(_REASONS.items(), start=1):
            action = self.addAction(f"&{number}  {said}")
            action.setData(reason.value)
        self.triggered.connect(self._picked)

    @Slot(QAction)
    def _picked(self, action: QAction) -> None:
        reason = DeclineReason(action.data())
        if reason is not DeclineReason.OTHER:
            self.chosen.emit(reason, "")
            return
        parent = self.parentWidget()
        if parent is not None:
            dialog = _WhyDialog(self._look, parent)
            dialog.said.connect(self.chosen)
            dialog.open()


class _WhyDialog(QDialog):
    """A reason of one's own."""

    said = Signal(object, str)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Decline the offer")
        self._words = QLineEdit()
        self._words.setMaxLength(_LONGEST)
        self._words.setAccessibleName("Why you decline")
        label = Text(look, "Why you decline", Role.SMALL_STRONG, muted=True)
        label.setBuddy(self._words)
        self._go, back = PrimaryButton(look, "Decline"), Button(look, "Cancel")
        self._go.setEnabled(False)
        back.setAutoDefault(False)
        self._words.textChanged.connect(self._fit)
        self._go.clicked.connect(self._say)
        back.clicked.connect(self.reject)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(back)
        foot.addWidget(self._go)
        column = QVBoxLayout(self)
        column.addWidget(label)
        column.addWidget(self._words)
        column.addLayout(foot)
        self.setMinimumWidth(look.px(380))

    @Slot(str)
    def _fit(self, text: str) -> None:
        self._go.setEnabled(bool(text.strip()))

    @Slot()
    def _say(self) -> None:
        self.said.emit(DeclineReason.OTHER, self._words.text().strip())
        self.accept()
