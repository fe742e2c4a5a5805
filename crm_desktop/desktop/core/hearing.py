"""Hearing a recording: asking for its sound, and waiting until a gateway has given it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol

from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.presenting import Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CannotBeHeard, CrmError
from crm_desktop.services import Database, recordings

if TYPE_CHECKING:
    from crm_desktop.services.recordings import Playback

Later = Callable[[int, Callable[[], None]], None]
#: A gateway answers within a moment; where a notice is lost, it is asked so often.
_AGAIN_MS = 500
_PATIENCE_MS = 15_000
_NOBODY = "No gateway that keeps this recording has answered."


class HearingView(Protocol):
    """What is asked of whatever has a player."""

    def give_sound(self, recording_id: int, sound: bytes) -> None:
        """The sound that was wanted."""

    def show_no_sound(self, recording_id: int, words: str) -> None:
        """Why there is none."""


class Hearing:
    """Asks for sounds and waits for them, for whichever screen has a player."""

    def __init__(self, db: Database, tasks: Tasks, view: HearingView, *, later: Later) -> None:
        self._db, self._tasks, self._view, self._later = db, tasks, view, later
        self._waiting: dict[int, Playback] = {}

    def want(self, recording_id: int) -> None:
        """Somebody wants to hear this one. That they did is written down when they get it."""
        self._tasks.write(
            partial(recordings.listen, self._db, recording_id),
            self._asked,
            failed=partial(self._none, recording_id),
        )

    def changed(self, changes: Changes) -> None:
        """A gateway may have answered."""
        for each in changes.ids(Topic.PLAYBACK) & self._waiting.keys():
            self._fetch(self._waiting[each])

    def forget(self) -> None:
        """Nobody waits any more."""
        self._waiting.clear()

    def _asked(self, playback: Playback) -> None:
        self._waiting[playback.id] = playback
        self._look(playback, _PATIENCE_MS)

    def _look(self, playback: Playback, left: int) -> None:
        if playback.id not in self._waiting:
            return
        if left <= 0:
            del self._waiting[playback.id]
            self._none(playback.recording_id, CannotBeHeard(why=_NOBODY))
            return
        self._fetch(playback)
        self._later(_AGAIN_MS, partial(self._look, playback, left - _AGAIN_MS))

    def _fetch(self, playback: Playback) -> None:
        self._tasks.write(
            partial(recordings.sound, self._db, playback),
            partial(self._got, playback),
            failed=partial(self._failed, playback),
        )

    def _got(self, playback: Playback, sound: bytes | None) -> None:
        if sound is not None and self._stop_waiting(playback):
            self._view.give_sound(playback.recording_id, sound)

    def _failed(self, playback: Playback, trouble: CrmError) -> None:
        # Two notices at once ask twice, and the sound is given once.
        if self._stop_waiting(playback):
            self._none(playback.recording_id, trouble)

    def _none(self, recording_id: int, trouble: CrmError) -> None:
        self._view.show_no_sound(recording_id, words_for(trouble).sentence())

    def _stop_waiting(self, playback: Playback) -> bool:
        waited = playback.id in self._waiting
        self._waiting.pop(playback.id, None)
        return waited
