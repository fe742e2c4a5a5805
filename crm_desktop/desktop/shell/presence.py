"""Where the signed-in person is: what they choose, heartbeats, and what the database says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.presence import BEAT_SECONDS, Standing
from crm_desktop.domain.states import Channel, Presence
from crm_desktop.services import Database, presence


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person picked; `at_once`: although a contact is in hand."""

    presence: Presence
    words: str = ""
    back_at: datetime | None = None
    at_once: bool = False


class PresenceView(Protocol):
    """What the keeper asks of the window."""

    def show_standing(self, standing: Standing, *, busy: bool) -> None:
        """Show presence, activity, what comes afterwards, and what is offered."""

    def set_clock(self, database_now: datetime, read_at: datetime) -> None:
        """What time it was in the database when this computer's clock said `read_at` (UTC)."""

    def signed_out_by(self, name: str) -> None:
        """A team leader ended this session."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Say what could not be done."""


class PresenceKeeper(Presenter):
    """In the middle of a contact a choice is for afterwards, unless it says otherwise.

    `now` is the database's time in UTC, `away` whether the database is away. The presence that was
    chosen is never changed by idleness or a lock: these are what the system sees.
    """

    def __init__(
        self,
        db: Database,
        tasks: Tasks,
        view: PresenceView,
        *,
        now: Callable[[], datetime],
        away: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__(tasks)
        assert db.actor is not None
        self._db, self._view, self._now, self._away = db, view, now, away
        self.standing = Standing(now(), signed_in=False, presence=db.actor.presence)
        #: Whether a contact is in hand; None before the first is known.
        self._busy: bool | None = None
        self._idle = self._locked = self._begun = self._ended = False
        self._beats = 0

    def start(self) -> None:
        """The person signed in."""
        self._begun = True
        self._tasks.write(partial(presence.begin, self._db), self._wrote, failed=_later)

    def changed(self, changes: Changes) -> None:
        """Read again when something of this person changed, or anything may have."""
        me = self._db.actor
        own = me is not None and me.id in changes.ids(Topic.STAFF)
        away = Topic.EVERYTHING in {change.topic for change in changes.items}
        if self._begun and not self._ended and (own or away):
            self.read()
            if away:
                self._beat()

    def read(self) -> None:
        """Ask the database how it is now."""
        self._tasks.read(partial(_mine, self._db), self._is_now, failed=_later, key="standing")

    def stop(self) -> None:
        """The person signs out; what they have in hand goes back."""
        if self._begun and not self._ended:
            self._ended = True
            self._tasks.write(partial(presence.end, self._db), failed=_later)

    def choose(self, chosen: Choice) -> None:
        """The person picked something."""
        before = self.standing
        if self._busy and not chosen.at_once:
            now, then = before.presence, chosen.presence
            afterwards = None if then is now and not chosen.words else then
        else:
            now, afterwards = chosen.presence, None
        self._choose(now, afterwards, chosen.words, chosen.back_at)

    def set_off_channels(self, off: frozenset[Channel]) -> None:
        """Be offered nothing of these."""
        self._show(replace(self.standing, off_channels=off))
        self._tasks.write(partial(presence.set_channels, self._db, off), failed=self._failed)

    def back(self) -> None:
        """There again, after an offer that was not answered."""
        self._show(replace(self.standing, not_responding=False))
        self._tasks.write(partial(presence.back, self._db), failed=self._failed)

    def set_busy(self, busy: bool) -> None:
        """Whether a contact is in hand; when the last one ends, what was chosen next begins."""
        if busy != self._busy:
            self._busy = busy
            if not self._begin_next():
                self._show(self.standing)

    def set_idle(self, idle: bool) -> None:
        """Nobody touched the desktop for a while, or somebody does again."""
        self._idle = idle
        self._beat()

    def set_locked(self, locked: bool) -> None:
        """The desktop hides everything, or shows it again."""
        self._locked = locked
        self._beat()

    def tick(self) -> None:
        """Once a second."""
        self._beats += 1
        if self._beats >= BEAT_SECONDS:
            self._beat()

    def _beat(self) -> None:
        self._beats = 0
        if not self._begun or self._ended or self._away():
            return
        if self.standing.signed_in:
            here = partial(presence.here, self._db, self._idle, self._locked)
            self._tasks.write(here, failed=_later)
        elif not (self._idle or self._locked):
            # It was silent for too long, as after a laptop's sleep.
            self.start()

    def _choose(
        self, now: Presence, afterwards: Presence | None, words: str, back_at: datetime | None
    ) -> None:
        self._show(
            replace(
                self.standing,
                presence=now,
                afterwards=afterwards,
                words=words,
                back_at=back_at,
                set_by="",
                not_responding=False,
            )
        )
        self._tasks.write(
            partial(
                presence.choose,
                self._db,
                now,
                afterwards=afterwards,
                words=words,
                back_at=back_at,
            ),
            failed=self._failed,
        )

    def _begin_next(self) -> bool:
        standing = self.standing
        if self._busy is not False or standing.afterwards is None or not standing.signed_in:
            return False
        later = standing.back_at is not None and standing.back_at > self._now()
        self._choose(standing.afterwards, None, standing.words, standing.back_at if later else None)
        return True

    def _wrote(self, _changes: Changes) -> None:
        # The first reading must not wait for a feed that is not there yet.
        self.read()

    def _is_now(self, read: tuple[Standing, datetime]) -> None:
        standing, read_at = read
        self._view.set_clock(standing.now, read_at)
        was_in = self.standing.signed_in
        self._show(standing)
        if self._begin_next() or standing.signed_in or self._ended:
            return
        if standing.set_by:
            self._ended = True
            self._view.signed_out_by(standing.set_by)
        elif was_in and not (self._idle or self._locked):
            self.start()

    def _show(self, standing: Standing) -> None:
        self.standing = standing
        self._view.show_standing(standing, busy=bool(self._busy))

    def _failed(self, trouble: CrmError) -> None:
        self._view.show_trouble(trouble)
        self.read()


def _mine(db: Database) -> tuple[Standing, datetime]:
    return presence.mine(db), datetime.now(UTC)


def _later(_trouble: CrmError) -> None:
    """The light already says that the database is away; the next heartbeat tries again."""
