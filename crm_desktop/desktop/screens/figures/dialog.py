"""The contacts that a figure is made of, one key away from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.figure_words import call_times, shown, waited
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.names import CHANNEL_NAMES
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.figures.presenter import BehindPresenter
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.figure_views import NAMES, Behind, CentreFigures
from crm_desktop.domain.figures import Figure

#: What is said of a contact that is in the numerator, and of one that is not.
_SAID: dict[Figure, tuple[tuple[str, Tone], tuple[str, Tone]]] = {
    Figure.SERVICE_LEVEL: (("in time", Tone.OK), ("late", Tone.DANGER)),
    Figure.ANSWERED: (("answered", Tone.OK), ("not answered", Tone.WARNING)),
    Figure.ABANDONED: (("gave up", Tone.WARNING), ("stayed", Tone.NEUTRAL)),
    Figure.ABANDONED_NET: (("gave up", Tone.WARNING), ("stayed", Tone.NEUTRAL)),
    Figure.FIRST_POINT: (("at first point", Tone.OK), ("not", Tone.NEUTRAL)),
    Figure.AVOIDABLE: (("avoidable", Tone.WARNING), ("not", Tone.NEUTRAL)),
    Figure.TRANSFERRED: (("passed on", Tone.NEUTRAL), ("not", Tone.NEUTRAL)),
}
_WAITED = (
    Figure.SERVICE_LEVEL, Figure.ANSWER_SPEED, Figure.ANSWERED, Figure.ABANDONED,
    Figure.ABANDONED_NET, Figure.WAITING, Figure.LONGEST_WAIT,
)  # fmt: skip


class BehindDialog(QDialog):
    """`contact_wanted` carries a contact's id; the dialog stays, to go on with the next."""

    contact_wanted = Signal(object)

    def __init__(
        self, look: Look, figure: Figure, now: Callable[[], datetime], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(NAMES[figure])
        self._figure, self._now = figure, now
        self._presenter: BehindPresenter | None = None
        self._value = Text(look, NAMES[figure], Role.TITLE)
        self._detail = Text(look, "", muted=True, wrap=True)
        self._means = Text(look, "", Role.SMALL, muted=True, wrap=True)
        self._list = RowList(look, f"Contacts behind {NAMES[figure].lower()}")
        self._list.opened.connect(self._open)
        self._said = Text(look, "Reading…", Role.SMALL, muted=True, wrap=True)
        self._more = Button(look, "Show more")
        self._more.setAutoDefault(False)
        self._more.hide()
        close = PrimaryButton(look, "Close")
        close.setAutoDefault(False)
        close.clicked.connect(self.reject)
        foot = QHBoxLayout()
        foot.addWidget(self._said, 1)
        foot.addWidget(self._more)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        for each in (self._value, self._detail, self._means):
            column.addWidget(each)
        column.addWidget(self._list, 1)
        column.addLayout(foot)
        self.resize(look.px(620), look.px(620))
        self._list.setFocus()

    def bind(self, presenter: BehindPresenter) -> None:
        """Say who reads."""
        self._presenter = presenter
        self._more.clicked.connect(presenter.more)

    def show_head(self, found: CentreFigures) -> None:
        """The figure as it is now, and what it means."""
        figure = shown(found, self._figure, self._now())
        self._value.setText(f"{figure.label}: {figure.value}")
        self._detail.setText(" · ".join(each for each in (figure.word, figure.detail) if each))
        self._means.setText(figure.definition)

    def show_rows(self, rows: tuple[Behind, ...], names: Mapping[int, str], more: bool) -> None:
        """Show these contacts; the list keeps its place when more come."""
        self._list.set_rows([self._row(each, names) for each in rows])
        if self._list.current_key() is None:
            self._list.step(1)
        self._more.setVisible(more)
        count = words.count(len(rows), "contact")
        shown_so_far = f"The newest {count}" if more else count[0].upper() + count[1:]
        self._said.setText(f"{shown_so_far} of your own queues. Enter opens one.")
        if not rows:
            self._said.setText("No contacts of your own queues yet.")

    def show_trouble(self, trouble: CrmError) -> None:
        """Say that they could not be read."""
        self._said.setText(words_for(trouble).happened)

    def _row(self, each: Behind, names: Mapping[int, str]) -> Row:
        what = " · ".join(part for part in (each.who, each.subject) if part)
        parts = [
            CHANNEL_NAMES[each.channel],
            names.get(each.queue_id, ""),
            words.clock_time(each.at),
        ]
        if self._figure in _WAITED:
            parts.append(f"waited {waited(each.wait_seconds)}")
        if each.spent is not None:
            parts.append(call_times(*each.spent))
        said = _SAID.get(self._figure)
        return Row(
            (each.contact_id, each.seen),
            what if each.seen else "No longer in your queues",
            " · ".join(part for part in parts if part),
            pill=(said[0] if each.counts else said[1]) if said else None,
        )

    @Slot(object)
    def _open(self, key: object) -> None:
        if isinstance(key, tuple) and key[1]:
            self.contact_wanted.emit(key[0])
