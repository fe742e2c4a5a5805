"""Putting whole files into the database before the record that links them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

from crm_desktop.services import leases
from crm_desktop.services.leases import Lease
from crm_desktop.store.blobs import CHUNK_BYTES
from crm_desktop.store.database import Database
from crm_desktop.store.queries import blobs


def store(db: Database, contents: Iterable[bytes], under: Lease | None = None) -> tuple[str, ...]:
    """Store files as the gateway, at most 1 MB a transaction; the SHA-256 of each, in order.

    So a large mail holds the database for moments, and a try that is repeated stores nothing twice.
    """
    files = [(sha256(content).hexdigest(), content) for content in contents]
    missing = dict(files)
    if missing:
        with db.read() as tx:
            for known in blobs.complete(tx, frozenset(missing)):
                del missing[known]
    for batch in _batches(missing):
        with leases.writing(db, under) as tx:
            for name, start, last in batch:
                content = missing[name]
                chunk = content[start : start + CHUNK_BYTES]
                chunks = {start // CHUNK_BYTES: chunk} if chunk else {}
                blobs.put(tx, name, len(content), chunks, last=last)
    return tuple(name for name, _ in files)


def _batches(files: Mapping[str, bytes]) -> Iterator[list[tuple[str, int, bool]]]:
    """Chunks (file, start, whether it is the last) in groups of at most 1 MB."""
    batch: list[tuple[str, int, bool]] = []
    weight = 0
    for name, content in files.items():
        for start in range(0, max(len(content), 1), CHUNK_BYTES):
            size = min(CHUNK_BYTES, len(content) - start)
            if batch and weight + size > CHUNK_BYTES:
                yield batch
                batch, weight = [], 0
            batch.append((name, start, start + size >= len(content)))
            weight += size
    if batch:
        yield batch
