"""What the tour says: a line a step as it goes, and a table of them all at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from crm_desktop.tour.trouble import StepFailed


@dataclass(slots=True)
class Step:
    """One step: what it showed, how long it took (seconds), and its pictures' names."""

    number: int
    title: str
    seconds: float = 0.0
    pictures: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """All steps so far; `out` is the folder of the pictures."""

    out: Path
    steps: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Do one step; what fails in it is said with its number and title, and goes on up."""
        made = Step(len(self.steps) + 1, title)
        self.steps.append(made)
        began = time.monotonic()
        try:
            yield made
        except StepFailed as failure:
            sys.stderr.write(
                f"The tour failed at step {made.number}, {title}.\n"
                f"  Expected: {failure.expected}\n  Seen: {failure.seen}\n"
            )
            raise
        made.seconds = time.monotonic() - began

    def print(self) -> None:
        """The table of what was done, on standard output."""
        table = Table("", "Step", "Seconds", "Pictures", title="The tour", title_justify="left")
        for each in self.steps:
            table.add_row(
                str(each.number), each.title, f"{each.seconds:.1f}", "\n".join(each.pictures)
            )
        console = Console(width=110)
        console.print(table)
        total = sum(each.seconds for each in self.steps)
        console.print(f"All {len(self.steps)} steps happened, in {total:.0f} s.")
        console.print(f"The pictures are in {self.out.resolve()}", soft_wrap=True)
