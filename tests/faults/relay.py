"""The next mail server: writes down every mail it takes, and does not always say so."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from email import message_from_bytes
from random import Random
from typing import Any, Self

from aiosmtpd.controller import Controller


@dataclass(frozen=True, slots=True)
class Mood:
    """How often (0 to 1) a mail is taken without an answer, put off, or answered slowly."""

    silent: float = 0.0
    later: float = 0.0
    slow: float = 0.0


@dataclass(slots=True)
class Relay:
    """An SMTP server on a loopback port; use it with `with`. `mood` may change at any time."""

    port: int
    rng: Random
    mood: Mood = field(default_factory=Mood)
    #: Message-ID to the text of every mail taken under it.
    taken: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    arrived: threading.Event = field(default_factory=threading.Event)
    _controller: Any = None

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        """Take the mail, or not, as the mood is."""
        drawn, mood = self.rng.random(), self.mood
        if drawn < mood.later:
            return "451 4.3.0 not now"
        mail = message_from_bytes(bytes(envelope.content))
        part = next(each for each in mail.walk() if each.get_content_type() == "text/plain")
        text = part.get_payload(decode=True)
        assert isinstance(text, bytes)
        self.taken[str(mail["Message-ID"])].append(text.decode())
        self.arrived.set()
        drawn = self.rng.random()
        if drawn < mood.silent:
            server.transport.abort()
            return ""
        if drawn < mood.silent + mood.slow:
            await asyncio.sleep(self.rng.uniform(0.1, 0.8))
        return "250 OK"

    def deliveries(self) -> dict[str, list[str]]:
        """What was taken so far, by Message-ID."""
        return {key: list(texts) for key, texts in list(self.taken.items())}

    def __enter__(self) -> Self:
        self._controller = Controller(
            self, hostname="127.0.0.1", port=self.port, enable_SMTPUTF8=True
        )
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()
