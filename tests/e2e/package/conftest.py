"""The Debian package, built once a run, unpacked and installed where no other copy of it is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.package import bare_root
from tests.e2e.package.installed import Installed
from tests.integration.conftest import postgres_centre
from tests.servers import processes, xvfb
from tests.servers.keyring import unlocked_keyring
from tests.servers.ports import free_port
from tests.servers.postgres import exclusive

__all__ = ["postgres_centre"]

ROOT = Path(__file__).resolve().parents[3]
#: Kept between runs: it is frozen anew only when its sources changed.
DIST = ROOT / "build" / "package"
#: What somebody who signs in to a computer finds in their environment.
_OF_A_SESSION = (
    *("DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"),
    *("QT_ACCESSIBILITY", "QT_LINUX_ACCESSIBILITY_ALWAYS_ON"),
)
_OWN = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")


@pytest.fixture(scope="session")
def package(shared_directory: Path) -> Path:
    """The .deb, built by the first worker that asks."""
    with exclusive(shared_directory / "package.lock"):
        note = shared_directory / "package.path"
        if not note.exists():
            DIST.mkdir(parents=True, exist_ok=True)
            with exclusive(DIST / "lock"):
                built = subprocess.run(
                    [sys.executable, ROOT / "installer" / "deb.py", "--dist", DIST],
                    capture_output=True,
                    text=True,
                    check=False,
                )
            assert built.returncode == 0, built.stderr
            note.write_text(built.stdout.splitlines()[-1])
        return Path(note.read_text())


@pytest.fixture(scope="session")
def unpacked(package: Path, shared_directory: Path) -> Path:
    """A root with the package's files and nothing else; the system's libraries are the host's."""
    root = shared_directory / "package-root"
    with exclusive(shared_directory / "unpacked.lock"):
        if not root.exists():
            draft = root.with_suffix(".draft")
            tool = processes.find_program("dpkg-deb", "dpkg")
            subprocess.run([tool, "--extract", package, draft], check=True)
            draft.rename(root)
    return root


@pytest.fixture(scope="session")
def bare(package: Path, shared_directory: Path) -> Path:
    """A bare root into which apt installed the package, where this computer can have one."""
    root = shared_directory / "bare-root"
    obstacle = root.with_suffix(".obstacle")
    with exclusive(root.with_suffix(".lock")):
        if not obstacle.exists():
            obstacle.write_text(bare_root.obstacle() or _made(root, package))
    if why := obstacle.read_text():
        pytest.skip(f"not installed by apt into a bare root, only unpacked: {why}")
    return root


def _made(root: Path, package: Path) -> str:
    """Make the bare root; why not, where the mirror is away."""
    try:
        bare_root.make(root, package)
    except bare_root.MirrorAway as away:
        return str(away)
    return ""


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A display and a keyring, as everybody has them who is signed in to a computer."""
    with _session(tmp_path_factory.mktemp("session")) as shown:
        yield shown


@pytest.fixture
def installed(unpacked: Path, package: Path, screen: dict[str, str], home: Path) -> Installed:
    """The program as unpacked, for a person of this test's own."""
    link = unpacked / "usr" / "bin" / "crm-desktop"
    program = unpacked / link.readlink().relative_to("/")
    own = {name: os.environ[name] for name in _OWN}
    return Installed(unpacked, package, (str(program),), {**screen, **own, **_doors()}, home)


@pytest.fixture
def installed_by_apt(bare: Path, package: Path) -> Iterator[Installed]:
    """The program as apt installed it into a bare root, for a person who lives there."""
    session = bare / "run" / f"session-{os.getpid()}"
    session.mkdir()
    home = bare / "home" / f"person-{os.getpid()}"
    home.mkdir()
    # The display is found from inside by its abstract socket, which no root changes.
    with _session(session) as shown:
        env = {name: shown[name] for name in _OF_A_SESSION}
        env |= {"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **_doors()}
        chroot = processes.find_program("chroot", "coreutils")
        start = (chroot, str(bare), "/usr/bin/crm-desktop")
        yield Installed(bare, package, start, env, home)


@contextmanager
def _session(folder: Path) -> Iterator[dict[str, str]]:
    """A display and an unlocked keyring with everything of theirs below `folder`."""
    with xvfb.display(folder) as shown:
        kept = {**shown, "HOME": str(folder), "XDG_DATA_HOME": str(folder / "keyring")}
        with unlocked_keyring(kept):
            yield {name: value for name, value in shown.items() if not name.startswith("PYTHON")}


def _doors() -> dict[str, str]:
    return {f"CRM_DESKTOP_{door}_PORT": str(free_port()) for door in ("HTTP", "SMTP")}
