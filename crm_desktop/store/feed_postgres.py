"""The change feed on PostgreSQL: LISTEN on a dedicated autocommit connection."""

from __future__ import annotations

import time
from contextlib import closing

from psycopg import sql
from sqlalchemy import create_engine

from crm_desktop.store import servers
from crm_desktop.store.database import CHAT_CHANNEL, NOTIFY_CHANNEL
from crm_desktop.store.feed import Batcher, Feed, parse

#: How long stopping may take at most: the wait for the next notice.
_WAIT_SECONDS = 0.2
#: So many notices are taken in before they are given out, however fast they come.
_AT_ONCE = 1_000
#: After so long without a notice the server is asked whether it is still there.
_PROBE_SECONDS = 10.0


class PostgresFeed(Feed):
    """Hears every notice that a transaction sent when it committed."""

    def _listen(self) -> None:
        with closing(self._connect()) as connection:
            for channel in (NOTIFY_CHANNEL, _channel_of_chats(connection)):
                connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            self._present()
            self._deliver(connection)

    def _connect(self) -> servers.Connection:
        # The URL is read exactly as the pool reads it, TLS mode and all.
        engine = create_engine(self.target.full_url())
        _, options = engine.dialect.create_connect_args(engine.url)
        engine.dispose()
        options["application_name"] = "crm-desktop feed"
        return servers.connect(options, self.target.servers)

    def _deliver(self, connection: servers.Connection) -> None:
        batcher = Batcher(self._on_changes, busy_seconds=self._busy_seconds)
        probe_at = time.monotonic() + _PROBE_SECONDS
        while not self._stopping.wait(batcher.seconds_of_rest()):
            heard = _take_in(connection, batcher)
            if not heard:
                waits = batcher.seconds_until_flush()
                timeout = _WAIT_SECONDS if waits is None else min(waits, _WAIT_SECONDS)
                for notice in connection.notifies(timeout=timeout, stop_after=1):
                    batcher.add(parse(notice.payload))
                    heard = True
            batcher.flush()
            if heard:
                probe_at = time.monotonic() + _PROBE_SECONDS
            elif time.monotonic() >= probe_at:
                connection.execute("SELECT 1")
                probe_at = time.monotonic() + _PROBE_SECONDS


def _channel_of_chats(connection: servers.Connection) -> str:
    """Where this login hears of chats: a person of their own, a gateway of all (app.chat_told)."""
    known = connection.execute("SELECT to_regprocedure('app.me()') IS NOT NULL").fetchone()
    row = connection.execute("SELECT app.me()").fetchone() if known and known[0] else None
    own = row[0] if row else None
    return CHAT_CHANNEL if own is None else f"{CHAT_CHANNEL}_{own}"


def _take_in(connection: servers.Connection, batcher: Batcher) -> bool:
    """What has come, each notice in a packet of its own: past `notifies`, which asks the system
    before every one of them whether there is another. Returns whether there was any.
    """
    payloads: list[bytes] = []
    came = -1
    while came < len(payloads) < _AT_ONCE:
        came = len(payloads)
        connection.pgconn.consume_input()
        while (notice := connection.pgconn.notifies()) is not None:
            payloads.append(notice.extra)
    if not payloads:
        return False
    told = (parse(each.decode(errors="replace")) for each in set(payloads))
    batcher.add(frozenset().union(*told), len(payloads))
    return True
