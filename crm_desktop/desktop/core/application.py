"""Qt's application, and words instead of a crash where it can open no window."""

from __future__ import annotations

import os
import sys

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

_NO_WINDOW = (
    "The desktop cannot open a window here ({reason}).\n"
    "`crm-desktop doctor` says what is missing and what to do.\n"
)


def make_application() -> QApplication:
    """A new application; the process ends with code 1 where there is no way to a display.

    Left to itself Qt aborts, and guesses at a library that may well be there.
    """
    said: list[str] = []

    def listen(kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
        said.append(text.strip())
        if kind is QtMsgType.QtFatalMsg:
            sys.stderr.write(_NO_WINDOW.format(reason=said[0]))
            sys.stderr.flush()
            os._exit(1)

    before = qInstallMessageHandler(listen)
    app = QApplication(sys.argv[:1])
    qInstallMessageHandler(before)
    sys.stderr.writelines(f"{each}\n" for each in said)
    return app
