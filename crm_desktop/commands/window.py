"""Opening the desktop, or saying in words why no window can be shown here."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

from crm_desktop.commands.doctor.display import has_display
from crm_desktop.workstation.settings import Settings

_NO_SCREEN = (
    "There is no screen here, so the desktop cannot open. Start it from the desktop of a person "
    "who is signed in to this computer."
)


def open_desktop(settings: Settings, login: str | None, accessibility_log: Path | None) -> int:
    """Run the desktop to its end; 1 when it cannot begin."""
    if not has_display(os.environ):
        return _say(_NO_SCREEN)
    # What is loaded now stays: looking through it for garbage takes a tenth of the start. Once the
    # window is drawn, `desktop.core.garbage` looks, on the one thread that may.
    gc.disable()
    try:
        from crm_desktop.desktop_root import run_desktop
    except ImportError as error:
        if "cannot open shared object file" not in str(error):
            raise
        library = str(error).partition(":")[0]
        return _say(f"The desktop needs {library}, which this computer lacks.")
    return run_desktop(settings, login=login, accessibility_log=accessibility_log)


def _say(words: str) -> int:
    sys.stderr.write(f"{words}\n`crm-desktop doctor` looks at everything that it needs.\n")
    return 1
