"""What holds for every test: an own home, no outside network, servers shared by all workers."""

import gc
import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from pytestqt.wait_signal import SignalBlocker

from crm_desktop.desktop.core.garbage import Garbage
from tests import network_guard, on_display
from tests.servers.asterisk import Asterisk, shared_asterisk
from tests.servers.postgres import PostgresCluster, shared_cluster
from tests.shared_directory import SharedDirectory

_SHARED = "CRM_TEST_SHARED"
_NUMBERS = count()
# The user's screen, message bus and keyring are not for tests.
_NO_SESSION = {
    "QT_QPA_PLATFORM": "offscreen",
    "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",
    "DISPLAY": "",
    "WAYLAND_DISPLAY": "",
}
_owned = pytest.StashKey[SharedDirectory]()

hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

network_guard.install()


def pytest_configure(config: pytest.Config) -> None:
    """Give the run its shared directory; workers and child runs are told of it."""
    if _SHARED not in os.environ:
        config.stash[_owned] = SharedDirectory()
        os.environ[_SHARED] = str(config.stash[_owned].path)
    os.environ.update(_home_environment(_new_home()))
    if not on_display.is_child():
        os.environ.update(_NO_SESSION)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave long runs to who asks for them; send the tests that need a real display to one."""
    for kind in ("faults", "simulation"):
        if kind not in config.option.markexpr:
            long = [item for item in items if item.get_closest_marker(kind)]
            items[:] = [item for item in items if item not in long]
            config.hook.pytest_deselected(items=long)
    on_display.redirect(items)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the display, and the shared servers where this process owns them."""
    on_display.close(config)
    if owned := config.stash.get(_owned, None):
        owned.close()
        del os.environ[_SHARED]


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory for this test alone, so that none sees the user's files or settings."""
    path = _new_home()
    for name, value in _home_environment(path).items():
        monkeypatch.setenv(name, value)
    return path


@pytest.fixture(autouse=True)
def _only_this_computer() -> Iterator[None]:
    network_guard.violations.clear()
    yield
    assert not network_guard.violations, f"left this computer: {network_guard.violations}"


@pytest.fixture(scope="session")
def _garbage() -> Garbage:
    """What was loaded to find the tests stays, and is not looked through after each of them."""
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    return Garbage()


@pytest.fixture(autouse=True)
def _garbage_of_this_thread(_garbage: Garbage) -> Iterator[None]:
    """As in the desktop: no worker's thread destroys what belongs to the GUI's."""
    yield
    _garbage.sweep()


@pytest.fixture(scope="session")
def shared_directory() -> Path:
    """A directory that all workers of this run share and the run removes."""
    return Path(os.environ[_SHARED])


@pytest.fixture(scope="session")
def postgres_cluster(shared_directory: Path) -> PostgresCluster:
    """The suite's PostgreSQL; take a database of your own from it and never stop it."""
    return shared_cluster(shared_directory)


@pytest.fixture
def own_postgres(shared_directory: Path) -> Iterator[PostgresCluster]:
    """A PostgreSQL for this test alone, which may stop and kill it."""
    cluster = PostgresCluster.create(shared_directory / f"own-{os.getpid()}-{next(_NUMBERS)}")
    yield cluster
    cluster.destroy()


@pytest.fixture(scope="session")
def asterisk(shared_directory: Path) -> Asterisk:
    """The suite's Asterisk, for what needs neither its application `crm` nor its trunk alone."""
    return shared_asterisk(shared_directory)


@pytest.fixture
def own_asterisk(shared_directory: Path) -> Iterator[Asterisk]:
    """An Asterisk for this test alone, which may stop and kill it."""
    made = Asterisk.create(shared_directory / f"asterisk-{os.getpid()}-{next(_NUMBERS)}")
    yield made
    made.destroy()


class PatientBot(QtBot):
    """Waits as long as a busy computer may need; of pytest-qt's own five seconds some fail."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = 12_000) -> None:
        """See QtBot."""
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = 12_000, **how: Any) -> SignalBlocker:
        """See QtBot."""
        return super().waitSignal(signal, timeout=timeout, **how)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    """In place of pytest-qt's."""
    return PatientBot(request)


def _new_home() -> Path:
    path = Path(os.environ[_SHARED], "homes", f"{os.getpid()}-{next(_NUMBERS)}")
    path.mkdir(mode=0o700, parents=True)
    return path


def _home_environment(path: Path) -> dict[str, str]:
    return {
        "HOME": str(path),
        "USERPROFILE": str(path),
        "XDG_CONFIG_HOME": str(path / "config"),
        "XDG_DATA_HOME": str(path / "data"),
        "XDG_CACHE_HOME": str(path / "cache"),
        "XDG_STATE_HOME": str(path / "state"),
    }
