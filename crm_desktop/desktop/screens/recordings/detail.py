"""One recording: its player, who listened, its hold, and what a customer gets of it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QLineEdit, QScrollArea, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import Button, Kind, PrimaryButton
from crm_desktop.desktop.widgets.card import Surface
from crm_desktop.desktop.widgets.flow import FlowLayout
from crm_desktop.desktop.widgets.recording_card import RecordingCard
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.desktop.widgets.transcript import Transcript
from crm_desktop.domain.recordings import Heard, RecordingView, RequestView, Stretches

_LISTENERS = 8


class DetailPane(QScrollArea):
    """Signals: `wanted` a recording to be heard; `hold`, `let_go`, `ask` and `close_asked` with
    their words; `save` and `release` the transcript and its redacted stretches.
    """

    wanted = Signal(object)
    hold = Signal(str)
    let_go = Signal(str)
    ask = Signal(str)
    close_asked = Signal(str)
    save = Signal(str, object)
    release = Signal(str, object)

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._clock = look, clock
        self._request: RequestView | None = None
        self._sent: tuple[str, Stretches] = ("", ())
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Recording")
        self._about = Banner(look, Tone.INFO, "user")
        self.card = RecordingCard(look, clock)
        self.card.wanted.connect(self.wanted)
        self._heard = Text(look, "", Role.SMALL, muted=True, wrap=True)
        self.words = QLineEdit()
        self.words.setAccessibleName("Reason, or who asks and how")
        self.words.setPlaceholderText("Reason, or who asks and how")
        self.words.textChanged.connect(self._fit)
        self.hold_button = Button(look, "Hold past its time", icon="lock")
        self.let_go_button = Button(look, "Let go", icon="lock-open")
        self.ask_button = Button(look, "A customer asks for it", icon="user")
        self.close_button = Button(look, "End without releasing", kind=Kind.QUIET)
        self.transcript = Transcript(look)
        self.redact = Button(look, "Redact selection", key="Ctrl+D")
        self.redact.clicked.connect(self.transcript.toggle)
        self.save_button = Button(look, "Save", icon="save")
        self.release_button = PrimaryButton(look, "Release…", icon="send")
        self._typing = QWidget()
        self._lay_out()
        for button, signal in (
            (self.hold_button, self.hold),
            (self.let_go_button, self.let_go),
            (self.ask_button, self.ask),
            (self.close_button, self.close_asked),
        ):
            button.clicked.connect(lambda _=False, told=signal: told.emit(self.words.text()))
        self.save_button.clicked.connect(self._save)
        self.release_button.clicked.connect(self._release)
        look.changed.connect(self._space)
        self._space()

    def show_recording(self, recording: RecordingView, heard: tuple[Heard, ...]) -> None:
        """One that nobody has asked for."""
        self._show(recording, heard, None)

    def show_request(self, request: RequestView) -> None:
        """One that a customer asks for; what is typed and not saved stays when only that is new."""
        same = self._request is not None and self._request.row.id == request.row.id
        over = request.row.released_at or request.row.closed_at
        if not same or over or not self.save_button.isEnabled():
            text = request.released if request.row.released_at else request.transcript
            marked = () if request.row.released_at else request.redacted
            self.transcript.show_text(text, marked)
            self._clean()
        self._show(request.recording, request.heard, request)

    def saved(self) -> None:
        """The transcript is kept; what was typed since is not."""
        if self._sent == (self.transcript.text(), self.transcript.redacted()):
            self._clean()
        announce(self, "The transcript is saved")

    def _show(
        self, recording: RecordingView, heard: tuple[Heard, ...], request: RequestView | None
    ) -> None:
        other = self.card.recording is None or self.card.recording.id != recording.id
        self._request = request
        self.card.show_recording(recording)
        self._heard.setText(_listeners(heard))
        if other or request is not None:
            self.words.clear()
        self._typing.setVisible(request is not None)
        self._about.setVisible(request is not None)
        if request is not None:
            self._about.set_text(*_about(request))
        self._fit()

    def _lay_out(self) -> None:
        ground = Surface(self._look)
        self._column = QVBoxLayout(ground)
        for part in (self._about, self.card, self._heard, self.words):
            self._column.addWidget(part)
        self._column.addLayout(
            _row(
                self._look, self.hold_button, self.let_go_button, self.ask_button, self.close_button
            )
        )
        typing = QVBoxLayout(self._typing)
        typing.setContentsMargins(0, 0, 0, 0)
        typing.addWidget(Text(self._look, "Transcript", Role.STRONG))
        typing.addWidget(self.transcript, 1)
        typing.addLayout(_row(self._look, self.redact, self.save_button, self.release_button))
        self._column.addWidget(self._typing, 1)
        self._column.addStretch(0)
        self.transcript.changed.connect(self._changed)
        self.setWidget(ground)

    @Slot()
    def _changed(self) -> None:
        self.save_button.setEnabled(self._is_open)
        self._fit()

    @Slot()
    def _save(self) -> None:
        self._sent = (self.transcript.text(), self.transcript.redacted())
        self.save.emit(*self._sent)

    @Slot()
    def _release(self) -> None:
        self.release.emit(self.transcript.text(), self.transcript.redacted())

    @property
    def _is_open(self) -> bool:
        row = self._request.row if self._request else None
        return row is not None and row.released_at is None and row.closed_at is None

    def _clean(self) -> None:
        self.save_button.setEnabled(False)
        self._fit()

    @Slot()
    def _fit(self) -> None:
        """What can be done now."""
        recording = self.card.recording
        said = bool(self.words.text().strip())
        asked, can = self._is_open, recording is not None and recording.destroyed_at is None
        held = recording is not None and bool(recording.held_by)
        self.hold_button.setVisible(not held)
        self.hold_button.setEnabled(said and can)
        self.let_go_button.setVisible(held)
        self.let_go_button.setEnabled(said)
        self.ask_button.setVisible(not asked)
        self.ask_button.setEnabled(said and can)
        self.close_button.setVisible(asked)
        self.close_button.setEnabled(said)
        self.transcript.setReadOnly(not asked)
        self.redact.setVisible(asked)
        self.save_button.setVisible(asked)
        self.release_button.setVisible(asked)
        self.release_button.setEnabled(bool(self.transcript.text().strip()))

    @Slot()
    def _space(self) -> None:
        px = self._look.px
        self._column.setContentsMargins(px(16), px(12), px(16), px(16))
        self._column.setSpacing(px(10))
        self.transcript.setMinimumHeight(px(140))


def _row(look: Look, *parts: QWidget) -> FlowLayout:
    made = FlowLayout()
    made.set_gap(look.px(8))
    for each in parts:
        made.addWidget(each)
    return made


def _listeners(heard: tuple[Heard, ...]) -> str:
    if not heard:
        return "Nobody has listened to it."
    said = [f"{each.name}, {words.full(each.at)}" for each in heard[:_LISTENERS]]
    more = len(heard) - len(said)
    return (
        "Listened to: "
        + "; ".join(said)
        + (f"; and {words.times(more)} before" if more > 0 else "")
    )


def _about(request: RequestView) -> tuple[str, str]:
    row = request.row
    opened = f"Opened by {row.opened_by}, {words.full(row.opened_at)}."
    if row.released_at is not None:
        return f"Released on {words.date(row.released_at)}: {row.asked_by}", opened
    if row.closed_at is not None:
        return f"Ended without release on {words.date(row.closed_at)}: {row.asked_by}", opened
    return f"Asked for: {row.asked_by}", f"{opened} The recording is held meanwhile."
