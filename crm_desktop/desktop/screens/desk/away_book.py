"""Keeps who came while the database was away, and enters them in order, each once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import CancelToken, Tasks
from crm_desktop.desktop.core.visitors import LocalVisitors
from crm_desktop.desktop.screens.desk.words import refused as words_of
from crm_desktop.domain.away_visits import AwayVisit
from crm_desktop.domain.errors import Conflict, CrmError, DatabaseTrouble
from crm_desktop.services import Database, visits_away
from crm_desktop.services.visits_away import Entered

Later = Callable[[int, Callable[[], None]], None]
#: What could not be entered though the database seemed to be there is tried again.
_AGAIN_MS = 10_000
#: What asks for a visitor in the database to be finished first; nobody has to do anything else.
_FIRST = (" is there", " is with you")
#: Then the line gives a number, and whoever holds the paper is told.
_NO_SUCH_NUMBER = ("that number is given already", "no number of a reserved range")


class BookView(Protocol):
    """What the book asks of whoever shows it."""

    def book_changed(self) -> None:
        """Others are kept, or in other ways."""

    def entered(self, visit: AwayVisit, became: Entered) -> None:
        """The database has this one now."""


class AwayBook:
    """One computer's. `me` is the login of who is signed in: what others did is theirs to enter."""

    def __init__(
        self,
        db: Database,
        tasks: Tasks,
        kept: LocalVisitors,
        view: BookView,
        *,
        me: str,
        is_away: Callable[[], bool],
        later: Later,
    ) -> None:
        self._db, self._tasks, self._kept, self._view = db, tasks, kept, view
        self._me, self._is_away, self._later = me, is_away, later
        self.visits: tuple[AwayVisit, ...] = ()
        #: Who has to wait until this desk's visitor is finished, by the keys of their visits.
        self.held: dict[str, str] = {}
        self._entering: str | None = None
        self._later_asked = False

    def is_on_its_way(self, key: str) -> bool:
        """Whether this one is being entered now."""
        return self._entering == key

    def to_enter(self) -> tuple[AwayVisit, ...]:
        """Who is entered by itself, now or soon."""
        return tuple(each for each in self.visits if not each.refused and self._mine(each))

    def of_others(self) -> tuple[AwayVisit, ...]:
        """Whom a colleague called or saw here: entered when they sign in at this computer."""
        return tuple(each for each in self.visits if not self._mine(each))

    def start(self) -> None:
        """Read what an earlier run left, and enter it."""
        self.local(self._kept.visits, self._read)

    def arrive(
        self, visit: AwayVisit, letter: str, day: date, then: Callable[[AwayVisit], None]
    ) -> None:
        """Keep somebody who came, with a number when one is left; `then` once that is safe."""
        self._save(partial(self._kept.arrive, visit, letter, day), then)

    def keep(self, visit: AwayVisit, then: Callable[[AwayVisit], None]) -> None:
        """Keep what has become of one; `then` once that is safe."""
        self._save(partial(self._kept.keep, visit), then)

    def mend(self, visit: AwayVisit) -> None:
        """What refused it may have been put right: try again."""
        self.keep(replace(visit, refused=""), lambda _kept: self.enter())

    def discard(self, key: str) -> None:
        """Throw one away that is not entered; one that is on its way stays."""
        if key != self._entering:
            self.local(partial(self._forget, key), self._read)

    def enter(self) -> None:
        """Enter who waits, unless the database is away: its return asks again."""
        if self._entering is not None or self._is_away():
            return
        visit = next((each for each in self.to_enter() if each.key not in self.held), None)
        if visit is None:
            return
        self._entering = visit.key
        if visit.sent:
            self._send(visit)
        else:
            # On the disk before the database hears of it: whatever is lost after that, nobody
            # calls from here whom others can call.
            sent = replace(visit, sent=True)
            self.local(partial(self._kept.keep, sent), self._send)

    def local(self, work: Callable[[], object], done: Callable[..., None]) -> None:
        """Files are touched beside the database's thread, which may wait for a lost connection."""
        self._tasks.search(partial(_ignoring_token, work), done)

    def _mine(self, visit: AwayVisit) -> bool:
        return visit.staff in ("", self._me)

    def _save(self, work: Callable[[], AwayVisit], then: Callable[[AwayVisit], None]) -> None:
        def saved(visit: AwayVisit) -> None:
            self._show(visit)
            then(visit)

        self.local(work, saved)

    def _show(self, visit: AwayVisit) -> None:
        others = [each for each in self.visits if each.key != visit.key]
        self.visits = tuple(sorted([*others, visit], key=lambda each: each.arrived_at))
        self._view.book_changed()

    def _read(self, visits: tuple[AwayVisit, ...]) -> None:
        self.visits = visits
        self._view.book_changed()
        self.enter()

    def _forget(self, key: str) -> tuple[AwayVisit, ...]:
        self._kept.forget(key)
        return self._kept.visits()

    def _send(self, visit: AwayVisit) -> None:
        self._show(visit)
        self._tasks.write(
            partial(visits_away.enter, self._db, visit),
            partial(self._entered, visit),
            failed=partial(self._not_entered, visit),
        )

    def _entered(self, visit: AwayVisit, became: Entered) -> None:
        self._entering = None
        self.visits = tuple(each for each in self.visits if each.key != visit.key)
        self._view.entered(visit, became)
        self.local(partial(self._forget, visit.key), self._read)

    def _not_entered(self, visit: AwayVisit, trouble: CrmError) -> None:
        self._entering = None
        if isinstance(trouble, DatabaseTrouble):
            # It may have arrived all the same: the key makes the next try the same visit.
            self._try_again_later()
            self._view.book_changed()
        elif str(trouble) in _NO_SUCH_NUMBER and visit.ticket is not None:
            self.keep(visit.without_ticket(), lambda _kept: self.enter())
        elif isinstance(trouble, Conflict) and str(trouble).endswith(_FIRST):
            self.held[visit.key] = str(trouble).partition(" is ")[0]
            self._try_again_later()
            self._view.book_changed()
            self.enter()
        else:
            refused = replace(visit, refused=" ".join(words_of(trouble)).strip())
            self.keep(refused, lambda _kept: self.enter())

    def _try_again_later(self) -> None:
        if not self._later_asked:
            self._later_asked = True
            self._later(_AGAIN_MS, self._again)

    def _again(self) -> None:
        self._later_asked = False
        self.held = {}
        self.enter()


def _ignoring_token(work: Callable[[], object], _token: CancelToken) -> object:
    return work()
