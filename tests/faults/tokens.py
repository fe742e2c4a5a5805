"""The words by which every mail, form and reply of a run is known again, wherever it turns up."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\b(?:mail|form|reply-[a-z]+)-\d+z\b")


def tokens(text: str) -> frozenset[str]:
    """Those that stand in a text."""
    return frozenset(_TOKEN.findall(text))
