"""An office that answers every question with the same bytes, however wrong they are."""

from __future__ import annotations

import contextlib
import socketserver
import ssl
import threading
from collections.abc import Iterator


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        office = self.server
        assert isinstance(office, RawOffice)
        with contextlib.suppress(OSError):
            self._hear(office)
            head, body = office.reply, b""
            if office.pause:
                head, _, body = office.reply.partition(b"[")
            self.wfile.write(head)
            for each in body:
                self.wfile.write(bytes([each]))
                office.closing.wait(office.pause)

    def _hear(self, office: RawOffice) -> None:
        head, length = b"", 0
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            head += line
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        office.heard.append(head + b"\r\n" + self.rfile.read(length))


class RawOffice(socketserver.ThreadingTCPServer):
    """`reply` is sent as it is; `heard` are the exchanges that came.

    With a `pause` (seconds) what follows the first bracket comes a byte at a time.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.reply = b""
        self.heard: list[bytes] = []
        self.pause = 0.0
        self.closing = threading.Event()

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answers(self, body: bytes, *, status: str = "200 OK", headers: str = "") -> None:
        """Send a well-formed answer from now on."""
        head = f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n"
        self.reply = f"{head}Connection: close\r\n\r\n".encode() + body


@contextlib.contextmanager
def raw_office(tls: ssl.SSLContext | None = None) -> Iterator[RawOffice]:
    """One on a free port until the block ends."""
    with RawOffice() as office:
        if tls:
            office.socket = tls.wrap_socket(office.socket, server_side=True)
        thread = threading.Thread(target=office.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield office
        finally:
            office.closing.set()
            office.shutdown()
            thread.join()
