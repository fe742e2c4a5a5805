"""After a database was put back to an earlier point: nothing is sent twice by itself.

What waited to leave at that point may have left after it, in the time that is forgotten. Nobody can
tell, so all of it is set aside, visibly, and a person decides about each.
"""

from __future__ import annotations

from dataclasses import dataclass

from crm_desktop.domain.changes import Topic
from crm_desktop.services import handoffs, sending, social_sending, texts
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import events
from crm_desktop.store.queries import restoring as queries

_WORDS = (
    "The database was put back to an earlier point, so nobody can tell whether this had left "
    "already. Ask before you send it again"
)


@dataclass(frozen=True, slots=True)
class Doubtful:
    """How many mails (and posts) and hand-offs wait for a person to decide."""

    mails: int
    handoffs: int


def settle(db: Database) -> Doubtful:
    """Set aside what was about to leave, and make every gateway of before a stranger.

    All or nothing, and it may be done again. As the owner on PostgreSQL, before a gateway starts.
    """
    with db.write() as tx:
        queries.outdate_leases(tx)
        queries.skip_references(tx)
        mails = passed = 0
        for work in queries.waiting(tx):
            queries.set_doubtful(tx, work.id, _WORDS)
            if work.handoff_id is not None:
                handoffs.gave_up(tx, work.handoff_id, _WORDS)
                contact_id = handoffs.subject(tx, work.handoff_id)
                passed += 1
            elif work.lane == social_sending.LANE:
                social_sending.gave_up(tx, work, _WORDS)
                contact_id = social_sending.subject(tx, work)
                mails += 1
            elif work.lane == texts.LANE:
                texts.gave_up(tx, work, _WORDS)
                contact_id = texts.subject(tx, work)
                mails += 1
            else:
                sending.gave_up(tx, work, _WORDS)
                contact_id = sending.subject(tx, work)
                mails += 1
            _log(tx, work, contact_id)
        events.append(tx, "database.restored", mails=mails, handoffs=passed)
        tx.changed(Topic.ACCOUNT, 0)
        return Doubtful(mails, passed)


def _log(tx: Tx, work: queries.Work, contact_id: int | None) -> None:
    events.append(
        tx,
        "outbox.dead",
        contact_id=contact_id,
        outbox=work.id,
        lane=work.lane,
        attempts=work.attempts,
    )
