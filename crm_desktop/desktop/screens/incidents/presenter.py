"""Incidents are written, changed, closed and read; their proposal for a safety marker with them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.alarms import Incident, IncidentInput
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.services import Database, alarms


class IncidentEntry(Protocol):
    """What is asked of the form."""

    def done_well(self) -> None:
        """The database has it."""

    def show_wrong(self, trouble: CrmError) -> None:
        """Say what cannot be accepted."""


class IncidentsView(Protocol):
    """What is asked of the list."""

    def show_incidents(self, found: tuple[Incident, ...]) -> None:
        """The newest first."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Say what could not be done."""


class IncidentWriter:
    """Keeps what one form says."""

    def __init__(self, db: Database, tasks: Tasks, view: IncidentEntry) -> None:
        self._db, self._tasks, self._view = db, tasks, view
        self._kept: IncidentInput | None = None

    def save(self, said: IncidentInput, marker: str, *, close: bool) -> None:
        """Write it; with words for a marker propose that, and close it where that is wanted."""
        self._tasks.write(
            partial(self._save, said, marker.strip(), close=close),
            self._saved,
            failed=self._view.show_wrong,
        )

    def _save(self, said: IncidentInput, marker: str, *, close: bool) -> Changes:
        """On a worker. What was written is kept also when the rest is refused: the next try
        changes that, and writes no second.
        """
        db = self._db
        if self._kept is not None:
            said = replace(said, id=self._kept.id, version=self._kept.version)
        incident_id, changes = alarms.save_incident(db, said)
        self._kept = replace(said, id=incident_id, version=said.version + 1)
        if marker:
            alarms.propose_marker(db, incident_id, marker)
            self._kept = alarms.incident(db, incident_id).said
        if close:
            changes |= alarms.close_incident(db, incident_id, self._kept.version)
        return changes

    def _saved(self, _changes: Changes) -> None:
        self._view.done_well()


class IncidentsPresenter(Presenter):
    """Reads the list, and reads it again when one may have changed."""

    def __init__(self, db: Database, tasks: Tasks, view: IncidentsView) -> None:
        super().__init__(tasks)
        self._db, self._view = db, view

    def start(self) -> None:
        """See `Presenter`."""
        self._tasks.read(
            partial(alarms.incidents, self._db),
            self._view.show_incidents,
            failed=self._view.show_trouble,
            key="incidents",
        )

    def changed(self, changes: Changes) -> None:
        """See `Presenter`."""
        if changes.has(Topic.ALARM):
            self.start()
