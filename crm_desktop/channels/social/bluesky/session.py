"""One session with the server of an account: signed in when needed, renewed, held to its limits.

Of the library `atproto` the session and the exchange are used. What others wrote is taken as the
tree that came, not as the library's models: one record that somebody else's program made wrong
would make a whole page unreadable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from atproto_client import Client, SessionEvent
from atproto_client import Session as AtprotoSession
from atproto_client.exceptions import (
    InvokeTimeoutError,
    LoginRequiredError,
    RequestErrorBase,
)
from atproto_client.models.common import XrpcError
from atproto_client.request import Request
from atproto_core.exceptions import AtProtocolError
from httpx import ConnectError, ConnectTimeout, HTTPError

from crm_desktop.channels.social.bluesky.settings import BlueskySettings
from crm_desktop.channels.social.safety import Bounded, Quiet
from crm_desktop.channels.social.words import line, mapping
from crm_desktop.domain.errors import ConnectorTrouble

_TIMEOUT = 20.0
_OVER = frozenset({"ExpiredToken", "InvalidToken", "AuthMissing", "AuthenticationRequired"})
_NOT_FOR_THIS = "Bad token method"
#: Where a server says that it is too much and not for how long.
_A_WHILE = 300.0

Params = Mapping[str, str | int | bool | Sequence[str]]


class Refused(ConnectorTrouble):
    """The server understood and will not; `name` is the protocol's word for why."""

    def __init__(self, name: str, words: str, status: int) -> None:
        super().__init__(
            f"Bluesky refused: {words or name}", retry=False, fate="refused", status=status
        )
        self.name = name


class NotForThisPassword(Refused):
    """The app password may not do this: private messages need one that is allowed them."""


class Session:
    """Every call raises ConnectorTrouble: Refused when the server said no."""

    def __init__(self, settings: BlueskySettings) -> None:
        self._settings = settings
        self._client = Client(
            settings.service,
            request=Request(transport=Bounded(), timeout=_TIMEOUT, trust_env=False),
        )
        self._client.on_session_change(self._changed)
        self._quiet = Quiet("Bluesky")
        self._signed_in = False
        self._did = ""

    def close(self) -> None:
        """Let go of connections."""
        self._client.request.close()

    @property
    def did(self) -> str:
        """Identity of the account; signs in to learn it."""
        if not self._did:
            self._sign_in()
        return self._did

    def ask(self, method: str, params: Params, *, chat: bool = False) -> Mapping[str, object]:
        """Read something."""
        return self._exchange(method, {"params": dict(params)}, chat=chat)

    def do(
        self, method: str, body: Mapping[str, object], *, chat: bool = False
    ) -> Mapping[str, object]:
        """Change something."""
        return self._exchange(method, {"json": dict(body)}, chat=chat)

    def upload(self, content: bytes, content_type: str) -> Mapping[str, object]:
        """Put a file there; what a record holds of it."""
        sent = {"content": content, "headers": {"Content-Type": content_type}}
        return mapping(self._exchange("com.atproto.repo.uploadBlob", sent, chat=False), "blob")

    def _exchange(self, method: str, how: Mapping[str, Any], *, chat: bool) -> Mapping[str, object]:
        self._quiet.check()
        fresh = self._sign_in()
        try:
            return self._once(method, how, chat=chat)
        except Refused as refused:
            if fresh or refused.name not in _OVER or isinstance(refused, NotForThisPassword):
                raise
        # The session ended before its time: another one, once.
        self._signed_in = False
        self._sign_in()
        return self._once(method, how, chat=chat)

    def _once(self, method: str, how: Mapping[str, Any], *, chat: bool) -> Mapping[str, object]:
        headers = dict(how.get("headers", {}))
        if chat:
            headers["atproto-proxy"] = f"{self._settings.chat}#bsky_chat"
        sent = {key: value for key, value in how.items() if key not in ("headers", "params")}
        try:
            if "params" in how:
                # The library would have them as one of its models.
                query = urlencode({key: _said(value) for key, value in how["params"].items()}, True)
                answer = self._client.invoke_query(f"{method}?{query}", headers=headers)
            else:
                answer = self._client.invoke_procedure(method, headers=headers, **sent)
        except (AtProtocolError, HTTPError, ValueError) as trouble:
            raise self._told_apart(trouble) from None
        return mapping(answer.content)

    def _sign_in(self) -> bool:
        """Have a session; True when it was made now."""
        if self._signed_in:
            return False
        self._quiet.check()
        settings = self._settings
        try:
            self._client.login(settings.handle, settings.app_password, fetch_bsky_profile=False)
        except (AtProtocolError, HTTPError, ValueError) as trouble:
            told = self._told_apart(trouble)
            # Nothing of what was wanted has been sent.
            told.params["fate"] = "not_sent"
            if isinstance(told, Refused):
                words = "Bluesky did not accept the handle and the app password."
                raise ConnectorTrouble(words, retry=False, fate="not_sent") from None
            raise told from None
        self._signed_in = True
        return True

    def _changed(self, _event: SessionEvent, session: AtprotoSession) -> None:
        self._did = session.did

    def _told_apart(self, trouble: Exception) -> ConnectorTrouble:
        answer = trouble.response if isinstance(trouble, RequestErrorBase) else None
        if answer is None:
            return _unreached(trouble)
        error = answer.content if isinstance(answer.content, XrpcError) else None
        name = line(error.error, 100) if error else ""
        words = line(error.message, 300) if error else ""
        if answer.status_code == 429:
            return self._quiet.until(_seconds(answer.headers))
        if answer.status_code >= 500:
            return ConnectorTrouble(
                f"Bluesky's server has trouble ({answer.status_code}).", retry=True, fate="unknown"
            )
        if words == _NOT_FOR_THIS:
            return NotForThisPassword(name, words, answer.status_code)
        return Refused(name or str(answer.status_code), words, answer.status_code)


def _unreached(trouble: Exception) -> ConnectorTrouble:
    """No answer: whether it arrived is known only when there was no connection."""
    cause = trouble.__cause__ or trouble
    if isinstance(trouble, LoginRequiredError):
        return Refused("AuthMissing", "", 401)
    before = isinstance(cause, ConnectError | ConnectTimeout)
    late = isinstance(trouble, InvokeTimeoutError)
    words = "Bluesky's server did not answer in time." if late else "Bluesky cannot be reached."
    return ConnectorTrouble(words, retry=True, fate="not_sent" if before else "unknown")


def _seconds(headers: Mapping[str, str]) -> float:
    """How long the limit lasts, by the server's own clock."""
    if (after := headers.get("retry-after", "")).isdecimal():
        return float(after)
    try:
        now = parsedate_to_datetime(headers["date"]).timestamp()
        return float(headers["ratelimit-reset"]) - now
    except (KeyError, ValueError, TypeError):
        return _A_WHILE


def _said(value: str | int | bool | Sequence[str]) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
