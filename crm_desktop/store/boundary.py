"""Whether a PostgreSQL database is still the boundary that the migrations made it, and mending it.

What is right is not written down a second time: a database made for the moment, with the same
migrations on the same server, is the measure. Roles belong to the server and are judged by name
(`boundary_roles`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from crm_desktop.store import boundary_roles, migrate
from crm_desktop.store.catalogue_snapshot import KINDS, Thing, snapshot
from crm_desktop.store.database import Database
from crm_desktop.store.errors import translating

_WORDS = {
    "missing": "{kind} {name} is missing",
    "added": "{kind} {name} was added",
    "changed": "{kind} {name} was changed",
}
#: What is made anew from what was there is made once more for what that undid, such as its grants.
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that is not as the migrations made it. `mend`: SQL, none where a person decides."""

    words: str
    mend: tuple[str, ...] = ()


def prepare(db: Database) -> None:
    """Who may connect at all, and nobody brings tables of their own: of the database itself."""
    with translating(), db.engine.begin() as connection:
        name = connection.scalar(text("SELECT quote_ident(current_database())"))
        connection.execute(text(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC"))
        groups = "crm_staff, crm_gateway, crm_report"
        connection.execute(text(f"GRANT CONNECT ON DATABASE {name} TO {groups}"))


def drift(db: Database, migrations: Path) -> tuple[Drift, ...]:
    """What is not as it should be. Its owner asks; raises NotAllowed without CREATEDB."""
    wanted = _reference(db, migrations)
    with translating(), db.engine.begin() as connection:
        return _compared(connection, wanted)


def mend(db: Database, migrations: Path) -> tuple[tuple[Drift, ...], tuple[Drift, ...]]:
    """Make the database as it should be: what was not, and what of it a person must see to."""
    wanted = _reference(db, migrations)
    told: dict[str, Drift] = {}
    for _ in range(_ROUNDS):
        with translating(), db.engine.begin() as connection:
            left = _compared(connection, wanted)
            told |= {each.words: each for each in left if each.words not in told}
            if not any(each.mend for each in left):
                break
            connection.execute(text("SET LOCAL search_path = ''"))
            for each in left:
                _try(connection, each.mend)
    with translating(), db.engine.begin() as connection:
        left = _compared(connection, wanted)
    return tuple(told.values()), left


def _reference(db: Database, migrations: Path) -> dict[tuple[str, str], Thing]:
    with _scratch(db) as scratch:
        migrate.upgrade(scratch, migrations)
        prepare(scratch)
        with translating(), scratch.engine.begin() as connection:
            return snapshot(connection)


@contextmanager
def _scratch(db: Database) -> Iterator[Database]:
    """An empty database on the same server, for as long as it is needed."""
    name = f"crm_reference_{time.time_ns()}"
    outside = db.engine.execution_options(isolation_level="AUTOCOMMIT")
    with translating(), outside.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
    url = make_url(db.target.url).set(database=name)
    target = replace(db.target, url=url.render_as_string(hide_password=False))
    scratch = Database(target)
    try:
        yield scratch
    finally:
        scratch.close()
        with translating(), outside.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def _compared(connection: Connection, wanted: dict[tuple[str, str], Thing]) -> tuple[Drift, ...]:
    owner, database = connection.execute(
        text(
            "SELECT quote_ident(pg_get_userbyid(relowner)), quote_ident(current_database())"
            " FROM pg_class WHERE oid = 'public.staff'::regclass"
        )
    ).one()
    found = snapshot(connection)
    things = [_thing(wanted.get(key), found.get(key)) for key in sorted(wanted | found, key=_order)]
    roles = [Drift(words, mend) for words, mend in boundary_roles.wrong(connection)]
    return tuple(
        Drift(
            each.words,
            tuple(
                sql.replace("{owner}", owner).replace("{database}", database) for sql in each.mend
            ),
        )
        for each in (*roles, *things)
        if each is not None
    )


def _order(key: tuple[str, str]) -> tuple[int, str]:
    return KINDS.index(key[0]), key[1]


def _thing(wanted: Thing | None, found: Thing | None) -> Drift | None:
    if wanted is None:
        assert found is not None
        return Drift(_said("added", found), _sql(found.unmake))
    if found is None:
        return Drift(_said("missing", wanted), _sql(wanted.make))
    if wanted.definition == found.definition:
        return None
    return Drift(_said("changed", wanted), (*_sql(found.unmake), *_sql(wanted.make)))


def _said(how: str, thing: Thing) -> str:
    words = _WORDS[how].format(kind=thing.kind, name=thing.name)
    return words.replace("{owner}", "its owner").replace("{database}", "this one")


def _sql(statement: str) -> tuple[str, ...]:
    return (statement,) if statement else ()


def _try(connection: Connection, statements: tuple[str, ...]) -> None:
    """What cannot be mended now stays in the next comparison and is told."""
    try:
        with connection.begin_nested():
            for each in statements:
                connection.exec_driver_sql(each, execution_options={"no_parameters": True})
    except DBAPIError:
        return
