"""The recordings screen: search and customers' requests at the left, the recording at the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.recordings.detail import DetailPane
from crm_desktop.desktop.screens.recordings.search import SearchPane
from crm_desktop.desktop.widgets.banner import ErrorBar
from crm_desktop.desktop.widgets.card import PanelHeader, Surface
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.domain.errors import CrmError, InvalidInput
from crm_desktop.domain.recordings import (
    FoundRecording,
    Heard,
    RecordingView,
    RequestRow,
    RequestView,
)

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.recordings.presenter import RecordingsPresenter

_FOUND, _REQUEST = "found", "request"


class RecordingsScreen(QWidget):
    """Implements `RecordingsView`."""

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presenter: RecordingsPresenter | None = None
        self._found: tuple[FoundRecording, ...] = ()
        self._asked = ""
        self._requests: tuple[RequestRow, ...] = ()
        self.setAccessibleName("Recordings")
        self.search = SearchPane(look, clock.now)
        self.list = RowList(look, "Recordings and requests")
        self._error = ErrorBar(look)
        self.detail = DetailPane(look, clock)
        self._blank = EmptyState(
            look,
            "voicemail",
            "No recording is shown.",
            "Find one by the number that called, or choose a customer's request.",
        )
        left = Surface(look)
        column = _column(left)
        column.addWidget(PanelHeader(look, "Recordings"))
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        self._right = QStackedWidget()
        blank = Surface(look)
        _column(blank).addWidget(self._blank)
        self._right.addWidget(blank)
        self._right.addWidget(self.detail)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(left)
        split.addWidget(self._right)
        split.setStretchFactor(1, 1)
        split.setChildrenCollapsible(False)
        split.setSizes([look.px(340), look.px(760)])
        whole = _column(self)
        whole.addWidget(self._error)
        whole.addWidget(split, 1)

    def bind(self, presenter: RecordingsPresenter) -> None:
        """Give the screen who answers it."""
        self._presenter = presenter
        self.search.asked.connect(presenter.find)
        self.list.opened.connect(self._open)
        detail = self.detail
        detail.wanted.connect(presenter.want)
        detail.hold.connect(presenter.hold)
        detail.let_go.connect(presenter.let_go)
        detail.ask.connect(presenter.ask)
        detail.close_asked.connect(presenter.close)
        detail.save.connect(presenter.save)
        detail.release.connect(presenter.release)

    def focus(self) -> None:
        """Put the keyboard where the search begins."""
        self.search.number.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_requests(self, rows: tuple[RequestRow, ...]) -> None:
        """See `RecordingsView`."""
        self._requests = rows
        self._show_list()

    def show_found(self, found: tuple[FoundRecording, ...], *, asked: str) -> None:
        """See `RecordingsView`."""
        self._found, self._asked = found, asked
        self._show_list()
        announce(self, f"{words.count(len(found), 'recording')} with {asked}")

    def show_recording(self, recording: RecordingView, heard: tuple[Heard, ...]) -> None:
        """See `RecordingsView`."""
        self._error.hide()
        self.detail.show_recording(recording, heard)
        self._right.setCurrentWidget(self.detail)

    def show_request(self, request: RequestView) -> None:
        """See `RecordingsView`."""
        self._error.hide()
        self.detail.show_request(request)
        self._right.setCurrentWidget(self.detail)

    def show_saved(self) -> None:
        """See `RecordingsView`."""
        self._error.hide()
        self.detail.saved()

    def give_sound(self, recording_id: int, sound: bytes) -> None:
        """See `HearingView`."""
        if self._is_shown(recording_id):
            self.detail.card.player.set_sound(sound)

    def show_no_sound(self, recording_id: int, said: str) -> None:
        """See `HearingView`."""
        if self._is_shown(recording_id):
            self.detail.card.player.show_trouble(said)

    def show_trouble(self, trouble: CrmError) -> None:
        """See `RecordingsView`."""
        fields = trouble.params.get("fields")
        if isinstance(trouble, InvalidInput) and isinstance(fields, dict) and "number" in fields:
            self.search.say(str(fields["number"]))
        else:
            self._error.show_trouble(trouble)

    def _is_shown(self, recording_id: int) -> bool:
        shown = self.detail.card.recording
        return shown is not None and shown.id == recording_id

    def _show_list(self) -> None:
        rows: list[Row] = []
        if self._asked:
            rows.append(
                Row("h-found", f"{words.count(len(self._found), 'recording')} with {self._asked}",
                    heading=True)
            )  # fmt: skip
            rows += [_found_row(each) for each in self._found]
        rows.append(Row("h-requests", "Customers' requests", heading=True))
        rows += [_request_row(each) for each in self._requests]
        self.list.set_rows(rows)

    @Slot(object)
    def _open(self, key: tuple[str, int]) -> None:
        if self._presenter is None or not isinstance(key, tuple):
            return
        kind, id_ = key
        if kind == _REQUEST:
            self._presenter.open_request(id_)
            return
        for each in self._found:
            if each.recording.id == id_:
                if each.request_id is not None:
                    self._presenter.open_request(each.request_id)
                else:
                    self._presenter.open_recording(each.recording)


def _found_row(found: FoundRecording) -> Row:
    recording = found.recording
    state = None
    if recording.lost:
        state = ("lost", Tone.DANGER)
    elif recording.destroyed_at is not None:
        state = ("destroyed", Tone.NEUTRAL)
    elif recording.held:
        state = ("held", Tone.WARNING)
    return Row(
        (_FOUND, recording.id),
        words.full(recording.started_at),
        f"{found.who} · {found.queue} · {words.stopwatch(recording.seconds)}",
        icon=recording.kind.value if recording.kind.value == "voicemail" else "phone",
        pill=state,
    )


def _request_row(row: RequestRow) -> Row:
    state = ("open", Tone.WARNING)
    if row.released_at is not None:
        state = ("released", Tone.OK)
    elif row.closed_at is not None:
        state = ("ended", Tone.NEUTRAL)
    return Row(
        (_REQUEST, row.id),
        row.asked_by,
        f"Call of {words.full(row.called_at)} · {row.who}",
        icon="user",
        pill=state,
    )


def _column(parent: QWidget) -> QVBoxLayout:
    made = QVBoxLayout(parent)
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(0)
    return made
