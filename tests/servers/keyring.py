"""A real Secret Service (gnome-keyring) with an unlocked collection of its own."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.servers import processes
from tests.servers.session_bus import session_bus


@contextmanager
def secret_service(directory: Path) -> Iterator[dict[str, str]]:
    """Run a keyring below `directory`; gives the environment in which programs find it."""
    home = directory / "keyring-home"
    home.mkdir(mode=0o700)
    own = {"HOME": str(home), "XDG_DATA_HOME": str(home / "data")}
    with session_bus(directory, {**os.environ, **own}) as env, unlocked_keyring(env):
        yield env


@contextmanager
def unlocked_keyring(env: Mapping[str, str]) -> Iterator[None]:
    """Run a keyring on the session bus of `env`, which keeps it below its own XDG_DATA_HOME."""
    daemon = processes.start(
        [
            processes.find_program("gnome-keyring-daemon", "gnome-keyring"),
            *("--foreground", "--unlock", "--components=secrets"),
        ],
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert daemon.stdin is not None
    daemon.stdin.write(b"a password for the test's collection")
    daemon.stdin.close()
    try:
        processes.wait_for(lambda: _owned("org.freedesktop.secrets", env), "the keyring")
        yield
    finally:
        processes.stop(daemon)


def _owned(name: str, env: Mapping[str, str]) -> bool:
    answer = subprocess.run(
        [
            processes.find_program("dbus-send", "dbus"),
            *("--session", "--print-reply", "--dest=org.freedesktop.DBus", "/"),
            *("org.freedesktop.DBus.NameHasOwner", f"string:{name}"),
        ],
        env=env,
        capture_output=True,
        check=False,
    )
    return b"boolean true" in answer.stdout
