"""The chord on X11: a passive grab on a connection of its own, by xcb, which Qt brings along.

Not by Xlib: its errors come to one handler for the whole process, xcb answers the question that was
asked.
"""

from __future__ import annotations

import ctypes
import os
import select
import threading
from collections.abc import Callable
from ctypes import POINTER, Structure, c_char_p, c_int, c_uint8, c_uint16, c_uint32, c_void_p

from crm_desktop.workstation.chord import NAMED, ChordImpossible, ChordTaken

_SHIFT, _LOCK, _CONTROL, _MOD1, _MOD2, _MOD4 = 1, 2, 4, 8, 16, 64
_MASKS = {"Shift": _SHIFT, "Ctrl": _CONTROL, "Alt": _MOD1, "Super": _MOD4}
#: Caps Lock and Num Lock, alone and together, must make no difference.
_LOCKS = (0, _LOCK, _MOD2, _LOCK | _MOD2)
_KEY_PRESS, _MAPPING_NOTIFY = 2, 34
_ASYNC = 1
_KEYCODES = 256


class _Cookie(Structure):
    _fields_ = (("sequence", ctypes.c_uint),)


class _Event(Structure):
    _fields_ = (("kind", c_uint8), ("rest", c_uint8 * 31))


class _Screens(Structure):
    """`xcb_screen_iterator_t`; a screen begins with its root window."""

    _fields_ = (("data", POINTER(c_uint32)), ("rem", c_int), ("index", c_int))


class X11Chord:
    """See `chord.claim`."""

    def __init__(self, held: frozenset[str], key: str, pressed: Callable[[], None]) -> None:
        self._pressed = pressed
        self._mask = sum(_MASKS[each] for each in held)
        self._keysym = NAMED.get(key) or ord(key.lower())
        self._xcb, self._syms_library = _libraries()
        self._connection = self._xcb.xcb_connect(None, None)
        if self._xcb.xcb_connection_has_error(self._connection):
            self._xcb.xcb_disconnect(self._connection)
            raise ChordImpossible("The X11 display did not answer.")
        self._symbols = self._syms_library.xcb_key_symbols_alloc(self._connection)
        setup = self._xcb.xcb_get_setup(self._connection)
        self._root = self._xcb.xcb_setup_roots_iterator(setup).data[0]
        self._codes: tuple[int, ...] = ()
        try:
            self._grab()
        except OSError:
            self._close()
            raise
        self._wake, self._wakes = os.pipe()
        self._thread = threading.Thread(target=self._run, name="alarm-chord", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """See `Chord`."""
        os.write(self._wakes, b"x")
        self._thread.join()
        self._close()
        os.close(self._wake)
        os.close(self._wakes)

    def _close(self) -> None:
        self._syms_library.xcb_key_symbols_free(self._symbols)
        # The server lets go of everything that the connection had.
        self._xcb.xcb_disconnect(self._connection)

    def _grab(self) -> None:
        self._codes = self._keycodes()
        if not self._codes:
            raise ChordImpossible("The keyboard has no such key.")
        for code in self._codes:
            for locks in _LOCKS:
                cookie = self._xcb.xcb_grab_key_checked(
                    self._connection, 1, self._root, self._mask | locks, code, _ASYNC, _ASYNC
                )
                if error := self._xcb.xcb_request_check(self._connection, cookie):
                    _free(error)
                    raise ChordTaken("Another program has this key chord.")

    def _keycodes(self) -> tuple[int, ...]:
        found = self._syms_library.xcb_key_symbols_get_keycode(self._symbols, self._keysym)
        if not found:
            return ()
        codes = []
        for at in range(_KEYCODES):
            if not found[at]:
                break
            codes.append(found[at])
        _free(found)
        return tuple(codes)

    def _run(self) -> None:
        connection = self._xcb.xcb_get_file_descriptor(self._connection)
        while True:
            while event := self._xcb.xcb_poll_for_event(self._connection):
                kind = event.contents.kind & 0x7F
                if kind == _MAPPING_NOTIFY:
                    self._remap(event)
                _free(event)
                if kind == _KEY_PRESS:
                    self._pressed()
            if self._xcb.xcb_connection_has_error(self._connection):
                return
            ready, _, _ = select.select([connection, self._wake], [], [])
            if self._wake in ready:
                return

    def _remap(self, event: object) -> None:
        """Another keyboard layout: the key may be elsewhere."""
        self._syms_library.xcb_refresh_keyboard_mapping(self._symbols, event)
        if self._keycodes() == self._codes:
            return
        self._xcb.xcb_ungrab_key(self._connection, 0, self._root, 0x8000)
        try:
            self._grab()
        except OSError:
            # Another program has it there; doctor says so.
            return


def _libraries() -> tuple[ctypes.CDLL, ctypes.CDLL]:
    try:
        xcb, symbols = ctypes.CDLL("libxcb.so.1"), ctypes.CDLL("libxcb-keysyms.so.1")
    except OSError as error:
        raise ChordImpossible(f"A library of X11 is missing: {error}") from error
    _declare(xcb, "xcb_connect", c_void_p, c_char_p, POINTER(c_int))
    _declare(xcb, "xcb_connection_has_error", c_int, c_void_p)
    _declare(xcb, "xcb_disconnect", None, c_void_p)
    _declare(xcb, "xcb_get_setup", c_void_p, c_void_p)
    _declare(xcb, "xcb_setup_roots_iterator", _Screens, c_void_p)
    _declare(xcb, "xcb_get_file_descriptor", c_int, c_void_p)
    _declare(xcb, "xcb_poll_for_event", POINTER(_Event), c_void_p)
    _declare(xcb, "xcb_request_check", c_void_p, c_void_p, _Cookie)
    _declare(
        xcb, "xcb_grab_key_checked", _Cookie,
        c_void_p, c_uint8, c_uint32, c_uint16, c_uint8, c_uint8, c_uint8,
    )  # fmt: skip
    _declare(xcb, "xcb_ungrab_key", _Cookie, c_void_p, c_uint8, c_uint32, c_uint16)
    _declare(symbols, "xcb_key_symbols_alloc", c_void_p, c_void_p)
    _declare(symbols, "xcb_key_symbols_free", None, c_void_p)
    _declare(symbols, "xcb_key_symbols_get_keycode", POINTER(c_uint8), c_void_p, c_uint32)
    _declare(symbols, "xcb_refresh_keyboard_mapping", c_int, c_void_p, POINTER(_Event))
    return xcb, symbols


def _declare(library: ctypes.CDLL, name: str, gives: object, *takes: object) -> None:
    function = getattr(library, name)
    function.restype, function.argtypes = gives, list(takes)


def _free(memory: object) -> None:
    libc = ctypes.CDLL(None)
    libc.free.argtypes = [c_void_p]
    libc.free(ctypes.cast(memory, c_void_p))  # type: ignore[arg-type]
