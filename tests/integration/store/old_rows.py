"""Believable, nasty rows for a database of any released revision, past today's models.

Tables are read from the database as it is; what their columns may hold is known by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    inspect,
    select,
)

ROWS = 12
#: What people write, and what programs write in their name.
TEXTS = (
    "",
    "Missed bin",
    "Zoë Ødegård-O'Brien",
    "Ünïcödé ẞtraße ﬁ",
    "🙂🏳️‍🌈 👩🏽‍🚒",
    "שלום — مرحبا",
    "\u202eright to left\u202c and back",
    "'; DROP TABLE contact; --",
    "tab\tand\nlines\r\n",
    "%s {0} \\u0000 \\x",
    "長い" * 40,
    "A long letter. " * 2_000,
)
_MARKS = ("_words", "_vocabulary", "_trigrams")
#: Where it stands, and what is told of that. Of the recordings of 0005 no release ever wrote a row;
#: 0019 begins that table anew.
_WITHOUT = ("alembic_version", "notice", "recording")
_BYTES = bytes(range(256)) * 8
_OLDEST = datetime(1890, 3, 1, 12, tzinfo=UTC)
_STATES = ("queued", "active", "held", "wrap_up", "completed", "parked", "spam")
_AT_WORK = ("active", "held", "wrap_up")

Rows = dict[str, list[tuple[Any, ...]]]


def tables(connection: Connection) -> dict[str, Table]:
    """The centre's tables as they are now, those first that others speak of."""
    meta = MetaData()
    names = [
        name
        for name in inspect(connection).get_table_names()
        if name not in _WITHOUT and not any(mark in name for mark in _MARKS)
    ]
    meta.reflect(connection, only=names)
    return {table.name: table for table in meta.sorted_tables}


def fill(connection: Connection, seed: int = 7) -> int:
    """Rows in every table, and a contact of Anna's queue that waits; its id."""
    rng = Random(seed)
    found = tables(connection)
    for table in found.values():
        if connection.execute(select(table).limit(1)).first() is not None:
            continue  # a revision filled it
        for row in _rows(connection, table, rng):
            connection.execute(table.insert().values(row))
    return _known(connection, found)


def read(connection: Connection, columns: Mapping[str, list[str]] | None = None) -> Rows:
    """Every row of every table, or of these columns alone, in order of their keys."""
    found = tables(connection)
    rows: Rows = {}
    for name in columns or found:
        table = found[name]
        wanted = [table.c[each] for each in (columns[name] if columns else table.c.keys())]
        ordered = select(*wanted).order_by(*table.primary_key.columns)
        rows[name] = [tuple(row) for row in connection.execute(ordered)]
    return rows


def columns_of(connection: Connection) -> dict[str, list[str]]:
    """The columns of every table as they are now, without those that will be dropped."""
    return {
        name: [each.name for each in table.c if each.name not in _DROPPED.get(name, ())]
        for name, table in tables(connection).items()
    }


def _rows(connection: Connection, table: Table, rng: Random) -> Iterator[dict[str, Any]]:
    keys = [column.name for column in table.primary_key.columns]
    seen: set[tuple[Any, ...]] = set()
    for number in range(1, ROWS + 1):
        row = {
            column.name: _value(connection, table, column, number, rng)
            for column in table.columns
            # The database numbers them, unless the number is somebody else's.
            if not (keys == [column.name] and isinstance(column.type, Integer))
            or column.foreign_keys
        }
        _made_to_fit(table.name, row, number)
        key = tuple(row.get(each, number) for each in keys)
        if key not in seen:
            seen.add(key)
            yield row


def _value(
    connection: Connection, table: Table, column: Column[Any], number: int, rng: Random
) -> Any:
    """Something that this column may hold."""
    for key in column.foreign_keys:
        if column.nullable and (key.column.table is table or number % 3 == 0):
            return None
        known = connection.scalars(select(key.column).order_by(key.column)).all()
        return known[(number - 1) % len(known)]
    if column.nullable and number % 4 == 0:
        return None
    return _of_type(connection.dialect.name, column, number, rng)


def _of_type(dialect: str, column: Column[Any], number: int, rng: Random) -> Any:
    kind = column.type
    value: Any = number
    if isinstance(kind, Boolean):
        value = bool(number % 2)
    elif isinstance(kind, DateTime):
        at = _OLDEST + timedelta(days=rng.randrange(50_000), microseconds=rng.randrange(10**6))
        value = at if dialect == "postgresql" else at.replace(tzinfo=None)
    elif isinstance(kind, Date):
        value = (_OLDEST + timedelta(days=rng.randrange(50_000))).date()
    elif isinstance(kind, Float):
        value = number / 3
    elif isinstance(kind, JSON):
        words = rng.choice(TEXTS)
        value = [words, number] if number % 2 else {"words": words, "and": [None, 1.5, True]}
    elif isinstance(kind, LargeBinary):
        value = _BYTES
    elif not isinstance(kind, Integer):
        value = _words(column, number, rng)
    return value


def _words(column: Column[Any], number: int, rng: Random) -> str:
    """Text; where an index or a key wants it short or its own, with the row's number."""
    if column.name in _ONE_OF:
        return _ONE_OF[column.name][number % len(_ONE_OF[column.name])]
    if column.primary_key or column.name in _OWN or _one_of_a_kind(column):
        return f"{TEXTS[number % 8]}{number}"
    return rng.choice(TEXTS)


def _one_of_a_kind(column: Column[Any]) -> bool:
    """Whether a constraint or an index knows it."""
    table = column.table
    unique = [each.columns for each in table.constraints if isinstance(each, UniqueConstraint)]
    return any(column.name in each for each in [*unique, *(i.columns for i in table.indexes)])


_ONE_OF = {
    "channel": ("email", "web_form", "chat", "call", "letter", "visit", "sms", "social"),
    "direction": ("inbound", "outbound"),
    "visibility": ("public", "internal"),
}
_OWN = (
    *("code", "login", "name", "slug", "external_id", "idempotency_key", "reference", "key"),
    *("norm", "kind", "rfc_id", "folded", "logged_key", "row_key", "key_mark", "extension"),
    "number",
)
#: Columns that a later revision dropped, as nothing had ever written them.
_DROPPED = {"visit": ("told", "expected_seconds")}


def _made_to_fit(table: str, row: dict[str, Any], number: int) -> None:
    """What belongs together in one row."""
    if table == "contact":
        row["state"] = _STATES[number % len(_STATES)]
        row["owner_id"] = (row["owner_id"] or 1) if row["state"] in _AT_WORK else None
        row["channel"] = "email"
        row["direction"] = "inbound"
        row["folded"] = f"word{number} zoe odegard {TEXTS[number % 8].casefold()}"
    elif table == "blob":
        row |= {"sha256": sha256(str(number).encode()).hexdigest(), "size": len(_BYTES)}
        row["complete"] = True
    elif table == "blob_chunk":
        row["n"] = 0
    elif table == "event":
        row["kind"] = "note.added"
    elif table == "call_leg":
        row["channel"] = f"1764.{number}"  # the PBX's, one each
    elif table == "staff":
        row |= {"login": f"old.colleague{number}", "role": "advisor", "presence": "offline"}
    elif table == "audit_seal":
        row["number"] = number  # the sealer counts, not the database
    elif table == "figures_kept":
        row["id"] = number  # one row, so the database numbers none


def _known(connection: Connection, found: Mapping[str, Table]) -> int:
    """Anna of the first queue, and a contact that waits there."""

    def add(table: str, **values: Any) -> int:
        row = {}
        for column in found[table].columns:
            own = found[table].primary_key.columns.keys() == [column.name]
            if not own and not column.nullable and column.server_default is None:
                row[column.name] = _value(connection, found[table], column, 1, Random(1))
        _made_to_fit(table, row | {"owner_id": None}, 1)
        result = connection.execute(found[table].insert().values(row | values))
        key = result.inserted_primary_key
        assert key is not None
        return int(key[0])

    anna = add("staff", login="anna", name="Anna Whitlock", role="advisor", active=True,
               presence="available")  # fmt: skip
    connection.execute(found["membership"].insert().values(staff_id=anna, queue_id=1))
    service = add("service", code="known", name="Known", queue_id=1, active=True)
    return add(
        "contact", channel="email", direction="inbound", state="queued", queue_id=1,
        service_id=service, owner_id=None, subject="Wheeliebin", who="Margaret Okafor", preview="",
        folded="margaret okafor wheeliebin",
    )  # fmt: skip
