"""One connection pool to one database, and the transactions that everything happens in."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal

from sqlalchemy import (
    Connection,
    Engine,
    Text,
    bindparam,
    create_engine,
    event,
    func,
    insert,
    select,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session

from crm_desktop.domain.changes import Change, Changes, Topic
from crm_desktop.domain.errors import InsecureConnection
from crm_desktop.domain.people import Person
from crm_desktop.store import guard, guard_postgres, guard_sqlite
from crm_desktop.store.errors import translating
from crm_desktop.store.existing import FileWatch, existing
from crm_desktop.store.models import Notice
from crm_desktop.store.models.base import utcnow

Dialect = Literal["sqlite", "postgresql"]

#: PostgreSQL channel of the change notices, and how many a payload holds (8,000 bytes at most).
NOTIFY_CHANNEL = "crm"
_NOTICES_A_PAYLOAD = 250
_NOW = select(utcnow())
_NOTIFY = select(func.pg_notify(bindparam("channel", Text()), bindparam("payload", Text())))
_NOTICE = insert(Notice).inline()
#: Whoever finds the database locked for so long is told, on either dialect.
_BUSY_TIMEOUT_MS = 5_000
#: How much of a SQLite file a connection keeps and maps, in bytes: a desktop's one or two read all
#: day, a gateway's many do little each.
_FEW_CONNECTIONS = 2
_OF_FEW, _OF_MANY = (32_000_000, 268_435_456), (1_600_000, 0)


@dataclass(frozen=True, slots=True)
class Target:
    """Which database, and as whom. `password` is never printed."""

    url: str
    login: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return (
            f"Target({make_url(self.url).render_as_string(hide_password=True)!r}, {self.login!r})"
        )

    @property
    def dialect(self) -> Dialect:
        """Which of the two dialects the URL speaks."""
        return "sqlite" if make_url(self.url).get_backend_name() == "sqlite" else "postgresql"

    @property
    def is_loopback(self) -> bool:
        """Whether the database is on this computer."""
        return self.dialect == "sqlite" or _all_loopback(make_url(self.url))

    def full_url(self) -> URL:
        """The URL with driver, login and a safe TLS mode; raises InsecureConnection."""
        url = make_url(self.url)
        if self.dialect == "sqlite":
            return url
        url = url.set(drivername="postgresql+psycopg")
        if self.login:
            url = url.set(username=self.login, password=self.password or None)
        mode = url.query.get("sslmode")
        if not _all_loopback(url):
            if mode not in (None, "verify-full"):
                raise InsecureConnection(host=url.host)
            url = url.update_query_dict({"sslmode": "verify-full"})
        return url.update_query_dict({"connect_timeout": "5"} | dict(url.query))


def _all_loopback(url: URL) -> bool:
    query = url.query.get("host", ())
    hosts = [query] if isinstance(query, str) else list(query)
    if url.host:
        hosts.append(url.host)
    return all(_is_loopback(host.split(":")[0]) for each in hosts for host in each.split(","))


def _is_loopback(host: str) -> bool:
    if not host or host == "localhost" or host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Tx:
    """One transaction: the session, the guarded operations, the clock, and what changed."""

    def __init__(self, session: Session, dialect: Dialect, actor: Person | None) -> None:
        self.session = session
        self.dialect = dialect
        self.actor = actor
        self._changed: set[Change] = set()
        self._now: datetime | None = None
        self._guard: guard.Guard | None = None
        self._core: Connection | None = None

    # No cached_property: before Python 3.12 it holds one lock for all transactions, and whoever
    # waits in it for the database would keep the one who holds the database waiting.
    @property
    def now(self) -> datetime:
        """The database's time in this transaction, UTC."""
        if self._now is None:
            self._now = self.core.execute(_NOW).scalar_one()
        return self._now

    @property
    def core(self) -> Connection:
        """The session's connection: for statements that run with every mail, without the ORM.

        They cost a quarter when they are module constants with bound parameters. What was added
        to the session must have been flushed.
        """
        if self._core is None:
            self._core = self.session.connection()
        return self._core

    @property
    def guard(self) -> guard.Guard:
        """The operations that the database itself decides."""
        if self._guard is None:
            if self.dialect == "postgresql":
                self._guard = guard_postgres.PostgresGuard(self.session)
            else:
                self._guard = guard_sqlite.SqliteGuard(self.session, self.actor)
        return self._guard

    @property
    def actor_id(self) -> int | None:
        """Who does this, None for the gateway."""
        return self.actor.id if self.actor else None

    def changed(self, topic: Topic, *ids: int) -> None:
        """Tell every desktop, when this commits, to read these again."""
        self._changed.update(Change(topic, each) for each in ids)

    @property
    def changes(self) -> Changes:
        """All that was marked as changed so far."""
        return Changes(frozenset(self._changed))


class Database:
    """A pool to one database, signed in as one person (`actor`) or as the gateway (None).

    Without `create` a SQLite file that is absent is away (DatabaseAway), and so is one that was
    moved or replaced while it was open: what is committed then is not taken for kept.
    """

    def __init__(
        self,
        target: Target,
        *,
        actor: Person | None = None,
        connections: int = 1,
        create: bool = True,
    ) -> None:
        self.target = target
        self.dialect: Dialect = target.dialect
        self.actor = actor
        self.engine = _engine(target if create else existing(target), connections)
        self._file = None
        if not create and self.dialect == "sqlite":
            self._file = FileWatch(target, self.engine)
        self._writer = self.engine.execution_options(crm_write=True)
        self._single = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A transaction for looking; anything written in it is an error on SQLite."""
        with translating(), Session(self.engine, expire_on_commit=False) as session:
            yield Tx(session, self.dialect, self.actor)
            # Opening content writes its audit row, on PostgreSQL within the reading functions.
            session.commit()

    @contextmanager
    def read_at_once(self) -> Iterator[Tx]:
        """A transaction of one statement that looks: on PostgreSQL it needs no round trips to begin
        and to end.
        """
        if self.dialect == "sqlite":
            with self.read() as tx:
                yield tx
            return
        with translating(), Session(self._single, expire_on_commit=False) as session:
            yield Tx(session, self.dialect, self.actor)

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A transaction for changing: commits at the end with its notices, or not at all."""
        with translating(), Session(self._writer, expire_on_commit=False) as session:
            tx = Tx(session, self.dialect, self.actor)
            yield tx
            session.flush()
            _write_notices(tx)
            info = session.connection().info
            session.commit()
            if self._file is not None:
                self._file.check(info)

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def _write_notices(tx: Tx) -> None:
    changed = sorted(tx.changes.items, key=lambda change: (change.topic, change.id))
    if not changed:
        return
    if tx.dialect == "sqlite":
        tx.core.execute(_NOTICE, [{"topic": each.topic, "ref_id": each.id} for each in changed])
        return
    for start in range(0, len(changed), _NOTICES_A_PAYLOAD):
        part = changed[start : start + _NOTICES_A_PAYLOAD]
        payload = ",".join(f"{each.topic}:{each.id}" for each in part)
        tx.core.execute(_NOTIFY, {"channel": NOTIFY_CHANNEL, "payload": payload})


def _engine(target: Target, connections: int) -> Engine:
    url = target.full_url()
    if target.dialect == "sqlite":
        engine = create_engine(
            url,
            pool_size=connections,
            max_overflow=0,
            pool_use_lifo=True,
            connect_args={"isolation_level": None, "timeout": _BUSY_TIMEOUT_MS / 1000},
        )
        memory = _OF_FEW if connections <= _FEW_CONNECTIONS else _OF_MANY
        event.listen(engine, "connect", partial(_prepare_sqlite, memory))
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    # A desktop has one beside its feed's, two in all: a search and a reading take turns on it.
    size = 1 if connections <= _FEW_CONNECTIONS else connections
    # The connection used last knows the most: its statements are prepared, its pages are in memory.
    engine = create_engine(
        url, pool_size=size, max_overflow=0, pool_pre_ping=False, pool_use_lifo=True
    )
    event.listen(engine, "connect", _prepare_postgres)
    return engine


def _prepare_postgres(connection: Any, _record: object) -> None:
    connection.execute(f"SET lock_timeout = {_BUSY_TIMEOUT_MS}")
    # The same few statements all day: planning one anew takes longer than running it.
    connection.execute("SET plan_cache_mode = force_generic_plan")
    connection.commit()


def _prepare_sqlite(memory: tuple[int, int], connection: Any, _record: object) -> None:
    cached, mapped = memory
    for pragma in (
        "journal_mode = WAL",
        # An accepted mail must survive a power cut, not only a crash of the program.
        "synchronous = FULL",
        "foreign_keys = ON",
        "temp_store = MEMORY",
        f"cache_size = -{cached // 1000}",
        f"mmap_size = {mapped}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # pysqlite's own BEGIN is deferred: two readers that then write would lose an update.
    write = connection.get_execution_options().get("crm_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
