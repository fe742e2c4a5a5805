"""Needs a decision: one list, each row with what may be done about it one key away."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, Qt, Signal, Slot
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtWidgets import QHBoxLayout, QStyleOptionViewItem, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.team.decision_dialogs import ApproveDialog, SureDialog
from crm_desktop.desktop.widgets.banner import ErrorBar
from crm_desktop.desktop.widgets.buttons import Button, Kind
from crm_desktop.desktop.widgets.card import PanelHeader, Surface
from crm_desktop.desktop.widgets.painting import paint_text, text_width
from crm_desktop.desktop.widgets.row_list import RowDelegate, RowList
from crm_desktop.desktop.widgets.rows import ROW_ROLE, Row
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.domain.decisions import Decision, DecisionKind
from crm_desktop.domain.errors import CrmError

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.team.decisions_presenter import DecisionsPresenter

_Index = QModelIndex | QPersistentModelIndex
_LOOKS: dict[DecisionKind, tuple[str, Tone]] = {
    DecisionKind.MARKER: ("shield-alert", Tone.DANGER),
    DecisionKind.STOPPED: ("mail", Tone.WARNING),
    DecisionKind.DEAD: ("alert-triangle", Tone.DANGER),
    DecisionKind.RETURNED: ("corner-down-left", Tone.WARNING),
    DecisionKind.OVERDUE: ("timer", Tone.DANGER),
    DecisionKind.BOUNCED: ("undo-2", Tone.WARNING),
    DecisionKind.COMPLAINT: ("clock", Tone.ACCENT),
    DecisionKind.CALLBACK: ("phone-outgoing", Tone.DANGER),
}
_OPEN, _APPROVE, _DECLINE = "Open", "Approve…", "Decline…"
_REVIEW, _SEND, _RETRY, _LET_BE = "Review", "Send it…", "Try again", "Give up…"
#: What may be done about each, the usual first: it is what the row offers.
_ACTIONS: dict[DecisionKind, tuple[str, ...]] = {
    DecisionKind.MARKER: (_APPROVE, _DECLINE, _OPEN),
    DecisionKind.STOPPED: (_REVIEW, _SEND, _LET_BE),
    DecisionKind.DEAD: (_RETRY, _OPEN, _LET_BE),
    DecisionKind.RETURNED: (_OPEN, _RETRY, _LET_BE),
    DecisionKind.OVERDUE: (_OPEN,),
    DecisionKind.BOUNCED: (_OPEN,),
    DecisionKind.COMPLAINT: (_OPEN,),
    DecisionKind.CALLBACK: (_OPEN,),
}
#: What cannot be taken back is asked: a question, what follows, and the button.
_QUESTIONS = {
    _DECLINE: (
        "Decline this safety marker?",
        "Nobody is warned about {who}. The proposal stays on record, and another can be made.",
        "Decline it",
    ),
    _SEND: (
        "Send this reply?",
        "The leak check stopped it. It goes to {who} at once, on your word, for good.",
        "Send it",
    ),
    _LET_BE: (
        "Give this up?",
        "It is not sent, and nobody tries again: {who}. The contact and what was written stay.",
        "Give it up",
    ),
}


class _Delegate(RowDelegate):
    """Paints a row's action as a word that can be clicked; `acted` is told of its key."""

    def __init__(self, look: Look, acted: Callable[[object], None], parent: QWidget) -> None:
        super().__init__(look, parent)
        self._acted = acted

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """The row, and beside it what is usually done about it."""
        row = index.data(ROW_ROLE)
        if not isinstance(row, Row):
            return
        look, rect = self._look, QRect(option.rect)
        place = self._place(rect)
        painter.save()
        self._paint_ground(painter, rect, option.state)
        self._paint_row(painter, rect.adjusted(0, 0, -place.width(), 0), row)
        paint_text(
            painter,
            place.adjusted(0, 0, -look.px(12), 0),
            action_of(row).rstrip("…"),
            look.font(Role.STRONG),
            look.theme.tone(Tone.ACCENT).text,
            align=Qt.AlignmentFlag.AlignRight,
        )
        painter.restore()

    def editorEvent(
        self,
        event: QEvent,
        model: object,
        option: QStyleOptionViewItem,
        index: _Index,
    ) -> bool:
        """A click on the word does it."""
        row = index.data(ROW_ROLE)
        if (
            isinstance(event, QMouseEvent)
            and event.type() is QEvent.Type.MouseButtonRelease
            and event.button() is Qt.MouseButton.LeftButton
            and isinstance(row, Row)
            and self._place(option.rect).contains(event.position().toPoint())
        ):
            self._acted(row.key)
            return True
        return False

    def _place(self, rect: QRect) -> QRect:
        font = self._look.font(Role.STRONG)
        usual = {actions[0].rstrip("…") for actions in _ACTIONS.values()}
        wide = max(text_width(font, each) for each in usual) + self._look.px(20)
        return QRect(rect.right() - wide + 1, rect.top(), wide, rect.height())


def action_of(row: Row) -> str:
    """The usual action of a row."""
    kind = row.key[0] if isinstance(row.key, tuple) else ""
    return _ACTIONS[DecisionKind(kind)][0]


class DecisionsPane(Surface):
    """Implements `DecisionsView`. `contact_wanted` and `customer_wanted` carry ids; `counted` how
    many wait. Enter does a row's usual action.
    """

    contact_wanted = Signal(object)
    customer_wanted = Signal(object)
    counted = Signal(int)

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self._clock = clock
        self._presenter: DecisionsPresenter | None = None
        self._waiting: dict[object, Decision] = {}
        self.setAccessibleName("Needs a decision")
        self._head = PanelHeader(look, "Needs a decision")
        self._error = ErrorBar(look)
        self.list = RowList(look, "Needs a decision")
        self.list.setItemDelegate(_Delegate(look, self._usual, self.list))
        self.list.opened.connect(self._usual)
        self.list.current.connect(self._chosen)
        self._empty = EmptyState(
            look,
            "check-circle",
            "Nothing waits for you",
            "Safety markers, stopped replies, hand-offs in trouble, complaints and missed "
            "callbacks of your queues come here.",
        )
        self.buttons = {
            said: Button(look, said, kind=_kind(said))
            for said in dict.fromkeys(each for row in _ACTIONS.values() for each in row)
        }
        self._foot = QWidget()
        foot = QHBoxLayout(self._foot)
        edge = look.px(12)
        foot.setContentsMargins(edge, look.px(8), edge, look.px(8))
        foot.addStretch(1)
        for said in reversed(self.buttons):
            button = self.buttons[said]
            button.setAutoDefault(False)
            button.clicked.connect(partial(self._press, said))
            foot.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addWidget(self._error)
        column.addWidget(self.list, 1)
        column.addWidget(self._empty, 1)
        column.addWidget(self._foot)
        self.show_decisions(())

    def bind(self, presenter: DecisionsPresenter) -> None:
        """Give the pane who answers it."""
        self._presenter = presenter

    def focus(self) -> None:
        """Put the keyboard into the list."""
        self.list.setFocus()

    def show_decisions(self, waiting: tuple[Decision, ...]) -> None:
        """See `DecisionsView`."""
        chosen = self.list.currentIndex().row()
        self._waiting = {each.key: each for each in waiting}
        self.list.set_rows([self._row(each) for each in waiting])
        self.list.setVisible(bool(waiting))
        self._empty.setVisible(not waiting)
        self._head.set_text("Needs a decision", f"{len(waiting)}" if waiting else "")
        if waiting and self.list.current_key() not in self._waiting:
            # Whoever decided goes on with the next.
            self.list.make_current(waiting[min(max(chosen, 0), len(waiting) - 1)].key)
        self._chosen(self.list.current_key())
        self.counted.emit(len(waiting))

    def show_done(self, words: str) -> None:
        """See `DecisionsView`."""
        self._error.hide()
        announce(self, words)

    def show_trouble(self, trouble: CrmError) -> None:
        """See `DecisionsView`."""
        self._error.show_trouble(trouble)

    def _row(self, decision: Decision) -> Row:
        icon, tone = _LOOKS[decision.kind]
        now = self._clock.now()
        clock = ""
        if decision.due is not None:
            clock = words.remaining((decision.due - now).total_seconds())
        since = f"since {words.when(decision.at, now)}"
        action = _ACTIONS[decision.kind][0].rstrip("…")
        return Row(
            decision.key,
            decision.title,
            decision.detail,
            icon,
            tone,
            clock or words.when(decision.at, now),
            spoken=", ".join((decision.title, decision.detail, clock or since, f"Enter: {action}")),
        )

    @Slot(object)
    def _chosen(self, _key: object) -> None:
        decision = self._waiting.get(self.list.current_key())
        offered = _ACTIONS[decision.kind] if decision else ()
        for said, button in self.buttons.items():
            button.setVisible(said in offered)
            button.setEnabled(decision is not None and _possible(said, decision))
        self._foot.setVisible(bool(offered))

    def _usual(self, key: object) -> None:
        decision = self._waiting.get(key)
        if decision is not None:
            self._act(_ACTIONS[decision.kind][0], decision)

    def _press(self, said: str) -> None:
        decision = self._waiting.get(self.list.current_key())
        if decision is not None:
            self._act(said, decision)

    def _act(self, said: str, decision: Decision) -> None:
        presenter = self._presenter
        if presenter is None or not _possible(said, decision):
            return
        if said in (_OPEN, _REVIEW):
            if decision.contact_id is not None:
                self.contact_wanted.emit(decision.contact_id)
            else:
                self.customer_wanted.emit(decision.customer_id)
        elif said == _APPROVE:
            self._approve(decision)
        elif said == _RETRY:
            presenter.retry(decision)
        else:
            self._ask(said, decision)

    def _approve(self, decision: Decision) -> None:
        dialog = ApproveDialog(self._look, decision, self._clock.now(), self)
        dialog.approved.connect(partial(self._approved, decision))
        dialog.open()

    @Slot(object)
    def _approved(self, decision: Decision, review_on: object) -> None:
        if self._presenter is not None:
            self._presenter.approve_marker(decision, review_on)  # type: ignore[arg-type]

    def _ask(self, said: str, decision: Decision) -> None:
        presenter = self._presenter
        assert presenter is not None
        work = {
            _DECLINE: presenter.decline_marker,
            _SEND: presenter.release,
            _LET_BE: presenter.let_be,
        }[said]
        title, what, go = _QUESTIONS[said]
        dialog = SureDialog(self._look, title, what.format(who=decision.who), go, self)
        dialog.accepted.connect(partial(work, decision))
        dialog.open()


def _kind(said: str) -> Kind:
    if said in (_DECLINE, _LET_BE, _OPEN):
        return Kind.PLAIN
    return Kind.PRIMARY if said in (_APPROVE, _REVIEW, _RETRY) else Kind.PLAIN


def _possible(said: str, decision: Decision) -> bool:
    if said in (_OPEN, _REVIEW):
        return decision.contact_id is not None or decision.customer_id is not None
    return True
