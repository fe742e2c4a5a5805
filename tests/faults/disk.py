"""A disk of a server's own that can be filled up: a file system in memory, mounted below it."""

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
    """The data directory of a PostgreSQL, moved onto a disk of 224 MB."""

    def __init__(self, cluster: PostgresCluster) -> None:
        """Stop the server, move its data, start it again; needs the right to mount."""
        self._data = Path(cluster.directory, "data")
        cluster.stop()
        aside = self._data.with_name("aside")
        self._data.rename(aside)
        self._data.mkdir(mode=0o700)
        _as_root("mount", "-t", "tmpfs", "-o", f"size={_MEGABYTES}m", "tmpfs", str(self._data))
        shutil.copystat(aside, self._data)
        owner = aside.stat()
        os.chown(self._data, owner.st_uid, owner.st_gid)
        _as_root("cp", "-a", f"{aside}/.", str(self._data))
        shutil.rmtree(aside)
        cluster.start()

    def fill(self) -> None:
        """Leave not a page free."""
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

    def remove(self) -> None:
        """Take the disk away from a server that was stopped; its last processes may still end."""
        _as_root("umount", "-l", str(self._data))


def _as_root(*command: str) -> None:
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    done = subprocess.run([*prefix, *command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(
            f"A full disk needs one to fill, and `{' '.join(command)}` was refused: {done.stderr}"
            " Run this as root, or where sudo asks for no password."
        )
