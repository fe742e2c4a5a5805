"""What must hold of any day, read from what the database kept of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, text

from crm_desktop.domain.states import ContactState
from crm_desktop.services import Database
from crm_desktop.store.models import Contact

FULL = 100
#: How a contact of the day can end.
DONE = (ContactState.COMPLETED, ContactState.ABANDONED, ContactState.LEFT)
#: Two engines at once may choose neighbours in the line the other way round.
_NEIGHBOURS = timedelta(seconds=1)
_HELD = text(
    """
    SELECT a.contact_id, a.staff_id, a.offered_at, a.ended_at, w.weight, w.interruptible,
           a.state, c.queue_id, c.priority, c.queued_at
    FROM assignment a JOIN contact c ON c.id = a.contact_id
    JOIN channel_weight w ON w.channel = c.channel
    ORDER BY a.offered_at, a.id
    """
)


@dataclass(frozen=True, slots=True)
class Held:
    """One contact given to one person, from the offer until it ended."""

    contact_id: int
    staff_id: int
    since: datetime
    until: datetime
    weight: int
    interruptible: bool
    state: str
    queue_id: int
    priority: int
    queued_at: datetime

    def during(self, at: datetime) -> bool:
        """Whether it was theirs at that moment."""
        return self.since <= at < self.until


def held(owner: Database) -> list[Held]:
    """All that was given on the day, in order."""
    with owner.read() as tx:
        return [Held(*row) for row in tx.core.execute(_HELD)]


def over_capacity(everything: list[Held]) -> list[Held]:
    """Offers that were more than the person could hold with what they held."""
    found = []
    of: dict[int, list[Held]] = defaultdict(list)
    for each in everything:
        before = [other for other in of[each.staff_id] if other.during(each.since)]
        of[each.staff_id] = [*before, each]
        counted = before if each.interruptible else [o for o in before if not o.interruptible]
        if sum(other.weight for other in counted) + each.weight > FULL:
            found.append(each)
    return found


def twice_at_once(everything: list[Held]) -> list[tuple[Held, Held]]:
    """Contacts that were two people's at one moment."""
    last: dict[int, Held] = {}
    found = []
    for each in everything:
        before = last.get(each.contact_id)
        if before is not None and before.until > each.since:
            found.append((before, each))
        last[each.contact_id] = each
    return found


def overtaken(everything: list[Held]) -> list[tuple[Held, Held]]:
    """Contacts that were first offered after one of their own line that came later."""
    first: dict[int, Held] = {}
    for each in everything:
        first.setdefault(each.contact_id, each)
    lines = defaultdict(list)
    for each in sorted(first.values(), key=lambda each: each.queued_at):
        lines[each.queue_id, each.priority].append(each)
    found = []
    for line in lines.values():
        latest = line[0]
        for each in line[1:]:
            if each.since < latest.since - _NEIGHBOURS:
                found.append((latest, each))
            latest = max(latest, each, key=lambda one: one.since)
    return found


def unfinished(owner: Database) -> int:
    """Contacts that are not done with."""
    open_ones = select(func.count()).where(Contact.state.not_in([each.value for each in DONE]))
    with owner.read() as tx:
        return int(tx.core.scalar(open_ones) or 0)


def kept(owner: Database) -> int:
    """How many contacts there are."""
    with owner.read() as tx:
        return int(tx.core.scalar(text("SELECT count(*) FROM contact")))


def without_their_event(owner: Database) -> int:
    """Contacts whose end has no event, or another than they have."""
    with owner.read() as tx:
        return int(tx.core.scalar(text(
            """
            SELECT count(*) FROM contact c WHERE NOT EXISTS (
                SELECT 1 FROM event e WHERE e.contact_id = c.id AND e.kind = 'contact.' || c.state)
            """
        )))  # fmt: skip


def service_level(
    owner: Database, channel: str, within: float, since: datetime, until: datetime
) -> float:
    """Answered within, of all who came then but those who gave up before: the default figure."""
    with owner.read() as tx:
        answered, counted = tx.core.execute(
            text(
                """
                SELECT count(*) FILTER (WHERE first_taken_at - received_at <= :within),
                       count(*) FILTER (WHERE state = 'completed'
                                        OR state_since - received_at > :within)
                FROM contact WHERE channel = :channel
                  AND received_at >= :since AND received_at < :until
                """
            ),
            {
                "channel": channel,
                "within": timedelta(seconds=within),
                "since": since,
                "until": until,
            },
        ).one()
    return float(answered / counted)
