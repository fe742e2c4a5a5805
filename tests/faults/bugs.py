"""Bugs that programs speak of on standard error while the world around them breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_BUG = re.compile(
    r"Traceback \(most recent call last\)|Fatal Python error|by a bug|page failed|not saved: "
    r"|\b\w+ at \w+:\d+"
)
_LINES = 40


class Listener:
    """Hears each line once; PostgreSQL's own words are no program of ours."""

    def __init__(self) -> None:
        self._heard: dict[str, int] = {}

    def new(self, words: Mapping[str, str]) -> Iterator[str]:
        """What was said since the last time and speaks of a bug, with the lines that follow."""
        for name, said in words.items():
            lines = said.splitlines()
            fresh = lines[self._heard.get(name, 0) :]
            self._heard[name] = len(lines)
            found = next((at for at, line in enumerate(fresh) if _BUG.search(line)), None)
            if found is not None:
                yield f"{name} met a bug: " + "\n".join(fresh[found : found + _LINES])
