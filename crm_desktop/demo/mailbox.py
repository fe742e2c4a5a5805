"""The demo customers' mailbox: an SMTP server on loopback that keeps each mail as a file."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

HOST = "127.0.0.1"
_LARGEST = 60_000_000


class _AnyPort(Controller):
    """A controller that may listen at port 0, any free one."""

    def _trigger_server(self) -> None:
        # Starting ends with a call to the server, which must go to the port that it got.
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # the library has no types


class Mailbox:
    """Takes mail for anybody; each becomes `NNNN.eml` in a folder, whole or not at all."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._count = len(list(folder.glob("*.eml")))
        self._controller = _AnyPort(
            self, hostname=HOST, port=port, data_size_limit=_LARGEST, enable_SMTPUTF8=True
        )

    @property
    def port(self) -> int:
        """Where it listens once started."""
        port: int = self._controller.port
        return port

    def start(self) -> None:
        """Take mail, on a thread of its own."""
        self._controller.start()

    def stop(self) -> None:
        """Take no more."""
        self._controller.stop()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Keep one mail; called by the server."""
        self._count += 1
        path = self._folder / f"{self._count:04}.eml"
        part = path.with_suffix(".part")
        recipients = ", ".join(envelope.rcpt_tos)
        part.write_bytes(f"X-Envelope-To: {recipients}\r\n".encode() + bytes(envelope.content))
        part.replace(path)
        return "250 2.0.0 Kept"


def mails(folder: Path) -> list[EmailMessage]:
    """What has arrived, oldest first."""
    return [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in sorted(folder.glob("*.eml"))
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until ended: `python -m crm_desktop.demo.mailbox --folder DIR --port-file FILE`."""
    parser = argparse.ArgumentParser(
        prog="mailbox", description="A mailbox to receive the demo's replies in."
    )
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--port-file", type=Path)
    given = parser.parse_args(arguments)
    mailbox = Mailbox(given.folder, given.port)
    mailbox.start()
    if given.port_file:
        part = given.port_file.with_suffix(".part")
        part.write_text(str(mailbox.port), encoding="ascii")
        part.replace(given.port_file)
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        mailbox.stop()


if __name__ == "__main__":
    main()
