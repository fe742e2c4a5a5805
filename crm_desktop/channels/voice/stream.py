"""One WebSocket to a PBX: its events, in order, until it is lost.

Being connected is what makes the PBX send calls to us; while nobody is, its dialplan falls back.
A PBX that cannot get rid of its events for a moment ends the connection. So a thread of the
library reads them at once, however busy the reader is, up to a number that no honest day reaches.
"""

from __future__ import annotations

import base64
from typing import Self
from urllib.parse import quote, urlsplit, urlunsplit

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from crm_desktop.channels.voice.events import ApplicationReplaced, AriEvent, parse
from crm_desktop.channels.voice.trouble import AriAway, AriDenied, AriTrouble, untrusted

#: A PBX that answers no ping for this long is gone, seconds.
SILENCE = 4.0

#: Events that wait for their reader.
_WAITING = 20_000
_LONGEST = 256 * 1024


class EventStream:
    """A connection, open from the beginning; `receive` raises AriAway when it is lost."""

    def __init__(
        self, url: str, user: str, password: str, app: str, *, timeout: float = 2.0
    ) -> None:
        """Connect and register the application `app`.

        Raises AriDenied for a wrong name or password, AriUntrusted for a certificate that this
        computer does not trust, AriAway when nobody answers within `timeout` seconds or something
        else does.
        """
        self._socket = _connect(url, user, password, app, timeout)
        self._replaced = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave; the channels that are with us go on as they are."""
        self._socket.close()

    def receive(self, timeout: float) -> list[AriEvent]:
        """The events that have come, in order; waits up to `timeout` seconds for the first.

        Raises AriAway when the connection is lost, or another has taken the application over,
        after everything that came before was given.
        """
        if self._replaced:
            raise AriAway("Another connection has taken the application over")
        events: list[AriEvent] = []
        while len(events) < _WAITING:
            try:
                message = self._socket.recv(timeout=0 if events else timeout)
            except TimeoutError:
                break
            except ConnectionClosed as lost:
                if events:
                    break  # the next call meets it again
                raise AriAway("The connection for events was lost") from lost
            if event := parse(message):
                events.append(event)
                # The PBX keeps this connection, and says nothing more on it.
                self._replaced = self._replaced or isinstance(event, ApplicationReplaced)
            else:
                timeout = 0
        return events


def _connect(url: str, user: str, password: str, app: str, timeout: float) -> ClientConnection:
    secret = base64.b64encode(f"{user}:{password}".encode()).decode()
    try:
        return connect(
            _address(url, app),
            # Not in the address, which servers write into their logs.
            additional_headers={"Authorization": f"Basic {secret}"},
            open_timeout=timeout,
            close_timeout=1,
            ping_interval=SILENCE / 2,
            ping_timeout=SILENCE,
            max_queue=_WAITING,
            max_size=_LONGEST,
            compression=None,
            legacy=True,
            proxy=None,
        )
    except InvalidStatus as refusal:
        raise _refusal(refusal.response.status_code) from refusal
    except (OSError, WebSocketException, ValueError) as trouble:
        words = f"No connection for events: {type(trouble).__name__}"
        raise untrusted(trouble) or AriAway(words) from trouble


def _refusal(status: int) -> AriTrouble:
    if status in (401, 403):
        return AriDenied("The PBX refuses the user name or the password")
    if status == 404:
        # So Asterisk also answers for a moment while it starts: to be tried again soon.
        return AriTrouble("There is no ARI at this address, or it is switched off")
    return AriAway(f"No connection for events: answer {status}")


def _address(url: str, app: str) -> str:
    parts = urlsplit(url)
    scheme = "wss" if parts.scheme == "https" else "ws"
    path = f"{parts.path.rstrip('/')}/ari/events"
    return urlunsplit((scheme, parts.netloc, path, f"app={quote(app, safe='')}", ""))
