"""What the desk's page says of being away, in words and never in the way."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.desk.going_on import Standing
from crm_desktop.desktop.screens.desk.words import ANSWERS
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import PrimaryButton
from crm_desktop.domain.states import Resolution

_MOST_TOLD = 4
_BY_NAME = "No numbers are left on this computer: F9 calls by name. All is entered when it is back."
_GOES_ON = (
    "Who comes now gets a number from 900 on, and F9 calls them; all is entered when it is back."
)


class AwayBar(Banner):
    """`list_wanted` when somebody wants to see who is to be entered."""

    list_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, Tone.WARNING, "wifi-off", wide=True, closable=True, parent=parent)
        self._list = self.add_action("Who is to be entered")
        self._list.clicked.connect(self.list_wanted)
        self._announced = self._dismissed = ""
        self.closed.connect(self._was_dismissed)
        self.hide()

    def show_standing(self, standing: Standing) -> None:
        """Say what is so now; nothing when all is as always."""
        refused = [each for each in standing.kept if each.refused]
        self._list.setText(f"{words.count(len(standing.kept), 'visitor')} to be entered")
        self._list.setVisible(bool(standing.kept))
        self._list.updateGeometry()
        if standing.since is not None:
            self._say(Tone.WARNING, "wifi-off", *_away(standing))
        elif refused:
            said = f"{words.count(len(refused), 'visitor')} could not be entered."
            why = f"{refused[0].known_as}: {refused[0].refused}"
            self._say(Tone.DANGER, "circle-alert", said, f"{why} It is kept: open the list.")
        elif standing.kept:
            self._say(Tone.INFO, "clock", *_entering(standing))
        elif standing.entered:
            self._say(Tone.OK, "wifi", *_entered(standing))
        else:
            self.hide()

    def _say(self, tone: Tone, icon: str, text: str, detail: str) -> None:
        self.set_tone(tone, icon)
        self.set_text(text, detail)
        self.setVisible(text != self._dismissed)
        # What goes on being so is not read out again with every visitor.
        if text != self._announced:
            self._announced = text
            announce(self, self.text())

    @Slot()
    def _was_dismissed(self) -> None:
        """Until there is something else to say."""
        self._dismissed = self._announced


def _away(standing: Standing) -> tuple[str, str]:
    parts = [_BY_NAME if standing.none_left else _GOES_ON]
    if standing.known_at is not None:
        known = words.clock_time(standing.known_at)
        parts.append(f"Who came before is shown as it was at {known}, and cannot be called here.")
    if standing.few and not standing.none_left:
        parts.append(_few(standing.few))
    if standing.problem:
        parts.append(standing.problem)
    return "This desk goes on without the database.", " ".join(parts)


def _few(few: tuple[tuple[str, int], ...]) -> str:
    none = [name for name, left in few if not left]
    some = [f"{left} for {name}" for name, left in few if left]
    said = f"Numbers left: {', '.join(some)}. " if some else ""
    if none:
        said += f"No numbers left for {', '.join(none)}: check in as always, and call by name."
    return said.strip()


def _entering(standing: Standing) -> tuple[str, str]:
    own = len(standing.kept) - standing.others
    if standing.held_by:
        first = f"{standing.held_by} is still at a desk of yours: finish them first."
        return f"{words.count(own, 'visitor')} to be entered.", f"{first} The rest goes by itself."
    if not own:
        return (
            f"{words.count(standing.others, 'visitor')} were seen here by a colleague.",
            "They are entered in the colleague’s name when they sign in at this computer.",
        )
    return f"{words.count(own, 'visitor')} to be entered.", "This goes by itself."


def _entered(standing: Standing) -> tuple[str, str]:
    told = [f"{before} is {now} in the line" for before, now in standing.renamed[-_MOST_TOLD:]]
    renamed = f"Tell them: {'; '.join(told)}." if told else "Each once, with the time they came."
    one = standing.entered == 1
    return (
        f"{words.count(standing.entered, 'visitor')} {'was' if one else 'were'} entered.",
        renamed,
    )


class AwayDone(QWidget):
    """Ends a visit while the database is away. `done` carries the Resolution."""

    done = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.outcome = QComboBox()
        self.outcome.setAccessibleName("How the visit ended")
        for said, answer in ANSWERS:
            self.outcome.addItem(said, answer)
        button = PrimaryButton(look, "Done", key="F12")
        button.clicked.connect(self.finish)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.px(8))
        row.addWidget(self.outcome, 1)
        row.addWidget(button)

    @Slot()
    def finish(self) -> None:
        """They go."""
        self.done.emit(Resolution(str(self.outcome.currentData())))
        self.outcome.setCurrentIndex(0)
