"""The recordings of the contact that is open."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.hearing import Hearing, HearingView, Later
from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.recordings import RecordingView
from crm_desktop.domain.states import Channel
from crm_desktop.domain.views import ContactView
from crm_desktop.services import Database, recordings


class RecordingsView(HearingView, Protocol):
    """What the presenter asks of the list of recordings."""

    def show_recordings(self, recordings: tuple[RecordingView, ...]) -> None:
        """Show these, oldest first; those that stay keep their sound."""


class Listening(Presenter):
    """What was recorded of the contact in the workspace."""

    def __init__(self, db: Database, tasks: Tasks, view: RecordingsView, *, later: Later) -> None:
        super().__init__(tasks)
        self._db, self._view = db, view
        self._hearing = Hearing(db, tasks, view, later=later)
        self._contact_id: int | None = None

    def show(self, contact: ContactView | None) -> None:
        """Another contact, or the same read again."""
        spoken = contact is not None and contact.row.channel in (Channel.CALL, Channel.VOICEMAIL)
        wanted = contact.row.id if contact is not None and spoken else None
        if wanted == self._contact_id:
            return
        self._contact_id = wanted
        self._hearing.forget()
        self._view.show_recordings(())
        if wanted is not None:
            self._read()

    def want(self, recording_id: int) -> None:
        """Somebody wants to hear this one."""
        self._hearing.want(recording_id)

    def changed(self, changes: Changes) -> None:
        """A recording was kept, held or destroyed; or a sound is there."""
        if self._contact_id is not None and changes.has(Topic.RECORDING):
            known = changes.ids(Topic.RECORDING)
            if self._contact_id in known or changes.ids(Topic.EVERYTHING):
                self._read()
        self._hearing.changed(changes)

    def _read(self) -> None:
        assert self._contact_id is not None
        self._tasks.read(
            partial(recordings.of_contact, self._db, self._contact_id),
            self._show,
            failed=_never_mind,
            key="recordings",
        )

    def _show(self, found: tuple[RecordingView, ...]) -> None:
        if all(each.contact_id == self._contact_id for each in found):
            self._view.show_recordings(found)


def _never_mind(_trouble: CrmError) -> None:
    """The contact itself says that the database is away."""
