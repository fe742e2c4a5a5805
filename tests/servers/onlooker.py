"""An onlooker at a PBX: hears of everything by a second application, with the PBX's own times."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.servers.asterisk import PASSWORD, USER, Asterisk

#: A channel that the gateway calls for an advisor: its contact.
_ADVISORS = re.compile(r"crm-(\d+)-advisor-.*")


@dataclass
class Noted:
    """What the PBX said; moments are its own, in seconds since 1970."""

    #: When a caller's channel entered our application, by channel.
    came: dict[str, float] = field(default_factory=dict)
    #: When the first phone rang for a contact, and when one was picked up.
    rang: dict[int, float] = field(default_factory=dict)
    answered: dict[int, float] = field(default_factory=dict)
    #: When a channel, of whomever, was gone.
    gone: dict[str, float] = field(default_factory=dict)
    #: Who entered which bridge when: (moment, channel, bridge).
    entered: list[tuple[float, str, str]] = field(default_factory=list)


class Onlooker:
    """Hears of everything at a PBX from its making on."""

    def __init__(self, made: Asterisk) -> None:
        self.noted = Noted()
        query = f"app=onlooker&subscribeAll=true&api_key={USER}:{PASSWORD}"
        address = f"ws://127.0.0.1:{made.http_port}/ari/events?{query}"
        self._socket = connect(address, max_size=None, legacy=True)
        self._thread = threading.Thread(target=self._listen, name="onlooker", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Hear no more."""
        self._socket.close()
        self._thread.join()

    def _listen(self) -> None:
        try:
            for message in self._socket:
                self._note(json.loads(message))
        except ConnectionClosed:
            return

    def _note(self, event: dict[str, Any]) -> None:
        noted, channel = self.noted, event.get("channel") or {}
        name = str(channel.get("id", ""))
        if not name:
            return
        at = _moment(str(event["timestamp"]))
        advisor = _ADVISORS.fullmatch(name)
        match event["type"]:
            case "ChannelDialplan" if event.get("dialplan_app") == "Stasis" and not advisor:
                noted.came.setdefault(name, at)
            case "ChannelStateChange" if advisor and channel["state"] == "Ringing":
                noted.rang.setdefault(int(advisor[1]), at)
            case "ChannelStateChange" if advisor and channel["state"] == "Up":
                noted.answered.setdefault(int(advisor[1]), at)
            case "ChannelDestroyed":
                noted.gone.setdefault(name, at)
            case "ChannelEnteredBridge":
                noted.entered.append((at, name, str(event["bridge"]["id"])))


def _moment(text: str) -> float:
    """As "2026-11-27T07:18:05.123+0000"."""
    return datetime.fromisoformat(re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", text)).timestamp()
