"""What a measurement gives: a figure with its target, and how many are printed and kept."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `target` None: it only explains another; `at_least`: more is better."""

    name: str
    dialect: str
    value: float
    unit: str
    target: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the target is met, None without one."""
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that `percent` of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, int(rank) - 1)]


def keep(figures: Sequence[Figure], machine: str, path: Path) -> None:
    """Write the figures as JSON: a list of name, dialect, value, unit, target, met, machine."""
    rows = [
        {
            **{key: value for key, value in asdict(each).items() if key != "at_least"},
            "value": round(each.value, 2),
            "met": each.met,
            "machine": machine,
        }
        for each in figures
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows, indent=1) + "\n")


def show(figures: Sequence[Figure], machine: str) -> None:
    """Print the figures, one line a name, one column a dialect."""
    table = Table(title=machine, title_justify="left")
    for heading in ("figure", "unit", "target"):
        table.add_column(heading)
    for heading in ("SQLite", "PostgreSQL"):
        table.add_column(heading, justify="right")
    rows: dict[str, dict[str, Figure]] = {}
    for each in figures:
        rows.setdefault(each.name, {})[each.dialect] = each
    for name, found in rows.items():
        first = next(iter(found.values()))
        shown = [_cell(found.get(dialect)) for dialect in ("sqlite", "postgresql")]
        table.add_row(name, first.unit, _target(first), *shown)
    Console(width=110).print(table)


def _target(figure: Figure) -> str:
    if figure.target is None:
        return ""
    return f"{'≥' if figure.at_least else '≤'} {figure.target:,g}"


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return ""
    digits = 0 if abs(figure.value) >= 1000 else 1 if abs(figure.value) >= 10 else 2
    value = f"{figure.value:,.{digits}f}"
    return value if figure.met is not False else f"[bold red]{value} ✗[/]"
