"""On which machine the figures were taken."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from PySide6 import __version__ as qt_version

from tests.servers.postgres import find_bin_dir


def described() -> str:
    """The machine and what runs on it, on one line."""
    memory = int(_first(r"MemTotal:\s+(\d+)", Path("/proc/meminfo"))) / 1e6
    cpu = _first(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo"))
    server = subprocess.run(
        [find_bin_dir() / "postgres", "--version"], capture_output=True, text=True, check=False
    ).stdout
    return ", ".join(
        (
            f"{os.cpu_count()} cores of {cpu}",
            f"{memory:.0f} GB",
            f"Python {platform.python_version()}",
            f"Qt {qt_version}",
            f"SQLite {sqlite3.sqlite_version}",
            f"PostgreSQL {server.split()[-1] if '(' not in server else server.split()[2]}",
            f"{datetime.now(UTC):%d %B %Y}",
        )
    )


def _first(pattern: str, file: Path) -> str:
    found = re.search(pattern, file.read_text(errors="replace"))
    return found[1] if found else "?"
