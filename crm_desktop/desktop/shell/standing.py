"""Who the signed-in person is now: another role, other queues, or nobody any more; and whether the
program still fits its database.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import AccountRefused, CrmError, DatabaseNewer, SignInRefused
from crm_desktop.domain.people import Person
from crm_desktop.services import Database, session


class StandingKeeper(Presenter):
    """`changed_to` hears of another role or other queues, `over` that the person is switched off or
    the database was upgraded by a newer program.

    `db.actor` is the person as they are by then.
    """

    def __init__(
        self,
        db: Database,
        tasks: Tasks,
        changed_to: Callable[[Person], None],
        over: Callable[[CrmError], None],
    ) -> None:
        super().__init__(tasks)
        self._db = db
        self._changed_to = changed_to
        self._over = over

    def changed(self, changes: Changes) -> None:
        """Ask again when this person's own entry changed, the database's revision, or anything may
        have.
        """
        actor = self._db.actor
        if actor is None:
            return
        if actor.id in changes.ids(Topic.STAFF) or changes.has(Topic.REVISION):
            self._tasks.read(
                partial(session.whoami, self._db), self._is_now, failed=self._failed, key="whoami"
            )

    def _is_now(self, person: Person) -> None:
        before, self._db.actor = self._db.actor, person
        if before is None or (before.role, before.queues, before.name) != (
            person.role,
            person.queues,
            person.name,
        ):
            self._changed_to(person)

    def _failed(self, trouble: CrmError) -> None:
        # A database that is away is told of by the feed.
        if isinstance(trouble, DatabaseNewer) or (
            isinstance(trouble, SignInRefused) and not isinstance(trouble, AccountRefused)
        ):
            self._over(trouble)
