"""How a queue works, set by its team leaders: who is offered what, how soon, and what then."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.names import CHANNEL_NAMES
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.team.queue_fields import (
    PromiseCard,
    SkillRow,
    WrapUpRow,
    channels_left,
    on_line,
)
from crm_desktop.desktop.screens.team.queue_presenter import QueuePresenter, Read
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.chooser import ChoiceField
from crm_desktop.desktop.widgets.duration_entry import DurationEntry
from crm_desktop.desktop.widgets.flow import FlowLayout
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import Conflict, CrmError, InvalidInput
from crm_desktop.domain.figures import Promise
from crm_desktop.domain.queue_settings import QueueAround, QueueSettings, ageing_words
from crm_desktop.domain.states import Channel

_NO_SKILLS = (
    "The centre has no skills yet. Until it has, everybody of the queue may be offered all."
)
_READ_ONLY = "Team leaders of this queue and administrators may change this."
_CHANGED = (
    "Somebody else changed this queue meanwhile.",
    "Nothing was overwritten. Close this and open it again to see how the queue is now.",
)
_USUAL_OVERFLOW = 900
_USUAL_TARGET = 3600


def open_queue_dialog(
    look: Look, presenter: QueuePresenter, queue_id: int, parent: QWidget
) -> QueueDialog:
    """Open the rules of a queue; they appear when they were read."""
    dialog = QueueDialog(look, presenter, queue_id, parent)
    dialog.open()
    return dialog


class QueueDialog(QDialog):
    """The rules of one queue. `saved` when they hold."""

    saved = Signal(int)

    def __init__(
        self, look: Look, presenter: QueuePresenter, queue_id: int, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Queue")
        self._look, self._presenter, self._queue_id = look, presenter, queue_id
        self._open = True
        self._seen: QueueSettings | None = None
        self._promises: dict[Channel, PromiseCard] = {}
        self._skills: dict[int, SkillRow] = {}
        self._wrong = Banner(look, Tone.DANGER, "circle-alert")
        self._wrong.hide()
        self._body = QWidget()
        self.column = QVBoxLayout(self._body)
        self.column.setSpacing(look.px(8))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self._body)
        area.setAccessibleName("Rules of the queue")
        self.save = PrimaryButton(look, "Save")
        self.save.setEnabled(False)
        self.save.clicked.connect(self._save)
        back = Button(look, "Cancel")
        back.setAutoDefault(False)
        back.clicked.connect(self.reject)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(back)
        foot.addWidget(self.save)
        whole = QVBoxLayout(self)
        whole.addWidget(self._wrong)
        whole.addWidget(area, 1)
        whole.addLayout(foot)
        free = self.screen().availableSize()
        self.resize(
            min(look.px(640), free.width() - look.px(20)),
            min(look.px(640), free.height() - look.px(40)),
        )
        presenter.read(queue_id, self._show, self._failed)

    def done(self, result: int) -> None:
        """It closes; an answer that comes later finds nobody."""
        self._open = False
        super().done(result)

    def trouble(self) -> str:
        """What is said to be wrong; empty when nothing is."""
        return "" if self._wrong.isHidden() else self._wrong.text()

    def wanted(self) -> QueueSettings:
        """What is entered."""
        overflow = self.overflows.isChecked()
        wrap_up, wrap_up_seconds = self.wrap_up.wanted()
        queue = self.overflow_queue.key()
        needs = {id_: row.needed() for id_, row in self._skills.items()}
        return QueueSettings(
            push=self.push.isChecked(),
            offer_seconds=self.offer.seconds(),
            ageing_seconds=self.ageing.seconds(),
            last_advisor_seconds=self.last_advisor.seconds(),
            overflow_queue_id=queue if overflow and isinstance(queue, int) else None,
            overflow_seconds=self.overflow_after.seconds() if overflow else None,
            wrap_up=wrap_up,
            wrap_up_seconds=wrap_up_seconds,
            targets={channel: card.promise() for channel, card in self._promises.items()},
            skills={id_: each for id_, each in needs.items() if each is not None},
        )

    # Filling it

    def _show(self, read: Read) -> None:
        if not self._open:
            return
        self._seen, around = read
        self.setWindowTitle(f"Queue {around.name}")
        self.column.addWidget(Text(self._look, around.name, Role.TITLE, wrap=True))
        if not around.may_change:
            self.column.addWidget(Text(self._look, _READ_ONLY, muted=True, wrap=True))
        self._add_way(self._seen)
        self._add_overflow(self._seen, around)
        self._heading("After a call")
        self.wrap_up = WrapUpRow(self._look, self._seen.wrap_up, self._seen.wrap_up_seconds)
        self.column.addWidget(self.wrap_up)
        self._add_promises(self._seen)
        self._add_skills(self._seen, around)
        self.column.addStretch(1)
        self._allow()
        self._body.setEnabled(around.may_change)
        self.save.setEnabled(around.may_change)
        self.push.setFocus() if self.push.isChecked() else self.pull.setFocus()

    def _add_way(self, seen: QueueSettings) -> None:
        look = self._look
        self._heading("How contacts come to people")
        self.pull = QRadioButton("People take them from the queue")
        self.push = QRadioButton("They are offered to whoever is free and fits")
        (self.push if seen.push else self.pull).setChecked(True)
        self.push.toggled.connect(self._allow)
        self.offer = _duration(look, "An offer stands for", seen.offer_seconds)
        self.last_advisor = _duration(
            look, "Wait for whoever had the customer last", seen.last_advisor_seconds
        )
        self.ageing = _duration(look, "One point of priority is worth", seen.ageing_seconds)
        self.ageing.changed.connect(self._explain)
        self._means = Text(look, "", Role.SMALL, muted=True, wrap=True)
        for each in (self.pull, self.push):
            self.column.addWidget(each, 0, Qt.AlignmentFlag.AlignLeft)
        for words, field, after in (
            ("An offer stands for", self.offer, ""),
            ("Wait for whoever had the customer last, for", self.last_advisor, "(0: do not wait)"),
            ("One point of priority is worth", self.ageing, "of waiting"),
        ):
            self._line(words, field, after)
        self.column.addWidget(self._means)
        self._explain()

    def _add_overflow(self, seen: QueueSettings, around: QueueAround) -> None:
        self._heading("When it takes too long")
        self.overflows = QCheckBox("Move what still waits after")
        self.overflows.setChecked(seen.overflow_queue_id is not None)
        self.overflows.toggled.connect(self._allow)
        self.overflow_after = _duration(
            self._look, "Overflow after", seen.overflow_seconds or _USUAL_OVERFLOW
        )
        self.overflow_queue = ChoiceField(self._look, "Overflow to queue", "Choose a queue…")
        self.overflow_queue.set_rows([Row(id_, name) for id_, name in around.others.items()])
        self.overflow_queue.choose(seen.overflow_queue_id)
        line = self._flow()
        for each in (self.overflows, self.overflow_after, self.overflow_queue):
            line.addWidget(on_line(each, self.overflow_after.number))
        if not around.others:
            words = "A restricted queue can only overflow into another restricted one."
            self.overflows.setEnabled(False)
            self.column.addWidget(Text(self._look, words, Role.SMALL, muted=True, wrap=True))
        self._has_others = bool(around.others)

    def _add_promises(self, seen: QueueSettings) -> None:
        self._heading("How soon contacts are answered")
        self._cards = QVBoxLayout()
        self._cards.setSpacing(self._look.px(8))
        self.column.addLayout(self._cards)
        for channel, promise in seen.targets.items():
            self._add_promise(channel, promise)
        self.more = ChoiceField(self._look, "Add a promise for", "Add a promise for a channel…")
        self.more.chosen.connect(self._more)
        self.column.addWidget(self.more)
        self._offer_more()

    def _add_promise(self, channel: Channel, promise: Promise) -> None:
        card = PromiseCard(self._look, channel, promise)
        card.gone.connect(self._remove_promise)
        self._promises[channel] = card
        self._cards.addWidget(card)

    def _add_skills(self, seen: QueueSettings, around: QueueAround) -> None:
        self._heading("Skills that people need")
        for id_, name in around.skills.items():
            row = SkillRow(self._look, name, seen.skills.get(id_))
            self._skills[id_] = row
            self.column.addWidget(row)
        if not around.skills:
            self.column.addWidget(Text(self._look, _NO_SKILLS, Role.SMALL, muted=True, wrap=True))

    def _heading(self, words: str) -> None:
        self.column.addSpacing(self._look.px(8))
        self.column.addWidget(Text(self._look, words, Role.HEADING))

    def _flow(self) -> FlowLayout:
        inner = QWidget()
        self.column.addWidget(inner)
        return FlowLayout(inner, self._look.px(8))

    def _line(self, words: str, field: QWidget, after: str) -> None:
        line = self._flow()
        label = Text(self._look, words)
        label.setBuddy(field)
        line.addWidget(on_line(label, self.ageing.number))
        line.addWidget(field)
        if after:
            line.addWidget(on_line(Text(self._look, after), self.ageing.number))

    # What a person does

    @Slot()
    def _allow(self) -> None:
        for each in (self.offer, self.last_advisor):
            each.setEnabled(self.push.isChecked())
        for field in (self.overflow_after, self.overflow_queue):
            field.setEnabled(self._has_others and self.overflows.isChecked())

    @Slot()
    def _explain(self) -> None:
        said = ageing_words(self.ageing.seconds())
        self._means.setText(f"{said} So nothing waits for ever, however much is urgent.")

    @Slot(object)
    def _more(self, key: object) -> None:
        if isinstance(key, Channel) and key not in self._promises:
            self._add_promise(key, Promise(_USUAL_TARGET))
            self._promises[key].target.setFocus()
        self._offer_more()

    @Slot(object)
    def _remove_promise(self, channel: Channel) -> None:
        card = self._promises.pop(channel)
        self._cards.removeWidget(card)
        card.hide()
        card.deleteLater()
        self._offer_more()
        self.more.setFocus()

    def _offer_more(self) -> None:
        left = channels_left(list(self._promises))
        self.more.set_rows([Row(each, CHANNEL_NAMES[each]) for each in left])
        self.more.choose(None)
        self.more.setVisible(bool(left))

    @Slot()
    def _save(self) -> None:
        if self._seen is None:
            return
        self._wrong.hide()
        self.save.setEnabled(False)
        self._presenter.change(self._queue_id, self._seen, self.wanted(), self._saved, self._failed)

    def _saved(self, _changes: Changes) -> None:
        if self._open:
            self.saved.emit(self._queue_id)
            self.accept()

    def _failed(self, trouble: CrmError) -> None:
        if not self._open:
            return
        self.save.setEnabled(self._seen is not None)
        fields = trouble.params.get("fields")
        if isinstance(trouble, InvalidInput) and isinstance(fields, dict):
            wrong = "; ".join(f"{name}: {why}" for name, why in fields.items())
            self._wrong.set_text("Some of it cannot be so. Nothing was saved.", f"{wrong}.")
        elif isinstance(trouble, Conflict):
            self._wrong.set_text(*_CHANGED)
        else:
            told = words_for(trouble)
            self._wrong.set_text(told.happened, told.rest())
        self._wrong.show()
        announce(self, self._wrong.text())


def _duration(look: Look, name: str, seconds: int) -> DurationEntry:
    field = DurationEntry(look, name)
    field.set_seconds(seconds)
    return field
