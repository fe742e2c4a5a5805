"""The sandbox office on a loopback port, in a thread of its own."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from crm_desktop.demo.open311.app import build
from crm_desktop.demo.open311.office import Office

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class RunningOffice:
    """An office that answers at `endpoint`."""

    office: Office
    endpoint: str


def listen(port: int = 0) -> socket.socket:
    """A loopback socket that already takes connections; port 0 is any free one."""
    # asyncio turns off Nagle's delay (40 ms an answer) only where the protocol is named.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":  # there it would let two programs share a port
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((HOST, port))
    sock.listen(64)
    return sock


def server(office: Office) -> uvicorn.Server:
    """A quiet server for this office; run it on a socket of `listen`."""
    return uvicorn.Server(
        uvicorn.Config(
            build(office),
            log_config=None,
            lifespan="off",
            ws="none",
            http="h11",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
    )


@contextmanager
def run_in_thread(office: Office, port: int = 0) -> Iterator[RunningOffice]:
    """Serve the office until the block ends."""
    with listen(port) as sock:
        running = server(office)
        thread = threading.Thread(target=running.run, args=([sock],), name="open311-sandbox")
        thread.start()
        try:
            yield RunningOffice(office, f"http://{HOST}:{sock.getsockname()[1]}")
        finally:
            running.should_exit = True
            thread.join()
