"""What became of a call of ours that reached nobody, in the words of its end reason."""

from __future__ import annotations

#: By Q.850; a network that lets it ring until we give up says that the end was normal.
_BY_CAUSE = {
    **dict.fromkeys((1, 28), "wrong number"),
    17: "busy",
    **dict.fromkeys((0, 16, 18, 19, 31), "no answer"),
    21: "declined",
}


def why_not_reached(by: str, cause: int | None) -> str:
    """`by` is who ended it: the advisor gave up, or the network said why."""
    if by == "advisor":
        return "given up"
    return _BY_CAUSE.get(cause if cause is not None else -1, "not reached")
