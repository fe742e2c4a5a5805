"""A TCP proxy that can lose what matters most: the answer to one COMMIT, or the asking.

PostgreSQL is reached through it without TLS, so that it can read the protocol.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Literal, Self

_COMMIT = b"COMMIT\x00"

Lost = Literal["answer", "question"]


class CuttingProxy:
    """Passes everything on to `port` of this computer; use it with `with`."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._door = socket.create_server(("127.0.0.1", 0))
        self._words = b""
        self._lost: Lost = "answer"
        self._open: list[socket.socket] = []
        #: Whether the connection was cut.
        self.cut = threading.Event()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._door.getsockname()[1])

    def lose(self, lost: Lost, words: bytes) -> None:
        """Cut the next connection that commits after `words`: before or after the commit."""
        self._lost, self._words = lost, words

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._door.close()
        for each in self._open:
            _close(each)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._to))
            self._open += [client, server]
            threading.Thread(target=_Way(self, client, server).ask, daemon=True).start()


class _Way:
    """One connection, both directions."""

    def __init__(self, proxy: CuttingProxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._swallow = threading.Event()

    def ask(self) -> None:
        """From the client to the server, and whether this is the commit that is waited for."""
        threading.Thread(target=self._answer, daemon=True).start()
        said = b""
        with contextlib.suppress(OSError):
            while data := self._client.recv(65_536):
                said += data
                words = self._proxy._words
                if words and words in said and _COMMIT in data:
                    self._proxy._words = b""
                    if self._proxy._lost == "question":
                        break
                    self._swallow.set()
                elif _COMMIT in data:
                    said = b""
                self._server.sendall(data)
        self._end()

    def _answer(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._server.recv(65_536):
                if self._swallow.is_set():
                    # The server has answered: it is committed, and nobody will know.
                    break
                self._client.sendall(data)
        self._end()

    def _end(self) -> None:
        # Before the client can know of it.
        if self._swallow.is_set() or self._proxy._lost == "question":
            self._proxy.cut.set()
        _close(self._server)
        _close(self._client)


def _close(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
