"""What narrows the list of open contacts: words, queue, channel, state, wait, service, person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget

from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.names import CHANNEL_NAMES
from crm_desktop.desktop.widgets.flow import FlowLayout
from crm_desktop.desktop.widgets.search_field import SearchField
from crm_desktop.domain.reassigning import Candidate, WorkFilter
from crm_desktop.domain.states import Channel, ContactState
from crm_desktop.domain.views import QueueInfo, ServiceInfo

_STATES = {
    "Waiting": (ContactState.QUEUED,),
    "Offered": (ContactState.OFFERED,),
    "In hand": (ContactState.ACTIVE, ContactState.HELD, ContactState.WRAP_UP),
    "Parked": (ContactState.PARKED,),
}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
#: What is chosen by hand elsewhere: several queues.
_SEVERAL = -1
_WAITS = {
    "Overdue": _SEVERAL,
    "Waited 5 min": 5 * _MINUTE,
    "Waited 30 min": 30 * _MINUTE,
    "Waited 2 h": 2 * _HOUR,
    "Waited a day": _DAY,
}


class ContactsFilters(QWidget):
    """`changed` carries a WorkFilter when a person chose another."""

    changed = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._wanted = WorkFilter()
        self._flow = FlowLayout(self, look.px(6))
        self.words = SearchField(look, "Words in the contact", hint="Words")
        self.words.asked.connect(self._words_asked)
        self._flow.addWidget(self.words)
        self.queue = self._combo("Queue", "Every queue")
        self.channel = self._combo("Channel", "Every channel")
        for channel in Channel:
            self.channel.addItem(CHANNEL_NAMES[channel], channel.value)
        self.state = self._combo("State", "Every state")
        for name in _STATES:
            self.state.addItem(name, name)
        self.waited = self._combo("Wait", "Any wait")
        for name, seconds in _WAITS.items():
            self.waited.addItem(name, seconds)
        self.service = self._combo("Service", "Every service")
        self.person = self._combo("Person", "Everybody’s")
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        look.changed.connect(self._relook)

    def set_choices(
        self,
        queues: Sequence[QueueInfo],
        services: Sequence[ServiceInfo],
        people: Sequence[Candidate],
    ) -> None:
        """What can be chosen."""
        _fill(self.queue, [(each.id, each.name) for each in queues if each.mine])
        _fill(self.service, [(each.id, f"{each.name} · {each.group}") for each in services])
        _fill(self.person, [(each.id, each.name) for each in people])
        self.show_filter(self._wanted)

    def show_filter(self, wanted: WorkFilter) -> None:
        """Show what is in force; tells nobody."""
        self._wanted = wanted
        if wanted.words != self.words.text().strip():
            self.words.blockSignals(True)
            self.words.setText(wanted.words)
            self.words.blockSignals(False)
        self._show_queues(wanted.queues)
        one = next(iter(wanted.channels), None)
        _select(self.channel, one.value if one else None)
        named = (name for name, states in _STATES.items() if frozenset(states) == wanted.states)
        _select(self.state, next(named, None))
        _select(self.waited, _SEVERAL if wanted.overdue else wanted.waited or None)
        _select(self.service, wanted.service_id)
        _select(self.person, wanted.owner_id)

    def _show_queues(self, queues: frozenset[int]) -> None:
        if (place := self.queue.findData(_SEVERAL)) >= 0:
            self.queue.removeItem(place)
        if len(queues) > 1:
            self.queue.addItem(f"{len(queues)} queues", _SEVERAL)
            _select(self.queue, _SEVERAL)
        else:
            _select(self.queue, next(iter(queues), None))

    def _combo(self, name: str, everything: str) -> QComboBox:
        combo = QComboBox()
        combo.setAccessibleName(name)
        combo.view().setAccessibleName(name)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo.setMinimumContentsLength(11)
        combo.addItem(everything, None)
        combo.activated.connect(self._chosen)
        self._flow.addWidget(combo)
        return combo

    @Slot(str)
    def _words_asked(self, text: str) -> None:
        self._tell(replace(self._wanted, words=text))

    @Slot()
    def _chosen(self) -> None:
        queue, waited = self.queue.currentData(), self.waited.currentData()
        channel, state = self.channel.currentData(), self.state.currentData()
        queues = self._wanted.queues if queue == _SEVERAL else frozenset({queue} - {None})
        self._tell(
            replace(
                self._wanted,
                queues=queues,
                channels=frozenset({Channel(channel)}) if channel else frozenset(),
                states=frozenset(_STATES[state]) if state else frozenset(),
                overdue=waited == _SEVERAL,
                waited=0 if waited in (None, _SEVERAL) else waited,
                service_id=self.service.currentData(),
                owner_id=self.person.currentData(),
            )
        )

    def _tell(self, wanted: WorkFilter) -> None:
        if wanted != self._wanted:
            self._wanted = wanted
            self.changed.emit(wanted)

    @Slot()
    def _relook(self) -> None:
        self._flow.set_gap(self._look.px(6))


def _fill(combo: QComboBox, choices: Sequence[tuple[int, str]]) -> None:
    while combo.count() > 1:
        combo.removeItem(combo.count() - 1)
    for key, name in choices:
        combo.addItem(name, key)


def _select(combo: QComboBox, wanted: object) -> None:
    combo.setCurrentIndex(max(combo.findData(wanted), 0))
