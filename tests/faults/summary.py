"""What many rounds came to, in words and one table."""

from __future__ import annotations

from collections import Counter

from tests.faults.rounds import Report


class Summary:
    """Adds reports up as they come."""

    def __init__(self, rounds: int) -> None:
        self._rounds = rounds
        self._reports: list[Report] = []

    @property
    def wrong(self) -> int:
        """In how many rounds something was found."""
        return sum(bool(each.violations) for each in self._reports)

    def add(self, report: Report) -> str:
        """Take a report; a line about it."""
        self._reports.append(report)
        left = self._rounds - len(self._reports)
        told = "; ".join(report.kinds)
        line = f"seed {report.seed} ({report.dialect}, {report.seconds:.1f} s, {left} left): {told}"
        for each in report.violations:
            line += f"\n    WRONG {each}"
        if report.violations:
            line += f"\n    again: python -m tests.faults --seed {report.seed} --rounds 1"
        return line

    def text(self) -> str:
        """All of it."""
        reports = self._reports
        faults = Counter(kind for each in reports for kind in each.kinds)
        by_dialect = Counter(each.dialect for each in reports)
        seconds = sum(each.seconds for each in reports)
        lines = [
            f"{len(reports)} of {self._rounds} rounds in {seconds / 60:.0f} minutes: "
            + ", ".join(f"{count} on {name}" for name, count in sorted(by_dialect.items())),
            f"something was found wrong in {self.wrong}",
            "",
            "faults",
            *(f"  {count:5}  {kind}" for kind, count in sorted(faults.items())),
            "",
            "what there was",
            *(f"  {count:5}  {name}" for name, count in self._totals().items()),
        ]
        return "\n".join(lines) + "\n"

    def _totals(self) -> dict[str, int]:
        """The counts grow within a world: the last of each is its whole."""
        totals: Counter[str] = Counter()
        before: dict[str, Report] = {}
        for each in self._reports:
            earlier = before.get(each.dialect)
            for name, number in each.counts.items():
                last = earlier.counts.get(name, 0) if earlier else 0
                totals[name] += number - last if number >= last else number
            before[each.dialect] = each
        return dict(totals)
