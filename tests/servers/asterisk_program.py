"""Where the tests' Asterisk comes from: this computer's own, or one unpacked for the tests.

Debian 12 has none, but a newer suite has (`unpacked.py`). `make test` calls this file before the
tests, who would otherwise wait for it.
"""

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.servers.unpacked import command, unpacked


@dataclass(frozen=True)
class AsteriskProgram:
    """How an Asterisk is called, and where its modules, sounds and documents are."""

    command: tuple[str, ...]
    modules: Path
    data: Path


def find_asterisk() -> AsteriskProgram:
    """This computer's Asterisk, or else the tests' own; unpacks it when it is not there yet."""
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    if found := shutil.which("asterisk", path=places):
        return _program((found,), Path("/"))
    root = unpacked("asterisk")
    # A package's own script would have made this link.
    sounds = root / "usr/share/asterisk/sounds"
    if not (sounds / "en").exists():
        (spoken,) = sounds.glob("en_US*")
        with contextlib.suppress(FileExistsError):
            (sounds / "en").symlink_to(spoken.name)
    return _program(command(root, "usr/sbin/asterisk"), root)


def _program(command: tuple[str, ...], root: Path) -> AsteriskProgram:
    libraries = root / "usr/lib"
    modules = next(
        iter([*libraries.glob("asterisk/modules"), *libraries.glob("*/asterisk/modules")])
    )
    return AsteriskProgram(command, modules, root / "usr/share/asterisk")


if __name__ == "__main__":
    find_asterisk()
