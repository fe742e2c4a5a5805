"""Bugs, wherever they surface, become one calm notice on the GUI thread; the log is elsewhere's."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal, Slot

#: Writes one exception to the crash log and returns where a person finds it.
LogBug = Callable[[BaseException], str]


class CrashWatch(QObject):
    """Catches what nothing else caught. `crashed` carries where the log is, on the GUI thread."""

    crashed = Signal(str)
    _queued = Signal(object)

    def __init__(self, log: LogBug, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._log = log
        self._before = (sys.excepthook, threading.excepthook)
        self._queued.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Take over both hooks of the interpreter."""
        self._before = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._uncaught
        threading.excepthook = self._uncaught_in_thread

    def uninstall(self) -> None:
        """Give the hooks back."""
        sys.excepthook, threading.excepthook = self._before

    @Slot(object)
    def report(self, bug: BaseException) -> None:
        """Take a bug from any thread; it is logged and shown by the GUI thread."""
        self._queued.emit(bug)

    def _uncaught(
        self, kind: type[BaseException], bug: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, bug, trace)
            return
        self.report(bug)

    def _uncaught_in_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self.report(args.exc_value)

    @Slot(object)
    def _show(self, bug: BaseException) -> None:
        self.crashed.emit(self._log(bug))
