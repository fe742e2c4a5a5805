"""Where a case goes and by when; once it went, how far it is in the target's own words."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import PrimaryButton
from crm_desktop.desktop.widgets.card import Card
from crm_desktop.desktop.widgets.pill import Pill
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.states import HandoffState
from crm_desktop.domain.views import HandoffView

STATES: dict[HandoffState, tuple[str, Tone]] = {
    HandoffState.PENDING: ("waiting to be sent", Tone.NEUTRAL),
    HandoffState.SENT: ("sent", Tone.ACCENT),
    HandoffState.ACKNOWLEDGED: ("acknowledged", Tone.ACCENT),
    HandoffState.IN_PROGRESS: ("in progress", Tone.ACCENT),
    HandoffState.DONE: ("done", Tone.OK),
    HandoffState.BOUNCED: ("sent back", Tone.DANGER),
    HandoffState.FAILED: ("failed", Tone.DANGER),
    HandoffState.OVERDUE: ("overdue", Tone.WARNING),
}
_ENDED = (HandoffState.DONE, HandoffState.BOUNCED, HandoffState.FAILED)
_MOST_NOTES = 4
_MOST_NEEDED = 3


def is_under_way(handoff: HandoffView) -> bool:
    """Whether the hand-off has not ended: another of the same case must wait."""
    return handoff.state not in _ENDED


class HandoffOffer(Card):
    """Before: "Hand-off to Waste (Open311) … by Tue 24 Nov 17:00" and the button that does it.

    `asked` says that the case should be handed off and the contact wrapped up.
    """

    asked = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self._title = Text(look, "", Role.STRONG)
        self._detail = Text(look, "", muted=True, wrap=True)
        self._needed = Text(look, "", tone=Tone.WARNING, wrap=True)
        self._button = PrimaryButton(look, "Send and wrap up", key="Ctrl+Return")
        self._button.clicked.connect(self.asked)
        said = QVBoxLayout()
        said.addWidget(self._title)
        said.addWidget(self._detail)
        said.addWidget(self._needed)
        row = QHBoxLayout()
        row.addLayout(said, 1)
        row.addWidget(self._button, 0, Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(row)
        self.hide()

    def offer(self, target: str, said: str, needed: tuple[str, ...]) -> None:
        """Say where to, by when, and what is still `needed`; an empty target hides the card."""
        self.setVisible(bool(target))
        self._title.setText(f"Hand-off to {target}")
        self._detail.setText(said)
        more = f" and {len(needed) - _MOST_NEEDED} more" if len(needed) > _MOST_NEEDED else ""
        first = " · ".join(needed[:_MOST_NEEDED])
        still = f"Still needed: {first}{more}" if needed else ""
        self._needed.setText(still)
        self._needed.setVisible(bool(needed))
        self.setAccessibleName(f"Hand-off to {target}. {said} {still}".strip())

    @Slot()
    def press(self) -> None:
        """The button's own shortcut, where the card is shown."""
        if self.isVisible():
            self._button.click()

    def follow(self, action: QAction) -> None:
        """Be possible exactly when the command is."""
        action.changed.connect(self._sync)
        self._action = action
        self._sync()

    @Slot()
    def _sync(self) -> None:
        self._button.setEnabled(self._action.isEnabled())


class HandoffProgress(Card):
    """After: the target, its number, the state, and what it said."""

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self._clock = clock
        self._title = Text(look, "", Role.STRONG)
        self._pill = Pill(look, "")
        self._detail = Text(look, "", muted=True, wrap=True, selectable=True)
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addWidget(self._pill)
        head.addStretch(1)
        self.body.addLayout(head)
        self.body.addWidget(self._detail)

    def show_handoff(self, handoff: HandoffView) -> None:
        """Show how far it is."""
        now = self._clock.now()
        self._title.setText(f"Handed off to {handoff.target}")
        said, tone = ("given up", Tone.DANGER) if handoff.dead else STATES[handoff.state]
        self._pill.set_content(said, tone)
        lines = [_facts(handoff)]
        for at, state, note in handoff.notes[-_MOST_NOTES:]:
            lines.append(f"{words.when(at, now)} · {_said(state.replace('_', ' '), note)}")
        if handoff.words and not handoff.notes:
            lines.append(handoff.words)
        if handoff.last_error:
            tries = words.count(handoff.attempts, "try", "tries")
            lines.append(f"After {tries}: {handoff.last_error}")
        self._detail.setText("\n".join(line for line in lines if line))
        self._detail.setAccessibleName(self._detail.text())
        self.setAccessibleName(f"{self._title.text()}, {said}")


def _said(state: str, note: str) -> str:
    """The state and the target's words; many targets begin with the state themselves."""
    if note.lower().startswith(state):
        return note
    return f"{state}: {note}" if note else state


def _facts(handoff: HandoffView) -> str:
    parts = [f"Their number {handoff.external_id}" if handoff.external_id else ""]
    if handoff.expected_at:
        parts.append(f"expected {words.full(handoff.expected_at)}")
    elif handoff.due_at:
        parts.append(f"due {words.full(handoff.due_at)}")
    return " · ".join(part for part in parts if part)
