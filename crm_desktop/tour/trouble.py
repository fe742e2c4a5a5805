"""What ends a tour: a step that did not happen, or a centre that could not be set up."""

from __future__ import annotations


class StepFailed(Exception):
    """A step did not happen: what should have been there, and what was."""

    def __init__(self, expected: str, seen: str) -> None:
        super().__init__(f"expected {expected}; saw {seen}")
        self.expected, self.seen = expected, seen


class NoStage(Exception):
    """The tour could not begin; the words say why and what to do."""
