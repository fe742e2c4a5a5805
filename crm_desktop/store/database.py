"""One connection pool to one database, and the transactions that everything happens in."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import (
    Connection,
    Engine,
    Text,
    TextClause,
    bindparam,
    create_engine,
    event,
    func,
    select,
    text,
)
from sqlalchemy.engine import URL

from crm_desktop.domain.changes import Change, Changes, Topic
from crm_desktop.domain.people import Person
from crm_desktop.store import address, guard
from crm_desktop.store.column_types import utcnow
from crm_desktop.store.errors import translating
from crm_desktop.store.existing import FileWatch, existing
from crm_desktop.store.server_address import leads_only_here, secured

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Dialect = Literal["sqlite", "postgresql"]

#: PostgreSQL channel of the change notices, and how many a payload holds (8,000 bytes at most).
NOTIFY_CHANNEL = "crm"
#: Where gateways hear of chats; a person hears of theirs where their staff id follows.
CHAT_CHANNEL = "crm_chat"
_NOTICES_A_PAYLOAD = 250
_NOW = select(utcnow())
_NOTIFY = select(func.pg_notify(bindparam("channel", Text()), bindparam("payload", Text())))
_NOTICE = text("INSERT INTO notice (topic, ref_id) VALUES (:topic, :ref_id)")
#: What so many see of so few is told to those alone, see app.chat_told.
_TO_A_FEW = (Topic.CHAT, Topic.TYPING)
_TELL_A_FEW = text("SELECT app.chat_told(:topic, :ids)")
#: Whoever finds the database locked for so long is told, on either dialect.
BUSY_TIMEOUT_MS = 5_000
#: How much of a SQLite file a connection keeps and maps, in bytes: a desktop's one or two read all
#: day, a gateway's many do little each.
_FEW_CONNECTIONS = 2
_OF_FEW, _OF_MANY = (32_000_000, 268_435_456), (1_600_000, 0)
#: A server that falls silent is missed within five to six seconds, asked or not; one that is no
#: primary is none of ours. What the address says itself goes before.
_PATIENCE = {
    "connect_timeout": "5",
    "keepalives_idle": "2",
    "keepalives_interval": "1",
    "keepalives_count": "3",
    "tcp_user_timeout": "5000",
    "target_session_attrs": "primary",
}
_OF_SEVERAL = {"connect_timeout": "3"}


@dataclass(frozen=True, slots=True)
class Target:
    """Which database, and as whom. `password` is never printed.

    `servers` is what was learnt of them on the way; whoever connects to the same target shares it.
    """

    url: str
    login: str = ""
    password: str = ""
    servers: address.Known = field(default_factory=address.Known, compare=False)

    def __repr__(self) -> str:
        shown = address.read(self.url).render_as_string(hide_password=True)
        return f"Target({shown!r}, {self.login!r})"

    @property
    def dialect(self) -> Dialect:
        """Which of the two dialects the URL speaks."""
        return "sqlite" if address.read(self.url).get_backend_name() == "sqlite" else "postgresql"

    @property
    def is_loopback(self) -> bool:
        """Whether the database is on this computer."""
        return self.dialect == "sqlite" or leads_only_here(address.read(self.url))

    def full_url(self) -> URL:
        """The URL with driver, login and a safe TLS mode; raises InsecureConnection."""
        url = address.read(self.url)
        if self.dialect == "sqlite":
            return url
        url = url.set(drivername="postgresql+psycopg")
        if self.login:
            url = url.set(username=self.login, password=self.password or None)
        several = _OF_SEVERAL if len(address.hosts(url)) > 1 else {}
        return secured(url.update_query_dict(_PATIENCE | several | dict(url.query)))


class Tx:
    """One transaction: the connection, the guarded operations, the clock, and what changed.

    `core` is for statements that run all day, without the ORM: they cost a quarter when they are
    module constants with bound parameters. What was added to the session must have been flushed.
    """

    def __init__(self, core: Connection, dialect: Dialect, actor: Person | None) -> None:
        self.core = core
        self.dialect = dialect
        self.actor = actor
        self._session: Session | None = None
        self._changed: set[Change] = set()
        self._told: set[Change] = set()
        self._now: datetime | None = None
        self._guard: guard.Guard | None = None

    # No cached_property: before Python 3.12 it holds one lock for all transactions, and whoever
    # waits in it for the database would keep the one who holds the database waiting.
    @property
    def now(self) -> datetime:
        """The database's time in this transaction, UTC."""
        if self._now is None:
            self._now = self.core.execute(_NOW).scalar_one()
        return self._now

    @property
    def session(self) -> Session:
        """The ORM's session over the connection, made when it is first asked for."""
        if self._session is None:
            # Loaded with the tables: what is read first needs neither.
            from sqlalchemy.orm import Session

            self._session = Session(
                self.core, expire_on_commit=False, join_transaction_mode="control_fully"
            )
        return self._session

    def answer(self, statement: TextClause, values: Mapping[str, Any]) -> Any:
        """What a statement answers: one row of one column; there may be more values than it has
        parameters.
        """
        given = {name: values[name] for name in statement._bindparams}
        return self.core.execute(statement, given).scalar_one()

    def settle(self) -> Connection:
        """Write what was added to the session; the connection, where it then stands."""
        if self._session is not None:
            self._session.flush()
        return self.core

    def forget(self) -> None:
        """What the session has read may be another by now."""
        if self._session is not None:
            self._session.expire_all()

    def commit(self) -> None:
        """End it, with all that was written."""
        (self.core if self._session is None else self._session).commit()

    def close(self) -> None:
        """Let the session go; what was not committed is not kept."""
        if self._session is not None:
            self._session.close()

    @property
    def guard(self) -> guard.Guard:
        """The operations that the database itself decides."""
        if self._guard is None:
            # Only the one that is used is loaded.
            if self.dialect == "postgresql":
                from crm_desktop.store.guard_postgres import PostgresGuard

                self._guard = PostgresGuard(self)
            else:
                from crm_desktop.store.guard_sqlite import SqliteGuard

                self._guard = SqliteGuard(self, self.actor)
        return self._guard

    @property
    def actor_id(self) -> int | None:
        """Who does this, None for the gateway."""
        return self.actor.id if self.actor else None

    def changed(self, topic: Topic, *ids: int) -> None:
        """Tell every desktop, when this commits, to read these again."""
        self._changed.update(Change(topic, each) for each in ids)

    def told(self, topic: Topic, *ids: int) -> None:
        """The same, where the statement that changed them tells of it too."""
        self._told.update(Change(topic, each) for each in ids)

    def clock_read(self, now: datetime) -> None:
        """A statement of this transaction gave the database's time with its answer."""
        self._now = now

    @property
    def untold(self) -> list[Change]:
        """What the desktops must be told of when this commits, in a fixed order."""
        return sorted(self._changed - self._told, key=lambda change: (change.topic, change.id))

    @property
    def changes(self) -> Changes:
        """All that was marked as changed so far."""
        return Changes(frozenset(self._changed | self._told))


class Database:
    """A pool to one database, signed in as one person (`actor`) or as the gateway (None).

    `create` is for its owner, who makes it, upgrades it and fills it, and may take long over it.
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
        #: Where it stood when it was looked whether this program fits it.
        self.revision: str | None = None
        #: Tells this program from others in which the same person is signed in.
        self.desktop = secrets.token_hex(8)
        self.engine = _engine(target if create else existing(target), connections, may_sleep=create)
        self._file = None
        if not create and self.dialect == "sqlite":
            self._file = FileWatch(target, self.engine)
        self._writer = self.engine.execution_options(crm_write=True)
        self._single = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A transaction for looking; anything written in it is an error on SQLite."""
        with self._begun(self.engine) as tx:
            yield tx
            # Opening content writes its audit row, on PostgreSQL within the reading functions.
            tx.commit()

    @contextmanager
    def read_at_once(self) -> Iterator[Tx]:
        """A transaction of one statement that looks: on PostgreSQL it needs no round trips to begin
        and to end.
        """
        if self.dialect == "sqlite":
            with self.read() as tx:
                yield tx
            return
        with self._begun(self._single) as tx:
            yield tx

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A transaction for changing: commits at the end with its notices, or not at all."""
        with self._begun(self._writer) as tx:
            yield tx
            _write_notices(tx)
            info = tx.core.info
            tx.commit()
            if self._file is not None:
                self._file.check(info)

    @contextmanager
    def write_at_once(self) -> Iterator[Tx]:
        """A transaction of one statement, which on PostgreSQL writes its notices itself: there it
        needs no round trips to begin and to end.
        """
        if self.dialect == "sqlite":
            with self.write() as tx:
                yield tx
            return
        with self._begun(self._single) as tx:
            yield tx

    @contextmanager
    def _begun(self, engine: Engine) -> Iterator[Tx]:
        with translating(), engine.connect() as connection:
            tx = Tx(connection, self.dialect, self.actor)
            try:
                yield tx
            finally:
                tx.close()

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def _write_notices(tx: Tx) -> None:
    core, changed = tx.settle(), tx.untold
    if not changed:
        return
    if tx.dialect == "sqlite":
        core.execute(_NOTICE, [{"topic": each.topic.value, "ref_id": each.id} for each in changed])
        return
    for topic in _TO_A_FEW:
        ids = [each.id for each in changed if each.topic is topic]
        for start in range(0, len(ids), _NOTICES_A_PAYLOAD):
            part_of = ids[start : start + _NOTICES_A_PAYLOAD]
            core.execute(_TELL_A_FEW, {"topic": topic.value, "ids": part_of})
    changed = [each for each in changed if each.topic not in _TO_A_FEW]
    for start in range(0, len(changed), _NOTICES_A_PAYLOAD):
        part = changed[start : start + _NOTICES_A_PAYLOAD]
        payload = ",".join(f"{each.topic}:{each.id}" for each in part)
        core.execute(_NOTIFY, {"channel": NOTIFY_CHANNEL, "payload": payload})


def _engine(target: Target, connections: int, *, may_sleep: bool) -> Engine:
    url = target.full_url()
    if target.dialect == "sqlite":
        engine = create_engine(
            url,
            pool_size=connections,
            max_overflow=0,
            pool_use_lifo=True,
            connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT_MS / 1000},
        )
        memory = _OF_FEW if connections <= _FEW_CONNECTIONS else _OF_MANY
        event.listen(engine, "connect", partial(_prepare_sqlite, memory))
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    from crm_desktop.store import servers

    # A desktop has one beside its feed's, two in all: a search and a reading take turns on it.
    size = 1 if connections <= _FEW_CONNECTIONS else connections
    # The connection used last knows the most: its statements are prepared, its pages are in memory.
    engine = create_engine(
        url, pool_size=size, max_overflow=0, pool_pre_ping=False, pool_use_lifo=True
    )

    def connect(_dialect: object, _record: object, _args: object, given: dict[str, Any]) -> object:
        connection = servers.connect(given, target.servers, may_sleep=may_sleep)
        connection.autocommit = False
        return connection

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "checkout", servers.still_there)
    return engine


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
