"""Connecting to whichever of a database's PostgreSQL servers is the primary now.

Servers are tried in turn: one that is away, starting up or a standby is passed over, and so is a
primary that another has succeeded. That one came back without knowing it; what it accepted would
be lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from sqlalchemy.exc import InvalidatePoolError

from crm_desktop.domain.errors import CrmError, DatabaseAway, ServerSucceeded
from crm_desktop.store.address import Known, each_server
from crm_desktop.store.database import BUSY_TIMEOUT_MS
from crm_desktop.store.errors import translated

Connection = psycopg.Connection[tuple[Any, ...]]

#: Whoever sleeps in the middle of a transaction so long has it undone and lets others go on: less
#: than a lease lasts, so that a gateway that was stopped there is succeeded in time as well.
SLEEP_TIMEOUT_MS = 5_000
_TIMELINE = """CASE WHEN NOT pg_is_in_recovery()
    THEN left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) END"""
# One way there and back for all that a session needs. The same few statements run all day:
# planning one anew takes longer than running it. The server, too, misses who falls silent.
_BEGIN = f"""
SELECT (SELECT system_identifier FROM pg_control_system()), {_TIMELINE},
       set_config('lock_timeout', '{BUSY_TIMEOUT_MS}', false),
       set_config('idle_in_transaction_session_timeout', %s, false),
       set_config('plan_cache_mode', 'force_generic_plan', false),
       set_config('tcp_keepalives_idle', '5', false),
       set_config('tcp_keepalives_interval', '2', false),
       set_config('tcp_keepalives_count', '3', false)
"""  # noqa: S608 - a number of our own


def connect(arguments: Mapping[str, Any], known: Known, *, may_sleep: bool = False) -> Connection:
    """A session in autocommit mode with the primary of libpq's `arguments`.

    Only whoever `may_sleep` may keep a transaction open and do nothing in it for long.
    Raises psycopg.OperationalError or ServerSucceeded: the most telling of what the servers said.
    """
    troubles: list[Exception] = []
    servers = each_server(arguments)
    for place in known.order(len(servers)):
        try:
            connection = _begin(servers[place], known, 0 if may_sleep else SLEEP_TIMEOUT_MS)
        except (psycopg.OperationalError, ServerSucceeded) as trouble:
            troubles.append(trouble)
        else:
            known.last = place
            return connection
    raise next((each for each in troubles if _tells(each)), troubles[0])


def _begin(server: Mapping[str, Any], known: Known, sleep_ms: int) -> Connection:
    connection = psycopg.connect(**{**server, "autocommit": True})
    try:
        row = connection.execute(_BEGIN, [str(sleep_ms)]).fetchone()
        assert row is not None
        if row[1] is not None and known.is_behind(row[0], int(row[1], 16)):
            raise ServerSucceeded(host=str(server.get("host", "")))
    except BaseException:
        connection.close()
        raise
    return connection


def timeline(connection: Connection) -> int | None:
    """How often the history of a primary was begun anew, by a promotion; None of a standby."""
    row = connection.execute(f"SELECT {_TIMELINE}").fetchone()
    return int(row[0], 16) if row and row[0] is not None else None


def _tells(trouble: Exception) -> bool:
    """Whether it says more than that a server does not answer or is a standby."""
    known = trouble if isinstance(trouble, CrmError) else translated(trouble)
    return type(known) is not DatabaseAway


def still_there(connection: Connection, _record: object, _proxy: object) -> None:
    """Throw the pool away when the server has closed this connection; asks only this computer.

    So whoever comes first after a crash already gets a new connection, not an error.
    """
    try:
        # The server's last words come before the end.
        connection.pgconn.consume_input()
        connection.pgconn.consume_input()
    except psycopg.OperationalError:
        raise InvalidatePoolError from None
