"""Sealing what has committed into the audit chain, and keeping its head off the database.

Neither waits for the other: the sealer reads what transactions that have ended left, and whoever
writes an audited row knows nothing of seals. A row whose transaction ends late has a number that is
not sealed yet, however low its id.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crm_desktop.domain import audit_chain as chain
from crm_desktop.domain.audit_chain import Seal
from crm_desktop.domain.errors import AuditTrouble, InvalidInput
from crm_desktop.services.leases import Lease
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import audit_chain as queries
from crm_desktop.store.queries import leases

#: The lease under which one gateway seals.
LEASE_NAME = "audit"
#: The keyring's name for the key of the chain.
KEY_NAME = "audit-key"
#: So often what has committed is sealed, and the head is written down off the database.
SEAL_SECONDS = 60.0
ANCHOR_EVERY = timedelta(days=1)
ANCHOR_FILE = "audit-anchor.jsonl"
_ROWS_A_SEAL = 5_000
_RESTORED = (
    "The database was restored from a dump and numbers its transactions anew. "
    "Its owner runs `crm-desktop admin audit resume`."
)
_ANOTHER_KEY = (
    "The chain was begun with another key than this gateway has. "
    "Give it the secret audit-key of the gateway that sealed before."
)


@dataclass(frozen=True, slots=True)
class Anchor:
    """The head of the chain at one time; `mac` in hexadecimal, "" while nothing is sealed."""

    at: datetime
    seal: int
    mac: str

    def line(self) -> str:
        """As it stands in the file."""
        return json.dumps({"time": self.at.isoformat(), "seal": self.seal, "hash": self.mac})


def seal(db: Database, lease: Lease, key: bytes) -> int:
    """Seal everything that has committed; how many rows that was.

    Raises LeaseLost, and AuditTrouble when the chain has another key or the database counts its
    transactions from the start again.
    """
    total = 0
    for source in chain.SOURCES:
        while rows := _seal_some(db, lease, key, source):
            total += rows
            if rows < _ROWS_A_SEAL:
                break
    return total


def _seal_some(db: Database, lease: Lease, key: bytes, source: str) -> int:
    with db.read() as tx:
        ended = queries.ended_xact(tx)
        begins = queries.end_of(tx, source)
        if ended and ended < begins.xact:
            raise AuditTrouble(_RESTORED)
        rows = queries.unsealed(tx, source, begins, ended, _ROWS_A_SEAL)
    if not rows:
        return 0
    with db.write() as tx:
        leases.check(tx, lease.name, lease.fence)
        before = queries.last(tx)
        if before is not None and before.key_mark != chain.key_mark(key):
            raise AuditTrouble(_ANOTHER_KEY)
        draft = Seal(
            number=before.number + 1 if before else 1,
            at=tx.now,
            source=source,
            begins=queries.end_of(tx, source),
            ends=rows[-1].mark,
            rows=len(rows),
            leaves=b"".join(chain.leaf(key, source, row) for row in rows),
            key_mark=chain.key_mark(key),
            mac=chain.NOTHING,
        )
        mac = chain.sealed(key, draft, before.mac if before else chain.NOTHING)
        queries.add(tx, replace(draft, mac=mac))
    return len(rows)


def head(db: Database) -> Anchor:
    """The chain's end now."""
    with db.read() as tx:
        return _head(tx)


def _head(tx: Tx) -> Anchor:
    last = queries.last(tx)
    return Anchor(tx.now, last.number if last else 0, last.mac.hex() if last else "")


def resume(db: Database) -> None:
    """As the owner, after a dump was restored into another server and before anybody works in it.

    Its transactions are numbered from the start again; they count on from the last seal instead.
    """
    if db.dialect == "postgresql":
        with db.write() as tx:
            queries.count_on(tx)


def anchor_due(file: Path) -> bool:
    """Whether the last line of the file is a day old, or there is none."""
    try:
        lines = read_anchors(file)
    except InvalidInput:
        return True
    return not lines or datetime.now(UTC) - lines[-1].at >= ANCHOR_EVERY


def write_anchor(file: Path, anchor: Anchor) -> None:
    """Append the head to a file; raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as out:
        out.write(anchor.line() + "\n")
        out.flush()
        os.fsync(out.fileno())


def read_anchors(file: Path) -> tuple[Anchor, ...]:
    """The lines of an anchor file, in order; raises InvalidInput."""
    found = []
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        words = f"{file} cannot be read as an anchor file."
        raise InvalidInput(words, fields={"anchor": words}) from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            said = json.loads(line)
            at = datetime.fromisoformat(said["time"]).astimezone(UTC)
            found.append(Anchor(at, int(said["seal"]), str(said["hash"])))
        except (ValueError, KeyError, TypeError) as error:
            words = f"{file}, line {number}, is no line of an anchor file."
            raise InvalidInput(words, fields={"anchor": words}) from error
    return tuple(found)
