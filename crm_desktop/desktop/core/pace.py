"""How Python's interpreter is set for a program whose drawing nobody may wait for."""

from __future__ import annotations

import gc
import sys

from PySide6.QtCore import QObject

from crm_desktop.desktop.core.garbage import Garbage

#: The longest that the GUI waits for a working thread to give the interpreter up, in seconds;
#: Python's own 5 ms are half of what opening a contact may take.
_SWITCH_SECONDS = 0.0005
#: New objects until the young are looked through, young rounds until the middle ones are, and
#: middle rounds until all are.
_ROUNDS = (20_000, 20, 100)


def share() -> None:
    """Call when a window is drawn that the work of other threads must not hold up."""
    sys.setswitchinterval(_SWITCH_SECONDS)


def quicken(window: QObject) -> None:
    """Call once, when the program has loaded what it works with: that is never looked through
    again for garbage, which would hold the window up for tens of milliseconds at a time. What
    comes later is looked through on this thread, for as long as `window` lives.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_ROUNDS)
    Garbage(window).start()
