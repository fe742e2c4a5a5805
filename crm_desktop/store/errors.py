"""Drivers' errors turned into the family that services and screens know."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeGuard

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from crm_desktop.domain.errors import (
    AccountRefused,
    Conflict,
    CrmError,
    DatabaseAway,
    DatabaseBusy,
    DatabaseFull,
    DatabaseReadOnly,
    DatabaseTrouble,
    InvalidInput,
    NotAllowed,
    NotFound,
    ServerUnverified,
    SignInRefused,
    SwitchedOff,
    Taken,
    UnsafeSignIn,
)

if TYPE_CHECKING:
    import psycopg

#: SQLSTATEs; those beginning with CRM are raised by our own functions.
_BY_SQLSTATE: dict[str, type[CrmError]] = {
    "CRM01": NotFound,
    "CRM02": NotAllowed,
    "CRM03": Taken,
    "CRM04": Conflict,
    "CRM05": InvalidInput,
    "28P01": SignInRefused,
    "28000": SignInRefused,
    "42501": NotAllowed,
    "25006": DatabaseReadOnly,
    "53100": DatabaseFull,
    "40001": DatabaseBusy,
    "40P01": DatabaseBusy,
    "55P03": DatabaseBusy,
    "57014": DatabaseBusy,
    "25P03": DatabaseAway,
    "53300": DatabaseAway,
    "57P01": DatabaseAway,
    "57P02": DatabaseAway,
    "57P03": DatabaseAway,
}
#: What the client library says of a sign-in before or without any SQLSTATE; the first that fits.
_BY_WORDS: tuple[tuple[type[CrmError], tuple[str, ...]], ...] = (
    (SwitchedOff, ("is not permitted to log in",)),
    # A ticket is missing, has run out, or is for nobody that the server knows.
    (AccountRefused, ("GSSAPI", "SSPI")),
    (UnsafeSignIn, ("authentication method requirement",)),
    (
        SignInRefused,
        ("authentication failed", "no password supplied", "permission denied for database"),
    ),
    (
        ServerUnverified,
        (
            *("does not support SSL", "certificate verify failed"),
            *("root certificate file", "server certificate for"),
        ),
    ),
)

#: SQLite's primary result codes.
_BY_SQLITE_CODE: dict[int, type[CrmError]] = {
    sqlite3.SQLITE_BUSY: DatabaseBusy,
    sqlite3.SQLITE_LOCKED: DatabaseBusy,
    sqlite3.SQLITE_READONLY: DatabaseReadOnly,
    sqlite3.SQLITE_FULL: DatabaseFull,
    sqlite3.SQLITE_IOERR: DatabaseAway,
    sqlite3.SQLITE_CANTOPEN: DatabaseAway,
    sqlite3.SQLITE_NOTADB: DatabaseTrouble,
    sqlite3.SQLITE_CORRUPT: DatabaseTrouble,
}
#: A quota, a limit or a full disk that says so in another way than ENOSPC.
_NO_ROOM = frozenset({sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE})


def _is_postgres(error: object) -> TypeGuard[psycopg.Error]:
    """On SQLite psycopg is never imported; where it is not, none of its errors can be."""
    driver = sys.modules.get("psycopg")
    return driver is not None and isinstance(error, driver.Error)


def _is_stale(error: object) -> bool:
    """Where no row was read through the ORM none can have been overtaken."""
    orm = sys.modules.get("sqlalchemy.orm.exc")
    return orm is not None and isinstance(error, orm.StaleDataError)


def _of_postgres(error: psycopg.Error) -> CrmError | None:
    code = error.sqlstate or ""
    if known := _BY_SQLSTATE.get(code):
        detail = error.diag.message_detail or ""
        return known(error.diag.message_primary or str(error), by=detail)
    words = str(error)
    for kind, said in _BY_WORDS:
        if any(each in words for each in said):
            return kind(words.strip().splitlines()[0])
    if "role" in words and "does not exist" in words:
        return SignInRefused()
    unreachable = isinstance(error, sys.modules["psycopg"].OperationalError) and not code
    if code.startswith("08") or unreachable:
        return DatabaseAway(words.strip().splitlines()[0] if words.strip() else "")
    return None


def _of_sqlite(error: sqlite3.Error) -> CrmError | None:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    kind = DatabaseFull if code in _NO_ROOM else _BY_SQLITE_CODE.get(code & 0xFF)
    return kind(str(error)) if kind else None


def translated(error: Exception) -> CrmError | None:
    """The expected trouble that a driver's or SQLAlchemy's error stands for, or None for a bug."""
    if _is_stale(error):
        return Conflict()
    if isinstance(error, PoolTimeout):
        return DatabaseBusy()
    original = error.orig if isinstance(error, DBAPIError) else error
    if _is_postgres(original):
        found = _of_postgres(original)
    elif isinstance(original, sqlite3.Error):
        found = _of_sqlite(original)
    else:
        found = None
    if found is None and isinstance(error, OperationalError) and error.connection_invalidated:
        return DatabaseAway()
    return found


@contextmanager
def translating() -> Iterator[None]:
    """Let expected trouble out as `CrmError`; bugs pass unchanged."""
    try:
        yield
    except Exception as error:
        known = translated(error)
        if known is None:
            raise
        raise known from error
