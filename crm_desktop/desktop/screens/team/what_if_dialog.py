"""What if two go to lunch now: a number, and at once what it would come to."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.team.forecast_presenter import (
    ForecastPresenter,
    channel_words,
    outlook_rows,
    verdict,
)
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import Button
from crm_desktop.desktop.widgets.chooser import ChoiceField
from crm_desktop.desktop.widgets.duration_entry import number_entry
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.figures import HALF_HOUR
from crm_desktop.domain.staffing import WhatIf
from crm_desktop.domain.views import QueueInfo

_MOST = 200
#: Whoever turns the number is asked for when it stands still.
_STILL_MS = 120
_ROWS = 7


class WhatIfDialog(QDialog):
    """A queue, how many are available, how many go or come, and what becomes of the promise."""

    def __init__(
        self,
        look: Look,
        presenter: ForecastPresenter,
        queues: Sequence[QueueInfo],
        first: int,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("What if…")
        self._look, self._presenter = look, presenter
        self._people: int | None = None
        self._open = True
        self.queue = ChoiceField(look, "Queue")
        self.queue.set_rows([Row(each.id, each.name) for each in queues])
        self.queue.choose(first)
        self.queue.chosen.connect(self._another_queue)
        self.people = number_entry(look, 0, _MOST)
        self.change = number_entry(look, -_MOST, _MOST)
        self.change.setValue(-2)
        self._verdict = Banner(look, Tone.OK, "check-circle")
        self._verdict.hide()
        self._note = Text(look, "", Role.SMALL, muted=True, wrap=True)
        self._build()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_STILL_MS)
        self._timer.timeout.connect(self._ask)
        self.people.valueChanged.connect(self._typed)
        self.change.valueChanged.connect(self._soon)
        self.setMinimumWidth(look.px(460))
        self.change.setFocus()
        self.change.selectAll()
        self._ask()

    def answer(self) -> str:
        """What the verdict says; empty before there is one."""
        return self._verdict.text() if not self._verdict.isHidden() else ""

    def _build(self) -> None:
        look = self._look
        form = QGridLayout()
        for at, (label, field) in enumerate(
            (
                ("Queue", self.queue),
                ("Available now", self.people),
                ("Fewer or more", self.change),
            )
        ):
            told = Text(look, label, Role.SMALL_STRONG, muted=True)
            told.setBuddy(field)
            if field is not self.queue:
                field.setAccessibleName(label)
            form.addWidget(told, at, 0)
            form.addWidget(field, at, 1)
        form.setColumnStretch(1, 1)
        self._table = QGridLayout()
        self._table.setColumnStretch(0, 1)
        self._table.setHorizontalSpacing(look.px(18))
        self._cells = [
            [Text(look, "", muted=not column, role=role) for column, role in enumerate(_ROLES)]
            for _ in range(_ROWS)
        ]
        for at, cells in enumerate(self._cells):
            for column, cell in enumerate(cells):
                side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
                self._table.addWidget(cell, at, column, side)
        close = Button(look, "Close")
        close.setAutoDefault(False)
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(close)
        self._whole = QVBoxLayout(self)
        self._whole.setSpacing(look.px(10))
        self._whole.addLayout(form)
        self._whole.addWidget(self._verdict)
        self._whole.addLayout(self._table)
        self._whole.addWidget(self._note)
        self._whole.addStretch(1)
        self._whole.addLayout(foot)

    @Slot()
    def _another_queue(self) -> None:
        self._people = None
        self._ask()

    @Slot(int)
    def _typed(self, people: int) -> None:
        self._people = people
        self._soon()

    @Slot()
    def _soon(self) -> None:
        self._timer.start()

    @Slot()
    def _ask(self) -> None:
        queue = self.queue.key()
        if isinstance(queue, int):
            self._presenter.what_if(
                queue, self._people, self.change.value(), self._show, self._failed
            )

    def done(self, result: int) -> None:
        """It closes; an answer that comes later finds nobody."""
        self._open = False
        super().done(result)

    def _show(self, found: WhatIf | None) -> None:
        if not self._open:
            return
        if found is None:
            self._say(
                Tone.WARNING,
                "There is nothing to reckon with yet.",
                "It takes a forecast of the next hours and some contacts that were handled.",
            )
            self._note.setText("")
            self._fill(())
            return
        self.people.blockSignals(True)
        self.people.setValue(found.before.people)
        self.people.blockSignals(False)
        kept, said, why = verdict(found)
        self._say(Tone.OK if kept else Tone.WARNING, said, why)
        until = words.clock_time(found.half_hours[-1] + HALF_HOUR)
        patience = " Nobody hung up lately: a usual patience is assumed." if found.assumed else ""
        self._note.setText(
            f"By Erlang A, for the {found.expected:,.0f} {channel_words(found.channels)} expected "
            f"until {until}. Who also serves other queues counts whole; what waits already does "
            f"not count.{patience}"
        )
        self._fill((("", "Now", "Then"), *outlook_rows(found)))
        announce(self, f"{said} {why}")

    def _failed(self, trouble: CrmError) -> None:
        if self._open:
            told = words_for(trouble)
            self._say(Tone.DANGER, told.happened, told.to_do)

    def _say(self, tone: Tone, said: str, why: str) -> None:
        self._verdict.set_tone(tone, "check-circle" if tone is Tone.OK else "alert-triangle")
        self._verdict.set_text(said, why)
        self._verdict.show()

    def _fill(self, rows: Sequence[tuple[str, str, str]]) -> None:
        for at, cells in enumerate(self._cells):
            texts = rows[at] if at < len(rows) else ("", "", "")
            for cell, text in zip(cells, texts, strict=True):
                cell.setText(text)
        self._fit()

    def _fit(self) -> None:
        """Grow with what is said: a dialog does not by itself."""
        self._whole.activate()
        least = self._whole.totalMinimumSize().height()
        wanted = max(self._whole.totalHeightForWidth(self.width()), least)
        if wanted > self.height():
            self.resize(self.width(), wanted)


_ROLES = (Role.BODY, Role.BODY, Role.STRONG)
