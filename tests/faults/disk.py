"""A disk of a database's own that can be filled up: a file system in memory, mounted for it."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from pathlib import Path

from tests.servers.postgres import PostgresCluster

_MEGABYTES = 224
_FILLER = "filler"


class SmallDisk:
    """A disk of 224 MB at a path that does not exist yet; needs the right to mount.

    What is on it is there for as long as the machine runs, and `fsync` costs nothing: other work
    on the machine's own disk makes no round slow.
    """

    def __init__(self, path: Path) -> None:
        self._data = path
        self.full = False
        path.mkdir(mode=0o700)
        _as_root("mount", "-t", "tmpfs", "-o", f"size={_MEGABYTES}m", "tmpfs", str(path))

    def fill(self) -> None:
        """Leave not a page free."""
        self.full = True
        with (self._data / _FILLER).open("ab", buffering=0) as filler:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        filler.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def make_room(self) -> None:
        """Give the room back; a disk that is not full is fine."""
        (self._data / _FILLER).unlink(missing_ok=True)
        self.full = False

    def remove(self) -> None:
        """Take the disk away from who was stopped; its last processes may still end."""
        _as_root("umount", "-l", str(self._data))


def onto_small_disk(cluster: PostgresCluster) -> SmallDisk:
    """Move a server's data onto a disk of its own; the server is started again."""
    data = Path(cluster.directory, "data")
    cluster.stop()
    aside = data.with_name("aside")
    data.rename(aside)
    disk = SmallDisk(data)
    # The directory's own owner and mode too: the server refuses others.
    _as_root("cp", "-a", f"{aside}/.", str(data))
    shutil.rmtree(aside)
    cluster.start()
    return disk


def _as_root(*command: str) -> None:
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    done = subprocess.run([*prefix, *command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(
            f"A full disk needs one to fill, and `{' '.join(command)}` was refused: {done.stderr}"
            " Run this as root, or where sudo asks for no password."
        )
