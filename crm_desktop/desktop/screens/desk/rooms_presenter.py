"""What a desk does with rooms and partners; the page's presenter reads the line after each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.visits import Called, PlaceView, RoomProposal
from crm_desktop.services import Database, rooms

#: How long a room is kept for a visitor who waits.
KEPT_MINUTES = 60


class RoomsView(Protocol):
    """What it asks of the page."""

    def called(self, called: Called | None) -> None:
        """Who was called; None: nobody waits."""

    def offer_undo(self, text: str, undo: Callable[[], None]) -> None:
        """Say what was done, and offer to take it back."""


class RoomsPresenter(Presenter):
    """`done_well` after what was done, `refused` with what was not; nothing is tried
    unless it is `allowed`.
    """

    def __init__(
        self,
        db: Database,
        tasks: Tasks,
        view: RoomsView,
        *,
        done_well: Callable[[], None],
        refused: Callable[[CrmError], None],
        allowed: Callable[[], bool],
    ) -> None:
        super().__init__(tasks)
        self._db, self._view = db, view
        self._done_well, self._refused = done_well, refused
        self._allowed = allowed

    def keep(
        self, place: PlaceView, until: datetime, why: str, visit_id: int | None = None
    ) -> None:
        """Keep it free."""
        self._do(
            partial(rooms.hold, self._db, place.id, until, why, visit_id),
            partial(
                self._offer, f"{place.name} is kept free", partial(self._hold_silently, place.id)
            ),
        )

    def let_go(self, place: PlaceView) -> None:
        """Anybody may use it."""
        again = partial(
            self._hold_silently, place.id, place.held_until, place.held_for, place.held_visit_id
        )
        self._do(
            partial(rooms.hold, self._db, place.id, None),
            partial(self._offer, f"{place.name} is free for anybody", again),
        )

    def go_to(self, contact_id: int, place_id: int) -> None:
        """With this visitor into that room."""
        self._do(partial(rooms.into_room, self._db, contact_id, place_id), self._called)

    def do_without(self, proposal: RoomProposal, why: str, then: Callable[[], None]) -> None:
        """They are seen without the room that was proposed; `then` goes on."""
        self._do(
            partial(rooms.without_room, self._db, proposal.contact_id, why),
            lambda _: then(),
        )

    def call_for(self, place_id: int, contact_id: int | None = None) -> None:
        """Somebody at a partner's desk waves."""
        self._do(partial(rooms.for_partner, self._db, contact_id, place_id), self._called)

    def with_partner(self, contact_id: int) -> None:
        """They are at the partner's desk."""
        self._do(partial(rooms.with_partner, self._db, contact_id))

    def partner_done(self, contact_id: int) -> None:
        """The partner is done with them, and they go."""
        self._do(partial(rooms.partner_done, self._db, contact_id))

    def wait_again(self, contact_id: int) -> None:
        """They are there after all."""
        self._do(partial(rooms.undo, self._db, contact_id))

    def _hold_silently(
        self,
        place_id: int,
        until: datetime | None = None,
        why: str = "",
        visit_id: int | None = None,
    ) -> None:
        self._do(partial(rooms.hold, self._db, place_id, until, why, visit_id))

    def _do(self, does: Callable[[], object], then: Callable[[object], None] | None = None) -> None:
        if self._allowed():
            self._tasks.write(does, partial(self._done, then), failed=self._refused)

    def _done(self, then: Callable[[object], None] | None, answer: object) -> None:
        if then is not None:
            then(answer)
        self._done_well()

    def _offer(self, text: str, undo: Callable[[], None], _answer: object) -> None:
        self._view.offer_undo(text, undo)

    def _called(self, answer: object) -> None:
        if isinstance(answer, tuple):
            called, _changes = answer
            self._view.called(called if isinstance(called, Called) else None)
