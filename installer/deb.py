"""Makes the Debian package around the frozen program: dist/crm-desktop_VERSION_ARCH.deb.

usage: deb.py [--dist DIRECTORY]      (Linux with dpkg-deb; `make deb`)
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from email.utils import formatdate
from pathlib import Path

from freeze import ROOT, freeze, source_date
from licences import copyright_file

_HERE = ROOT / "installer" / "debian"
_OWN = Path("opt", "crm-desktop")
_MAINTAINER = "The CRM Desktop contributors <crm-desktop@invalid>"
_EMPTY_DIRECTORY_KIB = 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Freeze where needed, then pack; prints where the package is."""
    parser = argparse.ArgumentParser(description="Make the Debian package of CRM Desktop.")
    parser.add_argument("--dist", type=Path, default=ROOT / "dist")
    dist = parser.parse_args(arguments).dist.resolve()
    if code := freeze(dist):
        return code
    sys.stdout.write(f"{make_package(dist)}\n")
    return 0


def make_package(dist: Path) -> Path:
    """Pack `dist`/crm-desktop; the package's path."""
    version, architecture = _version(), _output("dpkg", "--print-architecture")
    tree = dist / "deb"
    shutil.rmtree(tree, ignore_errors=True)
    _lay_out(tree, dist / "crm-desktop")
    _document(tree, version)
    _set_modes(tree)
    _write_control(tree, version, architecture)
    package = dist / f"crm-desktop_{version}_{architecture}.deb"
    command = ["dpkg-deb", "--root-owner-group", "-Zzstd", "-z6", "--build", tree, package]
    # dpkg clamps every time in the package to this one.
    env = {**os.environ, "SOURCE_DATE_EPOCH": source_date()}
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    shutil.rmtree(tree)
    return package


def _lay_out(tree: Path, frozen: Path) -> None:
    """The files as they will lie below the root."""
    shutil.copytree(frozen, tree / _OWN, symlinks=True, copy_function=_link)
    program = tree / "usr" / "bin" / "crm-desktop"
    program.parent.mkdir(parents=True)
    program.symlink_to(Path("/") / _OWN / "crm-desktop")
    _put(tree / "usr/share/applications/crm-desktop.desktop", _HERE / "crm-desktop.desktop")
    icons = tree / "usr/share/icons/hicolor/scalable/apps"
    _put(icons / "crm-desktop.svg", ROOT / "resources" / "web" / "icon.svg")


def _document(tree: Path, version: str) -> None:
    """What Debian wants to find about a package."""
    documents = tree / "usr/share/doc/crm-desktop"
    _write(documents / "copyright", copyright_file())
    _put(documents / "CHANGELOG.md", ROOT / "CHANGELOG.md")
    _put(tree / "usr/share/lintian/overrides/crm-desktop", _HERE / "lintian-overrides")
    released = formatdate(int(source_date())).replace("-0000", "+0000")
    entry = (
        f"crm-desktop ({version}) stable; urgency=medium\n\n"
        f"  * See CHANGELOG.md.\n\n -- {_MAINTAINER}  {released}\n"
    )
    _write(documents / "changelog.gz", entry)
    page = (_HERE / "crm-desktop.1").read_text("utf-8").replace("@VERSION@", version)
    _write(tree / "usr/share/man/man1/crm-desktop.1.gz", page)


def _set_modes(tree: Path) -> None:
    """The same for everybody, whatever the builder's umask; only programs may be run."""
    for each in (tree, *tree.rglob("*")):
        if each.is_symlink():
            continue
        runs = each.is_dir() or each == tree / _OWN / "crm-desktop"
        each.chmod(0o755 if runs else 0o644)


def _write_control(tree: Path, version: str, architecture: str) -> None:
    size = sum(_kib(each) for each in tree.rglob("*"))
    lines = (_HERE / "control").read_text("utf-8")
    for name, value in {
        "VERSION": version,
        "ARCHITECTURE": architecture,
        "MAINTAINER": _MAINTAINER,
        "SIZE": str(size),
        # Programs run with the C library that they were linked to, or a later one.
        "LIBC": os.confstr("CS_GNU_LIBC_VERSION").removeprefix("glibc ")
        if hasattr(os, "confstr")
        else "",
    }.items():
        lines = lines.replace(f"@{name}@", value)
    # Folded to be read; in a package a field is one line, but for the description.
    head, description = lines.split("Description:")
    lines = head.replace("\n ", " ") + "Description:" + description
    folder = tree / "DEBIAN"
    folder.mkdir(mode=0o755)
    (folder / "control").write_text(lines, "utf-8")


def _version() -> str:
    """The project's version; Debian sorts `0.2.0~rc1` before `0.2.0`, as Python does `0.2.0rc1`."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        version = str(tomllib.load(file)["project"]["version"])
    return re.sub(r"(?<=\d)\.?(dev|a|b|rc)(?=\d)", r"~\1", version)


def _kib(path: Path) -> int:
    if path.is_symlink() or not path.is_file():
        return _EMPTY_DIRECTORY_KIB if path.is_dir() else 0
    return -(-path.stat().st_size // 1024)


def _put(target: Path, source: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _write(target: Path, text: str) -> None:
    """A text file; packed, without its time, where the name says so."""
    target.parent.mkdir(parents=True, exist_ok=True)
    content = text.encode()
    target.write_bytes(gzip.compress(content, mtime=0) if target.suffix == ".gz" else content)


def _link(source: str, target: str) -> None:
    """The package takes the files as they are, so a second copy of 200 MB is not needed."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 - our own command


if __name__ == "__main__":
    sys.exit(main())
