"""Looks for garbage on the GUI thread alone.

Python looks wherever it happens to be making objects; on a worker's thread that would destroy
windows and timers there, which Qt forbids: at best it warns, at worst the program ends.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

#: Often enough that no round has much to look through.
_EVERY_MS = 200


class Garbage(QObject):
    """Stops Python's own rounds for this process; starts its own with `start`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._often = QTimer(self)
        self._often.setInterval(_EVERY_MS)
        self._often.timeout.connect(self.sweep)

    def start(self) -> None:
        """Look from now on, as long as the event loop turns."""
        self._often.start()

    def sweep(self) -> None:
        """Look through what Python would have looked through by now, by its own thresholds."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        due = [
            age
            for age, (count, limit) in enumerate(zip(counts, thresholds, strict=True))
            if count > limit
        ]
        if due:
            gc.collect(max(due))
