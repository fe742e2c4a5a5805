"""Who is behind a number of a site's day, one key away from it."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.figure_words import waited
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import PrimaryButton
from crm_desktop.desktop.widgets.dialog_room import resize_within
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.site_figures import SiteBehind, SiteFigure

_BOOKED = (SiteFigure.KEPT, SiteFigure.LATE, SiteFigure.MISSED)


class SiteBehindDialog(QDialog):
    """`contact_wanted` carries a contact's id; the dialog stays, to go on with the next."""

    contact_wanted = Signal(object)

    def __init__(
        self, look: Look, figure: SiteFigure, title: str, means: str, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._figure = figure
        self._list = RowList(look, f"Behind {title}")
        self._list.opened.connect(self._open)
        self._said = Text(look, "Reading…", Role.SMALL, muted=True, wrap=True)
        close = PrimaryButton(look, "Close")
        close.setAutoDefault(False)
        close.clicked.connect(self.reject)
        foot = QHBoxLayout()
        foot.addWidget(self._said, 1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.addWidget(Text(look, title, Role.TITLE, wrap=True))
        column.addWidget(Text(look, means, Role.SMALL, muted=True, wrap=True))
        column.addWidget(self._list, 1)
        column.addLayout(foot)
        resize_within(self, look, look.px(620), look.px(620))
        self._list.setFocus()

    def rows(self) -> tuple[Row, ...]:
        """What is listed."""
        return self._list.rows()

    def show_rows(self, found: tuple[SiteBehind, ...]) -> None:
        """Show these."""
        self._list.set_rows([self._row(at, each) for at, each in enumerate(found)])
        self._list.step(1)
        if not found:
            self._said.setText("Nobody, of the services that you may know of.")
            return
        many = words.count(len(found), "appointment" if self._figure in _BOOKED else "visitor")
        said = f"{many}. Enter opens one."
        if not all(each.seen for each in found):
            said += " Those of others’ queues have no name and are not opened."
        self._said.setText(said)

    def show_trouble(self, trouble: CrmError) -> None:
        """Say that they could not be read."""
        self._said.setText(words_for(trouble).happened)

    def _row(self, at: int, each: SiteBehind) -> Row:
        parts = [words.clock_time(each.at), each.service, each.place, self._wait(each)]
        pill = None
        if self._figure is SiteFigure.WITHIN:
            pill = ("in time", Tone.OK) if each.counts else ("late", Tone.DANGER)
        return Row(
            (at, each.contact_id if each.seen else None),
            f"{each.ticket}  {each.who}".strip(),
            " · ".join(filter(None, parts)),
            pill=pill,
        )

    def _wait(self, each: SiteBehind) -> str:
        if each.seconds is None:
            return ""
        if self._figure not in _BOOKED:
            return f"waited {waited(each.seconds)}"
        late = each.seconds > 0
        return f"came {waited(abs(each.seconds))} {'late' if late else 'early'}"

    @Slot(object)
    def _open(self, key: object) -> None:
        if isinstance(key, tuple) and key[1] is not None:
            self.contact_wanted.emit(key[1])
