"""What a desktop takes of the computer's memory after some work."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.benchmarks.centre import ADVISORS, BenchCentre
from tests.benchmarks.figures import Figure
from tests.benchmarks.gateways import gateway
from tests.benchmarks.programs import as_person, program

_TARGET_MB = 195.0


def measure(centre: BenchCentre, env: Mapping[str, str], quick: bool) -> list[Figure]:
    """The proportional share (PSS) after thirty contacts were opened, taken and given back."""
    orders = {**as_person(centre, ADVISORS[0]), "task": "handle", "times": 30}
    with (
        tempfile.TemporaryDirectory() as folder,
        gateway(centre, Path(folder)),
        program("watching", orders, env) as desktop,
    ):
        begun, worked = desktop.finish()
    return [
        Figure("Memory (PSS) after 30 contacts", centre.dialect, worked, "MB", _TARGET_MB),
        Figure("Memory (PSS) with the queue shown", centre.dialect, begun, "MB"),
    ]
