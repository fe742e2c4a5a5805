"""What can be told of a database by looking: its revision, who we are there, and who works.

Opened read-only and with short patience; not even SQLite's journal mode is set.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from crm_desktop.domain.errors import DatabaseTrouble
from crm_desktop.domain.telephones import Telephones
from crm_desktop.domain.views import AccountStatus
from crm_desktop.store import address, revision
from crm_desktop.store.database import Target, Tx
from crm_desktop.store.errors import translating
from crm_desktop.store.existing import existing
from crm_desktop.store.models import Lease, Site
from crm_desktop.store.queries import accounts, telephones

#: libpq knows no shorter patience than two seconds.
_CONNECT_SECONDS = "2"
_EXTENSIONS = frozenset({"pg_trgm"})
_GROUPS = ("crm_staff", "crm_advisor", "crm_desk", "crm_team_leader", "crm_admin", "crm_gateway")


@dataclass(frozen=True, slots=True)
class Encryption:
    """How the way to a PostgreSQL server is protected; `version` is empty without TLS."""

    version: str
    verified: bool
    loopback: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Who this session is on PostgreSQL: its login, its groups, and the groups that are missing."""

    login: str
    groups: frozenset[str]
    missing: frozenset[str]
    is_superuser: bool
    is_staff: bool


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a piece of the gateway's work, and until when by the database's clock."""

    lease: str
    owner: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Follower:
    """A standby that is connected, as far as this login may see it.

    `state` is sync, quorum, potential or async, empty when it may not be seen; how much it has not
    yet on its disk is in bytes, and in seconds.
    """

    name: str
    state: str
    bytes_behind: int
    seconds_behind: float


@dataclass(frozen=True, slots=True)
class Promise:
    """What the server keeps of what it said it had.

    `commit` and `names` are its settings synchronous_commit and synchronous_standby_names.
    """

    disk: bool
    commit: str
    names: str
    followers: tuple[Follower, ...]


@dataclass(frozen=True, slots=True)
class Server:
    """One of the servers of an address: a primary, a standby, or `away`, with the reason.

    `timeline` counts the promotions in a primary's history.
    """

    name: str
    kind: Literal["primary", "standby", "away"]
    timeline: int = 0
    reason: str = ""


class Look:
    """One read-only transaction of a diagnosis; every method may raise DatabaseTrouble."""

    def __init__(self, session: Session, target: Target) -> None:
        self._session = session
        self._target = target
        self.tx = Tx(session.connection(), target.dialect, None)

    def check_revision(self, migrations: Path) -> None:
        """Raise DatabaseOlder or DatabaseNewer unless the revision is this program's."""
        revision.check_revision(self._session.connection(), migrations)

    def now(self) -> datetime:
        """The database's clock."""
        return self.tx.now

    def encryption(self) -> Encryption:
        """How this PostgreSQL connection is protected."""
        version = self._session.scalar(
            text("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl")
        )
        verified = self._target.full_url().query.get("sslmode") == "verify-full"
        return Encryption(version or "", verified, self._target.is_loopback)

    def missing_extensions(self) -> frozenset[str]:
        """What PostgreSQL lacks of what this program uses."""
        found = self._session.scalars(text("SELECT extname FROM pg_extension"))
        return _EXTENSIONS - frozenset(found)

    def promise(self) -> Promise:
        """What this PostgreSQL server does before it says that it has something."""
        disk, commit, names = self._session.execute(
            text(
                "SELECT current_setting('fsync') = 'on', current_setting('synchronous_commit'),"
                " current_setting('synchronous_standby_names')"
            )
        ).one()
        # Whoever may not see more is given NULL instead.
        rows = self._session.execute(
            text(
                "SELECT coalesce(application_name, ''), coalesce(sync_state, ''),"
                " coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), flush_lsn), 0)::bigint,"
                " coalesce(extract(epoch FROM flush_lag), 0)::float"
                " FROM pg_stat_replication WHERE coalesce(state, 'streaming') = 'streaming'"
                " ORDER BY 1"
            )
        )
        return Promise(disk, commit, names, tuple(Follower(*row) for row in rows))

    def standing(self) -> Standing:
        """Who this PostgreSQL session is."""
        rows = self._session.execute(
            text(
                "SELECT rolname, pg_has_role(session_user, oid, 'member')"
                " FROM pg_roles WHERE rolname = ANY(:groups)"
            ),
            {"groups": list(_GROUPS)},
        ).all()
        known = {name: bool(member) for name, member in rows}
        login, superuser = self._session.execute(
            text("SELECT session_user, rolsuper FROM pg_roles WHERE rolname = session_user")
        ).one()
        member_of = frozenset(name for name, member in known.items() if member)
        # Only members may ask, and a superuser is member of everything without being anybody.
        is_staff = "crm_staff" in member_of and bool(
            self._session.scalar(text("SELECT count(*) FROM app.whoami()"))
        )
        return Standing(login, member_of, frozenset(_GROUPS) - set(known), superuser, is_staff)

    def has_sites(self) -> bool:
        """Whether people visit this centre."""
        return bool(self._session.scalar(select(Site.id).where(Site.active).limit(1)))

    def telephones(self) -> Telephones:
        """What is set up for calls; whoever asks must be the gateway, an administrator or owner."""
        return telephones.everything(self.tx)

    def holders(self) -> tuple[Holder, ...]:
        """Every piece of the gateway's work with its last owner."""
        rows = self._session.execute(
            select(Lease.name, Lease.owner, Lease.expires_at).order_by(Lease.name)
        )
        return tuple(Holder(*row) for row in rows)

    def accounts(self) -> tuple[AccountStatus, ...]:
        """Every account in use with its status."""
        return accounts.statuses(self.tx)


def each_server(target: Target) -> tuple[Server, ...]:
    """How each of several servers stands, in the address's order; empty when it names one alone."""
    if target.dialect == "sqlite" or len(address.hosts(address.read(target.url))) < 2:
        return ()
    engine = _engine(target)
    _, arguments = engine.dialect.create_connect_args(engine.url)
    engine.dispose()
    arguments["target_session_attrs"] = "any"
    return tuple(_server(each) for each in address.each_server(arguments))


def _server(arguments: dict[str, Any]) -> Server:
    from crm_desktop.store import servers

    name = f"{arguments.get('host', '')}:{arguments.get('port', '')}"
    try:
        with translating(), closing(servers.connect(arguments, address.Known())) as connection:
            timeline = servers.timeline(connection)
    except DatabaseTrouble as trouble:
        return Server(name, "away", reason=str(trouble))
    return Server(name, "standby" if timeline is None else "primary", timeline or 0)


@contextmanager
def looking(target: Target) -> Iterator[Look]:
    """Open the database to look at it; raises DatabaseTrouble with its reason."""
    engine = _engine(target)
    try:
        with translating(), Session(engine) as session:
            session.connection()
            yield Look(session, target)
            session.rollback()
    finally:
        engine.dispose()


def _engine(target: Target) -> Engine:
    if target.dialect == "sqlite":
        url = address.read(existing(target).url).update_query_dict({"mode": "ro"})
        return create_engine(url, poolclass=NullPool, connect_args={"timeout": 1})
    asked = address.read(target.url)
    if "connect_timeout" not in asked.query:
        asked = asked.update_query_dict({"connect_timeout": _CONNECT_SECONDS})
    given = replace(target, url=asked.render_as_string(hide_password=False))
    options = "-c default_transaction_read_only=on -c statement_timeout=2000"
    return create_engine(given.full_url(), poolclass=NullPool, connect_args={"options": options})
