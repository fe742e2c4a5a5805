"""The telephones of a centre: on PostgreSQL guarded functions (0021_telephones.sql) read and change
them, on SQLite the same rules in Python.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, text

from crm_desktop.domain.telephones import KnownLine, KnownPbx, Line, Pbx, Phone, Telephones
from crm_desktop.store.database import Tx
from crm_desktop.store.models import Queue, Service
from crm_desktop.store.queries import telephones_sqlite as by_hand
from crm_desktop.store.queries.from_json import moment, parsed

_ALL = text("SELECT app.telephones()")
_PBX = text("SELECT app.pbx_put(CAST(:seen AS jsonb), CAST(:wanted AS jsonb))")
_PBX_ACTIVE = text("SELECT app.pbx_active(:active)")
_LINE = text("SELECT app.line_put(:line, CAST(:seen AS jsonb), CAST(:wanted AS jsonb))")
_EXTENSION = text("SELECT app.extension_put(:staff, :seen, :extension)")


def everything(tx: Tx) -> Telephones:
    """All that is set up; raises NotAllowed unless an administrator or the owner asks."""
    found = by_hand.everything(tx) if tx.dialect == "sqlite" else parsed(tx.core.scalar(_ALL))
    queues = select(Queue.id, Queue.name, Queue.code, Queue.restricted).order_by(Queue.name)
    services = (
        select(Service.id, Service.name, Service.code, Service.restricted)
        .where(Service.active)
        .order_by(Service.name)
    )
    return Telephones(
        _known_pbx(found["pbx"]),
        tuple(KnownLine(each["id"], Line.from_data(each["line"])) for each in found["lines"]),
        tuple(
            Phone(each["id"], each["name"], each["login"], bool(each["active"]), each["extension"])
            for each in found["phones"]
        ),
        {row.id: (row.name, row.code, row.restricted) for row in tx.core.execute(queues)},
        {row.id: (row.name, row.code, row.restricted) for row in tx.core.execute(services)},
    )


def put_pbx(tx: Tx, seen: Mapping[str, Any] | None, wanted: Pbx) -> int:
    """The PBX, or other settings for it; Conflict when they are not as they were `seen`."""
    if tx.dialect == "sqlite":
        return by_hand.put_pbx(tx, seen, wanted)
    given = None if seen is None else json.dumps(dict(seen))
    return _asked(tx, _PBX, seen=given, wanted=json.dumps(wanted.to_data()))


def set_pbx_active(tx: Tx, *, active: bool) -> int:
    """Use the PBX, or use it no more; raises NotFound where there is none."""
    if tx.dialect == "sqlite":
        return by_hand.set_pbx_active(tx, active=active)
    return _asked(tx, _PBX_ACTIVE, active=active)


def put_line(tx: Tx, line_id: int | None, seen: Line | None, wanted: Line) -> int:
    """A line, new without an id; Conflict when it is not as it was `seen`, or the number's taken.

    Raises NotFound for the line, a queue or a service, and InvalidInput.
    """
    if tx.dialect == "sqlite":
        return by_hand.put_line(tx, line_id, seen, wanted)
    given = None if seen is None else json.dumps(seen.to_data())
    return _asked(tx, _LINE, line=line_id, seen=given, wanted=json.dumps(wanted.to_data()))


def put_extension(tx: Tx, staff_id: int, seen: str | None, extension: str | None) -> None:
    """Which extension rings for somebody; Conflict when it was changed, or is a colleague's."""
    if tx.dialect == "sqlite":
        by_hand.put_extension(tx, staff_id, seen, extension)
    else:
        _asked(tx, _EXTENSION, staff=staff_id, seen=seen, extension=extension)


def _asked(tx: Tx, statement: Any, **given: object) -> int:
    found: int = tx.settle().execute(statement, given).scalar()  # type: ignore[assignment]
    tx.forget()
    return found


def _known_pbx(found: Mapping[str, Any] | None) -> KnownPbx | None:
    if found is None:
        return None
    settings = parsed(found["settings"])
    return KnownPbx(
        found["id"],
        Pbx.from_data(settings),
        settings,
        found["secret_name"],
        bool(found["active"]),
        found["status"],
        found["words"],
        moment(found["at"]),
    )
