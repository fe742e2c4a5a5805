"""Where the tests' Asterisk comes from: this computer's own, or one unpacked for the tests.

Debian 12 has none, but the archive that its apt is set up with holds newer suites. One of those is
unpacked, once a computer, into a directory that nothing else uses, and runs with the libraries
that came with it; nothing is installed and apt's own settings stay as they are.
`make test` calls this file before the tests, who would otherwise wait for it.
"""

import os
import platform
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.servers.postgres import exclusive
from tests.servers.processes import ProgramMissing

_SUITE = "sid"
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


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
    cache = _cache()
    root = cache / "root"
    with exclusive(cache / "lock"):
        if not root.exists():
            _unpack(cache)
    loader = next(root.glob("usr/lib*/ld-linux*.so.*"))
    libraries = next(root.glob("usr/lib/*/asterisk")).parent
    command = (str(loader), "--library-path", str(libraries), str(root / "usr/sbin/asterisk"))
    return _program(command, root)


def _program(command: tuple[str, ...], root: Path) -> AsteriskProgram:
    modules = next(
        each for pattern in ("*/asterisk/modules", "asterisk/modules")
        for each in (root / "usr/lib").glob(pattern)
    )  # fmt: skip
    return AsteriskProgram(command, modules, root / "usr/share/asterisk")


def _cache() -> Path:
    """A directory that only this account can have made, the same for every run."""
    place = Path("/var/cache") if os.geteuid() == 0 else Path(tempfile.gettempdir())
    cache = place / f"crm-desktop-tests-{os.geteuid()}" / "asterisk"
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    if cache.parent.stat().st_uid != os.geteuid():
        raise RuntimeError(f"{cache.parent} is somebody else's")
    return cache


def _unpack(cache: Path) -> None:
    """Fetch the packages with apt and lay them out below `root`, which appears when it is whole."""
    if shutil.which("apt-get") is None:
        raise ProgramMissing("The tests need Asterisk 20 or later. Install the package asterisk.")
    with tempfile.TemporaryDirectory(dir=cache) as name:
        work = Path(name)
        for folder in ("lists/partial", "archives/partial", "root/usr"):
            (work / folder).mkdir(parents=True)
        (work / "status").touch()
        (work / "sources.list").write_text(
            f"deb [signed-by={_KEYRING}] {_archive()} {_SUITE} main\n"
        )
        _apt(work, "update")
        _apt(work, "install", "-y", "--download-only", "--no-install-recommends", "asterisk")
        _lay_out(work)
        (work / "root").rename(cache / "root")


def _lay_out(work: Path) -> None:
    root = work / "root"
    for folder in ("bin", "sbin", "lib", "lib64"):
        (root / "usr" / folder).mkdir()
        (root / folder).symlink_to(f"usr/{folder}")
    for package in sorted((work / "archives").glob("*.deb")):
        with subprocess.Popen(
            ["dpkg", "--fsys-tarfile", package], stdout=subprocess.PIPE
        ) as unpacked:
            subprocess.run(
                ["tar", "x", "-C", root, "--keep-directory-symlink", "--no-same-owner"],
                stdin=unpacked.stdout,
                check=True,
            )
    # A package's own script would have made this link.
    sounds = root / "usr/share/asterisk/sounds"
    if not (sounds / "en").exists():
        (spoken,) = sounds.glob("en_US*")
        (sounds / "en").symlink_to(spoken.name)


def _archive() -> str:
    """The address of the Debian archive that this computer's apt uses."""
    release = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    listed = subprocess.run(
        [
            *("apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)"),
            *("Created-By: Packages", "Component: main"),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for line in listed.splitlines():
        name, _, address = line.partition(" ")
        if name == release:
            return address
    raise ProgramMissing("The tests need Asterisk, and apt here knows no archive of Debian.")


def _apt(work: Path, *arguments: str) -> None:
    settings = {
        "Dir::Etc::sourcelist": work / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": work / "lists",
        "Dir::State::status": work / "status",
        "Dir::Cache": work,
        "APT::Sandbox::User": "",
        "Acquire::Retries": "3",
    }
    options = [part for key, value in settings.items() for part in ("-o", f"{key}={value}")]
    done = subprocess.run(
        ["apt-get", "-qq", *options, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
    )
    if done.returncode != 0:
        raise ProgramMissing(
            f"The tests need Asterisk, and apt could not fetch it:\n{done.stderr[-2000:]}"
        )


if __name__ == "__main__":
    find_asterisk()
