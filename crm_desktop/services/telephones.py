"""The telephones of a centre: an administrator sets up the PBX, lines, and who has which phone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from crm_desktop.domain import telephones as rules
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.telephones import KnownLine, Line, Pbx, Telephones, normal_number
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import telephones as queries


def read(db: Database) -> Telephones:
    """All that is set up. Raises NotAllowed unless an administrator or the owner asks."""
    with db.read() as tx:
        return queries.everything(tx)


def put_pbx(db: Database, seen: Mapping[str, Any] | None, wanted: Pbx) -> Changes:
    """The PBX, or other settings for it, which its gateway uses from now on.

    `seen` is what was read, None when there was none: Conflict when somebody changed it since.
    Raises InvalidInput(fields), NotAllowed.
    """
    wanted = replace(wanted, url=wanted.url.strip().rstrip("/"), user=wanted.user.strip())
    rules.check_pbx(wanted)
    with db.write() as tx:
        tx.changed(Topic.ACCOUNT, queries.put_pbx(tx, seen, wanted))
        return tx.changes


def use_pbx(db: Database, *, active: bool) -> Changes:
    """Let the gateway use the PBX, or leave it alone. Raises NotFound, NotAllowed."""
    with db.write() as tx:
        tx.changed(Topic.ACCOUNT, queries.set_pbx_active(tx, active=active))
        return tx.changes


def add_line(db: Database, wanted: Line) -> Changes:
    """A number that the public calls.

    Raises InvalidInput(fields number when it has a line already), NotFound for a queue or service,
    NotAllowed.
    """
    wanted = _tidy(wanted)
    with db.write() as tx:
        known = queries.everything(tx)
        _check_free(known, wanted, None)
        queries.put_line(tx, None, None, wanted)
        return _told(tx, known)


def change_line(db: Database, known: KnownLine, wanted: Line) -> Changes:
    """Another number, way or rule for a line; it holds from the next call on.

    Raises as `add_line`, and Conflict when it is not as it was `known`.
    """
    wanted = _tidy(wanted)
    with db.write() as tx:
        found = queries.everything(tx)
        _check_free(found, wanted, known.id)
        queries.put_line(tx, known.id, known.line, wanted)
        return _told(tx, found)


def use_line(db: Database, known: KnownLine, *, active: bool) -> Changes:
    """Answer a line's calls, or no more; what came over it stays. Raises as `change_line`."""
    return change_line(db, known, replace(known.line, active=active))


def set_extension(db: Database, staff_id: int, seen: str | None, extension: str | None) -> Changes:
    """Which telephone rings for somebody; None or nothing for none.

    Raises InvalidInput(fields extension), also for a colleague's, Conflict when it is not as it was
    `seen`, NotFound, NotAllowed.
    """
    wanted = (extension or "").strip() or None
    rules.check_extension(wanted)
    with db.write() as tx:
        for each in queries.everything(tx).phones:
            if wanted and each.active and each.extension == wanted and each.staff_id != staff_id:
                words = f"{each.name} has it"
                raise InvalidInput("an extension", fields={"extension": words})
        queries.put_extension(tx, staff_id, seen, wanted)
        tx.changed(Topic.STAFF, staff_id)
        return tx.changes


def _tidy(wanted: Line) -> Line:
    wanted = replace(wanted, number=normal_number(wanted.number), name=wanted.name.strip())
    rules.check_line(wanted)
    return wanted


def _check_free(known: Telephones, wanted: Line, line_id: int | None) -> None:
    for each in known.lines:
        if each.line.number == wanted.number and each.id != line_id:
            words = f"“{each.line.name}” has it{'' if each.line.active else ', switched off'}"
            raise InvalidInput("a telephone line", fields={"number": words})


def _told(tx: Tx, known: Telephones) -> Changes:
    """A line has no topic of its own: it is told as the PBX is."""
    tx.changed(Topic.ACCOUNT, known.pbx.id if known.pbx else 0)
    return tx.changes
