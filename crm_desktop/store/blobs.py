"""Files' bytes in pieces of at most 1 MB, so that no statement carries a whole large file."""

from __future__ import annotations

from collections.abc import Iterator

#: The most bytes in one chunk.
CHUNK_BYTES = 1_000_000


def chunks(content: bytes) -> Iterator[bytes]:
    """The content in order, in pieces of at most 1 MB; an empty file has none."""
    for start in range(0, len(content), CHUNK_BYTES):
        yield content[start : start + CHUNK_BYTES]
