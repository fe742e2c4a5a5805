"""A D-Bus session bus of the test's own, as every Linux desktop has one."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.servers import processes


@contextmanager
def session_bus(directory: Path, env: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Run a bus; gives `env` with its address and a private runtime directory added."""
    runtime = directory / "runtime"
    runtime.mkdir(mode=0o700)
    environment = {**env, "XDG_RUNTIME_DIR": str(runtime)}
    environment.pop("DBUS_SESSION_BUS_ADDRESS", None)
    reader, writer = os.pipe()
    bus = processes.start(
        [
            processes.find_program("dbus-daemon", "dbus"),
            *("--session", "--nofork", "--nopidfile", f"--print-address={writer}"),
            f"--address=unix:dir={runtime}",
        ],
        env=environment,
        pass_fds=[writer],
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    try:
        address = processes.read_line(bus, "the session bus", fd=reader)
        yield {**environment, "DBUS_SESSION_BUS_ADDRESS": address}
    finally:
        os.close(reader)
        processes.stop(bus)
