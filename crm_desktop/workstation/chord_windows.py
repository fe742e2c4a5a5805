"""The chord on Windows, by RegisterHotKey. Written by its documentation; never tried on Windows."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from ctypes import wintypes
from typing import Any

from crm_desktop.workstation.chord import ChordTaken

_ALT, _CONTROL, _SHIFT, _WIN, _NO_REPEAT = 1, 2, 4, 8, 0x4000
_MASKS = {"Alt": _ALT, "Ctrl": _CONTROL, "Shift": _SHIFT, "Super": _WIN}
_VIRTUAL = {"Space": 0x20, "Pause": 0x13, **{f"F{n}": 0x6F + n for n in range(1, 13)}}
_WM_HOTKEY, _WM_QUIT = 0x0312, 0x0012
_ID = 1


class WindowsChord:
    """See `chord.claim`. A hot key is of the thread that registers it and reads its messages."""

    def __init__(self, held: frozenset[str], key: str, pressed: Callable[[], None]) -> None:
        self._pressed = pressed
        self._mask = sum(_MASKS[each] for each in held) | _NO_REPEAT
        self._key = _VIRTUAL.get(key) or ord(key)
        self._thread_id = 0
        self._registered = False
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alarm-chord", daemon=True)
        self._thread.start()
        self._ready.wait()
        if not self._registered:
            self._thread.join()
            raise ChordTaken("Another program has this key chord.")

    def release(self) -> None:
        """See `Chord`."""
        _library("user32").PostThreadMessageW(self._thread_id, _WM_QUIT, 0, 0)
        self._thread.join()

    def _run(self) -> None:
        user32 = _library("user32")
        message = wintypes.MSG()
        # A thread has a queue of messages once it has looked for one.
        user32.PeekMessageW(ctypes.byref(message), None, 0, 0, 0)
        self._thread_id = _library("kernel32").GetCurrentThreadId()
        self._registered = bool(user32.RegisterHotKey(None, _ID, self._mask, self._key))
        self._ready.set()
        if not self._registered:
            return
        # 0 is WM_QUIT, -1 an error: either ends it.
        while user32.GetMessageW(ctypes.byref(message), None, 0, 0) > 0:
            if message.message == _WM_HOTKEY:
                self._pressed()
        user32.UnregisterHotKey(None, _ID)


def _library(name: str) -> Any:
    """`ctypes.windll` is known to type checkers on Windows alone."""
    return getattr(ctypes, "windll").__getattr__(name)  # noqa: B009
