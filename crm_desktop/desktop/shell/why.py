"""Why a contact went to whom it went and not to others, and why nobody has it now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.routing_words import WHY_WORDS, outcome, people, summary
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import PrimaryButton
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text

if TYPE_CHECKING:
    from crm_desktop.services.routing import DecisionView, Explanation

_ICONS = {
    "offer": ("user-check", Tone.OK),
    "nobody": ("users", Tone.WARNING),
    "overflow": ("forward", Tone.INFO),
    "returned": ("corner-down-left", Tone.NEUTRAL),
    "timed_out": ("timer", Tone.WARNING),
}


class WhyDialog(QDialog):
    """What was decided about a contact, newest first; open it with `open()`."""

    def __init__(self, look: Look, told: Explanation, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Why here?")
        said = Text(look, summary(told), Role.STRONG, wrap=True)
        self.rows = RowList(look, "Who was considered")
        self.rows.set_rows(_rows(told))
        close = PrimaryButton(look, "Close")
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.addWidget(said)
        column.addWidget(self.rows, 1)
        column.addLayout(foot)
        self.setAccessibleDescription(said.text())
        self.resize(look.px(560), look.px(460))
        self.rows.step(1)
        self.rows.setFocus()


def _rows(told: Explanation) -> list[Row]:
    rows = []
    if told.now is not None:
        rows.append(Row("now", "NOW", heading=True))
        if told.now.person:
            rows.append(Row("next", f"Next: {told.now.person}", icon="user-check", tone=Tone.OK))
        rows += _reasons("now", told.now)
    for number, each in enumerate(told.decisions):
        at = words.clock_time(each.at)
        icon, tone = _ICONS[each.kind]
        rows.append(Row((number, "at"), f"{words.date(each.at)}, {at}".upper(), heading=True))
        rows.append(Row((number, "what"), outcome(each), each.queue, icon, tone, right=at))
        rows += _reasons(str(number), each)
    return rows


def _reasons(key: str, decided: DecisionView) -> list[Row]:
    return [
        Row(
            (key, each.why),
            WHY_WORDS[each.why],
            people(each.people),
            "user",
            Tone.NEUTRAL,
            right=words.count(len(each.people), "person", "people"),
            spoken=f"{WHY_WORDS[each.why]}: {people(each.people)}",
        )
        for each in decided.considered
    ]
