"""Read, press and type in another process as a screen reader would.

Runs under the system's own Python (3.9 or later), because pyatspi lives there:
atspi_reader.py SECONDS tree PID [NAME] | press PID NAME | type PID NAME TEXT
                        | strike PID KEYSYM NAME
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
    application, trouble = None, "no such window"
    while time.monotonic() < deadline:
        try:
            application = find_application(pid)
            if application is not None and VERBS[verb](application, *rest):
                return 0
            trouble = "not there"
        except Exception as error:  # noqa: BLE001 - widgets vanish while they are read
            trouble = repr(error)
        time.sleep(0.05)
    shown = [] if application is None else tell_shown(application)
    sys.stderr.write(f"{verb} {pid} {rest}: {trouble} in {seconds:g} s; shown are {shown}\n")
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


def press(application: Any, name: str) -> bool:
    """Do what a click does to a button, a box or the like."""
    node = pyatspi.findDescendant(
        application, lambda each: is_ready(each, name) and press_of(each) is not None
    )
    return node is not None and bool(node.queryAction().doAction(press_of(node)))


def press_of(node: Any) -> int | None:
    """The number of the action that a click does, None where there is no such."""
    if "Action" not in pyatspi.listInterfaces(node):
        return None
    action = node.queryAction()
    names = [action.getName(index).lower() for index in range(action.nActions)]
    return next((at for at, each in enumerate(names) if each in {"press", "toggle"}), None)


def type_text(application: Any, name: str, text: str) -> bool:
    """Replace the text of a field."""
    node = pyatspi.findDescendant(
        application,
        lambda each: is_ready(each, name) and "EditableText" in pyatspi.listInterfaces(each),
    )
    return node is not None and bool(node.queryEditableText().setTextContents(text))


def is_ready(node: Any, name: str) -> bool:
    """Whether it is called so and somebody could see and use it: what is disabled takes no press,
    and says nothing of that.
    """
    if node.name != name:
        return False
    state = node.getState()
    return bool(state.contains(pyatspi.STATE_SHOWING) and state.contains(pyatspi.STATE_SENSITIVE))


def tell_shown(application: Any) -> list[str]:
    """What somebody could see, with what cannot be used marked so."""
    try:
        found = pyatspi.findAllDescendants(
            application, lambda each: each.name and each.getState().contains(pyatspi.STATE_SHOWING)
        )
        return [f"{each.getRoleName()} {each.name!r}{tell_disabled(each)}" for each in found]
    except Exception as error:  # noqa: BLE001 - it is told beside what was in vain
        return [repr(error)]


def tell_disabled(node: Any) -> str:
    """A mark, or nothing."""
    return "" if node.getState().contains(pyatspi.STATE_SENSITIVE) else " (disabled)"


def strike(application: Any, keysym: str, name: str) -> bool:
    """Strike a key of the keyboard once a window of the application is in front, and what the key
    stands for can be used.
    """
    windows = [application.getChildAtIndex(i) for i in range(application.childCount)]
    if not any(each.getState().contains(pyatspi.STATE_ACTIVE) for each in windows if each):
        return False
    if pyatspi.findDescendant(application, lambda each: is_ready(each, name)) is None:
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
