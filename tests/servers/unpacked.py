"""Programs of a newer suite of the archive that apt uses, unpacked for the tests alone.

What the release of this computer does not have is fetched once a computer into a directory that
nothing else uses, with the libraries that came with it; nothing is installed and apt's own
settings stay as they are.
"""

import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.servers.postgres import exclusive
from tests.servers.processes import ProgramMissing

_SUITE = "sid"
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def unpacked(package: str) -> Path:
    """The root below which `package` and its libraries are; fetches them when they are not."""
    cache = cache_of(package)
    root = cache / "root"
    with exclusive(cache / "lock"):
        if not root.exists():
            _unpack(package, cache)
    return root


def command(root: Path, program: str) -> tuple[str, ...]:
    """How to call a program below `root` with the libraries that came with it."""
    loader = next(root.glob("usr/lib*/ld-linux*.so.*"))
    libraries = next(root.glob("usr/lib/*-linux-gnu*"))
    return (str(loader), "--library-path", str(libraries), str(root / program))


def cache_of(name: str) -> Path:
    """A directory that only this account can have made, the same for every run."""
    place = Path("/var/cache") if os.geteuid() == 0 else Path(tempfile.gettempdir())
    cache = place / f"crm-desktop-tests-{os.geteuid()}" / name
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    if cache.parent.stat().st_uid != os.geteuid():
        raise RuntimeError(f"{cache.parent} is somebody else's")
    return cache


def _unpack(package: str, cache: Path) -> None:
    """Fetch the packages with apt and lay them out below `root`, which appears when it is whole."""
    if shutil.which("apt-get") is None:
        raise ProgramMissing(f"The tests need {package}, which this computer does not have.")
    with tempfile.TemporaryDirectory(dir=cache) as name:
        work = Path(name)
        for folder in ("lists/partial", "archives/partial", "root/usr"):
            (work / folder).mkdir(parents=True)
        (work / "status").touch()
        (work / "sources.list").write_text(
            f"deb [signed-by={_KEYRING}] {_archive()} {_SUITE} main\n"
        )
        _apt(work, "update")
        _apt(work, "install", "-y", "--download-only", "--no-install-recommends", package)
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
    raise ProgramMissing("Apt here knows no archive of Debian.")


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
            f"The tests need a program that apt could not fetch:\n{done.stderr[-2000:]}"
        )
