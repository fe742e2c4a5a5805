"""An accessibility tree in a file, for tests of several programs at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot

_TREE_EVERY_MS = 100


class TreeLog(QObject):
    """Writes the accessibility tree that `read` gives as JSON whenever it changed, ten times a
    second at most.

    For tests of several programs at once: they see what a screen reader would.
    """

    def __init__(
        self, read: Callable[[], Mapping[str, object]], path: Path, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._read, self._path = read, path
        self._last = b""
        self._timer = QTimer(self)
        self._timer.setInterval(_TREE_EVERY_MS)
        self._timer.timeout.connect(self.write)
        self._timer.start()

    @Slot()
    def write(self) -> None:
        """Write the tree if it differs from the last."""
        tree = json.dumps(self._read(), ensure_ascii=False).encode()
        if tree != self._last:
            self._last = tree
            draft = self._path.with_suffix(".part")
            draft.write_bytes(tree)
            draft.replace(self._path)
