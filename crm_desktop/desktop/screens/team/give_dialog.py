"""To whom contacts go: a person, several evenly, or a queue, with a word for whoever gets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.presence import PRESENCE_WORDS
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import ROW_ROLE, Row
from crm_desktop.desktop.widgets.search_field import SearchField
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.reassigning import Candidate
from crm_desktop.domain.states import Presence
from crm_desktop.domain.text import fold
from crm_desktop.domain.views import QueueInfo

_PEOPLE_HINT = (
    "In the list, Space ticks several: they share the contacts evenly, by what each has already."
)


class _Choices(RowList):
    """Rows with ticks: Space and a click turn the tick, Enter goes on."""

    ticked = Signal(object)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space turns the tick of the current row."""
        if event.key() == Qt.Key.Key_Space and self.current_key() is not None:
            self.ticked.emit(self.current_key())
            return
        super().keyPressEvent(event)


class GiveDialog(QDialog):
    """`chosen` carries the ids of people or the id of a queue as a tuple, what they are called, and
    the note. With `many` several rows can be ticked.
    """

    chosen = Signal(object, str, str)

    def __init__(
        self, look: Look, title: str, rows: Sequence[Row], parent: QWidget, *, many: bool
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self._look, self._all, self._many = look, tuple(rows), many
        self._ticks: list[object] = []
        self.field = SearchField(look, title, hint="Type a part of the name")
        self.list = _Choices(look, title)
        self.note = QPlainTextEdit()
        self.note.setTabChangesFocus(True)
        self.note.setMaximumHeight(look.px(64))
        self.note.setAccessibleName("Note for whoever gets them")
        label = Text(look, "Note for whoever gets them", Role.SMALL_STRONG, muted=True)
        label.setBuddy(self.note)
        self.go = PrimaryButton(look, "Give")
        self.go.setDefault(True)
        back = Button(look, "Cancel")
        back.setAutoDefault(False)
        back.clicked.connect(self.reject)
        self.go.clicked.connect(self._go)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(back)
        foot.addWidget(self.go)
        column = QVBoxLayout(self)
        column.addWidget(self.field)
        if many:
            column.addWidget(Text(look, _PEOPLE_HINT, Role.SMALL, muted=True, wrap=True))
        column.addWidget(self.list, 1)
        column.addWidget(label)
        column.addWidget(self.note)
        column.addLayout(foot)
        self.field.textChanged.connect(self._narrow)
        self.field.moved.connect(self.list.step)
        self.field.left.connect(self.reject)
        self.list.current.connect(self._say)
        self.list.ticked.connect(self._turn)
        self.list.opened.connect(self._go)
        self.list.clicked.connect(self._clicked)
        room = parent.screen().availableGeometry()
        self.resize(
            min(look.px(460), room.width() - 40), min(look.px(540), room.height() - look.px(60))
        )
        self._narrow("")
        self.field.setFocus()

    @property
    def many(self) -> bool:
        """Whether several can be ticked: people, not queues."""
        return self._many

    def set_rows(self, rows: Sequence[Row]) -> None:
        """The same choices as they are now; ticks and what is typed stay."""
        self._all = tuple(rows)
        self._narrow(self.field.text())

    @Slot(str)
    def _narrow(self, text: str) -> None:
        parts = fold(text).split()
        kept = self.list.current_key()
        fit = [row for row in self._all if all(part in fold(row.title) for part in parts)]
        shown = fit if parts else self._all
        nobody = "NOBODY OF THAT NAME" if self._many else "NO QUEUE OF THAT NAME"
        self.list.set_rows(
            [self._with_tick(row) for row in shown] or [Row("nobody", nobody, heading=True)]
        )
        if kept is None or kept not in {row.key for row in self.list.rows()}:
            self.list.setCurrentIndex(self.list.model().index(-1, 0))
            self.list.step(1)
        self._say(None)

    def _with_tick(self, row: Row) -> Row:
        if row.heading or not self._many:
            return row
        ticked = row.key in self._ticks
        return replace(
            row,
            icon="square-check" if ticked else "square",
            tone=Tone.ACCENT if ticked else Tone.NEUTRAL,
            spoken=f"{row.aloud()}{', ticked' if ticked else ''}",
        )

    @Slot(QModelIndex)
    def _clicked(self, index: QModelIndex) -> None:
        row = index.data(ROW_ROLE)
        if isinstance(row, Row) and not row.heading and self._many:
            self._turn(row.key)

    @Slot(object)
    def _turn(self, key: object) -> None:
        if not self._many:
            return
        ticked = key not in self._ticks
        if ticked:
            self._ticks.append(key)
        else:
            self._ticks.remove(key)
        self._narrow(self.field.text())
        announce(self, f"{'Ticked' if ticked else 'Not ticked'}, {len(self._ticks)} in all")

    @Slot(object)
    def _say(self, _key: object) -> None:
        """The button says what it will do."""
        keys, name = self._target()
        self.go.setEnabled(bool(keys))
        if not keys:
            self.go.setText("Give" if self._many else "Move")
        elif len(keys) > 1:
            self.go.setText(f"Share between {len(keys)}")
        else:
            self.go.setText(f"{'Give' if self._many else 'Move'} to {_short(name)}")

    def _target(self) -> tuple[tuple[object, ...], str]:
        """What is ticked, or else where the keyboard is; and what that is called."""
        current = self.list.current_key()
        there = {row.key: row.title for row in self._all if not row.heading}
        keys = tuple(self._ticks) or ((current,) if current in there else ())
        if len(keys) > 1:
            return keys, words.count(len(keys), "person", "people")
        return keys, there[keys[0]] if keys else ""

    @Slot()
    def _go(self) -> None:
        keys, name = self._target()
        if keys:
            self.chosen.emit(keys, name, self.note.toPlainText().strip())
            self.accept()


def people_rows(people: Sequence[Candidate], queues: frozenset[int]) -> list[Row]:
    """Who belongs to one of these queues first, by how little they have; then everybody else."""
    members = [each for each in people if each.queues & queues]
    others = [each for each in people if not each.queues & queues]
    rows = [_person(each) for each in sorted(members, key=_ease)]
    if others:
        rows.append(Row("others", "NOT IN THESE QUEUES", heading=True))
        rows += [_person(each) for each in others]
    return rows


def queue_rows(queues: Sequence[QueueInfo]) -> list[Row]:
    """One's own queues first."""
    own = [each for each in queues if each.mine]
    rows = [Row(each.id, each.name, icon="inbox") for each in own]
    if others := [each for each in queues if not each.mine]:
        rows.append(Row("others", "QUEUES OF OTHERS", heading=True))
        rows += [Row(each.id, each.name, icon="inbox", tone=Tone.NEUTRAL) for each in others]
    return rows


def _ease(person: Candidate) -> tuple[bool, float, str]:
    return (
        person.presence is not Presence.AVAILABLE,
        person.load / max(person.capacity, 1),
        person.name,
    )


def _person(person: Candidate) -> Row:
    said, _, tone = PRESENCE_WORDS[person.presence]
    share = round(100 * person.load / max(person.capacity, 1))
    detail = (
        f"{words.count(person.contacts, 'contact')}, {share}% busy"
        if person.contacts
        else "nothing in hand"
    )
    return Row(person.id, person.name, detail, "user", Tone.NEUTRAL, pill=(said.lower(), tone))


def _short(name: str) -> str:
    most = 24
    return name if len(name) <= most else f"{name[: most - 1]}…"
