"""Whether a delivery to our web door comes from the network: an HMAC over the body as it came."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

#: Deliveries are far smaller; nothing larger is looked at.
MOST_BYTES = 1024 * 1024


def digest(secret: str, message: bytes) -> bytes:
    """HMAC with SHA-256."""
    return hmac.new(secret.encode(), message, hashlib.sha256).digest()


def same(given: str, expected: str) -> bool:
    """Compare in a time that tells nothing about where they differ; empty ones are never equal."""
    return bool(expected) and hmac.compare_digest(
        given.encode("utf-8", "replace"), expected.encode("utf-8", "replace")
    )


def header(headers: Mapping[str, str], name: str) -> str:
    """A header, however it is written."""
    return next((value for key, value in headers.items() if key.lower() == name), "")
