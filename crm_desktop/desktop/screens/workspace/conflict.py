"""Somebody saved the same case meanwhile: both versions side by side, and nothing overwritten."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.forms import Form
from crm_desktop.domain.views import CaseView

Answers = dict[str, object]


class ConflictDialog(QDialog):
    """`mine_chosen` carries my answers and their case, `theirs_chosen` their case."""

    mine_chosen = Signal(object, object)
    theirs_chosen = Signal(object)

    def __init__(self, look: Look, mine: Answers, theirs: CaseView, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("This case was changed meanwhile")
        self._look, self._mine, self._theirs = look, mine, theirs
        column = QVBoxLayout(self)
        column.addWidget(
            Text(
                look,
                f"{theirs.reference} was saved by a colleague while you worked on it.",
                Role.HEADING,
                wrap=True,
            )
        )
        column.addWidget(
            Text(look, "Nothing was overwritten. Only answers that differ are shown.", muted=True)
        )
        column.addWidget(self._table(), 1)
        buttons = QHBoxLayout()
        later = Button(look, "Go on editing")
        later.clicked.connect(self.reject)
        keep_theirs = Button(look, "Keep theirs")
        keep_theirs.clicked.connect(self._take_theirs)
        keep_mine = PrimaryButton(look, "Keep mine")
        keep_mine.clicked.connect(self._take_mine)
        buttons.addWidget(later)
        buttons.addStretch(1)
        buttons.addWidget(keep_theirs)
        buttons.addWidget(keep_mine)
        column.addLayout(buttons)
        self.resize(look.px(680), look.px(380))

    def _table(self) -> QWidget:
        area, inner = QScrollArea(), QWidget()
        area.setWidgetResizable(True)
        area.setAccessibleName("Answers that differ")
        grid = QGridLayout(inner)
        for at, head in enumerate(("Question", "Mine", "Theirs")):
            grid.addWidget(Text(self._look, head, Role.SMALL_STRONG, muted=True), 0, at)
            grid.setColumnStretch(at, 1)
        for line, (question, mine, theirs) in enumerate(self._differences(), start=1):
            grid.addWidget(Text(self._look, question, wrap=True), line, 0)
            ours = Text(self._look, mine, Role.STRONG, tone=Tone.ACCENT, wrap=True)
            grid.addWidget(ours, line, 1)
            grid.addWidget(Text(self._look, theirs, Role.STRONG, wrap=True), line, 2)
        grid.setRowStretch(grid.rowCount(), 1)
        area.setWidget(inner)
        return area

    def _differences(self) -> list[tuple[str, str, str]]:
        theirs = self._theirs.answers
        names = [
            name for name in {**theirs, **self._mine} if self._mine.get(name) != theirs.get(name)
        ]
        try:
            form = Form.from_schema(self._theirs.schema)
        except InvalidInput:
            return [
                (each, str(self._mine.get(each, "")), str(theirs.get(each, ""))) for each in names
            ]
        found = []
        for name in names:
            field = form.field(name)
            ours, others = (
                ""
                if given.get(name) is None
                else field.words_of(given[name])
                if field
                else str(given[name])
                for given in (self._mine, theirs)
            )
            found.append((field.question if field else name, ours or "—", others or "—"))
        return found

    @Slot()
    def _take_mine(self) -> None:
        self.mine_chosen.emit(self._mine, self._theirs)
        self.accept()

    @Slot()
    def _take_theirs(self) -> None:
        self.theirs_chosen.emit(self._theirs)
        self.accept()
