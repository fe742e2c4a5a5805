"""Searching in the palette: every kind of text that people type, from its last key."""

from __future__ import annotations

from collections.abc import Mapping

from tests.benchmarks.centre import BenchCentre
from tests.benchmarks.desktop import at_the_desk
from tests.benchmarks.figures import Figure, median, percentile
from tests.benchmarks.words import choose

_ROUNDS, _ROUNDS_QUICK, _OF_TEXTS_QUICK = 3, 1, 5
_FREQUENT = "frequent word"


def measure(centre: BenchCentre, env: Mapping[str, str], quick: bool) -> list[Figure]:
    """Until everything that was found is drawn; of each text the median of a few rounds."""
    texts = choose(centre)[:: _OF_TEXTS_QUICK if quick else 1]
    asked = [each.text for each in texts] * (_ROUNDS_QUICK if quick else _ROUNDS)
    found = at_the_desk(centre, env, "search", texts=asked)
    taken: dict[str, list[float]] = {}
    for text, milliseconds in zip(asked, found, strict=True):
        taken.setdefault(text, []).append(milliseconds)
    each = {text: median(values) for text, values in taken.items()}
    frequent = [each[text.text] for text in texts if text.kind == _FREQUENT]
    slowest = max(each, key=lambda text: each[text])
    kind = next(text.kind for text in texts if text.text == slowest)
    dialect = centre.dialect
    return [
        Figure("Search, the slowest of all texts", dialect, each[slowest], "ms", 50),
        Figure(
            "Search, the slowest of the 20 most frequent words", dialect, max(frequent), "ms", 50
        ),
        Figure("Search, 95 % of all texts", dialect, percentile(list(each.values()), 95), "ms"),
        Figure("Search, median of all texts", dialect, median(list(each.values())), "ms"),
        Figure(f"Search, the slowest on {dialect} was: {kind}", dialect, each[slowest], "ms"),
    ]
