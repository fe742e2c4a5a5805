"""The parts of a queue's dialog that come several times: a channel's promise, a needed skill."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.names import CHANNEL_NAMES
from crm_desktop.desktop.widgets.buttons import IconButton
from crm_desktop.desktop.widgets.card import Card
from crm_desktop.desktop.widgets.duration_entry import DurationEntry, number_entry
from crm_desktop.desktop.widgets.flow import FlowLayout
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.calls import WrapUp
from crm_desktop.domain.figures import Figure, Promise, Variant, definition
from crm_desktop.domain.queue_settings import GOAL, LEVEL, SHORT, NeededSkill
from crm_desktop.domain.states import Channel

_VARIANTS = {
    Variant.DEFAULT: "Answered, and later hang-ups",
    Variant.ANSWERED: "Answered only",
    Variant.OFFERED: "Answered, and all hang-ups",
    Variant.BOTH_WITHIN: "Early hang-ups count as good",
    Variant.SHORT_GOOD: "Short hang-ups count as good",
    Variant.NET: "All but short hang-ups",
}
_USUAL_RELAX = 120
_WRAP_UPS = {
    WrapUp.MANDATORY: "People say how it ended",
    WrapUp.OPTIONAL: "People may say how it ended",
    WrapUp.TIMED: "People say how it ended, within",
}
_WRAP_UP_MEANS = {
    WrapUp.MANDATORY: "Whoever had the call is offered the next when they have answered.",
    WrapUp.OPTIONAL: "One key leaves the answers out; such calls count as not resolved.",
    WrapUp.TIMED: (
        "When the time is up the call is completed with what was answered until then, and whoever "
        "had it is offered the next. They can have the same time once more."
    ),
}


class PromiseCard(Card):
    """How soon a channel is answered, and what of it counts. `gone` when it is taken away."""

    gone = Signal(object)

    def __init__(self, look: Look, channel: Channel, promise: Promise) -> None:
        super().__init__(look)
        self._channel, name = channel, CHANNEL_NAMES[channel]
        self.setAccessibleName(f"Promise for {name}")
        self.target = DurationEntry(look, f"{name}: answered within")
        self.target.set_seconds(promise.seconds)
        self.goal = number_entry(look, *GOAL)
        self.goal.setSuffix("%")
        self.goal.setValue(promise.goal)
        self.goal.setAccessibleName(f"{name}: goal in per cent")
        self.hours = QCheckBox("in opening hours only")
        self.hours.setAccessibleName(f"{name}: count opening hours only")
        self.hours.setChecked(promise.in_opening_hours)
        self.short = number_entry(look, *SHORT)
        self.short.setSuffix(" s")
        self.short.setValue(promise.short_seconds)
        self.short.setAccessibleName(f"{name}: a short hang-up in seconds")
        self.variant = QComboBox()
        self.variant.setAccessibleName(f"{name}: what it is a share of")
        for variant, words in _VARIANTS.items():
            self.variant.addItem(words, variant)
        self.variant.setCurrentIndex(list(_VARIANTS).index(promise.variant))
        self._means = Text(look, "", Role.SMALL, muted=True, wrap=True)
        remove = IconButton(look, "x", f"No promise for {name}")
        remove.clicked.connect(self._remove)
        head = QHBoxLayout()
        head.addWidget(Text(look, name, Role.STRONG), 1)
        head.addWidget(remove)
        self.body.addLayout(head)
        fields = QWidget()
        flow = FlowLayout(fields, look.px(10))
        for words, each in (
            ("", self.goal),
            ("answered within", self.target),
            ("", self.hours),
            ("short hang-ups: up to", self.short),
            ("as a share of", self.variant),
        ):
            flow.addWidget(on_line(_labelled(look, words, each), self.goal))
        self.body.addWidget(fields)
        self.body.addWidget(self._means)
        for changed in (
            *(self.target.changed, self.goal.valueChanged, self.short.valueChanged),
            *(self.hours.toggled, self.variant.currentIndexChanged),
        ):
            changed.connect(self._explain)
        self._explain()

    @property
    def channel(self) -> Channel:
        """Whose promise it is."""
        return self._channel

    def promise(self) -> Promise:
        """What is entered."""
        return Promise(
            self.target.seconds(),
            self.hours.isChecked(),
            self.goal.value(),
            self.short.value(),
            Variant(self.variant.currentData()),
        )

    @Slot()
    def _explain(self) -> None:
        self._means.setText(definition(Figure.SERVICE_LEVEL, (self.promise(),)))

    @Slot()
    def _remove(self) -> None:
        self.gone.emit(self._channel)


class WrapUpRow(QWidget):
    """What follows a call: answers that must be given, may be left out, or have their time."""

    def __init__(self, look: Look, mode: WrapUp, seconds: int) -> None:
        super().__init__()
        self.mode = QComboBox()
        self.mode.setAccessibleName("After a call")
        for each, words in _WRAP_UPS.items():
            self.mode.addItem(words, each)
        self.mode.setCurrentIndex(list(_WRAP_UPS).index(mode))
        self.time = DurationEntry(look, "Time for the wrap-up")
        self.time.set_seconds(seconds)
        self._means = Text(look, "", Role.SMALL, muted=True, wrap=True)
        line = QWidget()
        flow = FlowLayout(line, look.px(8))
        flow.addWidget(on_line(self.mode, self.time.number))
        flow.addWidget(self.time)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(line)
        column.addWidget(self._means)
        self.mode.currentIndexChanged.connect(self._fit)
        self._fit()

    def wanted(self) -> tuple[WrapUp, int]:
        """The rule, and the seconds of a timed one."""
        return WrapUp(self.mode.currentData()), self.time.seconds()

    @Slot()
    def _fit(self) -> None:
        mode = WrapUp(self.mode.currentData())
        self.time.setVisible(mode is WrapUp.TIMED)
        self._means.setText(_WRAP_UP_MEANS[mode])


class SkillRow(QWidget):
    """Whether a queue needs a skill, from which level on, and for how long it insists."""

    def __init__(self, look: Look, name: str, needed: NeededSkill | None) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.wanted = QCheckBox(name)
        self.wanted.setChecked(needed is not None)
        self.level = number_entry(look, *LEVEL)
        self.level.setAccessibleName(f"{name}: least level")
        self.level.setValue(needed.level if needed else LEVEL[0])
        relax = needed.relax_seconds if needed else None
        self.relaxes = QCheckBox("anybody after")
        self.relaxes.setAccessibleName(f"{name}: goes to anybody after a time")
        self.relaxes.setChecked(relax is not None)
        self.relax = DurationEntry(look, f"{name}: goes to anybody after")
        self.relax.set_seconds(_USUAL_RELAX if relax is None else relax)
        flow = FlowLayout(self, look.px(10))
        for words, each in (
            ("", self.wanted),
            ("from level", self.level),
            ("", self.relaxes),
            ("", self.relax),
        ):
            flow.addWidget(on_line(_labelled(look, words, each), self.level))
        self.wanted.toggled.connect(self._allow)
        self.relaxes.toggled.connect(self._allow)
        self._allow()

    def needed(self) -> NeededSkill | None:
        """What is entered; None: the skill is not needed."""
        if not self.wanted.isChecked():
            return None
        relax = self.relax.seconds() if self.relaxes.isChecked() else None
        return NeededSkill(self.level.value(), relax)

    @Slot()
    def _allow(self) -> None:
        needed = self.wanted.isChecked()
        self.level.setEnabled(needed)
        self.relaxes.setEnabled(needed)
        self.relax.setEnabled(needed and self.relaxes.isChecked())


def channels_left(shown: Sequence[Channel]) -> tuple[Channel, ...]:
    """The channels for which there is no promise yet."""
    return tuple(each for each in Channel if each not in shown)


def on_line(widget: QWidget, field: QWidget) -> QWidget:
    """The widget as high as a field, so that words stand in the middle of their line."""
    widget.setMinimumHeight(field.sizeHint().height())
    return widget


def _labelled(look: Look, words: str, field: QWidget) -> QWidget:
    """A field with its words before it, kept together where a line ends."""
    if not words:
        return field
    both = QWidget()
    row = QHBoxLayout(both)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(look.px(5))
    label = Text(look, words)
    label.setBuddy(field)
    row.addWidget(label)
    row.addWidget(field)
    return both
