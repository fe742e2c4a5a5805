"""Telephones on one page: how the PBX does, then the lines, or who has which telephone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QStackedWidget, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.admin.line_form import LineForm
from crm_desktop.desktop.screens.admin.set_up_screen import SetUpScreen, column
from crm_desktop.desktop.screens.admin.telephone_forms import PbxForm, PhoneForm
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import Button, Kind, PrimaryButton
from crm_desktop.desktop.widgets.card import PanelHeader
from crm_desktop.desktop.widgets.pill import Pill
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.domain.dialling import shown
from crm_desktop.domain.telephones import (
    Choice,
    KnownLine,
    KnownPbx,
    Line,
    Phone,
    Telephones,
)

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.admin.telephones_presenter import TelephonesPresenter

LINES, PHONES = "lines", "phones"
_FIRST = (
    "Say where Asterisk is, then which numbers the public call, then who has which telephone. "
    "docs/TELEPHONY.md takes you from a bare Asterisk to the first call."
)
_NO_LINE = "Until there is one, every call waits in the general queue, without menu or service."
_CHECK = "On its computer, ask: crm-desktop doctor"
_OFF = (
    "The PBX is switched off here.",
    "Its own dialplan rules its calls. Switch it on to use it.",
)


class TelephonesScreen(SetUpScreen):
    """Implements `TelephonesView`. Enter changes what is chosen."""

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        nothing = EmptyState(look, "phone", "No telephones yet", _FIRST)
        super().__init__(look, "Telephones", nothing, parent)
        self._clock = clock
        self._presenter: TelephonesPresenter | None = None
        self._known: Telephones | None = None
        self.state = Banner(look, Tone.NEUTRAL, "info", wide=True)
        nothing.add_action("Set up the PBX…", Kind.PRIMARY).clicked.connect(self._change_pbx)
        self._parts = QStackedWidget()
        self._parts.addWidget(self._lines_part())
        self._parts.addWidget(self._phones_part())
        self._fill(self._pbx_head(), self.state, self._parts)

    def bind(self, presenter: TelephonesPresenter) -> None:
        """Give the screen who answers it."""
        self._presenter = presenter

    def turn(self, part: str) -> None:
        """Show the lines, or who has which telephone."""
        self._parts.setCurrentIndex(0 if part == LINES else 1)

    def focus(self) -> None:
        """Put the keyboard where one begins."""
        shown = (self.lines, self.phones)[self._parts.currentIndex()]
        shown.setFocus()

    # TelephonesView

    def show_telephones(self, known: Telephones) -> None:
        """See `TelephonesView`."""
        self._known = known
        self._error.hide()
        self._show_whole(set_up=known.pbx is not None)
        if known.pbx is not None:
            self._show_pbx(known.pbx)
        self.lines.set_rows([self._line_row(each) for each in known.lines])
        used = sum(each.line.active for each in known.lines)
        self._lines_head.set_text("Lines", words.count(used, "number") + " in use")
        self.lines.setVisible(bool(known.lines))
        self._no_line.setVisible(not known.lines)
        self.phones.set_rows([_phone_row(each) for each in known.phones])
        having = sum(bool(each.extension) for each in known.phones if each.active)
        self._phones_head.set_text("Telephones of staff", f"{having} of {len(known.phones)}")
        for list_ in (self.lines, self.phones):
            rows = list_.rows()
            if rows and list_.current_key() is None:
                list_.make_current(rows[0].key)
        self._chosen(None)

    # Its parts

    def _pbx_head(self) -> QWidget:
        self._head = PanelHeader(self._look, "PBX")
        change = Button(self._look, "Change…")
        change.setAccessibleName("Change how the PBX is reached")
        change.clicked.connect(self._change_pbx)
        self._switch = Button(self._look, "Switch off")
        self._switch.clicked.connect(self._switch_pbx)
        self._pill = Pill(self._look, "")
        for each in (self._pill, change, self._switch):
            self._head.add(each)
        return self._head

    def _lines_part(self) -> QWidget:
        look = self._look
        self._lines_head = PanelHeader(look, "Lines")
        self._add = PrimaryButton(look, "Add…", icon="plus")
        self._add.setAccessibleName("Add a number")
        self._change = Button(look, "Change…")
        self._change.setAccessibleName("Change the chosen line")
        self._remove = Button(look, "Remove")
        for button, call in (
            (self._change, self._change_line),
            (self._remove, self._switch_line),
            (self._add, self._add_line),
        ):
            button.clicked.connect(call)
            self._lines_head.add(button)
        self.lines = RowList(look, "Lines")
        self.lines.opened.connect(self._change_line)
        self.lines.current.connect(self._chosen)
        self._no_line = EmptyState(look, "phone-incoming", "No number yet", _NO_LINE)
        add = self._no_line.add_action("Add a number…", Kind.PRIMARY)
        add.clicked.connect(self._add_line)
        return column(self._lines_head, self.lines, self._no_line, filling=2)

    def _phones_part(self) -> QWidget:
        look = self._look
        self._phones_head = PanelHeader(look, "Telephones of staff")
        self._give = PrimaryButton(look, "Extension…", icon="phone")
        self._give.setAccessibleName("Change the extension of the chosen person")
        self._give.clicked.connect(self._change_phone)
        self._take = Button(look, "Take away")
        self._take.clicked.connect(self._take_phone)
        for button in (self._take, self._give):
            self._phones_head.add(button)
        self.phones = RowList(look, "Telephones of staff")
        self.phones.opened.connect(self._change_phone)
        self.phones.current.connect(self._chosen)
        return column(self._phones_head, self.phones)

    def _show_pbx(self, known: KnownPbx) -> None:
        when = words.when(known.at, self._clock.now())
        place = f"{known.pbx.user} at {known.pbx.url}"
        self._switch.setText("Switch off" if known.active else "Switch on")
        trouble = known.active and known.status == "trouble"
        self.state.setVisible(trouble or not known.active)
        if not known.active:
            self.state.set_tone(Tone.WARNING, "phone-off")
            self.state.set_text(*_OFF)
            self._pill.set_content("off", Tone.WARNING)
        elif trouble:
            self.state.set_tone(Tone.DANGER, "circle-alert")
            self.state.set_text(known.words, f"The gateway said so {when}. {_CHECK}")
            self._pill.set_content("trouble", Tone.DANGER)
        elif known.status == "ok":
            self._pill.set_content("running", Tone.OK)
        else:
            self._pill.set_content("not heard of", Tone.NEUTRAL)
        self._head.set_text("PBX", place)

    def _line_row(self, known: KnownLine) -> Row:
        line = known.line
        ways = [
            words.count(len(line.choices), "key") if line.choices else "",
            "recorded" if line.record else "not recorded",
            "callback" if line.callback else "",
            "voicemail" if line.voicemail else "",
        ]
        return Row(
            known.id,
            f"{shown(line.number)}  {line.name}",
            " · ".join([self._to(line), *filter(None, ways)]),
            "phone-incoming" if line.active else "phone-off",
            Tone.ACCENT if line.active else Tone.NEUTRAL,
            pill=None if line.active else ("removed", Tone.WARNING),
        )

    def _to(self, to: Line | Choice) -> str:
        assert self._known is not None
        service = self._known.services.get(to.service_id or 0)
        queue = self._known.queues[to.queue_id][0]
        return f"{queue}, {service[0]}" if service else queue

    # What a person does

    def _line(self) -> KnownLine | None:
        lines = self._known.lines if self._known else ()
        return next((each for each in lines if each.id == self.lines.current_key()), None)

    def _phone(self) -> Phone | None:
        phones = self._known.phones if self._known else ()
        return next((each for each in phones if each.staff_id == self.phones.current_key()), None)

    @Slot(object)
    def _chosen(self, _key: object) -> None:
        line, phone = self._line(), self._phone()
        for button in (self._change, self._remove):
            button.setEnabled(line is not None)
        off = line is not None and not line.line.active
        self._remove.setText("Use again" if off else "Remove")
        self._give.setEnabled(phone is not None and phone.active)
        self._take.setEnabled(phone is not None and phone.extension is not None)

    @Slot()
    def _change_pbx(self) -> None:
        known = self._known
        if known is None or self._presenter is None:
            return
        form = PbxForm(self._look, known.pbx.pbx if known.pbx else None, self)
        put = self._presenter.put_pbx
        form.entered.connect(lambda: put(known, form.pbx(), form.done_well, form.show_wrong))
        form.open()

    @Slot()
    def _switch_pbx(self) -> None:
        if self._presenter is not None and self._known is not None and self._known.pbx is not None:
            self._presenter.use_pbx(active=not self._known.pbx.active)

    @Slot()
    def _add_line(self) -> None:
        self._open_line(None)

    @Slot()
    def _change_line(self) -> None:
        line = self._line()
        if line is not None:
            self._open_line(line)

    def _open_line(self, line: KnownLine | None) -> None:
        if self._known is None or self._presenter is None:
            return
        form = LineForm(self._look, self._known, line, self)
        put = partial(self._presenter.put_line, line)
        form.entered.connect(lambda: put(form.line(), form.done_well, form.show_wrong))
        form.open()

    @Slot()
    def _switch_line(self) -> None:
        line = self._line()
        if line is not None and self._presenter is not None:
            self._presenter.use_line(line, active=not line.line.active)

    @Slot()
    def _change_phone(self) -> None:
        phone = self._phone()
        if phone is None or not phone.active or self._presenter is None:
            return
        form = PhoneForm(self._look, phone, self)
        put = partial(self._presenter.set_extension, phone)
        form.entered.connect(lambda: put(form.extension(), form.done_well, form.show_wrong))
        form.open()

    @Slot()
    def _take_phone(self) -> None:
        phone = self._phone()
        if phone is not None and self._presenter is not None:
            self._presenter.set_extension(phone, None, _closed, self.show_trouble)


def _phone_row(phone: Phone) -> Row:
    return Row(
        phone.staff_id,
        phone.name,
        phone.login if phone.active else f"{phone.login} · works here no more",
        "user" if phone.active else "ban",
        Tone.ACCENT if phone.extension else Tone.NEUTRAL,
        phone.extension or "no telephone",
    )


def _closed() -> None:
    """There is no form to close."""
