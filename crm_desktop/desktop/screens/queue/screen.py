"""The queue pane: title and Next, chips, filters, saved views, the list, and what it is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QInputDialog,
    QMenu,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core.channels import CHANNEL_ICONS
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.names import CHANNEL_NAMES
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.queue.view import WAITING, QueueList
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import IconButton, PrimaryButton
from crm_desktop.desktop.widgets.card import PanelHeader, Surface
from crm_desktop.desktop.widgets.chips import Chip, FilterChips
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.domain.calls import CallView
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.states import IN_HAND, Channel
from crm_desktop.domain.views import (
    QueueCounts,
    QueueFilter,
    QueueInfo,
    QueueRow,
    SavedViewInfo,
    ServiceInfo,
)

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.queue.presenter import QueuePresenter

_ALL, _MINE = "all", "mine"
_ORDER = tuple(Channel)


class QueueScreen(QWidget):
    """The pane of the queue; implements the presenter's `QueueView`.

    Signals: `opened` carries the contact to look at, `chosen` the QueueRow under the cursor or
    None, `density_changed` whether rows are compact, `counted` the QueueCounts, `busy` whether a
    contact is in hand, `held` the rows that are in this person's hands.
    """

    opened = Signal(object)
    chosen = Signal(object)
    density_changed = Signal(bool)
    counted = Signal(object)
    busy = Signal(bool)
    held = Signal(object)

    def __init__(
        self, look: Look, clock: Clock, next_action: QAction, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._presenter: QueuePresenter | None = None
        self._wanted = QueueFilter()
        self._counts: QueueCounts | None = None
        self._views: tuple[SavedViewInfo, ...] = ()
        self._loaded = False
        self.setAccessibleName("Queue")
        self._header = PanelHeader(look, "Queue")
        self._filters_button = IconButton(look, "filter", "Filters and saved views")
        self._filters_button.setCheckable(True)
        self._filters_button.toggled.connect(self._show_filters)
        self._header.add(self._filters_button)
        self._next = PrimaryButton(look, "Next").follow(next_action)
        self._header.add(self._next)
        self._chips = FilterChips(look, "Show")
        self._chips.chosen.connect(self._chip_chosen)
        self._filters = self._build_filters()
        self._trouble = Banner(look, Tone.WARNING, "wifi-off")
        self._trouble.hide()
        self.list = QueueList(look, clock)
        self._empty = EmptyState(look, "inbox", "Nothing waits.")
        self._lay_out()
        self._connect()
        look.changed.connect(self._space)
        self._space()

    def bind(self, presenter: QueuePresenter) -> None:
        """Give the pane who answers it."""
        self._presenter = presenter

    def set_compact(self, compact: bool) -> None:
        """Change the density of the waiting rows."""
        if compact != self.list.is_compact:
            self.list.set_compact(compact)
            self.density_changed.emit(compact)

    def show_calls(self, calls: Mapping[int, CallView]) -> None:
        """What this person's calls are doing, by contact."""
        self.list.show_calls(calls)

    def show_rows(
        self, mine: tuple[QueueRow, ...], waiting: tuple[QueueRow, ...], *, more: bool
    ) -> None:
        """See `QueueView`."""
        self._loaded = True
        self.busy.emit(any(row.state in IN_HAND for row in mine))
        self.held.emit(mine)
        self.list.show_rows(mine, waiting, more=more)
        empty = not mine and not waiting
        if empty:
            self._explain_empty()
        self._stack.setCurrentIndex(1 if empty else 0)

    def show_counts(self, counts: QueueCounts) -> None:
        """See `QueueView`."""
        self._counts = counts
        self._header.set_text("Queue", _waiting_words(counts))
        self._chips.set_chips(_chips(counts, self._wanted))
        self._chips.choose(_chip_of(self._wanted))
        self._overdue.set_chips(
            [Chip("overdue", "Overdue", "clock", counts.overdue, "Overdue only")]
        )
        self.counted.emit(counts)

    def show_filter(self, wanted: QueueFilter) -> None:
        """See `QueueView`."""
        self._wanted = wanted
        if self._counts is not None:
            self.show_counts(self._counts)
        _select(self._queue, wanted.queue_id)
        _select(self._service, wanted.service_id)
        self._overdue.choose(*(["overdue"] if wanted.overdue else []))
        narrowed = wanted.overdue or wanted.queue_id or wanted.service_id
        if narrowed:
            self._filters_button.setChecked(True)

    def show_choices(
        self,
        queues: tuple[QueueInfo, ...],
        services: tuple[ServiceInfo, ...],
        views: tuple[SavedViewInfo, ...],
    ) -> None:
        """See `QueueView`."""
        _fill(self._queue, "Every queue", [(each.id, each.name) for each in queues])
        _fill(
            self._service,
            "Every service",
            # The name first: the closed list has no room for more.
            [(each.id, f"{each.name} · {each.group}") for each in services],
        )
        _select(self._queue, self._wanted.queue_id)
        _select(self._service, self._wanted.service_id)
        self._views = views

    def show_trouble(self, trouble: CrmError | None) -> None:
        """See `QueueView`."""
        self._trouble.setVisible(trouble is not None)
        if trouble is not None:
            said = words_for(trouble)
            old = "This list may be old." if self._loaded else ""
            self._trouble.set_text(said.happened, " ".join(filter(None, (old, said.to_do))))

    def focus(self) -> None:
        """Put the keyboard into the list."""
        self.list.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _explain_empty(self) -> None:
        if self._wanted == QueueFilter():
            self._empty.set_text("Nothing waits.", "New contacts appear here by themselves.")
        else:
            self._empty.set_text("Nothing of this kind waits.", "All shows the whole queue.")

    def _build_filters(self) -> QWidget:
        self._queue, self._service = QComboBox(), QComboBox()
        self._queue.setAccessibleName("Only of one queue")
        self._service.setAccessibleName("Only about one service")
        for combo in (self._queue, self._service):
            combo.view().setAccessibleName(combo.accessibleName())
            combo.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            combo.setMinimumContentsLength(8)
            combo.activated.connect(self._combo_chosen)
        self._overdue = FilterChips(self._look, "Overdue", exclusive=False)
        self._overdue.set_chips([Chip("overdue", "Overdue", "clock", None, "Overdue only")])
        self._overdue.chosen.connect(self._overdue_chosen)
        self._views_button = IconButton(self._look, "star", "Saved views")
        self._views_button.clicked.connect(self._show_views)
        area = QWidget()
        rows = QVBoxLayout(area)
        rows.setContentsMargins(0, 0, 0, 0)
        # Under each other: side by side their names would be cut.
        combos, below = QVBoxLayout(), QHBoxLayout()
        combos.addWidget(self._queue)
        combos.addWidget(self._service)
        below.addWidget(self._overdue, 1)
        below.addWidget(self._views_button)
        rows.addLayout(combos)
        rows.addLayout(below)
        area.hide()
        return area

    def _lay_out(self) -> None:
        top = Surface(self._look)
        self._top = QVBoxLayout(top)
        self._top.addWidget(self._chips)
        self._top.addWidget(self._filters)
        self._top.addWidget(self._trouble)
        holder = Surface(self._look)
        self._stack = QStackedLayout(holder)
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._header)
        column.addWidget(top)
        column.addWidget(holder, 1)

    def _connect(self) -> None:
        self.list.opened.connect(self.opened)
        self.list.chosen.connect(self.chosen)
        self.list.wants_more.connect(self._load_more)
        self.list.heading_clicked.connect(self._heading_clicked)

    @Slot()
    def _space(self) -> None:
        px = self._look.px
        self._top.setContentsMargins(px(12), px(8), px(12), px(8))
        self._top.setSpacing(px(8))

    @Slot()
    def _load_more(self) -> None:
        if self._presenter:
            self._presenter.load_more()

    @Slot(str)
    def _heading_clicked(self, key: str) -> None:
        if key == WAITING:
            self.set_compact(not self.list.is_compact)

    @Slot(bool)
    def _show_filters(self, shown: bool) -> None:
        self._filters.setVisible(shown)
        if not shown:
            self._ask(replace(self._wanted, queue_id=None, service_id=None, overdue=False))

    @Slot(object)
    def _chip_chosen(self, keys: tuple[str, ...]) -> None:
        key = keys[0] if keys else _ALL
        channels = frozenset() if key in (_ALL, _MINE) else frozenset({Channel(key)})
        self._ask(replace(self._wanted, mine=key == _MINE, channels=channels))

    @Slot()
    def _combo_chosen(self) -> None:
        self._ask(
            replace(
                self._wanted,
                queue_id=self._queue.currentData(),
                service_id=self._service.currentData(),
            )
        )

    @Slot(object)
    def _overdue_chosen(self, keys: tuple[str, ...]) -> None:
        self._ask(replace(self._wanted, overdue=bool(keys)))

    @Slot()
    def _show_views(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for view in self._views:
            action = menu.addAction(view.name, self._view_chosen)
            action.setData(view.filter)
        if self._views:
            menu.addSeparator()
            forget = menu.addMenu("Delete a view")
            for view in self._views:
                forget.addAction(view.name, self._view_deleted).setData(view.id)
        menu.addAction("Save what is shown…", self._name_view)
        menu.popup(self._views_button.mapToGlobal(QPoint(0, self._views_button.height())))

    @Slot()
    def _view_chosen(self) -> None:
        self._with_sender(self._ask)

    @Slot()
    def _view_deleted(self) -> None:
        if self._presenter:
            self._with_sender(self._presenter.delete_view)

    def _with_sender(self, call: Callable[..., None]) -> None:
        sender = self.sender()
        if isinstance(sender, QAction):
            call(sender.data())

    @Slot()
    def _name_view(self) -> None:
        dialog = QInputDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Save this view")
        dialog.setLabelText("Name")
        dialog.textValueSelected.connect(self._save_view)
        dialog.open()

    @Slot(str)
    def _save_view(self, name: str) -> None:
        if name.strip() and self._presenter:
            self._presenter.save_view(name.strip())

    def _ask(self, wanted: QueueFilter) -> None:
        if self._presenter:
            self._presenter.filter(wanted)


def _waiting_words(counts: QueueCounts) -> str:
    return f"{counts.waiting:,} waiting" if counts.waiting else "nothing waits"


def _chips(counts: QueueCounts, wanted: QueueFilter) -> list[Chip]:
    chips = [
        Chip(_ALL, "All", "", counts.waiting, "All that waits"),
        Chip(_MINE, "Mine", "", counts.mine, "In my hands"),
    ]
    for channel in _ORDER:
        number = counts.by_channel.get(channel, 0)
        if number or channel in wanted.channels:
            name = CHANNEL_NAMES[channel]
            chips.append(Chip(channel.value, "", CHANNEL_ICONS[channel], number, name))
    return chips


def _chip_of(wanted: QueueFilter) -> str:
    if wanted.mine:
        return _MINE
    return next(iter(wanted.channels)).value if len(wanted.channels) == 1 else _ALL


def _fill(combo: QComboBox, everything: str, choices: list[tuple[int, str]]) -> None:
    combo.clear()
    combo.addItem(everything, None)
    for number, name in choices:
        combo.addItem(name, number)


def _select(combo: QComboBox, wanted: int | None) -> None:
    place = combo.findData(wanted)
    combo.setCurrentIndex(max(place, 0))
