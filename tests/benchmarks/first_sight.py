"""Watches a starting desktop: when its queue is drawn, with somebody there who need not think."""

from __future__ import annotations

import sys

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QApplication, QLineEdit

from crm_desktop.desktop.screens.sign_in.screen import SignInScreen
from crm_desktop.desktop.shell.main_window import MainWindow
from crm_desktop.desktop.widgets.chips import ChipButton
from tests.benchmarks.eye import Watcher


class FirstSight(Watcher):
    """Tells when the queue of a window is drawn for the first time, rows and counts."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._queue = window.queue
        self._rows = self._queue.list.viewport()
        self._chip: QObject | None = None
        self._drawn: set[QObject] = set()
        self._rows.installEventFilter(self)
        self._queue.counted.connect(self._counted)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note which of both is drawn with what it is for."""
        if event.type() == QEvent.Type.Paint:
            if watched is not self._rows or self._queue.list.queue_model.rowCount() > 0:
                self._drawn.add(watched)
            if self._chip is not None and self._drawn >= {self._rows, self._chip}:
                for each in (self._rows, self._chip):
                    each.removeEventFilter(self)
                self._queue.counted.disconnect(self._counted)
                self.tell_when_over()
        return False

    def over(self, at: float) -> None:
        """Tell when, and close."""
        sys.stdout.write(f"{at}\n")
        sys.stdout.flush()
        QTimer.singleShot(0, QApplication.closeAllWindows)

    @Slot(object)
    def _counted(self, _counts: object) -> None:
        """The chips are made anew with every count."""
        self._chip = self._queue.findChildren(ChipButton)[0]
        self._chip.installEventFilter(self)


class Confirmed(SignInScreen):
    """The sign-in screen with somebody before it who need not think."""

    def show_login(self, where: str, login: str, password: str, account: str) -> None:
        """Sign in as soon as everything is filled in."""
        super().show_login(where, login, password, account)
        if password:
            QTimer.singleShot(0, self._enter)

    @Slot()
    def _enter(self) -> None:
        # Nothing of it is loaded where nobody presses a key.
        from PySide6.QtTest import QTest

        for field in self.findChildren(QLineEdit):
            if field.accessibleName() == "Password":
                QTest.keyClick(field, Qt.Key.Key_Return)
