"""A person's presence, queues and skills, for good or for a while; and signing them out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.team.for_a_while import WhileBox
from crm_desktop.desktop.widgets.banner import Banner, ErrorBar
from crm_desktop.desktop.widgets.buttons import Button, Kind, PrimaryButton
from crm_desktop.desktop.widgets.pill import Avatar
from crm_desktop.desktop.widgets.presence import PRESENCE_WORDS
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.people_now import LEVELS, PersonNow, QueueOf, SkillOf
from crm_desktop.domain.states import Presence

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.team.person_presenter import PersonPresenter

_BACK = ("no time given", 15, 30, 45, 60, 90, 120)


class _QueueLine:
    """One queue: whether they belong to it, until when, and whether they are off it for now."""

    def __init__(self, known: QueueOf, now: datetime, grid: QGridLayout, row: int) -> None:
        self.known = known
        self.box = QCheckBox(known.name)
        self.box.setChecked(known.member)
        self.until = WhileBox("for good", f"{known.name}: belongs")
        self.until.show_value(known.until, now)
        self.off = WhileBox("takes its work", f"{known.name}: off it")
        self.off.show_value(known.off_until, now)
        for place in range(1, self.off.count()):
            self.off.setItemText(place, f"off {self.off.itemText(place)}")
        self.box.toggled.connect(self.until.setEnabled)
        self.box.toggled.connect(self.off.setEnabled)
        self.until.setEnabled(known.member)
        self.off.setEnabled(known.member)
        for column, widget in enumerate((self.box, self.until, self.off)):
            grid.addWidget(widget, row, column)

    def wanted(self) -> QueueOf:
        """As it was entered."""
        member = self.box.isChecked()
        return QueueOf(
            self.known.queue_id,
            self.known.name,
            member,
            self.until.value() if member else None,
            self.off.value() if member else None,
        )


class _SkillLine:
    """One skill: how well, and until when."""

    def __init__(self, known: SkillOf, now: datetime, grid: QGridLayout, row: int) -> None:
        self.known = known
        self.box = QCheckBox(known.name)
        self.box.setChecked(known.level is not None)
        self.level = QComboBox()
        self.level.setAccessibleName(f"{known.name}: level")
        for level in LEVELS:
            self.level.addItem(f"level {level}", level)
        self.level.setCurrentIndex((known.level or 3) - 1)
        self.until = WhileBox("for good", f"{known.name}: has it")
        self.until.show_value(known.until, now)
        self.box.toggled.connect(self.level.setEnabled)
        self.box.toggled.connect(self.until.setEnabled)
        self.level.setEnabled(known.level is not None)
        self.until.setEnabled(known.level is not None)
        for column, widget in enumerate((self.box, self.level, self.until)):
            grid.addWidget(widget, row, column)

    def wanted(self) -> SkillOf:
        """As it was entered."""
        has = self.box.isChecked()
        return SkillOf(
            self.known.skill_id,
            self.known.name,
            self.level.currentData() if has else None,
            self.until.value() if has else None,
        )


class PersonDialog(QDialog):
    """Implements `PersonView`. `note_wanted` and `huddle_wanted` carry the person's id and name."""

    note_wanted = Signal(object, str)
    huddle_wanted = Signal(object, str)

    def __init__(self, look: Look, clock: Clock, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Person")
        self._look, self._clock = look, clock
        self._presenter: PersonPresenter | None = None
        self._person: PersonNow | None = None
        self._queues: list[_QueueLine] = []
        self._skills: list[_SkillLine] = []
        self._error = ErrorBar(look)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self._error)
        self._build_head()
        self._build_sure()
        self._build_presence()
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setAccessibleName("Queues and skills")
        self._column.addWidget(self._area, 1)
        self._build_foot()
        self.resize(look.px(640), look.px(360))
        self._set_enabled(False)

    def bind(self, presenter: PersonPresenter) -> None:
        """Give the dialog who answers it."""
        self._presenter = presenter

    def show_person(self, person: PersonNow) -> None:
        """See `PersonView`."""
        first = self._person is None
        fresh = first or self._changes() == ((), ())
        before, self._person = self._person, person
        self.setWindowTitle(person.name)
        self._name.setText(person.name)
        self._avatar.set_name(person.name)
        self._about.setText(self._told(person))
        if first or before is None or before.presence is not person.presence:
            self.presence.setCurrentIndex(self.presence.findData(person.presence))
        if fresh:
            self._show_lines(person)
        self._set_enabled(person.may_lead)
        self.sign_out.setEnabled(person.may_lead and person.signed_in)
        if first:
            self._fit()
            self.presence.setFocus()

    def show_done(self, words: str) -> None:
        """See `PersonView`."""
        self._error.hide()
        self._sure.hide()
        self._said.setText(words)
        announce(self, words)

    def show_saved(self) -> None:
        """See `PersonView`."""
        self.accept()

    def show_trouble(self, trouble: CrmError) -> None:
        """See `PersonView`."""
        self._error.show_trouble(trouble)

    def _build_head(self) -> None:
        look = self._look
        self._avatar = Avatar(look, "")
        self._name = Text(look, "", Role.HEADING)
        self._about = Text(look, "", muted=True, wrap=True)
        lines = QVBoxLayout()
        lines.setSpacing(look.px(2))
        lines.addWidget(self._name)
        lines.addWidget(self._about)
        head = QHBoxLayout()
        head.addWidget(self._avatar, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(lines, 1)
        self._column.addLayout(head)

    def _build_sure(self) -> None:
        self._sure = Banner(self._look, Tone.DANGER, "log-out")
        stay = self._sure.add_action("Cancel")
        stay.clicked.connect(self._sure.hide)
        self.sure = self._sure.add_action("Sign out", Kind.DANGER)
        self.sure.clicked.connect(self._sign_out)
        self._sure.hide()
        self._column.addWidget(self._sure)

    def _build_presence(self) -> None:
        look = self._look
        self.presence = QComboBox()
        self.presence.setAccessibleName("Presence")
        for presence, (said, _, _) in PRESENCE_WORDS.items():
            self.presence.addItem(said, presence)
        self.back = QComboBox()
        self.back.setAccessibleName("Back in")
        for minutes in _BACK:
            if isinstance(minutes, int):
                self.back.addItem(f"back in {minutes} min", timedelta(minutes=minutes))
            else:
                self.back.addItem(minutes, None)
        self.set_presence = Button(look, "Set")
        self.set_presence.setAutoDefault(False)
        self.set_presence.setAccessibleName("Set presence")
        self.set_presence.clicked.connect(self._set_presence)
        row = QHBoxLayout()
        row.addWidget(self.presence, 1)
        row.addWidget(self.back, 1)
        row.addWidget(self.set_presence)
        self._column.addSpacing(look.px(4))
        self._column.addWidget(Text(look, "Presence", Role.SMALL_STRONG, muted=True))
        self._column.addLayout(row)

    def _build_foot(self) -> None:
        look = self._look
        self._said = Text(look, "", Role.SMALL, tone=Tone.OK, wrap=True)
        self._column.addWidget(self._said)
        self.note = Button(look, "Private note…", icon="message-square")
        self.note.clicked.connect(self._ask_note)
        self.huddle = Button(look, "Huddle…", icon="megaphone")
        self.huddle.clicked.connect(self._ask_huddle)
        self.sign_out = Button(look, "Sign out…", icon="log-out")
        self.sign_out.clicked.connect(self._ask_sign_out)
        back = Button(look, "Cancel")
        back.clicked.connect(self.reject)
        self.save = PrimaryButton(look, "Save")
        self.save.clicked.connect(self._save)
        row = QHBoxLayout()
        for button in (self.note, self.huddle, self.sign_out):
            button.setAutoDefault(False)
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(back)
        row.addWidget(self.save)
        self.save.setDefault(True)
        self._column.addLayout(row)

    def _show_lines(self, person: PersonNow) -> None:
        look, now = self._look, self._clock.now()
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setContentsMargins(0, look.px(4), look.px(6), 0)
        grid.setColumnStretch(0, 1)
        grid.addWidget(Text(look, "Queues", Role.SMALL_STRONG, muted=True), 0, 0)
        self._queues = [
            _QueueLine(each, now, grid, row) for row, each in enumerate(person.queues, 1)
        ]
        at = grid.rowCount()
        skills = Text(look, "Skills", Role.SMALL_STRONG, muted=True)
        skills.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        grid.addWidget(skills, at, 0)
        self._skills = [
            _SkillLine(each, now, grid, row) for row, each in enumerate(person.skills, at + 1)
        ]
        if not person.skills:
            none = "There are none yet. An administrator adds them (Skills… in the commands)."
            grid.addWidget(Text(look, none, muted=True, wrap=True), at + 1, 0, 1, 3)
        grid.setRowStretch(grid.rowCount(), 1)
        self._area.setWidget(inner)

    def _fit(self) -> None:
        """As high as the lines want, within reason."""
        inner = self._area.widget()
        wanted = inner.sizeHint().height() if inner is not None else 0
        self._area.setMinimumHeight(min(wanted + self._look.px(8), self._look.px(300)))
        self.adjustSize()
        self.resize(max(self.width(), self._look.px(640)), self.height())

    def _told(self, person: PersonNow) -> str:
        now = self._clock.now()
        said = PRESENCE_WORDS[person.presence][0]
        if person.presence_words:
            said += f" ({person.presence_words})"
        parts = [
            person.role.value.replace("_", " ").capitalize(),
            f"{said} since {words.when(person.presence_since, now)}",
        ]
        if person.back_at is not None:
            parts.append(f"back {words.when(person.back_at, now)}")
        parts.append("signed in" if person.signed_in else "not signed in")
        parts.append(f"{words.count(person.in_hand, 'contact')} in hand")
        return " · ".join(parts)

    def _set_enabled(self, may: bool) -> None:
        for each in (self.presence, self.back, self.set_presence, self._area, self.save):
            each.setEnabled(may)
        for each in (self.note, self.huddle, self.sign_out):
            each.setEnabled(may)

    def _changes(self) -> tuple[tuple[QueueOf, ...], tuple[SkillOf, ...]]:
        """What differs from what was shown."""
        queues = [(line.known, line.wanted()) for line in self._queues]
        skills = [(line.known, line.wanted()) for line in self._skills]
        return (
            tuple(now for before, now in queues if now != before),
            tuple(now for before, now in skills if now != before),
        )

    @Slot()
    def _set_presence(self) -> None:
        person = self._person
        if self._presenter is None or person is None:
            return
        chosen = Presence(self.presence.currentData())
        span = self.back.currentData()
        back_at = None
        if isinstance(span, timedelta) and chosen is not Presence.AVAILABLE:
            back_at = self._clock.now() + span
        said = f"{person.name}: {PRESENCE_WORDS[chosen][0].lower()}"
        if back_at is not None:
            said += f", back {words.clock_time(back_at)}"
        self._presenter.set_presence(chosen, back_at, said)

    @Slot()
    def _save(self) -> None:
        if self._presenter is None:
            return
        queues, skills = self._changes()
        if queues or skills:
            self._presenter.save(queues, skills)
        else:
            self.accept()

    @Slot()
    def _ask_sign_out(self) -> None:
        person = self._person
        if person is None:
            return
        back = (
            f"{words.count(person.in_hand, 'contact')} in hand goes back to its queue"
            if person.in_hand == 1
            else f"{words.count(person.in_hand, 'contact')} in hand go back to their queues"
        )
        self._sure.set_text(
            f"Sign {person.name} out?",
            f"Their desktop closes now and says that you did it. {back}; what they typed is "
            "kept. They can sign in again.",
        )
        self._sure.show()
        self.sure.setFocus()
        announce(self, self._sure.text())

    @Slot()
    def _sign_out(self) -> None:
        if self._presenter is not None and self._person is not None:
            self._presenter.sign_out(f"{self._person.name} is signed out")

    @Slot()
    def _ask_note(self) -> None:
        if self._person is not None:
            self.note_wanted.emit(self._person.id, self._person.name)

    @Slot()
    def _ask_huddle(self) -> None:
        if self._person is not None:
            self.huddle_wanted.emit(self._person.id, self._person.name)
