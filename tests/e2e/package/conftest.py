"""The Debian package, built once a run and unpacked where no other copy of the program is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers import processes, xvfb
from tests.servers.keyring import unlocked_keyring
from tests.servers.postgres import exclusive, free_port

ROOT = Path(__file__).resolve().parents[3]
#: Kept between runs: it is frozen anew only when its sources changed.
_DIST = ROOT / "build" / "package"
_OWN = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")


@dataclass(frozen=True)
class Installed:
    """A root with the package in it, and the environment of somebody who never saw the sources."""

    root: Path
    package: Path
    env: Mapping[str, str]
    home: Path

    @property
    def program(self) -> Path:
        """What the link in /usr/bin leads to."""
        link = self.root / "usr" / "bin" / "crm-desktop"
        return self.root / link.readlink().relative_to("/")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the installed program to its end."""
        return subprocess.run(
            [self.program, *arguments],
            env=dict(self.env),
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture(scope="session")
def unpacked(shared_directory: Path) -> tuple[Path, Path]:
    """(root, package): built and unpacked by the first worker that asks."""
    root = shared_directory / "package-root"
    with exclusive(shared_directory / "package.lock"):
        if not root.exists():
            _DIST.mkdir(parents=True, exist_ok=True)
            with exclusive(_DIST / "lock"):
                built = subprocess.run(
                    [sys.executable, ROOT / "installer" / "deb.py", "--dist", _DIST],
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert built.returncode == 0, built.stderr
                package = Path(built.stdout.splitlines()[-1])
                _unpack(package, root)
    (package,) = _DIST.glob("*.deb")
    return root, package


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A display and a keyring, as everybody has them who is signed in to a computer."""
    folder = tmp_path_factory.mktemp("session")
    with xvfb.display(folder) as shown:
        kept = {**shown, "HOME": str(folder), "XDG_DATA_HOME": str(folder / "keyring")}
        with unlocked_keyring(kept):
            yield shown


@pytest.fixture
def installed(unpacked: tuple[Path, Path], screen: dict[str, str], home: Path) -> Installed:
    """The program as installed, for a person of this test's own."""
    root, package = unpacked
    env = {name: value for name, value in screen.items() if not name.startswith("PYTHON")}
    own = {name: os.environ[name] for name in _OWN}
    own |= {f"CRM_DESKTOP_{door}_PORT": str(free_port()) for door in ("HTTP", "SMTP")}
    return Installed(root, package, {**env, **own}, home)


def _unpack(package: Path, root: Path) -> None:
    draft = root.with_suffix(".draft")
    tool = processes.find_program("dpkg-deb", "dpkg")
    subprocess.run([tool, "--extract", package, draft], check=True)
    draft.rename(root)
