"""Whether Qt can start here and what it can write; run in a process of its own, as Qt may abort."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PySide6.QtGui import QFontDatabase, QGuiApplication

_FAMILY = "Inter"
_System = QFontDatabase.WritingSystem
#: Scripts of names and languages that councils meet, in the words of a person.
_SCRIPTS = {
    "Latin": _System.Latin,
    "Greek": _System.Greek,
    "Cyrillic": _System.Cyrillic,
    "Arabic and Urdu": _System.Arabic,
    "Hebrew": _System.Hebrew,
    "Hindi": _System.Devanagari,
    "Bengali": _System.Bengali,
    "Punjabi": _System.Gurmukhi,
    "Gujarati": _System.Gujarati,
    "Tamil": _System.Tamil,
    "Chinese": _System.SimplifiedChinese,
}


def tell(resources: Path) -> None:
    """Print platform, screens, family, `without` (scripts no font has) and sound, as JSON."""
    app = QGuiApplication(["crm-desktop"])
    vendored = [
        QFontDatabase.addApplicationFont(str(path))
        for path in sorted((resources / "fonts").glob("*.ttf"))
    ]
    facts = {
        "platform": app.platformName(),
        "screens": [[screen.size().width(), screen.size().height()] for screen in app.screens()],
        "family": bool(vendored) and -1 not in vendored and _FAMILY in QFontDatabase.families(),
        "without": [name for name, each in _SCRIPTS.items() if not QFontDatabase.families(each)],
        "sound": _sounds(),
    }
    sys.stdout.write(f"{json.dumps(facts)}\n")


def _sounds() -> bool:
    """Whether there is something that an alarm could sound on."""
    try:
        from PySide6.QtMultimedia import QMediaDevices
    except ImportError:
        return False
    return not QMediaDevices.defaultAudioOutput().isNull()
