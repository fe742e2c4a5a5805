"""The audit reports: guarded functions on PostgreSQL, the same rules in SQL on SQLite.

SQLite has no row changes: what was done are the events there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from crm_desktop.domain.audit_views import (
    AuditedPerson,
    Deed,
    DeedCursor,
    Hour,
    RowChange,
    Sighting,
)
from crm_desktop.domain.errors import NotAllowed
from crm_desktop.domain.states import StaffRole
from crm_desktop.store.audit_words import done_to, words_of
from crm_desktop.store.database import Tx
from crm_desktop.store.guard_sqlite_reading import trace
from crm_desktop.store.queries import audit_sqlite as sqlite
from crm_desktop.store.queries.from_json import moment

_WHO_SAW = text("SELECT * FROM app.who_saw(:customer, :before, CAST(:limit AS integer))")
_WHO_DID = text(
    "SELECT * FROM app.who_did(:staff, :begins, :ends, :at, :source, :id, CAST(:limit AS integer))"
)
_ROW_CHANGES = text("SELECT * FROM app.row_changes(:staff, :xact)")
_HOURS = text("SELECT * FROM app.did_hourly(:staff, :begins, :ends) ORDER BY 1")
_PEOPLE = text("SELECT * FROM app.auditable_staff()")
_REDACT = text("SELECT app.redact_customer(:customer, :reason)")
_WATCHED = text("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'audit' ORDER BY 1")
_STRAYS = text("SELECT * FROM app.audit_strays(:table)")


def who_saw(tx: Tx, customer_id: int, before: int | None, limit: int) -> tuple[Sighting, ...]:
    """Who opened what of a customer's, newest first; leaves a trace. Raises NotAllowed."""
    params = {"customer": customer_id, "before": before, "limit": limit}
    if tx.dialect == "postgresql":
        return tuple(Sighting(*row) for row in tx.core.execute(_WHO_SAW, params))
    me = _asking(tx)
    if not me["everything"] and not tx.core.execute(sqlite.MAY_CUSTOMER, me | params).scalar():
        raise NotAllowed("not a customer of your queues")
    if before is None:
        _trace(tx, "report.customer", customer_id)
    rows = tx.core.execute(sqlite.WHO_SAW, me | params).all()
    return tuple(Sighting(id_, moment(at), *rest) for id_, at, *rest in rows)


def who_did(
    tx: Tx,
    staff_id: int,
    between: tuple[datetime, datetime],
    before: DeedCursor | None,
    limit: int,
) -> tuple[Deed, ...]:
    """What a person did and read in a time, newest first; leaves a trace. Raises NotAllowed."""
    params: dict[str, Any] = {
        "staff": staff_id,
        "begins": between[0],
        "ends": between[1],
        "at": before.at if before else None,
        "source": before.source if before else None,
        "id": before.id if before else None,
        "limit": limit,
    }
    if tx.dialect == "postgresql":
        return tuple(_deed(row) for row in tx.core.execute(_WHO_DID, params).mappings())
    me = _asking_about(tx, staff_id)
    if before is None:
        _trace(tx, "report.person", staff_id)
    rows = tx.core.execute(sqlite.WHO_DID, me | _as_text(params)).mappings()
    return tuple(_deed(row) for row in rows)


def row_changes(tx: Tx, staff_id: int, xact: int) -> tuple[RowChange, ...]:
    """The rows that one of a person's transactions changed. Raises NotAllowed."""
    if tx.dialect == "sqlite":
        return ()
    rows = tx.core.execute(_ROW_CHANGES, {"staff": staff_id, "xact": xact})
    return tuple(_change(*row) for row in rows)


def hours(tx: Tx, staff_id: int, between: tuple[datetime, datetime]) -> tuple[Hour, ...]:
    """How much a person read and did, by the hour; hours without anything are left out."""
    params = {"staff": staff_id, "begins": between[0], "ends": between[1]}
    if tx.dialect == "postgresql":
        return tuple(Hour(*row) for row in tx.core.execute(_HOURS, params))
    _asking_about(tx, staff_id)
    rows = tx.core.execute(sqlite.HOURS, _as_text(params))
    return tuple(Hour(moment(at), reads, changes) for at, reads, changes in rows)


def people(tx: Tx) -> tuple[AuditedPerson, ...]:
    """Whom one may ask about, by name. Raises NotAllowed."""
    if tx.dialect == "postgresql":
        return tuple(AuditedPerson(*row) for row in tx.core.execute(_PEOPLE))
    rows = tx.core.execute(sqlite.PEOPLE, _asking(tx))
    return tuple(AuditedPerson(id_, name, bool(active)) for id_, name, active in rows)


def redact_customer(tx: Tx, customer_id: int, reason: str) -> int:
    """Remove a customer's values from the entries; how many that were. 0 on SQLite: it has none."""
    if tx.dialect == "sqlite":
        return 0
    params = {"customer": customer_id, "reason": reason}
    return int(tx.core.execute(_REDACT, params).scalar_one())


def strays(tx: Tx) -> list[str]:
    """Rows that are not what their entries say, in words; for the owner, on PostgreSQL."""
    found = []
    for table in tx.core.execute(_WATCHED).scalars().all():
        for key, what in tx.core.execute(_STRAYS, {"table": table}):
            found.append(f"{table} {key}: {what}, and nobody entered it")
    return found


def _deed(row: Mapping[Any, Any]) -> Deed:
    data = row["data"]
    said = json.loads(data) if isinstance(data, str) else data or {}
    at = row["at"] if isinstance(row["at"], datetime) else moment(row["at"])
    kind = row["kind"]
    return Deed(
        source=row["source"],
        id=row["id"],
        at=at,
        kind=kind,
        words=words_of(row["source"], kind, said, at),
        about=row["title"] or row["customer"],
        contact_id=row["contact_id"],
        xact=row["xact"],
        changes=row["more"],
    )


def _change(id_: int, op: str, table: str, row_key: str, changes: str | None) -> RowChange:
    said = json.loads(changes) if changes else {}
    return RowChange(
        id=id_,
        op=op,
        table=table,
        row_key=row_key,
        words=done_to(table, op),
        before=said.get("before") or {},
        after=said.get("after") or {},
        redacted=changes is None and op != "I",
    )


def _asking(tx: Tx) -> dict[str, Any]:
    """Who asks, as SQLite's statements want it. Raises NotAllowed."""
    me = tx.actor
    if me is None or not me.leads:
        raise NotAllowed("for team leaders")
    mine: Sequence[int] = sorted(me.queues)
    return {
        "me": me.id,
        "mine": json.dumps(mine),
        "everything": me.role is StaffRole.ADMIN,
    }


def _asking_about(tx: Tx, staff_id: int) -> dict[str, Any]:
    me = _asking(tx)
    if me["everything"] or me["me"] == staff_id:
        return me
    if not tx.core.execute(sqlite.MAY_PERSON, me | {"staff": staff_id}).scalar():
        raise NotAllowed("not somebody of your queues")
    return me


def _trace(tx: Tx, what: str, ref_id: int) -> None:
    assert tx.actor is not None
    trace(tx.session, tx.actor, what, ref_id)


def _as_text(params: Mapping[str, Any]) -> dict[str, Any]:
    """Times as SQLite's columns hold them."""
    return {
        name: f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
        if isinstance(value, datetime)
        else value
        for name, value in params.items()
    }
