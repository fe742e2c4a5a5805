"""The line to one office: one exchange at a time, bounded, and every trouble told in plain words.

Redirects are never followed: the form carries the key and personal data, and an office that has
moved is for an administrator to look at. Answers are read up to a limit, decompressed here so that
a small answer cannot unfold into a large one.
"""

from __future__ import annotations

import ssl
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlencode

import httpx

from crm_desktop.backoffice.open311 import wire
from crm_desktop.backoffice.open311.form import Fields
from crm_desktop.backoffice.open311.settings import Open311Settings
from crm_desktop.domain.errors import ConnectorTrouble

MAX_ANSWER: Final = 2 * 1024 * 1024

#: An answer that trickles in is given up after this many times the timeout.
PATIENCE: Final = 3

#: However long an office asks us to wait, seconds.
LONGEST_WAIT: Final = 86_400.0

#: No request has left when one of these is raised.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

#: Refusals that pass by themselves.
_PASSING = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer's document."""

    status: int
    body: bytes

    def tree(self) -> object:
        """The document as plain values; raises wire.Unreadable."""
        return wire.read(self.body)


class Line:
    """One office's HTTP connection pool; raises ConnectorTrouble and nothing else."""

    def __init__(self, settings: Open311Settings, secret: str) -> None:
        self._base = settings.endpoint.rstrip("/")
        self._patience = settings.timeout * PATIENCE
        self._secret = secret
        try:
            trusted = ssl.create_default_context(cafile=settings.ca_file or None)
        except (OSError, ssl.SSLError) as trouble:
            raise ConnectorTrouble(
                "The file of trusted certificates for this office cannot be read",
                retry=False,
                fate="not_sent",
            ) from trouble
        self._http = httpx.Client(
            timeout=settings.timeout,
            verify=trusted,
            follow_redirects=False,
            trust_env=not settings.on_this_machine,
            headers={"Accept-Encoding": "identity", "User-Agent": "CRM-Desktop"},
        )

    def close(self) -> None:
        """End every connection."""
        self._http.close()

    def get(self, path: str, query: dict[str, str]) -> Answer:
        """Read a resource."""
        given = {name: value for name, value in query.items() if value}
        return self._exchange("GET", path, params=given)

    def post(
        self,
        path: str,
        fields: Fields,
        headers: dict[str, str],
        upload: tuple[str, tuple[str, bytes, str]] | None,
    ) -> Answer:
        """Send a form, as multipart when a file (field, (name, content, type)) goes with it."""
        if upload:
            data: dict[str, list[str]] = {}
            for name, value in fields:
                data.setdefault(name, []).append(value)
            return self._exchange("POST", path, data=data, files=dict([upload]), headers=headers)
        kind = "application/x-www-form-urlencoded; charset=utf-8"
        body = urlencode(fields, errors="replace").encode("ascii")
        return self._exchange("POST", path, content=body, headers={**headers, "Content-Type": kind})

    def _exchange(self, method: str, path: str, **what: object) -> Answer:
        with self._told_plainly():
            request = self._http.build_request(method, f"{self._base}/{path}", **what)  # type: ignore[arg-type]  # httpx has no type for these
            response = self._http.send(request, stream=True)
            try:
                body = self._body(response)
            finally:
                response.close()
        if not 200 <= response.status_code < 300:
            raise self._refusal(response, body)
        return Answer(response.status_code, body)

    @contextmanager
    def _told_plainly(self) -> Iterator[None]:
        """The network's troubles as ours."""
        try:
            yield
        except _NOT_SENT as trouble:
            raise ConnectorTrouble(
                _no_connection(trouble), retry=True, fate="not_sent"
            ) from trouble
        except httpx.TimeoutException as trouble:
            raise ConnectorTrouble(
                "The office did not answer in time", retry=True, fate="unknown"
            ) from trouble
        except httpx.InvalidURL as trouble:
            raise ConnectorTrouble(
                "The office's address cannot be used", retry=False, fate="not_sent"
            ) from trouble
        except (httpx.HTTPError, zlib.error, OSError) as trouble:
            raise ConnectorTrouble(
                "The connection to the office broke off", retry=True, fate="unknown"
            ) from trouble

    def _body(self, response: httpx.Response) -> bytes:
        """The answer's bytes, at most MAX_ANSWER, within the line's patience."""
        packed = response.headers.get("Content-Encoding", "identity").lower() != "identity"
        unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32) if packed else None
        until = time.monotonic() + self._patience
        body = bytearray()
        for chunk in response.iter_raw():
            body += unpack.decompress(chunk, MAX_ANSWER) if unpack else chunk
            if len(body) > MAX_ANSWER or (unpack and unpack.unconsumed_tail):
                raise self._unusable("The office's answer is too large to be one", response)
            if time.monotonic() > until:
                raise httpx.ReadTimeout("trickled")
        return bytes(body)

    def _unusable(self, message: str, response: httpx.Response) -> ConnectorTrouble:
        return ConnectorTrouble(message, retry=False, fate="unknown", status=response.status_code)

    def _refusal(self, response: httpx.Response, body: bytes) -> ConnectorTrouble:
        """A refusal in the office's own words; whether trying again can help is in the number."""
        number = response.status_code
        if 300 <= number < 400:
            return ConnectorTrouble(
                "The office's address has moved; an administrator must enter the new one",
                retry=False,
                fate="refused",
                status=number,
            )
        words = self._said(response, body)
        passing = number >= 500 or number in _PASSING
        message = _in_its_words(number, words) if words else _by_number(number)
        params: dict[str, object] = {"status": number, "words": words}
        if passing and (wait := retry_after(response.headers.get("Retry-After", ""))) is not None:
            params["retry_after"] = wait
        fate = "unknown" if number >= 500 or number == 408 else "refused"
        return ConnectorTrouble(message, retry=passing, fate=fate, **params)

    def _said(self, response: httpx.Response, body: bytes) -> str:
        """The words of a standard error body, or of a short plain text; never our key."""
        try:
            words = "; ".join(wire.errors(wire.read(body)))
        except wire.Unreadable:
            plain = response.headers.get("Content-Type", "").startswith("text/plain")
            short = body.decode("utf-8", "replace") if plain and len(body) <= 300 else ""
            words = wire.text({"words": short}, "words")
        return words.replace(self._secret, "[key]") if self._secret else words


def retry_after(header: str) -> float | None:
    """Seconds to wait, from a number or an HTTP date; None when it says neither."""
    if header.isascii() and header.isdigit() and len(header) < 7:
        return min(float(header), LONGEST_WAIT)
    try:
        then = parsedate_to_datetime(header)
        then = then if then.tzinfo else then.replace(tzinfo=UTC)
        return min(max(0.0, (then - datetime.now(UTC)).total_seconds()), LONGEST_WAIT)
    except (ValueError, TypeError, OverflowError):
        return None


def _no_connection(trouble: Exception) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(trouble):
        return "The office's certificate cannot be trusted, so nothing was sent"
    return "The office cannot be reached"


def _in_its_words(number: int, words: str) -> str:
    trouble = "The office's system is in trouble" if number >= 500 else "The office refused it"
    return f"{trouble}: {words}"


def _by_number(number: int) -> str:
    """Words for a refusal that came without any."""
    if number >= 500:
        return f"The office's system is in trouble (it answered {number})"
    if number == 429:
        return "The office asks us to wait"
    if number in (401, 403):
        return "The office does not accept our key"
    if number == 404:
        return "The office does not know what was asked for"
    return f"The office refused it (it answered {number})"
