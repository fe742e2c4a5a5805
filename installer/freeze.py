"""Freezes the program into dist/crm-desktop, unless nothing has changed since it was last done.

usage: freeze.py [--dist DIRECTORY] [--force]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_SOURCES = (
    "crm_desktop",
    "resources",
    "migrations",
    "installer/crm-desktop.spec",
    "pyproject.toml",
)
_ICON = ROOT / "build" / "icon.ico"


def main(arguments: Sequence[str] | None = None) -> int:
    """Freeze; the exit code of PyInstaller."""
    parser = argparse.ArgumentParser(description="Freeze CRM Desktop into one folder.")
    parser.add_argument("--dist", type=Path, default=ROOT / "dist")
    parser.add_argument("--force", action="store_true", help="even when nothing changed")
    given = parser.parse_args(arguments)
    return freeze(given.dist.resolve(), force=given.force)


def freeze(dist: Path, *, force: bool = False) -> int:
    """Make `dist`/crm-desktop; 0 when it is there, made now or before from the same sources."""
    stamp = dist / "crm-desktop.made-from"
    made_from = fingerprint()
    if not force and stamp.exists() and stamp.read_text() == made_from:
        return 0
    stamp.unlink(missing_ok=True)
    if sys.platform == "win32":
        _make_icon()
    work = ROOT / "build" / "freeze" / hashlib.sha256(str(dist).encode()).hexdigest()[:12]
    command = [
        *(sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR"),
        *("--distpath", str(dist), "--workpath", str(work)),
        str(ROOT / "installer" / "crm-desktop.spec"),
    ]
    # The same sources give the same bytes, as far as PyInstaller can.
    same = {"PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": source_date()}
    code = subprocess.run(command, cwd=ROOT, env={**os.environ, **same}, check=False).returncode  # noqa: S603 - our own command
    if code == 0:
        stamp.write_text(made_from)
    return code


def source_date() -> str:
    """When the sources were last changed, in seconds since 1970: the version's, not the build's."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    return given or str(int((ROOT / "CHANGELOG.md").stat().st_mtime))


def fingerprint() -> str:
    """A digest of everything that the frozen program is made of."""
    digest = hashlib.sha256(f"{sys.version}\n{sys.platform}\n".encode())
    for each in sorted(f"{one.name}=={one.version}\n" for one in distributions()):
        digest.update(each.encode())
    for path in _files():
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files() -> Iterator[Path]:
    for name in _SOURCES:
        place = ROOT / name
        found = sorted(place.rglob("*")) if place.is_dir() else [place]
        yield from (each for each in found if each.is_file() and "__pycache__" not in each.parts)


def _make_icon() -> None:
    """Windows wants its icon as a bitmap in several sizes; Qt writes the largest."""
    from PySide6.QtGui import QGuiApplication, QIcon

    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    _app = QGuiApplication.instance() or QGuiApplication([])
    _ICON.parent.mkdir(exist_ok=True)
    icon = QIcon(str(ROOT / "resources" / "web" / "icon.svg"))
    if not icon.pixmap(256, 256).save(str(_ICON), "ICO"):
        raise RuntimeError(f"{_ICON} could not be written")


if __name__ == "__main__":
    sys.exit(main())
