"""Read, press and type in another process as a screen reader would.

Runs under the system's own Python (3.9 or later), because pyatspi lives there:
atspi_reader.py SECONDS tree PID [NAME] | press PID ROLE NAME | type PID NAME TEXT
                        | strike PID KEYSYM
"""

import ctypes
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import pyatspi

MOST_CHILDREN = 500  # of one node: a long table is told by its beginning


def main(arguments: list[str]) -> int:
    """Do one verb as soon as it can be done; 1 when its time is over."""
    seconds, verb, pid, rest = float(arguments[0]), arguments[1], int(arguments[2]), arguments[3:]
    deadline = time.monotonic() + seconds
    trouble = "no such window"
    while time.monotonic() < deadline:
        try:
            application = find_application(pid)
            if application is not None and VERBS[verb](application, *rest):
                return 0
            trouble = "not there"
        except Exception as error:  # noqa: BLE001 - widgets vanish while they are read
            trouble = repr(error)
        time.sleep(0.05)
    sys.stderr.write(f"{verb} {pid} {rest}: {trouble}\n")
    return 1


def find_application(pid: int) -> Any:
    """The accessible application of a process, None while it shows nothing."""
    for application in pyatspi.Registry.getDesktop(0):
        if application is not None and application.get_process_id() == pid:
            # No loop runs here that would hear of changes: what was read once would stay.
            application.clear_cache()
            return application if application.childCount else None
    return None


def tell_tree(application: Any, name: str = "") -> bool:
    """Print everything as JSON, once something called `name` is there."""
    if name and pyatspi.findDescendant(application, lambda each: each.name == name) is None:
        return False
    json.dump(describe(application), sys.stdout)
    return True


def press(application: Any, role: str, name: str) -> bool:
    """Do what a click does."""
    node = pyatspi.findDescendant(
        application, lambda each: is_shown(each, name) and each.getRoleName() == role
    )
    if node is None:
        return False
    action = node.queryAction()
    names = [action.getName(index).lower() for index in range(action.nActions)]
    chosen = next(index for index, each in enumerate(names) if each in {"press", "toggle"})
    return bool(action.doAction(chosen))


def type_text(application: Any, name: str, text: str) -> bool:
    """Replace the text of a field."""
    node = pyatspi.findDescendant(
        application,
        lambda each: is_shown(each, name) and "EditableText" in pyatspi.listInterfaces(each),
    )
    return node is not None and bool(node.queryEditableText().setTextContents(text))


def is_shown(node: Any, name: str) -> bool:
    """Whether it is called so and lies where somebody could see it."""
    return bool(node.name == name and node.getState().contains(pyatspi.STATE_SHOWING))


def strike(application: Any, keysym: str) -> bool:
    """Strike a key of the keyboard once a window of the application is in front."""
    windows = [application.getChildAtIndex(i) for i in range(application.childCount)]
    if not any(each.getState().contains(pyatspi.STATE_ACTIVE) for each in windows if each):
        return False
    x11, xtest = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    display = ctypes.c_void_p(x11.XOpenDisplay(None))
    key = x11.XKeysymToKeycode(display, ctypes.c_ulong(int(keysym)))
    for down in (1, 0):
        xtest.XTestFakeKeyEvent(display, key, down, ctypes.c_ulong(0))
    x11.XCloseDisplay(display)
    return True


def describe(node: Any) -> dict[str, Any]:
    """One node and everything below it."""
    children = [node.getChildAtIndex(i) for i in range(min(node.childCount, MOST_CHILDREN))]
    has_text = "Text" in pyatspi.listInterfaces(node)
    return {
        "role": node.getRoleName(),
        "name": node.name or "",
        "description": node.description or "",
        "text": node.queryText().getText(0, -1) if has_text else "",
        "states": [pyatspi.stateToString(state) for state in node.getState().getStates()],
        "children": [describe(child) for child in children if child is not None],
    }


VERBS: dict[str, Callable[..., bool]] = {
    "tree": tell_tree,
    "press": press,
    "type": type_text,
    "strike": strike,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
