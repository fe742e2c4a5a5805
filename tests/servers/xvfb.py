"""A real X display with a window manager, a session bus and the accessibility bus."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.servers import processes
from tests.servers.session_bus import session_bus

_SYSTEM_PYTHON = "/usr/bin/python3"
_READER = Path(__file__).with_name("atspi_reader.py")

_CHORD = """
import ctypes, sys
x11, tst = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
x11.XOpenDisplay.restype = ctypes.c_void_p
display = ctypes.c_void_p(x11.XOpenDisplay(None))
codes = [x11.XKeysymToKeycode(display, ctypes.c_ulong(int(key))) for key in sys.argv[1:]]
for code in codes:
    tst.XTestFakeKeyEvent(display, code, 1, ctypes.c_ulong(0))
for code in reversed(codes):
    tst.XTestFakeKeyEvent(display, code, 0, ctypes.c_ulong(0))
x11.XSync(display, 0)
"""


@contextmanager
def display(directory: Path, size: str = "1440x900") -> Iterator[dict[str, str]]:
    """Run a display below `directory`; gives the environment for programs shown on it."""
    reader, writer = os.pipe()
    server = processes.start(
        [
            processes.find_program("Xvfb", "xvfb"),
            *("-displayfd", str(writer), "-screen", "0", f"{size}x24", "-nolisten", "tcp"),
        ],
        pass_fds=[writer],
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    try:
        number = processes.read_line(server, "Xvfb", fd=reader)
        shown = {**os.environ, "DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
        # Qt speaks to the accessibility bus only when somebody listens, or when told to.
        shown |= {"QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1", "QT_ACCESSIBILITY": "1"}
        with session_bus(directory, shown) as env:
            _start_accessibility_bus(env)
            with _window_manager(directory, env):
                yield env
    finally:
        os.close(reader)
        processes.stop(server)


@dataclass(frozen=True)
class Accessible:
    """One node of what a screen reader sees."""

    role: str
    name: str
    description: str
    text: str
    states: frozenset[str]
    children: tuple["Accessible", ...]

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        """From the reader's JSON."""
        return cls(
            role=data["role"],
            name=data["name"],
            description=data["description"],
            text=data["text"],
            states=frozenset(data["states"]),
            children=tuple(cls.of(child) for child in data["children"]),
        )

    def walk(self) -> Iterator["Accessible"]:
        """This node and everything below it, from the top."""
        yield self
        for child in self.children:
            yield from child.walk()

    def names(self) -> set[str]:
        """All names at and below this node."""
        return {node.name for node in self.walk() if node.name}


def accessibility_tree(pid: int, env: Mapping[str, str], name: str = "") -> Accessible:
    """What a screen reader sees of process `pid` once something called `name` is there.

    Without a name it waits for the first window. RuntimeError when it does not come.
    """
    return Accessible.of(json.loads(_ask_reader(env, "tree", str(pid), name)))


def press(pid: int, name: str, env: Mapping[str, str]) -> None:
    """Press the button, menu item or box of that name from outside, as soon as that does anything.

    What it does comes after: whatever is read next waits for it.
    """
    _ask_reader(env, "press", str(pid), name)


def type_text(pid: int, name: str, text: str, env: Mapping[str, str]) -> None:
    """Replace the text of the field called `name` from outside, as soon as it can be written to."""
    _ask_reader(env, "type", str(pid), name, text)


def strike(pid: int, keysym: int, name: str, env: Mapping[str, str]) -> None:
    """Strike a key, by its X keysym, once a window of `pid` is in front and the button called
    `name`, for which the key stands, can be pressed.
    """
    _ask_reader(env, "strike", str(pid), str(keysym), name)


def chord(keys: Sequence[int], env: Mapping[str, str]) -> None:
    """Hold down these keys, by their X keysyms, one after the other as a hand does, and let go."""
    subprocess.run([sys.executable, "-c", _CHORD, *map(str, keys)], env=dict(env), check=True)


def picture(env: Mapping[str, str], path: Path) -> None:
    """Write what the whole display shows now as a PNG."""
    code = (
        "import sys\n"
        "from PySide6.QtGui import QGuiApplication\n"
        "app = QGuiApplication(sys.argv[:1])\n"
        "assert app.primaryScreen().grabWindow(0).save(sys.argv[1])"
    )
    subprocess.run([sys.executable, "-c", code, path], env=env, check=True, capture_output=True)


def _ask_reader(env: Mapping[str, str], *arguments: str) -> str:
    finished = subprocess.run(
        [_SYSTEM_PYTHON, str(_READER), str(processes.PATIENCE), *arguments],
        env={k: v for k, v in env.items() if not k.startswith("PYTHON")},
        capture_output=True,
        text=True,
        timeout=processes.PATIENCE + 30,
        check=False,
    )
    if finished.returncode != 0:
        raise RuntimeError(f"the screen reader's view: {finished.stderr.strip()}")
    return finished.stdout


def _start_accessibility_bus(env: dict[str, str]) -> None:
    answer = subprocess.run(
        [
            processes.find_program("dbus-send", "dbus"),
            *("--session", "--print-reply", "--dest=org.a11y.Bus", "/org/a11y/bus"),
            "org.a11y.Bus.GetAddress",
        ],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise processes.ProgramMissing(
            "The tests need the accessibility bus. Install it with `make test`, "
            f"or `apt-get install at-spi2-core`. ({answer.stderr.strip()})"
        )


@contextmanager
def _window_manager(directory: Path, env: dict[str, str]) -> Iterator[None]:
    started = directory / "window-manager-is-up"
    manager = processes.start(
        [
            processes.find_program("openbox", "openbox"),
            *("--sm-disable", "--startup", f"touch {shlex.quote(str(started))}"),
        ],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        processes.wait_for(started.exists, "the window manager's start")
        yield
    finally:
        processes.stop(manager)
