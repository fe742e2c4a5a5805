"""One person as a team leader changes them: presence, queues, skills, signing out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.people_now import PersonNow, QueueOf, SkillOf
from crm_desktop.domain.states import Presence
from crm_desktop.services import Database, people_now, presence


class PersonView(Protocol):
    """What the presenter asks of the dialog."""

    def show_person(self, person: PersonNow) -> None:
        """Show them as they are; what is being changed stays as it was entered."""

    def show_done(self, words: str) -> None:
        """Say what was done."""

    def show_saved(self) -> None:
        """Queues and skills are kept."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Say what could not be done."""


class PersonPresenter(Presenter):
    """The dialog of one person."""

    def __init__(self, db: Database, tasks: Tasks, view: PersonView, staff_id: int) -> None:
        super().__init__(tasks)
        self._db, self._view, self._staff_id = db, view, staff_id

    def start(self) -> None:
        """Read them."""
        self._tasks.read(
            partial(people_now.person, self._db, self._staff_id),
            self._view.show_person,
            failed=self._view.show_trouble,
            key="person",
        )

    def changed(self, changes: Changes) -> None:
        """Read again when they changed."""
        if self._staff_id in changes.ids(Topic.STAFF) or changes.has(Topic.EVERYTHING):
            self.start()

    def set_presence(self, chosen: Presence, back_at: datetime | None, said: str) -> None:
        """Say for them that they are available or away."""
        self._do(partial(presence.set_for, self._db, self._staff_id, chosen, back_at=back_at), said)

    def save(self, queues: Sequence[QueueOf], skills: Sequence[SkillOf]) -> None:
        """Make these queues and skills so, all or none."""

        def saved(_changes: Changes) -> None:
            self._view.show_saved()

        self._tasks.write(
            partial(people_now.change, self._db, self._staff_id, queues, skills),
            saved,
            failed=self._view.show_trouble,
        )

    def sign_out(self, said: str) -> None:
        """Close their desktops."""
        self._do(partial(people_now.sign_out, self._db, self._staff_id), said)

    def _do(self, work: Callable[[], Changes], said: str) -> None:
        def done(_changes: Changes) -> None:
            self._view.show_done(said)
            self.start()

        self._tasks.write(work, done, failed=self._view.show_trouble)
