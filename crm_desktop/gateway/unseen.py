"""A place for what was said, on its way from the PBX: what lay on a disk could be found there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def unseen_file() -> Iterator[Path]:
    """A file that no disk ever sees; where a system has none, one overwritten at the end."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("recording")
        try:
            yield Path(f"/proc/self/fd/{handle}")
        finally:
            os.close(handle)
        return
    with tempfile.TemporaryDirectory(prefix="crm-") as folder:
        place = Path(folder) / "recording.wav"
        place.touch()
        try:
            yield place
        finally:
            place.write_bytes(bytes(place.stat().st_size))
