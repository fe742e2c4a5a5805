"""Recordings for team leaders: found by number and time, held, asked for by customers, released."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.hearing import Hearing, HearingView, Later
from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.recordings import (
    FoundRecording,
    Heard,
    RecordingView,
    RequestRow,
    RequestView,
    Stretches,
)
from crm_desktop.services import Database, recording_requests, recordings
from crm_desktop.services.recording_requests import Opened, Written


@dataclass(slots=True)
class _Seen:
    """The version of a transcript that its next write is made from; for workers alone."""

    version: int


class RecordingsView(HearingView, Protocol):
    """What the presenter asks of the screen."""

    def show_requests(self, rows: tuple[RequestRow, ...]) -> None:
        """Show customers' requests, open ones first."""

    def show_found(self, found: tuple[FoundRecording, ...], *, asked: str) -> None:
        """Show what was recorded with a number."""

    def show_recording(self, recording: RecordingView, heard: tuple[Heard, ...]) -> None:
        """Show one that nobody has asked for, and who listened to it."""

    def show_request(self, request: RequestView) -> None:
        """Show a request with its recording and transcript."""

    def show_saved(self) -> None:
        """The transcript is kept."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Say why something was not done."""


class RecordingsPresenter(Presenter):
    """The screen of recordings; every search and reading is written down where it is done."""

    def __init__(self, db: Database, tasks: Tasks, view: RecordingsView, *, later: Later) -> None:
        super().__init__(tasks)
        self._db, self._view = db, view
        self._hearing = Hearing(db, tasks, view, later=later)
        self._recording: RecordingView | None = None
        self._request: RequestView | None = None
        self._seen = _Seen(0)
        #: What is to be shown: an answer about something else comes too late.
        self._wanted = ("", 0)

    def start(self) -> None:
        """Read the requests."""
        self._read_requests()

    def changed(self, changes: Changes) -> None:
        """Somebody held, released or heard something."""
        self._hearing.changed(changes)
        if not changes.has(Topic.RECORDING):
            return
        self._read_requests()
        shown = self._recording
        if shown is not None and self._wanted == ("recording", shown.id):
            known = changes.ids(Topic.RECORDING)
            if shown.contact_id in known or changes.ids(Topic.EVERYTHING):
                self.open_recording(shown)

    def find(self, number: str, since: date, until: date) -> None:
        """What was recorded with a number, from one day to another."""
        self._tasks.write(
            partial(recordings.find, self._db, number, _begins(since), _begins(until, 1)),
            partial(self._found, number.strip()),
            failed=self._view.show_trouble,
        )

    def open_recording(self, recording: RecordingView) -> None:
        """Show a recording that was found."""
        self._wanted = ("recording", recording.id)
        self._tasks.read(
            partial(self._reread, recording),
            self._show_recording,
            failed=self._view.show_trouble,
            key="shown",
        )

    def open_request(self, request_id: int) -> None:
        """Show a request; that its transcript was read is written down."""
        self._wanted = ("request", request_id)
        self._tasks.write(
            partial(recording_requests.read, self._db, request_id),
            self._show_request,
            failed=self._view.show_trouble,
        )

    def want(self, recording_id: int) -> None:
        """Hear the recording that is shown."""
        self._hearing.want(recording_id)

    def hold(self, reason: str) -> None:
        """Keep it past its time."""
        self._of_recording(recordings.hold, reason)

    def let_go(self, reason: str) -> None:
        """Let its time count again."""
        self._of_recording(recordings.release, reason)

    def ask(self, asked_by: str) -> None:
        """A customer asks for it: it is held from now on."""
        if self._recording is not None:
            # What comes next is the request: the recording need not be read again.
            self._wanted = ("request", 0)
            self._tasks.write(
                partial(recording_requests.open_request, self._db, self._recording.id, asked_by),
                self._opened,
                failed=partial(self._not_opened, self._recording),
            )

    def save(self, transcript: str, redacted: Stretches) -> None:
        """Keep the transcript as it stands."""
        self._of_request(_keep, self._saved, transcript, redacted)

    def release(self, transcript: str, redacted: Stretches) -> None:
        """Keep it, and release what is not redacted."""
        self._of_request(_release, self._over, transcript, redacted)

    def close(self, why: str) -> None:
        """End the request without releasing anything."""
        if self._request is not None:
            self._tasks.write(
                partial(recording_requests.close, self._db, self._request.row.id, why),
                self._over,
                failed=self._view.show_trouble,
            )

    def _read_requests(self) -> None:
        self._tasks.read(
            partial(recording_requests.rows, self._db),
            self._view.show_requests,
            failed=self._view.show_trouble,
            key="requests",
        )

    def _found(self, number: str, found: tuple[FoundRecording, ...]) -> None:
        self._view.show_found(found, asked=number)

    def _reread(self, recording: RecordingView) -> tuple[RecordingView, tuple[Heard, ...]]:
        """On the worker: as it is now, and who has listened."""
        found = recordings.of_contact(self._db, recording.contact_id)
        now = next((each for each in found if each.id == recording.id), recording)
        return now, recordings.heard(self._db, recording.id)

    def _show_recording(self, read: tuple[RecordingView, tuple[Heard, ...]]) -> None:
        if self._wanted != ("recording", read[0].id):
            return
        self._recording, self._request = read[0], None
        self._view.show_recording(*read)

    def _show_request(self, request: RequestView) -> None:
        if self._wanted != ("request", request.row.id):
            return
        self._recording, self._request = request.recording, request
        self._seen = _Seen(request.version)
        self._view.show_request(request)

    def _of_recording(self, what: Callable[[Database, int, str], Changes], reason: str) -> None:
        if self._recording is not None:
            self._tasks.write(
                partial(what, self._db, self._recording.id, reason),
                failed=self._view.show_trouble,
            )

    def _of_request(
        self,
        what: Callable[..., object],
        done: Callable[..., None],
        transcript: str,
        redacted: Stretches,
    ) -> None:
        if self._request is not None:
            self._tasks.write(
                partial(what, self._db, self._request.row.id, self._seen, transcript, redacted),
                done,
                failed=self._view.show_trouble,
            )

    def _opened(self, opened: Opened) -> None:
        self.open_request(opened.id)

    def _not_opened(self, recording: RecordingView, trouble: CrmError) -> None:
        self._view.show_trouble(trouble)
        if self._wanted == ("request", 0):
            self.open_recording(recording)

    def _saved(self, _written: Written) -> None:
        self._view.show_saved()

    def _over(self, _changes: Changes) -> None:
        if self._request is not None:
            self.open_request(self._request.row.id)


def _keep(
    db: Database, request_id: int, seen: _Seen, transcript: str, redacted: Stretches
) -> Written:
    """On a worker, one write after the other: Release may be asked before Save is answered."""
    written = recording_requests.write(db, request_id, seen.version, transcript, redacted)
    seen.version = written.version
    return written


def _release(
    db: Database, request_id: int, seen: _Seen, transcript: str, redacted: Stretches
) -> Changes:
    """On a worker."""
    return recording_requests.release(db, request_id, seen.version, transcript, redacted)


def _begins(day: date, later: int = 0) -> datetime:
    """When a day begins in London."""
    return datetime.combine(day + timedelta(days=later), time(), words.LONDON)
