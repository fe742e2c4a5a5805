"""Take, park, return, transfer: the gestures on a contact, the same from every screen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.states import Channel
from crm_desktop.domain.views import Moved, QueueFilter, QueueInfo, StaffInfo
from crm_desktop.services import Database, contacts, queue, routing, session

if TYPE_CHECKING:
    from crm_desktop.services.routing import Explanation


class GestureView(Protocol):
    """What gestures ask of the window."""

    def open_contact(self, contact_id: int) -> None:
        """Show the contact in the workspace."""

    def say(self, text: str) -> None:
        """Tell what was done, for eyes and ears, without a click to dismiss."""

    def say_with_undo(self, text: str, undo: Callable[[], None]) -> None:
        """Tell what was done and offer to take it back."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Tell what could not be done."""

    def ask_transfer(
        self, contact_id: int, queues: tuple[QueueInfo, ...], colleagues: tuple[StaffInfo, ...]
    ) -> None:
        """Ask where to, and for a note."""

    def show_explanation(self, told: Explanation) -> None:
        """Show who was considered for a contact, and why not others."""


class Gestures(Presenter):
    """Changes whose hands a contact is in."""

    def __init__(self, db: Database, tasks: Tasks, view: GestureView) -> None:
        super().__init__(tasks)
        self._db = db
        self._view = view

    def take(self, contact_id: int) -> None:
        """Make it mine, and open it."""
        self._do(partial(contacts.take, self._db, contact_id), partial(self._taken, contact_id))

    def take_next(self, wanted: QueueFilter) -> None:
        """Take what breaches next in this part of the queue."""
        self._tasks.write(
            partial(contacts.take_next, self._db, wanted),
            self._next_taken,
            failed=self._view.show_trouble,
        )

    def release(self, contact_id: int) -> None:
        """Put it back into the queue."""
        self._do(
            partial(contacts.release, self._db, contact_id),
            partial(self._returned, contact_id),
        )

    def park(self, contact_id: int, until: datetime | None, *, for_reply: bool, told: str) -> None:
        """Put it aside; `told` says until when."""
        self._do(
            partial(contacts.park, self._db, contact_id, until, for_reply),
            partial(self._say_undoable, f"Parked: {told}.", partial(self.resume, contact_id)),
        )

    def resume(self, contact_id: int) -> None:
        """Take a parked contact up again."""
        self._do(partial(contacts.resume, self._db, contact_id), partial(self._taken, contact_id))

    def begin_transfer(self, contact_id: int) -> None:
        """Ask where it should go."""
        self._tasks.read(
            partial(_destinations, self._db),
            partial(self._ask_transfer, contact_id),
            failed=self._view.show_trouble,
            key="destinations",
        )

    def transfer(
        self, contact_id: int, *, queue_id: int | None, staff_id: int | None, note: str, told: str
    ) -> None:
        """Give it to a queue or a colleague; `told` names them."""
        self._do(
            partial(
                contacts.transfer,
                self._db,
                contact_id,
                queue_id=queue_id,
                staff_id=staff_id,
                note=note,
            ),
            partial(self._say, f"Transferred to {told}."),
        )

    def boost(self, contact_id: int, points: int, reason: str) -> None:
        """Make it more urgent for this reason; no points take that back."""
        told = "Raised." if points else "No longer raised."
        self._do(
            partial(routing.boost, self._db, contact_id, points, reason), partial(self._say, told)
        )

    def explain(self, contact_id: int) -> None:
        """Show why it went as it did."""
        self._tasks.read(
            partial(routing.explain, self._db, contact_id),
            self._view.show_explanation,
            failed=self._view.show_trouble,
            key="explanation",
        )

    def _do(self, work: Callable[[], Moved], done: Callable[[Moved], None]) -> None:
        self._tasks.write(work, done, failed=self._view.show_trouble)

    def _taken(self, contact_id: int, _moved: Moved) -> None:
        self._view.open_contact(contact_id)

    def _next_taken(self, taken: Moved | None) -> None:
        if taken is None:
            self._view.say("Nothing waits here.")
        else:
            self._view.open_contact(taken.contact_id)

    def _say(self, text: str, _moved: Moved) -> None:
        self._view.say(text)

    def _say_undoable(self, text: str, undo: Callable[[], None], _moved: Moved) -> None:
        self._view.say_with_undo(text, undo)

    def _returned(self, contact_id: int, moved: Moved) -> None:
        if moved.row is not None and moved.row.channel is Channel.VISIT:
            # A visitor is called again, at a desk.
            self._view.say("Returned, in the old place.")
        else:
            self._view.say_with_undo("Returned to the queue.", partial(self.take, contact_id))

    def _ask_transfer(
        self, contact_id: int, found: tuple[tuple[QueueInfo, ...], tuple[StaffInfo, ...]]
    ) -> None:
        self._view.ask_transfer(contact_id, *found)


def _destinations(db: Database) -> tuple[tuple[QueueInfo, ...], tuple[StaffInfo, ...]]:
    return queue.queues(db), session.colleagues(db)
