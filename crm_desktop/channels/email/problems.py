"""What could not be read in a mail, in words for an advisor; bounded, in order, no repeats."""

from __future__ import annotations

#: More than this helps nobody; the rest is summed up in one line.
MAX_PROBLEMS = 30


class Problems:
    """Collects words while a mail is read; adding the same words twice changes nothing."""

    def __init__(self) -> None:
        self._words: dict[str, None] = {}
        self._left_out = False
        #: Whether something was left unopened, so that the raw mail itself must be kept.
        self.incomplete = False

    def add(self, words: str) -> None:
        """Remember one problem."""
        if words in self._words:
            return
        if len(self._words) >= MAX_PROBLEMS:
            self._left_out = True
            return
        self._words[words] = None

    def left_out(self, words: str) -> None:
        """Remember a problem that leaves a part of the mail unread."""
        self.incomplete = True
        self.add(words)

    def words(self) -> tuple[str, ...]:
        """All of them, oldest first."""
        rest = (
            ("There are more problems with this mail than are listed.",) if self._left_out else ()
        )
        return (*self._words, *rest)
