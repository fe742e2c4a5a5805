"""A thousand contacts given at once by a team leader, and taken back."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import select

from crm_desktop.domain.reassigning import Reassigned, Seen, ToPeople, ToQueue, WorkFilter
from crm_desktop.domain.states import ContactState, StaffRole
from crm_desktop.services import Database, reassign
from crm_desktop.store.models import Membership, Staff
from tests.benchmarks.centre import BenchCentre
from tests.benchmarks.figures import Figure, median

MANY = 1_000
_TARGET_MS = 1_000
_WAITING = WorkFilter(states=frozenset({ContactState.QUEUED}))


def measure(centre: BenchCentre, quick: bool) -> list[Figure]:
    """Milliseconds of the whole use case, signed in as a team leader; all is taken back."""
    db = centre.signed_in(_leader(centre))
    try:
        seen = [row.seen for row in reassign.page(db, _WAITING, limit=MANY).rows]
        people = [each.id for each in reassign.people(db) if each.queues][:8]
        ways = (
            ("to a person", ToPeople((people[0],)), ""),
            ("to eight evenly", ToPeople(tuple(people)), ""),
            ("to a queue, with a note", ToQueue(seen[-1].queue_id), "They rang twice"),
        )
        given: dict[str, list[float]] = {name: [] for name, *_ in ways}
        back: list[float] = []
        for _ in range(2 if quick else 5):
            for name, to, note in ways:
                done, took = _timed(db, seen, to, note)
                given[name].append(took)
                if done.undo is not None:
                    started = time.perf_counter()
                    undone = reassign.undo(db, done.undo)
                    back.append(1_000 * (time.perf_counter() - started))
                    if undone.skipped:
                        raise RuntimeError("somebody else works in this centre")
        figures = [
            Figure(
                f"{len(seen):,} contacts reassigned {name}", centre.dialect, median(took), "ms",
                _TARGET_MS,
            )
            for name, took in given.items()
        ]  # fmt: skip
        return [*figures, Figure("…and taken back", centre.dialect, median(back), "ms")]
    finally:
        db.close()


def _timed(
    db: Database, seen: Sequence[Seen], to: ToPeople | ToQueue, note: str
) -> tuple[Reassigned, float]:
    started = time.perf_counter()
    done = reassign.give(db, seen, to, note)
    return done, 1_000 * (time.perf_counter() - started)


def _leader(centre: BenchCentre) -> str:
    """The team leader of the most queues."""
    owner = Database(centre.owner())
    try:
        with owner.read() as tx:
            found = tx.session.execute(
                select(Staff.login)
                .join(Membership, Membership.staff_id == Staff.id)
                .where(Staff.role == StaffRole.TEAM_LEADER, Staff.active)
            ).scalars()
            logins = list(found)
        return max(sorted(set(logins)), key=logins.count)
    finally:
        owner.close()
