"""The line to one network's web interface: bounded exchanges, and every trouble in plain words.

Redirects are never followed: requests carry keys, and a network that has moved is for an
administrator to look at. Answers are read up to a limit and for a limited time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

import httpx

from crm_desktop.channels.social import reading
from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.domain.social import MAX_PICTURE

MAX_ANSWER: Final = 8 * 1024 * 1024
#: An answer that trickles in is given up after this many times the timeout.
_PATIENCE: Final = 3
#: How exactly we know a network's clock; and an earlier try may have begun a little sooner.
CLOCKS_APART: Final = timedelta(minutes=1)
#: However long a network asks us to wait, seconds.
LONGEST_WAIT: Final = 86_400.0
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
#: No request has left when one of these is raised.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def fine(self) -> bool:
        """Whether the network did what it was asked."""
        return 200 <= self.status < 300

    def record(self) -> Mapping[str, object]:
        """Its JSON object; an empty one when it has none."""
        try:
            return reading.record(reading.read(self.body))
        except reading.Unreadable:
            return {}

    def at(self) -> datetime | None:
        """The network's own time."""
        try:
            return parsedate_to_datetime(self.headers.get("date", "")).astimezone(UTC)
        except (ValueError, TypeError, OverflowError):
            return None


class Web:
    """One network's HTTP connection pool; raises ConnectorTrouble and nothing else."""

    def __init__(self, network: str, base: str, timeout: float) -> None:
        """`network` is its name in words; `timeout` seconds are for each step."""
        self._network = network
        self._base = base.rstrip("/")
        #: How far the network's clock is ahead of ours, by its last answer.
        self.ahead = timedelta()
        self._patience = timeout * _PATIENCE
        self._http = httpx.Client(
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
            headers={"User-Agent": "CRM-Desktop"},
        )

    def close(self) -> None:
        """End every connection."""
        self._http.close()

    def ask(self, method: str, path: str, **what: object) -> Answer:
        """One exchange; the trouble of one that got no answer says what became of it."""
        with self._told_plainly():
            request = self._http.build_request(method, f"{self._base}/{path}", **what)  # type: ignore[arg-type]  # httpx has no type for these
            response = self._http.send(request, stream=True)
            try:
                body = self._body(response)
            finally:
                response.close()
        if 300 <= response.status_code < 400:
            words = f"{self._network} has moved; an administrator must enter its new address"
            raise ConnectorTrouble(words, retry=False, fate="refused")
        answer = Answer(response.status_code, response.headers, body)
        if told := answer.at():
            self.ahead = told - datetime.now(UTC)
        return answer

    def fetch(
        self, address: str, hosts: Sequence[str], headers: Mapping[str, str] | None = None
    ) -> bytes:
        """A picture at one of the network's own hosts, or at the interface's.

        Whoever writes to us may choose the address: others are not asked.
        """
        if not self._is_ours(address, hosts):
            raise ConnectorTrouble("A picture stands elsewhere", retry=False)
        # Unpacked, a small picture could become a large one.
        wanted = {"Accept-Encoding": "identity", **(headers or {})}
        with self._told_plainly(), self._http.stream("GET", address, headers=wanted) as response:
            content = self._body(response, MAX_PICTURE)
        if response.status_code != 200:
            raise ConnectorTrouble("A picture is not there", retry=False)
        return content

    def _is_ours(self, address: str, hosts: Sequence[str]) -> bool:
        try:
            parts = urlsplit(address)
            asked = (parts.scheme, parts.hostname or "", parts.port)
        except ValueError:
            return False
        base = urlsplit(self._base)
        if asked == (base.scheme, base.hostname, base.port):
            return True
        scheme, host, port = asked
        known = any(host == each or host.endswith(f".{each}") for each in hosts)
        return scheme == "https" and port in (None, 443) and not parts.username and known

    def _body(self, response: httpx.Response, most: int = MAX_ANSWER) -> bytes:
        """The answer's bytes, at most `most`, within the line's patience."""
        until = time.monotonic() + self._patience
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > most:
                words = f"The answer of {self._network} is too large"
                raise ConnectorTrouble(words, retry=False, fate="unknown")
            if time.monotonic() > until:
                raise httpx.ReadTimeout("trickled")
        return bytes(body)

    @contextmanager
    def _told_plainly(self) -> Iterator[None]:
        """HTTP's troubles as ours."""
        try:
            yield
        except _NOT_SENT as trouble:
            words = (
                f"The certificate of {self._network} cannot be trusted, so nothing was sent"
                if "CERTIFICATE_VERIFY_FAILED" in str(trouble)
                else f"{self._network} cannot be reached"
            )
            raise ConnectorTrouble(words, retry=True, fate="not_sent") from trouble
        except httpx.TimeoutException as trouble:
            words = f"{self._network} did not answer in time"
            raise ConnectorTrouble(words, retry=True, fate="unknown") from trouble
        except httpx.InvalidURL as trouble:
            words = f"The address of {self._network} cannot be used"
            raise ConnectorTrouble(words, retry=False, fate="not_sent") from trouble
        except (httpx.HTTPError, httpx.StreamError, OSError) as trouble:
            words = f"The connection to {self._network} broke off"
            raise ConnectorTrouble(words, retry=True, fate="unknown") from trouble


def address_problem(address: str, home: str) -> str:
    """What is wrong with the address of an interface, or nothing.

    Who may enter it need not be who holds the keys: they go to the network's own host over https,
    or to this computer, and nowhere else.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "Not a web address"
    if parts.username or parts.query or parts.fragment:
        return "Enter the address alone, with no name, question mark or #"
    if host in LOOPBACK and parts.scheme in ("http", "https"):
        return ""
    if (parts.scheme, host) != ("https", home) or port not in (None, 443):
        return f"Enter an address that begins with https://{home}"
    return ""


def busy(network: str, seconds: float) -> ConnectorTrouble:
    """The network will not listen before so many seconds have passed."""
    wait = min(max(1.0, seconds), LONGEST_WAIT)
    return ConnectorTrouble(
        f"{network} asks us to wait {_in_words(wait)}",
        retry=True,
        fate="not_sent",
        after_seconds=wait,
    )


def _in_words(seconds: float) -> str:
    if seconds < 90:
        return f"{round(seconds)} seconds"
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"
