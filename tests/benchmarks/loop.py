"""Whether the window stays quick to answer while fifty changes a second arrive and it scrolls."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from random import Random

from crm_desktop.domain.views import QueueFilter
from crm_desktop.services import queue
from tests.benchmarks.centre import ADVISORS, BenchCentre
from tests.benchmarks.figures import Figure
from tests.benchmarks.gateways import gateway
from tests.benchmarks.programs import as_person, program

#: Two colleagues with twenty-five changes a second each, half of them of what is on screen.
_COLLEAGUES, _PACE = 2, 25
_SHARE = 10
_FURTHER = 600


def measure(centre: BenchCentre, env: Mapping[str, str], quick: bool) -> list[Figure]:
    """The waits that a click would meet at any moment, in a window under load."""
    orders = {
        **as_person(centre, ADVISORS[0]),
        "task": "scroll",
        "seconds": 8 if quick else 20,
    }
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        stack.enter_context(gateway(centre, Path(folder)))
        desktop = stack.enter_context(program("watching", orders, env))
        visible = desktop.hear()
        unseen = _further_down(centre)
        others = [
            stack.enter_context(
                program(
                    "others",
                    {
                        **as_person(centre, login),
                        "among": _share(number, visible, unseen),
                        "pace": _PACE,
                    },
                    os.environ,
                )
            )
            for number, login in enumerate(ADVISORS[1 : 1 + _COLLEAGUES])
        ]
        for each in others:
            each.hear()
        desktop.tell()
        found = desktop.hear()
        pace = sum(each.finish() for each in others)
    dialect = centre.dialect
    load = f"{_COLLEAGUES * _PACE} changes a second, scrolling"
    _, p99, p999, longest = found["waits"]
    return [
        Figure(f"Wait for the event loop, p99 ({load})", dialect, p99, "ms", 16.0),
        Figure(f"Wait for the event loop, p99.9 ({load})", dialect, p999, "ms", 50.0),
        Figure("The event loop's longest turn", dialect, longest, "ms"),
        *(
            Figure(f"The event loop's turns, p{percent}", dialect, value, "ms")
            for percent, value in zip(("50", "99", "99.9"), found["turns"], strict=False)
        ),
        Figure("Rows that were scrolled through", dialect, found["rows"], ""),
        Figure("Changes by others meanwhile", dialect, pace, "1/s"),
    ]


def _further_down(centre: BenchCentre) -> list[int]:
    db = centre.signed_in(ADVISORS[1])
    try:
        return [row.id for row in queue.page(db, QueueFilter(), limit=_FURTHER).waiting]
    finally:
        db.close()


def _share(number: int, visible: list[int], unseen: list[int]) -> list[int]:
    """What one colleague works on: as much of what is on screen as of what is not, mixed."""
    at = slice(number * _SHARE, (number + 1) * _SHARE)
    mixed = visible[at] + unseen[::-1][at]
    Random(number).shuffle(mixed)
    return mixed
