"""One exchange with a PBX's ARI: bounded, never repeated, and every trouble told apart."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote

import httpx

from crm_desktop.channels.voice.things import clean, mapping, text
from crm_desktop.channels.voice.trouble import (
    AriAway,
    AriDenied,
    AriNotFound,
    AriRefused,
    untrusted,
)

#: Sixty calls are some 60 kB; a list that is longer than this is no list of ours.
MAX_ANSWER = 16 * 1024 * 1024
#: Nine hours of a conversation as WAV.
MAX_FILE = 512 * 1024 * 1024
_MAX_WORDS = 64 * 1024

Value = str | int | bool


class Wire:
    """A pool of connections to one PBX; threads may share it. Raises AriTrouble, nothing else."""

    def __init__(self, url: str, user: str, password: str, timeout: float) -> None:
        self._base = f"{url.rstrip('/')}/ari"
        self._http = httpx.Client(
            auth=(user, password),
            # Whom this computer trusts, an authority of the council's own included.
            verify=ssl.create_default_context(),
            timeout=timeout,
            follow_redirects=False,
            # A PBX is no web site: the proxy of this computer has nothing to do with it.
            trust_env=False,
            limits=httpx.Limits(max_connections=20, keepalive_expiry=10),
            headers={"Accept-Encoding": "identity", "User-Agent": "CRM-Desktop"},
        )

    def close(self) -> None:
        """End every connection."""
        self._http.close()

    def get(self, path: str, **query: Value) -> object:
        """The tree that is at `path`."""
        return self._tree("GET", path, query, None)

    def post(
        self, path: str, query: Mapping[str, Value], body: Mapping[str, object] | None = None
    ) -> object:
        """Do what `path` does; the tree of the answer, None when it is empty."""
        return self._tree("POST", path, query, body)

    def delete(self, path: str, **query: Value) -> None:
        """Undo or end what is at `path`."""
        self._tree("DELETE", path, query, None)

    @contextmanager
    def download(self, path: str) -> Iterator[Iterator[bytes]]:
        """The bytes at `path`, piece by piece; AriAway when there are more than MAX_FILE."""
        with _told_apart(), self._http.stream("GET", f"{self._base}/{path}") as answer:
            if not answer.is_success:
                words = next(answer.iter_bytes(_MAX_WORDS), b"")
                _refuse(answer.status_code, words)
            yield _up_to(MAX_FILE, answer.iter_bytes(64 * 1024))

    def _tree(
        self,
        method: str,
        path: str,
        query: Mapping[str, Value],
        body: Mapping[str, object] | None,
    ) -> object:
        given = {key: _said(value) for key, value in query.items() if value != ""}
        with (
            _told_apart(),
            self._http.stream(method, f"{self._base}/{path}", params=given, json=body) as answer,
        ):
            content = b"".join(_up_to(MAX_ANSWER, answer.iter_bytes()))
        if not answer.is_success:
            _refuse(answer.status_code, content)
        return _read(content) if content else None


def part(name: str) -> str:
    """A name as one part of a path, whatever is in it."""
    quoted = quote(name, safe="")
    if quoted in ("", ".", ".."):
        raise AriNotFound(404, "no such name")
    return quoted


def _up_to(most: int, pieces: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > most:
            raise AriAway("The answer has no end")
        yield piece


@contextmanager
def _told_apart() -> Iterator[None]:
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as trouble:
        words = f"No answer from the PBX: {type(trouble).__name__}"
        raise untrusted(trouble) or AriAway(words) from trouble


def _read(content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as trouble:
        raise AriAway("What answered is no PBX") from trouble


def _refuse(status: int, content: bytes) -> None:
    try:
        words = text(mapping(json.loads(content)), "message")
    except (ValueError, RecursionError):
        words = clean(content.decode("utf-8", "replace")[:100])
    if status in (401, 403):
        raise AriDenied("The PBX refuses the user name or the password, or only lets it read")
    if status == 404:
        raise AriNotFound(status, words)
    # 500 too: "Allocation failed" is how ARI says that an endpoint cannot be called.
    raise AriRefused(status, words)


def _said(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
