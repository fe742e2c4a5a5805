"""An SMTP listener for centres that forward mail here: "accepted" means committed."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import logging
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from aiosmtpd.smtp import SMTP

from crm_desktop.channels.email.addresses import parse_addresses, parse_ids
from crm_desktop.channels.email.automatic import LOOP_HEADER
from crm_desktop.channels.email.headers import split_headers
from crm_desktop.channels.email.problems import Problems
from crm_desktop.channels.email.settings import MEGABYTE, is_loopback
from crm_desktop.domain.errors import (
    ConnectorTrouble,
    CrmError,
    DatabaseFull,
    InvalidInput,
    TooLarge,
)

#: What to do with an accepted mail: raw bytes, envelope sender, envelope recipients. It returns
#: only when the mail is safe, and raises CrmError when it is not.
Deliver = Callable[[bytes, str, tuple[str, ...]], None]

MAX_HOPS = 30
MAX_RECIPIENTS = 100
MAX_SESSIONS = 10
_log = logging.getLogger(__name__)


def envelope_id(raw: bytes, sender: str, recipients: tuple[str, ...]) -> str:
    """The channel's own id of a mail: the same when a server sends it again after a lost answer."""
    envelope = "\0".join((sender, *sorted(recipients))).encode("utf-8", "surrogateescape")
    return hashlib.sha256(hashlib.sha256(envelope).digest() + raw).hexdigest()


class MailListener:
    """Listens from `start` to `stop` on a thread of its own; deliveries run on a few more.

    `domains` are the centre's own; when given, mail for others is refused. `port` 0 takes a free
    one. `size_limit` in bytes. Hosts beyond this machine need `allow_remote`.
    """

    def __init__(
        self,
        host: str,
        port: int,
        deliver: Deliver,
        *,
        domains: frozenset[str] = frozenset(),
        size_limit: int = 50 * MEGABYTE,
        allow_remote: bool = False,
    ) -> None:
        if not allow_remote and not is_loopback(host):
            raise InvalidInput(
                "Listening for mail from other machines must be allowed expressly.",
                fields={"host": "Not this machine"},
            )
        self._address = (host, port)
        self._deliver = deliver
        self._domains = frozenset(each.lower() for each in domains)
        self._size_limit = size_limit
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._socket: socket.socket | None = None
        self.sessions: set[asyncio.BaseTransport] = set()

    @property
    def port(self) -> int:
        """The port listened on, once started."""
        return int(self._socket.getsockname()[1]) if self._socket else self._address[1]

    def start(self) -> None:
        """Listen; raises ConnectorTrouble when the address cannot be had."""
        host, port = self._address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._socket = socket.create_server((host, port), family=family)
        except OSError as error:
            words = f"Cannot listen for mail on port {port}: {error.strerror}."
            raise ConnectorTrouble(words, retry=True) from error
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(self._socket, ready), name="mail-listener", daemon=True
        )
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        """Refuse new mail, let deliveries under way finish, and return when all is over."""
        if self._loop is not None and self._thread is not None:
            with suppress(RuntimeError):  # the loop has already ended
                self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop = self._thread = self._socket = None

    def _run(self, listening: socket.socket, ready: threading.Event) -> None:
        self._loop = loop = asyncio.new_event_loop()
        pool = ThreadPoolExecutor(MAX_SESSIONS, thread_name_prefix="mail-delivery")
        handler = _Handler(pool, self._deliver, self._domains, self._size_limit)
        server = loop.run_until_complete(
            loop.create_server(
                lambda: _Session(self.sessions, handler, self._size_limit, loop), sock=listening
            )
        )
        ready.set()
        try:
            loop.run_forever()
        finally:
            server.close()
            for transport in list(self.sessions):
                transport.close()
            pool.shutdown(wait=True)
            loop.run_until_complete(_cancel_all())
            loop.run_until_complete(server.wait_closed())
            loop.close()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class _Session(SMTP):
    """One client; the library keeps a mail beyond the size limit out of memory while it counts."""

    #: The standard's 1000 characters are exceeded by too many real mailers to insist on.
    line_length_limit = 128 * 1024

    def __init__(
        self,
        sessions: set[asyncio.BaseTransport],
        handler: _Handler,
        size_limit: int,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(
            handler,
            data_size_limit=size_limit,
            enable_SMTPUTF8=True,
            hostname="localhost",
            ident="CRM Desktop",
            loop=loop,
        )
        self._sessions = sessions

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Serve the client, unless too many are being served."""
        if len(self._sessions) >= MAX_SESSIONS and isinstance(transport, asyncio.Transport):
            transport.write(b"421 4.3.2 Too many connections, please try again later\r\n")
            transport.close()
            return
        self._sessions.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the client."""
        if self.transport is None:  # it was never served
            return
        self._sessions.discard(self.transport)
        super().connection_lost(error)

    def eof_received(self) -> bool | None:
        """The client has nothing more to say."""
        return None if self.transport is None else super().eof_received()

    def data_received(self, data: bytes) -> None:
        """What the client says; one that was turned away is not listened to."""
        if self.transport is not None:
            super().data_received(data)


class _Handler:
    """The answers to RCPT and DATA."""

    def __init__(
        self, pool: ThreadPoolExecutor, deliver: Deliver, domains: frozenset[str], size_limit: int
    ) -> None:
        self._pool = pool
        self._deliver = deliver
        self._domains = domains
        self._size_limit = size_limit

    async def handle_RCPT(
        self, _server: SMTP, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        """Take a recipient of ours."""
        domain = address.rpartition("@")[2].lower()
        if self._domains and domain not in self._domains:
            return "550 5.7.1 Not an address of this centre"
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:
        """Take a mail for good, or say why not."""
        raw = bytes(envelope.content)
        if len(raw) > self._size_limit:
            return "552 5.3.4 The message is too large"
        if self._loops(raw):
            return "554 5.4.6 The message goes round in a loop"
        recipients = tuple(envelope.rcpt_tos)
        sender = str(envelope.mail_from or "")
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._pool, self._deliver, raw, sender, recipients)
        except Exception as error:  # noqa: BLE001  whatever it is, the mail is not safe
            return _refusal(error)
        return "250 2.0.0 The message is safe"

    def _loops(self, raw: bytes) -> bool:
        headers, _ = split_headers(raw, 0, len(raw), Problems())
        if len(headers.all("received")) > MAX_HOPS:
            return True
        if not headers.has(LOOP_HEADER.lower()):
            return False
        # Another centre's mail bears the same mark and is welcome.
        written_at = {
            each.rpartition("@")[2].strip(">") for each in parse_ids(headers.raw("message-id"))
        }
        written_at |= {
            each.address.rpartition("@")[2] for each in parse_addresses(headers.raw("from"))
        }
        return not self._domains or bool({each.lower() for each in written_at} & self._domains)


def _refusal(error: Exception) -> str:
    match error:
        case TooLarge():
            return "552 5.3.4 The message is too large"
        case DatabaseFull():
            return "452 4.3.1 No room left, please try again later"
        case OSError(errno=errno.ENOSPC):
            return "452 4.3.1 No room left, please try again later"
        case InvalidInput():
            return "554 5.6.0 The message cannot be taken"
        case CrmError():
            _log.warning("A mail was put off: %s", error.code)
        case _:
            _log.error("A mail was put off by a bug: %s", type(error).__name__)
    return "451 4.3.0 Not now, please try again later"
