"""Reading a mailbox over IMAP: what is new, pushed when the server can, never marked too early."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from imapclient import SEEN, IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError, LoginError

from crm_desktop.channels.email.parse import parse_mail
from crm_desktop.channels.email.settings import ImapSettings, Security, tls_context
from crm_desktop.channels.email.trouble import network_trouble
from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.domain.messages import InboundMessage

#: How much of a mail over the size limit is read, in bytes.
BEGINNING = 256 * 1024
#: IDLE is renewed this often, in seconds: what a server said while IDLE began is heard then.
RENEW_IDLE = 30.0
#: UIDs asked for at once: one line of answer has a limit, and mailboxes hold years of mail.
SEARCH_WINDOW = 50_000
_NEWS = (b"EXISTS", b"RECENT")


@dataclass(frozen=True, slots=True)
class FetchedMail:
    """One mail of the mailbox; `raw` is whole, or the beginning when `problem` says so.

    `size` is the whole mail's, in bytes. `raw` is None for a mail that vanished while it was read.
    """

    uid: int
    uidvalidity: int
    raw: bytes | None
    size: int
    problem: str = ""

    @property
    def external_id(self) -> str:
        """The channel's own id of this mail within its account."""
        return f"{self.uidvalidity}:{self.uid}"


def read_fetched(mail: FetchedMail) -> InboundMessage:
    """What a fetched mail says, with what was wrong about fetching it."""
    found = parse_mail(mail.raw or b"", external_id=mail.external_id)
    if not mail.problem:
        return found
    return replace(found, problems=(mail.problem, *found.problems))


class ImapInbox:
    """One mailbox, used from one thread; only `stop` may be called from another.

    Every method raises ConnectorTrouble and leaves the connection closed; the next call makes a
    new one.
    """

    def __init__(self, settings: ImapSettings) -> None:
        self._settings = settings
        self._client: Any = None  # the library has no types
        self._uidvalidity = 0
        self._uids: list[int] = []
        self._stopped = False
        self._ear, self._bell = socket.socketpair()

    @property
    def uidvalidity(self) -> int:
        """The mailbox's UIDVALIDITY, 0 before the first connection."""
        return self._uidvalidity

    @property
    def can_push(self) -> bool:
        """Whether the server of the open connection offers IDLE."""
        return self._client is not None and bool(self._client.has_capability("IDLE"))

    def connect(self) -> None:
        """Connect, sign in and open the folder; nothing happens when that is already so."""
        if self._client is not None:
            return
        host = self._settings.host
        with self._speaking():
            self._client = self._dial()
            try:
                self._client.login(self._settings.user, self._settings.password)
            except LoginError as error:
                retry = "UNAVAILABLE" in str(error) or "INUSE" in str(error)
                words = f"{host} refused the user name or the password."
                raise ConnectorTrouble(words, retry=retry) from None
            try:
                opened = self._client.select_folder(self._settings.folder)
            except IMAPClientError as error:
                self._client.noop()  # raises when it was the connection that failed
                words = f"{host} has no folder called {self._settings.folder}."
                raise ConnectorTrouble(words, retry=False) from error
            self._uidvalidity = int(opened.get(b"UIDVALIDITY", 0))
            self._uids = []

    def fetch_new(self, uidvalidity: int, last_uid: int, limit: int) -> list[FetchedMail]:
        """The oldest mails above `last_uid`, at most `limit`, none marked as seen.

        When the mailbox's UIDVALIDITY is no longer `uidvalidity` (it was rebuilt), UIDs mean
        nothing any more and reading begins again with the first mail; the caller sees it in the
        mails' `uidvalidity`. Fewer than `limit` come when they are large: read on until none come.
        """
        self.connect()
        after = last_uid if uidvalidity == self._uidvalidity else 0
        found: list[FetchedMail] = []
        room = self._settings.largest_mail
        with self._speaking():
            for uid, size in self._waiting(after, limit):
                room -= size if size <= self._settings.largest_mail else BEGINNING
                if found and room < 0:
                    break
                found.append(self._fetch(uid, size))
        return found

    def wait(self, timeout: float) -> bool:
        """Wait until mail may have come, `timeout` seconds passed, or `stop`; True for the first.

        By IDLE where the server has it, else by asking every `poll_seconds`.
        """
        self.connect()
        deadline = time.monotonic() + timeout
        with self._speaking():
            while not self._stopped:
                if self._news(self._client.noop()[1]):
                    return True
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                if self.can_push:
                    if self._idle(min(left, RENEW_IDLE)):
                        return True
                else:
                    self._listen(min(left, self._settings.poll_seconds))
        return False

    def mark_seen(self, uids: Iterable[int]) -> None:
        """Show mails as read to whoever else looks into the mailbox; only after the commit."""
        wanted = list(uids)
        if not wanted:
            return
        self.connect()
        with self._speaking():
            self._client.add_flags(wanted, [SEEN], silent=True)

    def stop(self) -> None:
        """End a `wait` at once, and every later one; may be called from any thread."""
        self._stopped = True
        with suppress(OSError):
            self._bell.send(b"!")

    def close(self) -> None:
        """Sign out and let go of everything; the inbox cannot be used again."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(OSError, IMAPClientError):
                client.logout()
        self._ear.close()
        self._bell.close()

    def _dial(self) -> Any:
        settings = self._settings
        context = None if settings.security is Security.PLAIN else tls_context(settings.ca_file)
        client = IMAPClient(
            settings.host,
            settings.port,
            use_uid=True,
            ssl=settings.security is Security.TLS,
            ssl_context=context,
            timeout=SocketTimeout(connect=min(settings.timeout, 15), read=settings.timeout),
        )
        if settings.security is Security.STARTTLS:
            try:
                client.starttls(context)
            except IMAPClientError as error:
                _drop(client)
                words = f"{settings.host} offers no STARTTLS; nothing was sent to it."
                raise ConnectorTrouble(words, retry=False) from error
            except OSError:
                _drop(client)
                raise
        return client

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Turn what the connection raises into ConnectorTrouble, and let go of it."""
        try:
            yield
        except ConnectorTrouble:
            self._let_go()
            raise
        except OSError as error:
            self._let_go()
            raise network_trouble(error, self._settings.host) from error
        except IMAPClientError as error:
            self._let_go()
            words = f"{self._settings.host} ended or garbled the conversation."
            raise ConnectorTrouble(words, retry=True) from error

    def _let_go(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            _drop(client)

    def _waiting(self, after: int, limit: int) -> list[tuple[int, int]]:
        """(UID, size) of the first mails above `after`; a long list of UIDs is got but once."""
        self._uids = [uid for uid in self._uids if uid > after]
        if not self._uids:
            folder = self._settings.folder
            end = int(self._client.folder_status(folder, ["UIDNEXT"]).get(b"UIDNEXT", 0))
            for low in range(after + 1, end, SEARCH_WINDOW):
                span = f"{low}:{low + SEARCH_WINDOW - 1}"
                self._uids = sorted(self._client.search(["UID", span]))
                if self._uids:
                    break
        wanted = self._uids[:limit]
        sizes = self._client.fetch(wanted, ["RFC822.SIZE"]) if wanted else {}
        return [(uid, int(sizes.get(uid, {}).get(b"RFC822.SIZE", 0))) for uid in wanted]

    def _fetch(self, uid: int, size: int) -> FetchedMail:
        large = size > self._settings.largest_mail
        item = f"BODY.PEEK[]<0.{BEGINNING}>" if large else "BODY.PEEK[]"
        data = self._client.fetch([uid], [item]).get(uid, {})
        raw = data.get(b"BODY[]<0>" if large else b"BODY[]")
        problem = ""
        if large:
            limit = _megabytes(self._settings.largest_mail)
            problem = (
                f"The mail has {_megabytes(size)}, more than the {limit} that are read: only its "
                "beginning is shown. The whole mail is still in the mailbox."
            )
        elif raw is None:
            problem = "The mail was removed from the mailbox before it could be read."
        return FetchedMail(uid, self._uidvalidity, raw, size, problem)

    def _idle(self, seconds: float) -> bool:
        self._client.idle()
        heard = self._listen(seconds)
        said = self._client.idle_check(timeout=0) if heard else []
        # A dead connection reads as "nothing was said"; only this command notices.
        _, rest = self._client.idle_done()
        return self._news([*said, *rest])

    def _listen(self, seconds: float) -> bool:
        """Wait until the server says something (True), time is over, or `stop` rings."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._client.socket(), selectors.EVENT_READ, "server")
            selector.register(self._ear, selectors.EVENT_READ, "stop")
            return any(key.data == "server" for key, _ in selector.select(seconds))

    @staticmethod
    def _news(said: Iterable[Any]) -> bool:
        return any(len(each) > 1 and each[1] in _NEWS for each in said)


def _drop(client: Any) -> None:
    with suppress(OSError, IMAPClientError):
        client.shutdown()


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MB".replace(".0 ", " ")
