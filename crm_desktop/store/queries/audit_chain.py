"""Rows that are to be sealed or were, and the seals, in order and in bounded portions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, insert, literal, or_, select, text

from crm_desktop.domain.audit_chain import Covered, Mark, Seal
from crm_desktop.store.database import Tx
from crm_desktop.store.models import AuditSeal, Event, ReadAudit, RowAudit

_TABLES: dict[str, type[Event] | type[ReadAudit] | type[RowAudit]] = {
    "event": Event,
    "read_audit": ReadAudit,
    "row_audit": RowAudit,
}
#: What the chain covers of a row; of the values themselves only their digest.
_FACTS: dict[str, tuple[str, ...]] = {
    "event": ("at", "kind", "actor_id", "contact_id", "case_id", "customer_id", "data"),
    "read_audit": ("at", "staff_id", "what", "ref_id"),
    "row_audit": ("at", "login", "op", "table_name", "row_key", "digest"),
}
_ENDED = text("SELECT app.ended_xact()")
_BEHIND = text(
    "SELECT app.xact_shift() + greatest(0, (SELECT coalesce(max(to_xact), 0) FROM audit_seal)"
    " - app.ended_xact() + 1)"
)
_INSERT = insert(AuditSeal).inline()
_STREAMED = {"yield_per": 1_000}


def ended_xact(tx: Tx) -> int:
    """Every transaction with a lower number has ended; 0 on SQLite, where whoever looks is alone.

    It must be asked before the rows are.
    """
    return int(tx.core.execute(_ENDED).scalar_one()) if tx.dialect == "postgresql" else 0


def unsealed(tx: Tx, source: str, after: Mark, ended: int, limit: int) -> list[Covered]:
    """The next rows whose transactions have ended."""
    query = _rows(tx, source, after)
    if tx.dialect == "postgresql":
        query = query.where(_TABLES[source].xact < ended)
    return [_covered(row) for row in tx.core.execute(query.limit(limit))]


def within(tx: Tx, source: str, after: Mark, ends: Mark) -> Iterator[Covered]:
    """All rows of a seal's range, as they are now."""
    query = _rows(tx, source, after).where(_up_to(tx, source, ends))
    for row in tx.core.execute(query, execution_options=_STREAMED):
        yield _covered(row)


def waiting(tx: Tx, source: str, after: Mark) -> int:
    """How many rows no seal covers yet."""
    table = _TABLES[source]
    query = select(func.count()).select_from(table).where(_beyond(tx, source, after))
    return tx.core.execute(query).scalar_one()


def unnumbered(tx: Tx, source: str) -> list[int]:
    """Rows that came after the first sealed one and yet belong to no transaction (PostgreSQL)."""
    table = _TABLES[source]
    first = (
        select(table.id).where(table.xact.is_not(None)).order_by(table.xact, table.id).limit(1)
    ).scalar_subquery()
    query = select(table.id).where(table.xact.is_(None), table.id > first).limit(100)
    return list(tx.core.execute(query).scalars())


def values(
    tx: Tx, after: Mark, ends: Mark | None
) -> Iterator[tuple[int, str, str | None, str | None, bytes]]:
    """(id, op, salt, changes, digest) of the row changes of a range; to the newest without end."""
    query = (
        select(RowAudit.id, RowAudit.op, RowAudit.salt, RowAudit.changes, RowAudit.digest)
        .where(_beyond(tx, "row_audit", after))
        .order_by(RowAudit.xact, RowAudit.id)
    )
    if ends is not None:
        query = query.where(_up_to(tx, "row_audit", ends))
    for row in tx.core.execute(query, execution_options=_STREAMED):
        id_, op, salt, changes, digest = row
        yield id_, op, salt, changes, bytes(digest)


def last(tx: Tx) -> Seal | None:
    """The head of the chain."""
    row = tx.core.execute(_seals().order_by(AuditSeal.number.desc()).limit(1)).one_or_none()
    return _seal(row) if row else None


def end_of(tx: Tx, source: str) -> Mark:
    """How far a table is sealed."""
    query = select(AuditSeal.to_xact, AuditSeal.to_id).where(AuditSeal.source == source)
    row = tx.core.execute(query.order_by(AuditSeal.number.desc()).limit(1)).one_or_none()
    return Mark(*row) if row else Mark()


def seals(tx: Tx, after: int, limit: int) -> list[Seal]:
    """The seals that follow number `after`."""
    query = _seals().where(AuditSeal.number > after).order_by(AuditSeal.number).limit(limit)
    return [_seal(row) for row in tx.core.execute(query)]


def count(tx: Tx) -> int:
    """How many seals there are."""
    return tx.core.execute(select(func.count()).select_from(AuditSeal)).scalar_one()


def add(tx: Tx, seal: Seal) -> None:
    """Append a seal."""
    tx.core.execute(
        _INSERT,
        {
            "number": seal.number,
            "at": seal.at,
            "source": seal.source,
            "from_xact": seal.begins.xact,
            "from_id": seal.begins.id,
            "to_xact": seal.ends.xact,
            "to_id": seal.ends.id,
            "rows": seal.rows,
            "leaves": seal.leaves,
            "key_mark": seal.key_mark,
            "mac": seal.mac,
        },
    )


def count_on(tx: Tx) -> None:
    """Number transactions from here on after the last sealed one; the owner alone may."""
    shift = tx.core.execute(_BEHIND).scalar_one()
    # A function's body takes no parameters; this is a number of our own reckoning.
    body = f"SELECT {int(shift)}::bigint"
    tx.core.execute(
        text(
            "CREATE OR REPLACE FUNCTION app.xact_shift() RETURNS bigint "
            f"LANGUAGE sql IMMUTABLE AS '{body}'"
        )
    )


def _rows(tx: Tx, source: str, after: Mark) -> Select[Any]:
    table = _TABLES[source]
    xact = table.xact if tx.dialect == "postgresql" else literal(0)
    columns = [getattr(table, name) for name in _FACTS[source]]
    query = select(xact, table.id, *columns).where(_beyond(tx, source, after))
    if tx.dialect == "postgresql":
        return query.order_by(table.xact, table.id)
    return query.order_by(table.id)


def _beyond(tx: Tx, source: str, mark: Mark) -> ColumnElement[bool]:
    """Whether a row comes after a mark; one without a transaction comes nowhere."""
    table = _TABLES[source]
    if tx.dialect == "sqlite":
        return table.id > mark.id
    return and_(
        table.xact.is_not(None),
        # Said twice: the first is what the index is entered by.
        table.xact >= mark.xact,
        or_(table.xact > mark.xact, table.id > mark.id),
    )


def _up_to(tx: Tx, source: str, mark: Mark) -> ColumnElement[bool]:
    """Whether a row comes before a mark or is it."""
    table = _TABLES[source]
    if tx.dialect == "sqlite":
        return table.id <= mark.id
    return and_(table.xact <= mark.xact, or_(table.xact < mark.xact, table.id <= mark.id))


def _covered(row: Any) -> Covered:
    xact, id_, *facts = row
    return Covered(Mark(xact, id_), tuple(facts))


def _seals() -> Select[*tuple[Any, ...]]:
    return select(
        *(AuditSeal.number, AuditSeal.at, AuditSeal.source),
        *(AuditSeal.from_xact, AuditSeal.from_id, AuditSeal.to_xact, AuditSeal.to_id),
        *(AuditSeal.rows, AuditSeal.leaves, AuditSeal.key_mark, AuditSeal.mac),
    )


def _seal(row: Any) -> Seal:
    number, at, source, from_xact, from_id, to_xact, to_id, rows, leaves, mark, mac = row
    begins, ends = Mark(from_xact, from_id), Mark(to_xact, to_id)
    return Seal(number, at, source, begins, ends, rows, bytes(leaves), mark, bytes(mac))
