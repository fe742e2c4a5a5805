"""The form in which a contact is logged by hand, with the database there or away."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import uuid4

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.names import CHANNEL_NAMES, RESOLUTIONS
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.chooser import ChoiceField
from crm_desktop.desktop.widgets.dialog_room import resize_within
from crm_desktop.desktop.widgets.moment_entry import MomentEntry
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.logged import CHANNELS, LoggedContact
from crm_desktop.domain.states import Channel, Direction, Resolution
from crm_desktop.domain.views import FoundCustomer, ServiceInfo

_BEGAN = {Direction.INBOUND: "They contacted us", Direction.OUTBOUND: "We contacted them"}
_ENDS = ("Completed", "Follow-up needed: it stays with me")
_MOST_FOUND = 4


class Searching(Protocol):
    """Who finds customers for the form."""

    def search(self, text: str) -> None:
        """Answers with `show_found`."""


class LogDialog(QDialog):
    """`submitted` carries a LoggedContact; close it when that is kept. Implements `FoundView`.

    `mended` is one that was logged before, whose key is kept; `away` since when the database is.
    """

    submitted = Signal(object)

    def __init__(
        self,
        look: Look,
        now: datetime,
        parent: QWidget,
        *,
        services: tuple[ServiceInfo, ...],
        away: bool,
        mended: LoggedContact | None = None,
        refused: str = "",
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Change a logged contact" if mended else "Log a contact")
        self._look, self._away = look, away
        self._key = mended.key if mended else str(uuid4())
        self._while_away = away or bool(mended and mended.while_away)
        self._searching: Searching | None = None
        self._customer_id: int | None = None
        self._services = {each.id: each.name for each in services}
        self._build(now)
        self._service.set_rows([Row(each.id, each.name, each.group) for each in services])
        self._lay_out()
        self._connect()
        self._fill(mended or self._new(now))
        if refused:
            self.show_wrong({"": refused})
        self._who.setFocus()

    def bind(self, searching: Searching) -> None:
        """Give the form who finds customers; while the database is away there is nobody."""
        self._searching = searching

    def show_found(self, found: tuple[FoundCustomer, ...]) -> None:
        """Offer these customers for what is typed as the name."""
        shown = found[:_MOST_FOUND] if self._customer_id is None else ()
        self._found.set_rows([Row(each.id, each.name, each.detail, "user") for each in shown])
        self._found.setVisible(bool(shown))
        # As high as what was found: a page of emptiness would push the rest out of sight.
        self._found.setFixedHeight(self._found.content_height() + 2)

    def show_wrong(self, said: dict[str, str]) -> None:
        """Say what cannot be accepted, and go to the first of it."""
        fields: dict[str, QWidget] = {
            "channel": self._channel,
            "happened_at": self._when.time,
            "who": self._who,
            "reach": self._reach,
            "service": self._service,
            "about": self._about,
            "done": self._done,
        }
        for name, field in fields.items():
            field.setProperty("invalid", name in said)
            field.style().unpolish(field)
            field.style().polish(field)
        words = ". ".join(each.rstrip(".") for each in said.values())
        self._wrong.setText(f"{words}." if words else "")
        self._wrong.setVisible(bool(words))
        first = next((field for name, field in fields.items() if name in said), None)
        if first is not None:
            first.setFocus()
        if words:
            announce(self, words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter logs it from wherever the keyboard is; Enter alone never does by accident."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self._submit()
            return
        super().keyPressEvent(event)

    def _build(self, now: datetime) -> None:
        look = self._look
        self._channel = ChoiceField(look, "Channel")
        self._channel.set_rows([Row(each, CHANNEL_NAMES[each]) for each in CHANNELS])
        self._began, self._end = QButtonGroup(self), QButtonGroup(self)
        self._when = MomentEntry(look, now)
        self._who, self._reach, self._about = QLineEdit(), QLineEdit(), QLineEdit()
        self._who.setPlaceholderText("Name" if self._away else "Name, number, address, reference")
        self._reach.setPlaceholderText("Telephone number or email address")
        self._found = RowList(look, "Customers found")
        self._found.hide()
        self._known = Text(look, "", Role.SMALL, tone=Tone.OK, wrap=True)
        self._known.hide()
        self._service = ChoiceField(look, "Service", "What was it about?")
        self._done = QPlainTextEdit()
        self._done.setTabChangesFocus(True)
        self._done.setFixedHeight(look.px(72))
        self._resolution = ChoiceField(look, "How it ended")
        self._resolution.set_rows([Row(each, words) for each, words in RESOLUTIONS.items()])
        self._avoidable = QCheckBox("This contact could have been avoided")
        self._wrong = Text(look, "", Role.SMALL_STRONG, tone=Tone.DANGER, wrap=True)
        self._wrong.hide()
        self._cancel = Button(look, "Cancel", key="Esc")
        self._log = PrimaryButton(look, "Log it", key="Ctrl+Return")
        for each in (self._cancel, self._log):
            each.setAutoDefault(False)

    def _lay_out(self) -> None:
        look, px = self._look, self._look.px
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setContentsMargins(px(16), px(14), px(16), px(8))
        grid.setHorizontalSpacing(px(12))
        grid.setVerticalSpacing(px(8))
        grid.setColumnStretch(1, 1)
        end = QVBoxLayout()
        end.setSpacing(px(4))
        end.addLayout(_radios(self._end, _ENDS))
        end.addWidget(self._resolution)
        end.addWidget(self._avoidable)
        who = QVBoxLayout()
        who.setSpacing(px(4))
        for each in (self._who, self._found, self._known):
            who.addWidget(each)
        rows: tuple[tuple[str, QWidget | QVBoxLayout | QHBoxLayout, QWidget], ...] = (
            ("Channel", self._channel, self._channel),
            ("Who began", _radios(self._began, tuple(_BEGAN.values())), self._channel),
            ("When it happened", self._when, self._when.day),
            ("Customer", who, self._who),
            ("To reach them by", self._reach, self._reach),
            ("Service", self._service, self._service),
            ("What it was about", self._about, self._about),
            ("What was done", self._done, self._done),
            ("How it ended", end, self._resolution),
        )
        for line, (words, part, buddy) in enumerate(rows):
            label = Text(look, words, Role.SMALL_STRONG, muted=True)
            label.setBuddy(buddy)
            if isinstance(part, QWidget):
                part.setAccessibleName(part.accessibleName() or words)
                grid.addWidget(part, line, 1)
            else:
                grid.addLayout(part, line, 1)
            grid.addWidget(label, line, 0, Qt.AlignmentFlag.AlignTop)
            # In line with the first line of what stands beside it.
            label.setContentsMargins(0, px(3 if isinstance(part, QHBoxLayout) else 6), 0, 0)
        self._who.setAccessibleName("Customer")
        grid.setRowStretch(len(rows), 1)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        area.setAccessibleName(self.windowTitle())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, px(12))
        column.setSpacing(px(8))
        column.addWidget(area, 1)
        column.addLayout(self._foot())
        self._fit(inner)

    def _foot(self) -> QVBoxLayout:
        px = self._look.px
        said = (
            "The database is away. This is kept on this computer and entered when it is back."
            if self._away
            else "It is entered in your name. Nobody's waiting time counts."
        )
        foot = QVBoxLayout()
        foot.setContentsMargins(px(16), 0, px(16), 0)
        foot.setSpacing(px(8))
        foot.addWidget(self._wrong)
        foot.addWidget(Text(self._look, said, Role.SMALL, muted=True, wrap=True))
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self._cancel)
        buttons.addWidget(self._log)
        foot.addLayout(buttons)
        return foot

    def _fit(self, inner: QWidget) -> None:
        """As large as the form wants, as far as the window under it goes."""
        px = self._look.px
        wide = max(px(560), inner.sizeHint().width() + px(24))
        high = inner.sizeHint().height() + px(130)
        resize_within(self, self._look, wide, high)

    def _connect(self) -> None:
        self._who.textEdited.connect(self._name_typed)
        self._found.opened.connect(self._choose)
        self._found.clicked.connect(self._choose_current)
        self._who.installEventFilter(self)
        self._end.idToggled.connect(self._end_changed)
        self._cancel.clicked.connect(self.reject)
        self._log.clicked.connect(self._submit)

    def _new(self, now: datetime) -> LoggedContact:
        return LoggedContact(
            key=self._key,
            channel=Channel.CALL,
            direction=Direction.INBOUND,
            happened_at=now,
            who="",
            about="",
            resolution=Resolution.RESOLVED,
        )

    def _fill(self, said: LoggedContact) -> None:
        self._channel.choose(said.channel)
        _button(self._began, list(_BEGAN).index(said.direction)).setChecked(True)
        self._when.set_moment(said.happened_at)
        self._who.setText(said.who)
        self._reach.setText(said.reach)
        if said.service_id is not None and said.service_id not in self._services:
            self._services[said.service_id] = said.service_name
        self._service.choose(said.service_id)
        self._about.setText(said.about)
        self._done.setPlainText(said.done)
        _button(self._end, 0 if said.resolution else 1).setChecked(True)
        self._resolution.choose(said.resolution or Resolution.RESOLVED)
        self._avoidable.setChecked(said.avoidable)
        if said.customer_id is not None:
            self._know(said.customer_id, said.who)

    @Slot(str)
    def _name_typed(self, text: str) -> None:
        self._customer_id = None
        self._known.hide()
        if self._searching is not None:
            self._searching.search(text)

    @Slot()
    def _choose_current(self) -> None:
        self._choose(self._found.current_key())

    @Slot(object)
    def _choose(self, key: object) -> None:
        name = next((row.title for row in self._found.rows() if row.key == key), "")
        if isinstance(key, int) and name:
            self._who.setText(name)
            self._know(key, name)
            self._reach.setFocus()

    def _know(self, customer_id: int, name: str) -> None:
        self._customer_id = customer_id
        self._found.hide()
        self._known.setText(f"This goes with the record of {name}.")
        self._known.show()

    @Slot(int, bool)
    def _end_changed(self, _which: int, _on: bool) -> None:
        ended = self._end.checkedId() == 0
        self._resolution.setEnabled(ended)
        self._avoidable.setEnabled(ended)

    @Slot()
    def _submit(self) -> None:
        when = self._when.moment()
        if when is None:
            self.show_wrong({"happened_at": "Enter the day and a time like 10:50"})
            return
        said = self._said(when)
        wrong = said.wrong(self._when.now())
        self.show_wrong(wrong)
        if not wrong:
            self._log.setEnabled(False)
            self.submitted.emit(said)

    def _said(self, when: datetime) -> LoggedContact:
        service, resolution = self._service.key(), self._resolution.key()
        channel = self._channel.key()
        ended = self._end.checkedId() == 0
        return LoggedContact(
            key=self._key,
            channel=channel if isinstance(channel, Channel) else Channel.CALL,
            direction=list(_BEGAN)[self._began.checkedId()],
            happened_at=when,
            who=self._who.text().strip(),
            about=self._about.text().strip(),
            service_id=service if isinstance(service, int) else None,
            service_name=self._services.get(service, "") if isinstance(service, int) else "",
            done=self._done.toPlainText().strip(),
            customer_id=self._customer_id,
            reach=self._reach.text().strip(),
            resolution=resolution if ended and isinstance(resolution, Resolution) else None,
            avoidable=ended and self._avoidable.isChecked(),
            while_away=self._while_away,
        )


def _radios(group: QButtonGroup, words: tuple[str, ...]) -> QHBoxLayout:
    row = QHBoxLayout()
    for at, each in enumerate(words):
        radio = QRadioButton(each)
        radio.setAccessibleName(each)
        group.addButton(radio, at)
        row.addWidget(radio)
    row.addStretch(1)
    return row


def _button(group: QButtonGroup, number: int) -> QRadioButton:
    button = group.button(number)
    assert isinstance(button, QRadioButton)
    return button
