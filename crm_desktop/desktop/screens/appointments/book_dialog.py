"""Booking an appointment: where, what for, when, and for whom; or another time for one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.appointments.slot_table import SlotTable
from crm_desktop.desktop.screens.appointments.words import refused
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.chooser import ChoiceField
from crm_desktop.desktop.widgets.dialog_room import resize_within
from crm_desktop.desktop.widgets.flow import FlowLayout
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.appointments import USUAL_MINUTES, Appointment, Booked, New, Wanted
from crm_desktop.domain.appointments import Slot as Free
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.visits import Need, SiteInfo, SiteService, need_words

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.appointments.presenter import BookPresenter

_MINUTES = (10, 15, 20, 30, 45, 60, 90, 120)
_LANGUAGES = (("en", "English"), ("cy", "Welsh"))


@dataclass(frozen=True, slots=True)
class Prefill:
    """What is known of who wants to come."""

    who: str = ""
    email: str = ""
    phone: str = ""
    needs: tuple[Need, ...] = ()
    customer_id: int | None = None
    contact_id: int | None = None
    site_id: int | None = None
    service_id: int | None = None


class BookDialog(QDialog):
    """Implements `BookView`. `moving` is what gets another time; then nothing else can change."""

    done_with = Signal(object)

    def __init__(
        self,
        look: Look,
        today: date,
        prefill: Prefill,
        parent: QWidget,
        moving: Appointment | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Another time" if moving else "Book an appointment")
        self._look, self._prefill, self._moving = look, prefill, moving
        self._today = self._first = today
        self._key = uuid4().hex
        self._presenter: BookPresenter | None = None
        self._build()
        self._lay_out()
        self._fill()

    def bind(self, presenter: BookPresenter) -> None:
        """Give the form who answers it."""
        self._presenter = presenter

    # BookView

    def show_sites(self, sites: tuple[SiteInfo, ...]) -> None:
        """See `BookView`."""
        self.site.set_rows([Row(each.id, each.name, "", "map-pin") for each in sites])
        known = {each.id for each in sites}
        chosen = self._prefill.site_id if self._prefill.site_id in known else None
        if chosen is None and len(sites) == 1:
            chosen = sites[0].id
        self.site.choose(chosen)
        if not sites:
            self._wrong.set_text("There is no site yet.", "An administrator sets sites up.")
            self._wrong.show()
        self._site_chosen()

    def show_services(self, services: tuple[SiteService, ...]) -> None:
        """See `BookView`."""
        self.service.set_rows([Row(each.service_id, each.name) for each in services])
        known = {each.service_id for each in services}
        if self.service.key() not in known:
            wanted = self._prefill.service_id
            self.service.choose(wanted if wanted in known else None)
        (self.service if self.service.key() is None else self.times).setFocus()
        self._look_for()

    def show_free(self, slots: tuple[Free, ...]) -> None:
        """See `BookView`."""
        self.times.show_slots(slots)
        self._none.setVisible(not slots)
        self.times.setVisible(bool(slots))

    def booked(self, booked: Booked) -> None:
        """See `BookView`."""
        self.done_with.emit(booked)
        self.accept()

    def not_booked(self, trouble: CrmError) -> None:
        """See `BookView`."""
        self._wrong.set_text(*refused(trouble))
        self._wrong.show()
        announce(self, self._wrong.text())
        self._fit()
        if "free" in trouble.params:
            self._look_for()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter books from wherever the keyboard is; Enter alone only among the times."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self._book()
            return
        super().keyPressEvent(event)

    def _build(self) -> None:
        look = self._look
        self._wrong = Banner(look, Tone.DANGER, "circle-alert", wide=True)
        self._wrong.hide()
        self.site = ChoiceField(look, "Where")
        self.service = ChoiceField(look, "What for", "What is it about?")
        self.minutes = ChoiceField(look, "How long")
        self.minutes.set_rows([Row(each, f"{each} minutes") for each in _MINUTES])
        self.language = ChoiceField(look, "Language of the mail")
        self.language.set_rows([Row(key, name) for key, name in _LANGUAGES])
        self.times = SlotTable(look)
        self._none = Text(look, "Nothing is free in these two weeks.", Role.BODY, muted=True)
        self._none.hide()
        self.who, self.email, self.phone, self.note = (QLineEdit() for _ in range(4))
        self.email.setPlaceholderText("Confirmation and reminder go here")
        self.needs = {need: QCheckBox(need_words(need)) for need in Need}
        for need, box in self.needs.items():
            box.setAccessibleName(need_words(need))
            box.toggled.connect(self._look_for)
        self._earlier = Button(look, "Earlier", key="Alt+Left")
        self._later = Button(look, "Later", key="Alt+Right")
        self._chosen = Text(look, "", Role.STRONG)
        self._cancel = Button(look, "Close", key="Esc")
        self.go = PrimaryButton(look, "Book it", key="Ctrl+Return")
        for each in (self._earlier, self._later, self._cancel, self.go):
            each.setAutoDefault(False)
        for key, step in (("Alt+Left", self._earlier), ("Alt+Right", self._later)):
            QShortcut(QKeySequence(key), self).activated.connect(step.click)
        self.site.chosen.connect(self._site_chosen)
        for field in (self.service, self.minutes):
            field.chosen.connect(self._look_for)
        self._earlier.clicked.connect(self._go_earlier)
        self._later.clicked.connect(self._go_later)
        self.times.picked.connect(self._fit)
        self.times.taken.connect(self._book)
        self._cancel.clicked.connect(self.reject)
        self.go.clicked.connect(self._book)

    def _lay_out(self) -> None:
        look, px = self._look, self._look.px
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setContentsMargins(px(16), px(14), px(16), px(8))
        grid.setHorizontalSpacing(px(12))
        grid.setVerticalSpacing(px(8))
        grid.setColumnStretch(1, 1)
        when, wishes = self._when(), self._wishes()
        rows: list[tuple[str, QWidget | QVBoxLayout, QWidget]] = [
            ("Where", self.site, self.site),
            ("What for", self.service, self.service),
            ("How long", self.minutes, self.minutes),
            ("When", when, self.times),
        ]
        if self._moving is None:
            rows += [
                ("Name", self.who, self.who),
                ("Email", self.email, self.email),
                ("Telephone", self.phone, self.phone),
                ("Language", self.language, self.language),
                ("Needs", wishes, self.needs[Need.HEARING_LOOP]),
                ("Note", self.note, self.note),
            ]
        else:
            wishes.setParent(self)
            wishes.hide()
        for line, (said, part, buddy) in enumerate(rows):
            label = Text(look, said, Role.SMALL_STRONG, muted=True)
            label.setBuddy(buddy)
            label.setContentsMargins(0, px(6), 0, 0)
            grid.addWidget(label, line, 0, Qt.AlignmentFlag.AlignTop)
            if isinstance(part, QWidget):
                part.setAccessibleName(part.accessibleName() or said)
                grid.addWidget(part, line, 1)
            else:
                grid.addLayout(part, line, 1)
        grid.setRowStretch(3, 1)
        self._frame(inner)

    def _when(self) -> QVBoxLayout:
        when, steps = QVBoxLayout(), QHBoxLayout()
        when.setSpacing(self._look.px(6))
        steps.setSpacing(self._look.px(8))
        steps.addWidget(self._earlier)
        steps.addWidget(self._later)
        steps.addStretch(1)
        self.times.setMinimumHeight(self._look.px(220))
        when.addLayout(steps)
        when.addWidget(self.times, 1)
        when.addWidget(self._none)
        return when

    def _wishes(self) -> QWidget:
        wishes = QWidget()
        flow = FlowLayout(wishes, self._look.px(10))
        for box in self.needs.values():
            flow.addWidget(box)
        return wishes

    def _frame(self, inner: QWidget) -> None:
        px = self._look.px
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        area.setAccessibleName(self.windowTitle())
        foot = QHBoxLayout()
        foot.setContentsMargins(px(16), 0, px(16), 0)
        foot.setSpacing(px(8))
        foot.addWidget(self._chosen, 1)
        foot.addWidget(self._cancel)
        foot.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, px(12))
        column.addWidget(self._wrong)
        column.addWidget(area, 1)
        column.addLayout(foot)
        resize_within(self, self._look, px(680), px(760))

    def _fill(self) -> None:
        known, moving = self._prefill, self._moving
        self.who.setText(known.who)
        self.email.setText(known.email)
        self.phone.setText(known.phone)
        for need in known.needs:
            self.needs[need].setChecked(True)
        self.language.choose("en")
        self.minutes.choose(USUAL_MINUTES)
        if moving is not None:
            length = int((moving.ends_at - moving.starts_at).total_seconds() // 60)
            if length not in _MINUTES:
                self.minutes.set_rows([Row(length, f"{length} minutes")])
            self.minutes.choose(length)
            self.service.set_rows([Row(moving.service_id, moving.service_name)])
            self.service.choose(moving.service_id)
            for field in (self.site, self.service):
                field.setEnabled(False)
        self._fit()

    def _wanted(self) -> Wanted | None:
        site, service, minutes = self.site.key(), self.service.key(), self.minutes.key()
        if not (isinstance(site, int) and isinstance(service, int) and isinstance(minutes, int)):
            return None
        needs = tuple(need for need, box in self.needs.items() if box.isChecked())
        return Wanted(site, service, minutes, needs)

    @Slot()
    def _site_chosen(self) -> None:
        site = self.site.key()
        if self._presenter is not None and isinstance(site, int):
            self._presenter.choose_site(site)

    @Slot()
    def _look_for(self) -> None:
        wanted = self._wanted()
        if self._presenter is not None and wanted is not None:
            self._presenter.look(wanted, self._first)
        self._fit()

    @Slot()
    def _go_later(self) -> None:
        self._step(7)

    @Slot()
    def _go_earlier(self) -> None:
        self._step(-7)

    def _step(self, days: int) -> None:
        self._first = max(self._today, self._first + timedelta(days=days))
        self._look_for()

    @Slot()
    def _fit(self) -> None:
        slot = self.times.slot() if self._wanted() is not None else None
        said = words.local(slot.starts_at) if slot else None
        self._chosen.setText(f"{said:%A} {said.day} {said:%B}, {said:%H:%M}" if said else "")
        self._earlier.setEnabled(self._first > self._today)
        self.go.setEnabled(slot is not None)

    @Slot()
    def _book(self) -> None:
        wanted, slot = self._wanted(), self.times.slot()
        if self._presenter is None or wanted is None or slot is None:
            return
        if self._moving is not None:
            self._presenter.move(self._moving.id, slot.starts_at, wanted.minutes)
            return
        if not self.who.text().strip():
            self._wrong.set_text("For whom is it?", "Enter a name.")
            self._wrong.show()
            self.who.setFocus()
            return
        same = self.who.text().strip() == self._prefill.who
        self._presenter.book(
            New(
                key=self._key,
                site_id=wanted.site_id,
                service_id=wanted.service_id,
                starts_at=slot.starts_at,
                who=self.who.text(),
                minutes=wanted.minutes,
                customer_id=self._prefill.customer_id if same else None,
                contact_id=self._prefill.contact_id,
                email=self.email.text(),
                phone=self.phone.text(),
                needs=wanted.needs,
                language=str(self.language.key() or "en"),
                note=self.note.text(),
            )
        )
