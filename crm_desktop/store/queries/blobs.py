"""Files by the SHA-256 of their bytes, in chunks, so that no statement grows large."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from crm_desktop.store.database import Tx
from crm_desktop.store.models import Blob, BlobChunk


def complete(tx: Tx, hashes: frozenset[str]) -> frozenset[str]:
    """Those of the files that are already whole."""
    if not hashes:
        return frozenset()
    found = tx.session.scalars(
        select(Blob.sha256).where(Blob.sha256.in_(hashes), Blob.complete.is_(True))
    )
    return frozenset(found)


def put(tx: Tx, sha256: str, size: int, chunks: Mapping[int, bytes], *, last: bool) -> None:
    """Store some chunks of a file by number; with the last of them the file is complete."""
    insert = postgresql.insert if tx.dialect == "postgresql" else sqlite.insert
    tx.session.execute(
        insert(Blob)
        .values(sha256=sha256, size=size, complete=False)
        .on_conflict_do_nothing()
        .inline()
    )
    if chunks:
        tx.session.execute(
            insert(BlobChunk)
            .values([{"sha256": sha256, "n": n, "data": data} for n, data in chunks.items()])
            .on_conflict_do_nothing()
            .inline()
        )
    if last:
        tx.session.execute(update(Blob).where(Blob.sha256 == sha256).values(complete=True))


def read(tx: Tx, sha256: str) -> bytes:
    """A whole file."""
    chunks = tx.session.scalars(
        select(BlobChunk.data).where(BlobChunk.sha256 == sha256).order_by(BlobChunk.n)
    )
    return b"".join(chunks)
