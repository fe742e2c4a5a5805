"""Reads a queue's rules for the dialog and sets them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.queue_settings import QueueAround, QueueSettings
from crm_desktop.services import Database, queue_settings

Read = tuple[QueueSettings, QueueAround]
Failed = Callable[[CrmError], None]


class QueuePresenter(Presenter):
    """The rules of queues; each question brings whom to tell."""

    def __init__(self, db: Database, tasks: Tasks) -> None:
        super().__init__(tasks)
        self._db = db

    def read(self, queue_id: int, done: Callable[[Read], None], failed: Failed) -> None:
        """The rules as they are now, and what they speak of."""
        self._tasks.read(
            partial(queue_settings.read, self._db, queue_id), done, failed=failed, key="queue-rules"
        )

    def change(
        self,
        queue_id: int,
        seen: QueueSettings,
        wanted: QueueSettings,
        done: Callable[[Changes], None],
        failed: Failed,
    ) -> None:
        """Set them, unless they are others than were `seen`."""
        self._tasks.write(
            partial(queue_settings.change, self._db, queue_id, seen, wanted), done, failed=failed
        )
