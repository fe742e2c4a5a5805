"""How each kind of fault is begun, and how it is mended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from tests.e2e.bad_days.troubles import HOLD
from tests.faults.plan import Fault, Kind
from tests.faults.programs import Gateway, Worker, limit_files
from tests.faults.world import World
from tests.servers import processes

_PAGE = 4096
Mend = Callable[[], None]


def begin(world: World, fault: Fault) -> Mend:
    """Break it; what is returned mends it again, and is called once."""
    return _WAYS[fault.kind](world, fault)


def _nothing() -> None:
    """Nothing is left to mend."""


def _kill_gateway(world: World, fault: Fault) -> Mend:
    gateway = _gateway(world, fault)
    gateway.kill()
    return gateway.start


def _freeze_gateway(world: World, fault: Fault) -> Mend:
    gateway = _gateway(world, fault)
    if not gateway.program.alive:
        return _nothing
    gateway.freeze()
    return gateway.thaw


def _kill_desktop(world: World, _fault: Fault) -> Mend:
    return _kill(world.desktop)


def _kill_advisor(world: World, fault: Fault) -> Mend:
    return _kill(world.hands[fault.which % len(world.hands)])


def _kill(worker: Worker) -> Mend:
    worker.kill()
    return worker.start


def _gateway(world: World, fault: Fault) -> Gateway:
    return world.gateways[fault.which % len(world.gateways)]


def _kill_server(world: World, _fault: Fault) -> Mend:
    assert world.cluster is not None
    world.cluster.kill9()
    return lambda: start_server(world)


def _stop_server(world: World, _fault: Fault) -> Mend:
    assert world.cluster is not None
    world.cluster.stop("immediate")
    return lambda: start_server(world)


def start_server(world: World) -> None:
    """Start PostgreSQL unless it runs, or its disk is full: then it is started with the room."""
    if world.disk is not None and world.disk.full:
        return
    if world.cluster is not None and world.cluster.pid() is None:
        # A server that died by itself leaves its note, and its number may be somebody's by now.
        Path(world.cluster.directory, "data", "postmaster.pid").unlink(missing_ok=True)
        world.cluster.start()


def _kill_backend(world: World, fault: Fault) -> Mend:
    """The server ends all its sessions and recovers by itself."""
    assert world.cluster is not None
    server = world.cluster.pid()
    if server is not None:
        backends = _backends(server)
        if backends:
            with suppress(ProcessLookupError):
                os.kill(backends[fault.which % len(backends)], signal.SIGKILL)
    return lambda: start_server(world)


def _backends(server: int) -> list[int]:
    """The processes that serve somebody from our database."""
    listing = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    found = []
    for child in listing:
        with suppress(FileNotFoundError, ProcessLookupError):
            if b" centre " in Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" "):
                found.append(int(child))
    return found


def _cut(world: World, _fault: Fault) -> Mend:
    assert world.proxy is not None
    world.proxy.cut()
    return world.proxy.mend


def _silence(world: World, fault: Fault) -> Mend:
    """First nothing comes through; at the end the connections are lost, or everything arrives."""
    proxy = world.proxy
    assert proxy is not None
    proxy.silence()

    def mend() -> None:
        if fault.which % 2:
            proxy.cut()
        proxy.mend()

    return mend


def _fill_disk(world: World, fault: Fault) -> Mend:
    disk = world.disk
    assert disk is not None
    if world.cluster is None and fault.which % 2:
        return _limit_files(world, fault)
    disk.fill()

    def mend() -> None:
        disk.make_room()
        start_server(world)

    return mend


def _limit_files(world: World, fault: Fault) -> Mend:
    """A quota: the disk is full for one of those who write, or for all."""
    writers = [each.program.pid for each in world.gateways] + [each.pid for each in world.workers]
    if fault.which % 3:
        writers = [writers[fault.which % len(writers)]]
    for pid in writers:
        limit_files(pid, _PAGE)

    def mend() -> None:
        for pid in writers:
            limit_files(pid, None)

    return mend


def _lock(world: World, _fault: Fault) -> Mend:
    holder = processes.start(
        [sys.executable, "-c", HOLD, str(world.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    with suppress(RuntimeError):  # it was not lucky: the others write without a pause
        processes.read_line(holder, "the lock", 5)
    begun = time.monotonic()

    def mend() -> None:
        # Longer than anybody waits for a lock, every other time.
        if _fault.which % 2:
            time.sleep(max(0.0, 5.5 - (time.monotonic() - begun)))
        processes.stop(holder)

    return mend


_WAYS: Mapping[Kind, Callable[[World, Fault], Mend]] = {
    Kind.KILL_GATEWAY: _kill_gateway,
    Kind.KILL_DESKTOP: _kill_desktop,
    Kind.KILL_ADVISOR: _kill_advisor,
    Kind.FREEZE_GATEWAY: _freeze_gateway,
    Kind.KILL_SERVER: _kill_server,
    Kind.KILL_BACKEND: _kill_backend,
    Kind.STOP_SERVER: _stop_server,
    Kind.CUT: _cut,
    Kind.SILENCE: _silence,
    Kind.DISK_FULL: _fill_disk,
    Kind.LOCKED: _lock,
}
