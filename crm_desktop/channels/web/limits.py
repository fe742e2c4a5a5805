"""How much a stranger may send, and how often."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket: `burst` requests at once, then `per_minute`."""

    burst: int
    per_minute: float


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """What one body may weigh and take: sizes in bytes, times in seconds."""

    file_bytes: int = 10 * MEGABYTE
    files_bytes: int = 25 * MEGABYTE
    text_bytes: int = 1 * MEGABYTE
    fields: int = 1_000
    body_seconds: float = 120.0

    @property
    def body_bytes(self) -> int:
        """The most that one submission may weigh, files and text together."""
        return self.files_bytes + self.text_bytes
