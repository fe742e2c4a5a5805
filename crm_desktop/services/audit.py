"""Who has seen a customer, what a person did, and removing a customer's values from the entries."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crm_desktop.domain.audit_views import (
    AuditedPerson,
    Deed,
    DeedCursor,
    Hour,
    RowChange,
    Sighting,
)
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.store.database import Database
from crm_desktop.store.queries import audit as queries

#: So many entries a portion.
PORTION = 100
#: Days are counted there.
LONDON = ZoneInfo("Europe/London")


def who_saw(
    db: Database, customer_id: int, before: int | None = None, limit: int = PORTION
) -> tuple[Sighting, ...]:
    """Who opened what of a customer's, newest first, from those before id `before` on.

    Leaves a trace itself. A team leader may ask about customers of their queues, an administrator
    about all; raises NotAllowed.
    """
    with db.write() as tx:
        return queries.who_saw(tx, customer_id, before, limit)


def who_did(
    db: Database,
    staff_id: int,
    day: date,
    before: DeedCursor | None = None,
    limit: int = PORTION,
) -> tuple[Deed, ...]:
    """What a person did and read on a day in London, newest first; as `who_saw`."""
    with db.write() as tx:
        return queries.who_did(tx, staff_id, _of(day), before, limit)


def row_changes(db: Database, staff_id: int, xact: int) -> tuple[RowChange, ...]:
    """The rows that one of the person's transactions changed, before and after."""
    with db.read() as tx:
        return queries.row_changes(tx, staff_id, xact)


def hours(db: Database, staff_id: int, day: date) -> tuple[Hour, ...]:
    """How much a person read and did in each hour of a day in London."""
    with db.read() as tx:
        return queries.hours(tx, staff_id, _of(day))


def people(db: Database) -> tuple[AuditedPerson, ...]:
    """Whom one may ask about, by name."""
    with db.read() as tx:
        return queries.people(tx)


def redact_customer(db: Database, customer_id: int, reason: str) -> int:
    """Remove a customer's values from the entries; how many that were. It is entered itself.

    Raises InvalidInput without a reason, and NotAllowed.
    """
    if not reason.strip():
        raise InvalidInput("Say why.", fields={"reason": "Say why the values are removed"})
    with db.write() as tx:
        return queries.redact_customer(tx, customer_id, reason.strip())


def strays(db: Database) -> list[str]:
    """Rows that are not what their entries say, in words; as the owner, on PostgreSQL."""
    with db.read() as tx:
        return queries.strays(tx)


def _of(day: date) -> tuple[datetime, datetime]:
    return (
        datetime.combine(day, time(), LONDON),
        datetime.combine(day + timedelta(days=1), time(), LONDON),
    )
