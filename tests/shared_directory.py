"""One directory for all workers of a run, emptied of servers even when the run is killed."""

import os
import subprocess
import tempfile
from pathlib import Path

# Ends with the pipe that it reads: when pytest closes it, or dies.
# PostgreSQL is told to stop rather than killed, because its backends would live on.
_GUARD = r"""
trap '' INT TERM HUP
cat >/dev/null
for note in "$1"/*/data/postmaster.pid; do
    [ -f "$note" ] || continue
    pid=$(head -n 1 "$note")
    kill -QUIT "$pid" 2>/dev/null
    turns=200
    while [ -f "$note" ] && [ $turns -gt 0 ]; do sleep 0.05; turns=$((turns - 1)); done
done
for note in "$1"/processes/*; do
    [ -f "$note" ] && kill -KILL "${note##*/}" 2>/dev/null
done
for disk in "$1"/*/data; do
    grep -qs " $disk " /proc/mounts && umount -l "$disk" 2>/dev/null
done
rm -rf "$1"
"""


class SharedDirectory:
    """A temporary directory that other users may pass through, and the guard that removes it.

    PostgreSQL clusters lie directly below it, and `processes` holds an empty file named after
    each process that a test started: the guard stops what still runs.
    """

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="crm-test-"))
        self.path.chmod(0o711)
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "guard", str(self.path)],
            stdin=subprocess.PIPE,
            start_new_session=True,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath)},
        )

    def close(self) -> None:
        """Stop what runs below and remove the directory."""
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard.wait()
