"""Bugs in logs: where and what kind, never the words, which may be somebody's."""

from __future__ import annotations

import traceback


def trace(bug: BaseException) -> str:
    """`KeyError at innermost:12 < outer:40`."""
    frames = traceback.extract_tb(bug.__traceback__)
    places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(bug).__name__} at {places}"
