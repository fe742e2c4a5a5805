"""Whether a window can be shown here and everybody's name be written in it.

Qt ends its process when it finds no display, so it is asked in a process of its own.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm_desktop.commands.doctor.finding import Finding, ok, trouble, warning
from crm_desktop.workstation.process import own_command

_SECONDS = 30
#: The command in which the other process asks Qt.
COMMAND = "doctor-display"
#: What Qt opens on Linux, and the package that holds it on Debian and Ubuntu.
_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What Qt said: its facts, or the last line of why it did not start."""

    facts: Mapping[str, Any] | None
    reason: str = ""


def has_display(env: Mapping[str, str]) -> bool:
    """Whether anything says that there is a screen; other systems than Linux always have one."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return not sys.platform.startswith("linux") or any(env.get(name) for name in names)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found of the display, and Qt's facts, where it could be asked."""

    findings: tuple[Finding, ...]
    facts: Mapping[str, Any] | None


def look() -> Seen:
    """The display, then the fonts where Qt could be asked."""
    shown = has_display(os.environ)
    answer = ask({} if shown else {"QT_QPA_PLATFORM": "offscreen"})
    found = [of_display(answer, missing_libraries() if answer.facts is None else (), shown=shown)]
    if answer.facts is not None:
        found.append(of_fonts(answer.facts))
    return Seen(tuple(found), answer.facts)


def ask(env: Mapping[str, str]) -> Answer:
    """Let another process start Qt, with these variables above our own."""
    try:
        finished = subprocess.run(  # noqa: S603 - this program's own command, no shell
            [*own_command(), COMMAND],
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired:
        return Answer(None, f"it did not answer in {_SECONDS} s")
    lines = finished.stdout.splitlines()
    if finished.returncode == 0 and lines:
        return Answer(json.loads(lines[-1]))
    said = [line for line in finished.stderr.splitlines() if line.strip()]
    return Answer(None, said[0] if said else f"exit code {finished.returncode}")


def missing_libraries() -> tuple[str, ...]:
    """The Debian packages of libraries that Qt needs and this computer lacks."""
    if not sys.platform.startswith("linux"):
        return ()
    return tuple(package for name, package in _LIBRARIES.items() if not _opens(name))


def of_display(answer: Answer, missing: tuple[str, ...], *, shown: bool) -> Finding:
    """What the answer means for opening a window."""
    if answer.facts is None:
        if missing:
            return trouble(
                "display",
                f"The desktop cannot open a window: libraries are missing ({answer.reason}).",
                f"On Debian and Ubuntu: apt install {' '.join(missing)}",
            )
        return trouble(
            "display",
            f"The desktop cannot open a window: {answer.reason}",
            "Start it from the desktop of a person who is signed in to this computer, "
            "and look at DISPLAY or WAYLAND_DISPLAY.",
        )
    if not shown:
        return warning(
            "display",
            "No screen belongs to this session, so the desktop cannot open here.",
            "Nothing, where only a gateway runs. Otherwise start it from a signed-in desktop.",
        )
    sizes = ", ".join(f"{width} × {height}" for width, height in answer.facts["screens"])
    return ok("display", f"Windows can be opened ({answer.facts['platform']}; {sizes}).")


def of_fonts(facts: Mapping[str, Any]) -> Finding:
    """Whether the program's typeface loads and which scripts would show as boxes."""
    if not facts["family"]:
        return warning(
            "fonts",
            "The program's own typeface Inter could not be loaded; another is used.",
            "Install CRM Desktop anew.",
        )
    if without := facts["without"]:
        return warning(
            "fonts",
            f"No font here has the letters of: {', '.join(without)}. They show as boxes.",
            "Install fonts for them; on Debian and Ubuntu: apt install fonts-noto-core"
            + (" fonts-noto-cjk" if "Chinese" in without else ""),
        )
    return ok("fonts", "Inter is there, and every script that customers' names commonly use.")


def _opens(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
