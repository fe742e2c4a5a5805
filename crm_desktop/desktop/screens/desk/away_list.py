"""Who came while the database was away and is not entered yet: looked at, and dealt with."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.desk.going_on import Standing
from crm_desktop.desktop.widgets.buttons import Button, Kind, PrimaryButton
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.away_visits import AwayVisit
from crm_desktop.domain.states import ContactState
from crm_desktop.domain.visits import SiteService

_STANDS = {
    ContactState.QUEUED: "waits",
    ContactState.CALLED: "called",
    ContactState.ACTIVE: "at the desk",
    ContactState.COMPLETED: "finished",
    ContactState.NO_SHOW: "did not come",
    ContactState.LEFT: "left",
}


class AwayList(QDialog):
    """Signals carry a key: `again_asked`, `discard_asked` (asked twice), `service_asked`, and
    `walk_in_asked` for whose record or appointment is refused.
    """

    again_asked = Signal(object)
    discard_asked = Signal(object)
    service_asked = Signal(object)
    walk_in_asked = Signal(object)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Visitors to be entered")
        self._visits: tuple[AwayVisit, ...] = ()
        self._sure: object = None
        self._said = Text(look, "", Role.STRONG, wrap=True)
        self._trouble = Text(look, "", Role.SMALL, tone=Tone.WARNING, wrap=True)
        self._list = RowList(look, "Visitors to be entered")
        self._why = Text(look, "", tone=Tone.DANGER, wrap=True)
        self._again = PrimaryButton(look, "Try again")
        self._service = Button(look, "Another service…")
        self._walk_in = Button(look, "Enter as a walk-in")
        self._discard = Button(look, "Throw away", kind=Kind.DANGER)
        close = Button(look, "Close", key="Esc")
        buttons = QHBoxLayout()
        buttons.addWidget(self._discard)
        buttons.addStretch(1)
        for each in (close, self._walk_in, self._service, self._again):
            buttons.addWidget(each)
        column = QVBoxLayout(self)
        column.setSpacing(look.px(10))
        column.setContentsMargins(*[look.px(16)] * 4)
        column.addWidget(self._said)
        column.addWidget(self._trouble)
        column.addWidget(self._list, 1)
        column.addWidget(self._why)
        column.addLayout(buttons)
        self._list.current.connect(self._chosen)
        for button, asked in (
            (self._again, self.again_asked),
            (self._service, self.service_asked),
            (self._walk_in, self.walk_in_asked),
        ):
            button.clicked.connect(lambda _checked=False, asked=asked: asked.emit(self._key()))
        self._discard.clicked.connect(self._ask_discard)
        close.clicked.connect(self.reject)
        for each in (self._again, self._service, self._walk_in, self._discard, close):
            each.setAutoDefault(False)
        self.resize(look.px(660), look.px(420))

    def show_standing(self, standing: Standing) -> None:
        """Show who is left; with nobody left it closes."""
        self._visits = standing.kept
        if not self._visits:
            self.accept()
            return
        self._said.setText(
            f"{words.count(len(self._visits), 'visitor')} to be entered. This goes by itself, in "
            "this order, when the database can be reached."
        )
        trouble = " ".join(each for each in (standing.problem, _damaged(standing.damaged)) if each)
        self._trouble.setText(trouble)
        self._trouble.setVisible(bool(trouble))
        self._list.set_rows([_row(each) for each in self._visits])
        if self._list.current_key() is None:
            self._list.step(1)
        self._chosen(self._key())

    def _key(self) -> object:
        return self._list.current_key()

    @Slot(object)
    def _chosen(self, key: object) -> None:
        visit = next((each for each in self._visits if each.key == key), None)
        refused = visit.refused if visit else ""
        self._why.setText(f"Not entered. {refused}" if refused else "")
        for each in (self._why, self._again, self._service):
            each.setVisible(bool(refused))
        known = visit is not None and bool(visit.customer_id or visit.appointment_id)
        self._walk_in.setVisible(bool(refused) and known)
        self._be_sure(None)

    def _be_sure(self, key: object) -> None:
        self._sure = key
        self._discard.setText("Throw away for good?" if key else "Throw away")

    @Slot()
    def _ask_discard(self) -> None:
        key = self._key()
        if self._sure is not None and self._sure == key:
            self.discard_asked.emit(key)
        else:
            self._be_sure(key)


def service_rows(services: tuple[SiteService, ...]) -> list[Row]:
    """What a refused visit can be about instead."""
    return [Row(each.service_id, each.name, f"letter {each.letter}", "list") for each in services]


def _row(visit: AwayVisit) -> Row:
    facts = [visit.service_name, f"came {words.clock_time(visit.arrived_at)}", _STANDS[visit.state]]
    if visit.quick:
        facts[-1] = "a quick question"
    named = visit.who if visit.who != visit.known_as else ""
    who = f"{visit.known_as}  {named}".strip()
    return Row(
        visit.key,
        who,
        " · ".join(facts),
        "circle-alert" if visit.refused else "clock",
        Tone.DANGER if visit.refused else Tone.NEUTRAL,
        pill=("not entered", Tone.DANGER) if visit.refused else None,
    )


def _damaged(count: int) -> str:
    if not count:
        return ""
    return (
        f"{words.count(count, 'file')} of visitors could not be read. "
        "Nothing was deleted: tell your administrator, who finds it beside the others."
    )
