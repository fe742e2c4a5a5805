"""How the audit chain is reckoned: what of a row is covered, and what a seal is made of.

A seal covers rows of one table (`source`) in the order of their marks (transaction, id). Each row
gives a leaf of 24 bytes, its id and 16 bytes of an HMAC, so that an altered, missing or added row
can be named; the seal's own HMAC covers the leaves and the seal before.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

#: The tables that are sealed, in this order.
SOURCES = ("event", "read_audit", "row_audit")
#: Bytes of a leaf: the id, big-endian, and the MAC.
LEAF = 24
_ID = 8
#: So long a key must be, in bytes.
KEY_BYTES = 32
#: The MAC before the first seal.
NOTHING = b""


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in the order of a table's rows; `xact` is 0 on SQLite, whose ids are in order."""

    xact: int = 0
    id: int = 0


@dataclass(frozen=True, slots=True)
class Covered:
    """A row as the chain covers it: its mark, and its facts in the order of its columns."""

    mark: Mark
    facts: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Seal:
    """One link; covers the rows after `begins` up to and with `ends`."""

    number: int
    at: datetime
    source: str
    begins: Mark
    ends: Mark
    rows: int
    leaves: bytes
    key_mark: str
    mac: bytes


def new_key() -> str:
    """A key as the keyring holds it: hexadecimal."""
    import secrets

    return secrets.token_hex(KEY_BYTES)


def read_key(text: str) -> bytes:
    """The key of its text; ValueError when it is none."""
    key = bytes.fromhex(text.strip())
    if len(key) < KEY_BYTES:
        raise ValueError("too short for a key")
    return key


def key_mark(key: bytes) -> str:
    """What tells keys apart and gives none away."""
    return hmac.digest(key, b"crm-desktop audit key", "sha256").hex()[:16]


def leaf(key: bytes, source: str, row: Covered) -> bytes:
    """The row's id and its MAC."""
    said = _canonical([source, row.mark.xact, row.mark.id, *map(_plain, row.facts)])
    return row.mark.id.to_bytes(_ID, "big") + hmac.digest(key, said, "sha256")[: LEAF - _ID]


def sealed(key: bytes, seal: Seal, before: bytes) -> bytes:
    """The MAC of a seal whose own is not reckoned yet; `before` is that of the seal before."""
    said = _canonical(
        [
            "seal",
            seal.number,
            _plain(seal.at),
            seal.source,
            [seal.begins.xact, seal.begins.id],
            [seal.ends.xact, seal.ends.id],
            seal.rows,
            hashlib.sha256(seal.leaves).hexdigest(),
            seal.key_mark,
            before.hex(),
        ]
    )
    return hmac.digest(key, said, "sha256")


def split(leaves: bytes) -> dict[int, bytes]:
    """The leaves by the ids of their rows."""
    parts = (leaves[at : at + LEAF] for at in range(0, len(leaves), LEAF))
    return {int.from_bytes(part[:_ID], "big"): part for part in parts}


def digest_of(salt: str, changes: str) -> bytes:
    """What an entry's `digest` must be while its values are there."""
    return hashlib.sha256(f"{salt}{changes}".encode()).digest()


def _canonical(parts: Sequence[object]) -> bytes:
    return json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _plain(fact: object) -> object:
    if isinstance(fact, datetime):
        return fact.astimezone(UTC).isoformat(timespec="microseconds")
    return fact.hex() if isinstance(fact, bytes) else fact
