"""What a notice says, where it goes and how long it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.names import NETWORK_NAMES
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import PrimaryButton
from crm_desktop.desktop.widgets.moment_entry import MomentEntry
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain import post_length
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.service_notices import LONGEST_NOTICE, NewNotice, PublicAccount

_USUAL = timedelta(days=1)


class NoticeForm(QWidget):
    """`publish_asked` carries a NewNotice."""

    publish_asked = Signal(object)

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._clock = look, clock
        self._asked: NewNotice | None = None
        self._places: dict[int, tuple[PublicAccount, QCheckBox]] = {}
        self._wrong = Banner(look, Tone.DANGER, "circle-alert")
        self._wrong.hide()
        self.text, self.welsh = self._editor("Text"), self._editor("Text in Welsh, if there is one")
        self._left = Text(look, "", Role.SMALL, muted=True)
        self.on_web = QCheckBox("Pages of the web forms")
        self.on_chat = QCheckBox("Greeting of chats")
        for each in (self.on_web, self.on_chat):
            each.setChecked(True)
        self._wheres = QVBoxLayout()
        for each in (self.on_web, self.on_chat):
            self._wheres.addWidget(each)
        self._later = QCheckBox("Not yet: from")
        self.starts = MomentEntry(look, clock.now(), name="from which it is shown", clock=clock.now)
        self.ends = MomentEntry(
            look, clock.now() + _USUAL, name="until which it is shown", clock=clock.now
        )
        self.starts.setEnabled(False)
        self._later.toggled.connect(self.starts.setEnabled)
        self._go = PrimaryButton(look, "Publish", icon="megaphone", key="Ctrl+Return")
        self._go.setAutoDefault(False)
        self._go.clicked.connect(self._publish)
        self._lay_out()
        self.text.textChanged.connect(self._typed)
        self._typed()

    def set_places(self, places: Sequence[PublicAccount]) -> None:
        """The networks that it can go to; what was ticked stays."""
        for _, box in self._places.values():
            self._wheres.removeWidget(box)
            box.deleteLater()
        ticked = {key for key, (_, box) in self._places.items() if box.isChecked()}
        self._places = {}
        for place in places:
            box = QCheckBox()
            box.setChecked(place.id in ticked)
            box.toggled.connect(self._typed)
            self._wheres.addWidget(box)
            self._places[place.id] = (place, box)
        self._typed()

    def clear(self) -> None:
        """It was published."""
        self._asked = None
        for editor in (self.text, self.welsh):
            editor.clear()
        self._later.setChecked(False)
        self.ends.set_moment(self._clock.now() + _USUAL)
        self._wrong.hide()
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_wrong(self, trouble: CrmError) -> None:
        """Say why it was not published; what was written stays."""
        told = words_for(trouble)
        self._complain(told.happened, told.rest())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter publishes; Enter alone does not."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self._go.click()
            return
        super().keyPressEvent(event)

    def _editor(self, name: str) -> QPlainTextEdit:
        editor = QPlainTextEdit()
        editor.setTabChangesFocus(True)
        editor.setAccessibleName(name)
        editor.setFixedHeight(self._look.px(84))
        return editor

    def _lay_out(self) -> None:
        self.text.setPlaceholderText("Bin rounds are a day late this week …")
        self._wheres.setSpacing(self._look.px(4))
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, self._look.px(6), 0)
        column.addWidget(self._wrong)
        for said, editor in (("Text", self.text), ("In Welsh", self.welsh)):
            label = Text(self._look, said, Role.SMALL_STRONG, muted=True)
            label.setBuddy(editor)
            column.addWidget(label)
            column.addWidget(editor)
            if editor is self.text:
                column.addWidget(self._left)
        column.addWidget(Text(self._look, "Where", Role.SMALL_STRONG, muted=True))
        column.addLayout(self._wheres)
        column.addWidget(Text(self._look, "How long", Role.SMALL_STRONG, muted=True))
        for first, entry in ((self._later, self.starts), (Text(self._look, "Until"), self.ends)):
            column.addWidget(first)
            column.addWidget(entry)
        column.addStretch(1)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setWidget(inner)
        area.setAccessibleName("New notice")
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self._go)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, self._look.px(6), 0)
        whole.addWidget(Text(self._look, "New notice", Role.HEADING))
        whole.addWidget(area, 1)
        whole.addLayout(foot)

    @Slot()
    def _typed(self) -> None:
        """Count as each place counts."""
        text = self.text.toPlainText().strip()
        left = LONGEST_NOTICE - len(text)
        self._left.setText(_left(left))
        self._left.set_tone(Tone.DANGER if left < 0 else None, muted=left >= 0)
        for place, box in self._places.values():
            room = place.limit - post_length.length(place.network, text)
            box.setText(f"{NETWORK_NAMES[place.network]}: {place.name} ({_left(room)})")

    @Slot()
    def _publish(self) -> None:
        text = self.text.toPlainText().strip()
        chosen = [place for place, box in self._places.values() if box.isChecked()]
        over = [
            NETWORK_NAMES[each.network]
            for each in chosen
            if post_length.length(each.network, text) > each.limit
        ]
        starts, ends = self.starts.moment() if self._later.isChecked() else None, self.ends.moment()
        now = self._clock.now()
        if not text:
            self._complain("Nothing was published.", "Write what everybody should know.")
        elif len(text) > LONGEST_NOTICE or over:
            where = f" for {' and '.join(over)}" if over else ""
            self._complain("Nothing was published.", f"The text is too long{where}. Shorten it.")
        elif not (chosen or self.on_web.isChecked() or self.on_chat.isChecked()):
            self._complain("Nothing was published.", "Choose where it should be shown.")
        elif (self._later.isChecked() and starts is None) or ends is None:
            self._complain("Nothing was published.", "Enter a day and a time, like 18:00.")
        elif ends <= max(now, starts or now):
            self._complain("Nothing was published.", "It must end after it begins.")
        else:
            self._wrong.hide()
            self._ask(
                NewNotice(
                    text=text,
                    text_cy=self.welsh.toPlainText().strip(),
                    starts_at=starts,
                    ends_at=ends,
                    on_web=self.on_web.isChecked(),
                    on_chat=self.on_chat.isChecked(),
                    account_ids=tuple(each.id for each in chosen),
                )
            )

    def _ask(self, notice: NewNotice) -> None:
        """The same notice, asked again because nobody answered, is one."""
        if self._asked is None or replace(notice, key=self._asked.key) != self._asked:
            self._asked = notice
        self.publish_asked.emit(self._asked)

    def _complain(self, happened: str, to_do: str) -> None:
        self._wrong.set_text(happened, to_do)
        self._wrong.show()
        announce(self, self._wrong.text())


def _left(room: int) -> str:
    return f"{room:,} left" if room >= 0 else f"{-room:,} too many"
