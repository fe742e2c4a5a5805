"""Hears that the computer's own screen is locked, where the system tells: on Linux, by D-Bus."""

from __future__ import annotations

import os
import sys
from typing import Any

from PySide6.QtCore import SLOT, QObject, Signal, Slot

#: Who says so: the freedesktop name that most follow, and those who keep to their own.
_INTERFACES = (
    "org.freedesktop.ScreenSaver",
    "org.gnome.ScreenSaver",
    "org.cinnamon.ScreenSaver",
    "org.mate.ScreenSaver",
)
#: Of this program's connection to the bus, within this program.
BUS_NAME = "crm-desktop-screen-lock"


class SystemLock(QObject):
    """`locked` comes when the screen is locked. Without a session bus it never does."""

    locked = Signal()

    def start(self) -> None:
        """Begin to listen."""
        address = _address()
        if not address:
            return
        from PySide6.QtDBus import QDBusConnection

        bus = QDBusConnection.connectToBus(address, BUS_NAME)
        # Qt for Python wants the text that SLOT makes, and its own description says bytes.
        slot: Any = SLOT("changed(bool)")
        for interface in _INTERFACES:
            bus.connect("", "", interface, "ActiveChanged", self, slot)

    def stop(self) -> None:
        """Listen no more."""
        if "PySide6.QtDBus" in sys.modules:
            from PySide6.QtDBus import QDBusConnection

            QDBusConnection.disconnectFromBus(BUS_NAME)

    @Slot(bool)
    def changed(self, active: bool) -> None:
        """The screen was locked, or unlocked."""
        if active:
            self.locked.emit()


def _address() -> str:
    if not sys.platform.startswith("linux"):
        return ""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    known = os.environ.get("DBUS_SESSION_BUS_ADDRESS")
    return known or (f"unix:path={runtime}/bus" if runtime else "")
