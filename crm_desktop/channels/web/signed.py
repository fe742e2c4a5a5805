"""What was signed, as the text that goes into a page or an address."""

from __future__ import annotations


def as_text(signed: str | bytes) -> str:
    """The text, whichever of both the serializer gives."""
    return signed.decode() if isinstance(signed, bytes) else signed
