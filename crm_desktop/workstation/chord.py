"""A key chord that reaches this program while another one has the keyboard.

`claim` gives the kind that this system has: X11 through xcb, Windows through RegisterHotKey
(written by its documentation, never tried). Elsewhere, above all on Wayland, none may do that.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Protocol

#: Four keys that lie apart and that no program in use has: nobody presses them by accident.
DEFAULT = "Ctrl+Alt+Shift+Space"
#: What a chord may be made of, beside one letter or digit.
MODIFIERS = ("Ctrl", "Alt", "Shift", "Super")
NAMED = {"Space": 0x20, "Pause": 0xFF13, **{f"F{n}": 0xFFBD + n for n in range(1, 13)}}
_LEAST_MODIFIERS = 2


class ChordTaken(OSError):
    """Another program has the chord."""


class ChordImpossible(OSError):
    """No program may have a chord on this system; its text says what to do."""


class Chord(Protocol):
    """A chord that was claimed."""

    def release(self) -> None:
        """Let go of it; returns when nothing is called any more."""


def parse(text: str) -> tuple[frozenset[str], str]:
    """Its modifiers and its key ("Space", "F8", "S"); ValueError says what it should be."""
    *held, key = [part.strip() for part in text.split("+")]
    found = frozenset(part.capitalize() for part in held)
    key = key.capitalize() if key.capitalize() in NAMED else key.upper()
    if not found <= set(MODIFIERS) or len(found) != len(held) or len(found) < _LEAST_MODIFIERS:
        raise ValueError("should be two or more of Ctrl, Alt, Shift and Super, and a key")
    if key not in NAMED and not (len(key) == 1 and key.isascii() and key.isalnum()):
        raise ValueError("should end with a letter, a digit, Space, Pause or F1 to F12")
    return found, key


def claim(text: str, pressed: Callable[[], None]) -> Chord:
    """Let `pressed` be called, on a thread of its own, whenever the chord is pressed anywhere.

    Raises ChordTaken, or ChordImpossible where this system lets no program do that.
    """
    held, key = parse(text)
    if sys.platform == "win32":
        from crm_desktop.workstation.chord_windows import WindowsChord

        return WindowsChord(held, key, pressed)
    if sys.platform.startswith("linux") and (why := why_not(os.environ)):
        raise ChordImpossible(why)
    if not sys.platform.startswith("linux"):
        raise ChordImpossible("On this system no key chord can be had while others have the focus.")
    from crm_desktop.workstation.chord_x11 import X11Chord

    return X11Chord(held, key, pressed)


def why_not(env: Mapping[str, str]) -> str:
    """Why a chord cannot be had on Linux; empty when it can."""
    if env.get("XDG_SESSION_TYPE") == "wayland" or env.get("WAYLAND_DISPLAY"):
        return (
            "Wayland lets no program have a key chord while another has the focus: the alarm's "
            "keys work only in CRM Desktop's own windows. Sign in to an X11 session instead."
        )
    if not env.get("DISPLAY"):
        return "No X11 display belongs to this session."
    return ""
