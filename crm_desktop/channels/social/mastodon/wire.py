"""The library's exchange with a Mastodon server, bounded, and its troubles told apart."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from mastodon import Mastodon as Library
from mastodon.errors import (
    MastodonAPIError,
    MastodonError,
    MastodonNetworkError,
    MastodonRatelimitError,
    MastodonServerError,
    MastodonUnauthorizedError,
)
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from crm_desktop.channels.social.mastodon.settings import MastodonSettings
from crm_desktop.channels.social.safety import MAX_ANSWER, SECONDS, Quiet, is_protected
from crm_desktop.channels.social.words import line
from crm_desktop.domain.errors import ConnectorTrouble

_CONNECT, _READ = 10.0, 20.0
_A_WHILE = 300.0
#: What nobody asked for is kept apart by newer servers, and a resident's first private message is.
_NOTIFICATIONS = "/api/v1/notifications"


class Refused(ConnectorTrouble):
    """The server understood and will not; `status` is its HTTP status, 0 when it is not known."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"Mastodon refused: {words}", retry=False, fate="refused", status=status)
        self.status = status


class Wire:
    """The library with one account's token."""

    def __init__(self, settings: MastodonSettings) -> None:
        self._session = _Session()
        self._quiet = Quiet("Mastodon")
        self._library = Library(
            access_token=settings.token,
            api_base_url=settings.server,
            session=self._session,
            ratelimit_method="throw",
            version_check_mode="none",
            user_agent="CRM-Desktop",
        )

    def close(self) -> None:
        """Let go of connections."""
        self._session.close()

    @contextmanager
    def api(self) -> Iterator[Library]:
        """The library; what it raises becomes ConnectorTrouble, Refused when the server said no."""
        self._quiet.check()
        try:
            yield self._library
        except (MastodonError, requests.RequestException) as trouble:
            raise self._told_apart(trouble) from None

    def _told_apart(self, trouble: Exception) -> ConnectorTrouble:
        if isinstance(trouble, MastodonRatelimitError):
            reset = self._library.ratelimit_reset
            return self._quiet.until(reset - time.time() if reset else _A_WHILE)
        if isinstance(trouble, MastodonUnauthorizedError):
            words = "Mastodon did not accept the access token."
            return ConnectorTrouble(words, retry=False, fate="not_sent")
        if isinstance(trouble, MastodonServerError):
            words = f"Mastodon's server has trouble ({_status(trouble)})."
            return ConnectorTrouble(words, retry=True, fate="unknown")
        if isinstance(trouble, MastodonNetworkError | requests.RequestException):
            return _unreached(trouble)
        if isinstance(trouble, MastodonAPIError) and _status(trouble):
            return Refused(_status(trouble), line(str(trouble.args[-1]), 300))
        # An answer that is none: whether it was done is not known.
        return ConnectorTrouble("What answered is no Mastodon.", retry=True, fate="unknown")


class _Session(requests.Session):
    """Requests to protected addresses, without redirections or answers without end."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.headers["Accept-Encoding"] = "identity"
        # Small servers close a connection without a word; what only reads is asked once more.
        self.headers["Connection"] = "close"
        again = Retry(total=3, connect=0, status=0, allowed_methods=["GET"], backoff_factor=0.1)
        for scheme in ("https://", "http://"):
            self.mount(scheme, HTTPAdapter(max_retries=again))

    def request(self, method: Any, url: Any, *args: Any, **how: Any) -> requests.Response:
        """See requests."""
        if not is_protected(str(url)):
            raise requests.exceptions.InvalidURL("only https")
        if str(url).endswith(_NOTIFICATIONS) and method == "GET":
            how["params"] = dict(how.get("params") or {}) | {"include_filtered": "true"}
        how |= {"allow_redirects": False, "stream": True, "timeout": (_CONNECT, _READ)}
        with super().request(method, url, *args, **how) as answer:
            if answer.is_redirect:
                raise requests.exceptions.TooManyRedirects("redirected")
            _read_bounded(answer)
        return answer


def _read_bounded(answer: requests.Response) -> None:
    """Have the content in memory, as the library expects it."""
    begun, content = time.monotonic(), bytearray()
    for piece in answer.iter_content(64 * 1024):
        content += piece
        if len(content) > MAX_ANSWER or time.monotonic() - begun > SECONDS:
            raise requests.exceptions.ContentDecodingError("too large or too slow")
    answer._content = bytes(content)


def _unreached(trouble: Exception) -> ConnectorTrouble:
    """No answer: whether it arrived is known only when there was no connection."""
    cause = trouble.__context__ if isinstance(trouble, MastodonNetworkError) else trouble
    # requests says ConnectionError also when an answer broke off.
    words = repr(cause)
    before = isinstance(cause, requests.exceptions.ConnectTimeout) or (
        isinstance(cause, requests.exceptions.ConnectionError) and "NewConnectionError" in words
    )
    fate = "not_sent" if before else "unknown"
    return ConnectorTrouble("Mastodon's server cannot be reached.", retry=True, fate=fate)


def _status(trouble: Exception) -> int:
    found = trouble.args[1] if len(trouble.args) > 1 else 0
    return found if isinstance(found, int) else 0
