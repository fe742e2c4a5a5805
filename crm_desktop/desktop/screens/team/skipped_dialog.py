"""What was left alone when many were moved: each with who was in the way, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.channels import CHANNEL_ICONS, channel_tone
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import PrimaryButton
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.reassigning import Skipped, Why, WorkRow

_WITH_NAME = {
    Why.CHANGED: "{} has changed it meanwhile",
    Why.NOT_A_MEMBER: "{} is not a member of its restricted queue",
    Why.THERE_ALREADY: "{} has it already",
}
_WORDS = {
    Why.CHANGED: "It was changed meanwhile",
    Why.GONE: "It is no longer in your queues",
    Why.NOT_NOW: "Where it stands now, this cannot be done",
    Why.VISITOR: "A visitor is there: desks send visitors on, from the desk’s page",
    Why.THERE_ALREADY: "It is there already",
    Why.NOT_A_MEMBER: "Its queue is for members only",
    Why.NO_ADDRESS: "The customer left no email address",
    Why.STOPPED: "The leak check stopped the answer: look at it in the contact",
    Why.SENT: "The answer has left already",
}


def reason(skipped: Skipped) -> str:
    """Why, in a sentence."""
    if skipped.who and skipped.why in _WITH_NAME:
        return _WITH_NAME[skipped.why].format(skipped.who)
    return _WORDS[skipped.why]


def summary(skipped: Sequence[Skipped]) -> tuple[str, str]:
    """As "2 contacts were left alone" and the first reasons."""
    reasons = list(dict.fromkeys(reason(each) for each in skipped))
    said = "; ".join(reasons[:2]) + ("; and others." if len(reasons) > 2 else ".")
    were = "was" if len(skipped) == 1 else "were"
    return f"{words.count(len(skipped), 'contact')} {were} left alone.", said


class SkippedDialog(QDialog):
    """The contacts that nothing was done to; `known` are the rows as they were seen."""

    def __init__(
        self,
        look: Look,
        skipped: Sequence[Skipped],
        known: Mapping[int, WorkRow],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title, _ = summary(skipped)
        self.setWindowTitle("Left alone")
        self.list = RowList(look, "Contacts that were left alone")
        self.list.set_rows([_row(each, known.get(each.contact_id)) for each in skipped])
        close = PrimaryButton(look, "Close")
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.addWidget(Text(look, title, Role.HEADING))
        them = "it again as it is" if len(skipped) == 1 else "them again as they are"
        words_ = f"Nothing was overwritten. If need be, choose {them} now."
        column.addWidget(Text(look, words_, muted=True, wrap=True))
        column.addWidget(self.list, 1)
        column.addLayout(foot)
        room = parent.screen().availableGeometry()
        self.resize(min(look.px(520), room.width() - 40), min(look.px(380), room.height() - 80))
        self.list.step(1)
        self.list.setFocus()


def _row(skipped: Skipped, known: WorkRow | None) -> Row:
    if known is None:
        return Row(skipped.contact_id, "A contact", reason(skipped), "inbox", Tone.NEUTRAL)
    contact = known.row
    subject = " ".join(contact.subject.split())
    return Row(
        skipped.contact_id,
        f"{contact.who} · {subject}" if subject else contact.who,
        reason(skipped),
        CHANNEL_ICONS[contact.channel],
        channel_tone(contact.channel),
    )
