"""A TCP proxy that holds an answer back, so that a test can do something while it is awaited."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self


class StallingProxy:
    """Passes everything on to `port` of this computer; use it with `with`.

    The first answer that contains `words` is held until `go_on`; `held` says that it is.
    """

    def __init__(self, port: int, words: bytes) -> None:
        self._to, self._words = port, words
        self._door = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._over = False
        self._released = threading.Event()
        self.held = threading.Event()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._door.getsockname()[1])

    def go_on(self) -> None:
        """Give out what was held."""
        self._released.set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on()
        self._door.close()
        with self._lock:
            self._over = True
            _end(*self._open)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._to))
            with self._lock:
                if self._over:
                    _end(client, server)
                    return
                self._open += [client, server]
            for way in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._pass, args=way, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                if answers and self._words in data and not self.held.is_set():
                    self.held.set()
                    self._released.wait()
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


def _end(*connections: socket.socket) -> None:
    for each in connections:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
