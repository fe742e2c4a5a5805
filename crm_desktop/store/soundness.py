"""Whether a database is whole: what it holds, and what in it contradicts itself, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, inspect, text

#: What each event leaves a contact in; a contact's last one decides. Others change no state.
STATES = {
    "contact.received": ("queued",),
    "contact.taken": ("active",),
    "contact.returned": ("queued",),
    "contact.parked": ("parked",),
    "contact.resumed": ("active",),
    "contact.woken": ("queued",),
    "contact.reopened": ("queued",),
    "contact.transferred": ("queued", "offered", "active", "held"),
    "contact.wrap_up": ("wrap_up",),
    "contact.completed": ("completed",),
    "contact.spam": ("spam",),
    "contact.callback": ("queued", "offered"),
    "contact.abandoned": ("abandoned",),
    "contact.voicemail": ("completed",),
    "contact.turned_away": ("completed",),
    "contact.answered_away": ("completed",),
    "call.greeted": ("abandoned",),
    "visit.called": ("called",),
    "visit.back": ("queued",),
    "contact.no_show": ("no_show",),
    "contact.left": ("left",),
    "contact.undone": ("queued", "offered", "active", "held", "wrap_up", "parked"),
}
_REVISION, _OURS = "alembic_version", "contact"


def revision(connection: Connection) -> str:
    """The database's revision, empty when it holds no centre."""
    if not inspect(connection).has_table(_REVISION):
        return ""
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")) or "")


def rows(connection: Connection) -> dict[str, int]:
    """How many rows each table has; what search made of them is not counted."""
    return {
        name: int(connection.scalar(text(f'SELECT count(*) FROM "{name}"')) or 0)  # noqa: S608
        for name in sorted(inspect(connection).get_table_names())
        if not any(mark in name for mark in ("_words", "_vocabulary", "_trigrams"))
        and name != _REVISION
    }


def faults(connection: Connection) -> tuple[str, ...]:
    """What is wrong, a line each; nothing when the database is sound."""
    found = list(_of_dialect(connection))
    if inspect(connection).has_table(_OURS):
        found += [
            *_orphans(connection),
            *_files(connection),
            *_states(connection),
            *_searched(connection),
        ]
    return tuple(found)


def loose_files(connection: Connection) -> int:
    """Files that nothing shows any more: an interrupted arrival's, and harmless."""
    return _count(
        connection,
        "blob b WHERE NOT EXISTS (SELECT 1 FROM attachment a WHERE a.sha256 = b.sha256)",
    )


def _of_dialect(connection: Connection) -> Iterator[str]:
    """What the database says of itself."""
    if connection.dialect.name == "sqlite":
        said = connection.execute(text("PRAGMA integrity_check(5)")).scalars().all()
        yield from (f"The file is damaged: {each}" for each in said if each != "ok")
        return
    unfit = text("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid")
    yield from (f"The index {each} is not valid" for each in connection.scalars(unfit))
    loose = text("SELECT conname FROM pg_constraint WHERE NOT convalidated")
    yield from (f"The constraint {each} was never checked" for each in connection.scalars(loose))


def _orphans(connection: Connection) -> Iterator[str]:
    """Rows that speak of others that are not there."""
    seen = inspect(connection)
    for table in sorted(seen.get_table_names()):
        for key in seen.get_foreign_keys(table):
            pairs = list(zip(key["constrained_columns"], key["referred_columns"], strict=True))
            there = " AND ".join(f'r."{theirs}" = t."{ours}"' for ours, theirs in pairs)
            named = " AND ".join(f't."{ours}" IS NOT NULL' for ours, _ in pairs)
            other = key["referred_table"]
            lost = _count(
                connection,
                f'"{table}" t WHERE {named}'  # noqa: S608 - names that the database gave
                f' AND NOT EXISTS (SELECT 1 FROM "{other}" r WHERE {there})',
            )
            if lost:
                yield f"{_many(lost, 'row')} of {table} speak of a {other} that is not there"


def _files(connection: Connection) -> Iterator[str]:
    short = _count(
        connection,
        """blob b WHERE b.complete AND b.size <> (SELECT coalesce(sum(length(k.data)), 0)
           FROM blob_chunk k WHERE k.sha256 = b.sha256)""",
    )
    if short:
        yield f"{_many(short, 'file')} are not as long as they were"
    broken = _count(
        connection,
        "attachment a JOIN blob b ON b.sha256 = a.sha256 WHERE NOT b.complete",
    )
    if broken:
        yield f"{_many(broken, 'attachment')} have a file that was not stored to its end"


def _states(connection: Connection) -> Iterator[str]:
    kinds = ", ".join(f"'{kind}'" for kind in STATES)
    right = " OR ".join(
        f"(e.kind = '{kind}' AND c.state IN ({_quoted(states)}))" for kind, states in STATES.items()
    )
    otherwise = _count(
        connection,
        f"""contact c JOIN event e ON e.id = (SELECT max(x.id) FROM event x
            WHERE x.contact_id = c.id AND x.kind IN ({kinds})) WHERE NOT ({right})""",  # noqa: S608
    )
    if otherwise:
        yield f"{_many(otherwise, 'contact')} are in another state than their last event says"
    held = _quoted(("active", "held", "wrap_up"))
    nobodys = _count(connection, f"contact c WHERE c.state IN ({held}) AND c.owner_id IS NULL")
    if nobodys:
        yield f"{_many(nobodys, 'contact')} are at work with nobody"
    owned = _count(connection, "contact c WHERE c.state = 'queued' AND c.owner_id IS NOT NULL")
    if owned:
        yield f"{_many(owned, 'contact')} wait in a queue and belong to somebody"


def _searched(connection: Connection) -> Iterator[str]:
    """Whether search knows every contact."""
    seen = "contact_words" if connection.dialect.name == "postgresql" else "contact_words_docsize"
    if not inspect(connection).has_table(seen):
        return
    missing = _count(
        connection,
        f"contact c WHERE NOT EXISTS (SELECT 1 FROM {seen} w WHERE w.id = c.id)",  # noqa: S608
    )
    if missing:
        yield f"{_many(missing, 'contact')} cannot be found by their words"


def _count(connection: Connection, what: str) -> int:
    return int(connection.scalar(text(f"SELECT count(*) FROM {what}")) or 0)  # noqa: S608


def _quoted(values: Iterable[str]) -> str:
    return ", ".join(f"'{each}'" for each in values)


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
