"""Visitors of the council's pages around a tour: a command that plays them in a real browser.

`make tour` names one that drives Chromium; the program itself brings no browser.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from crm_desktop.tour.played import Played


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody answers before a chat; `service`, `fields` and `ticks` by their labels."""

    text: str
    email: str = ""
    service: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    ticks: Sequence[str] = ()


class Visitors(Played):
    """People with a page each, known by their names."""

    def begin(self, who: str, address: str, asked: Asked) -> None:
        """Go to the page with the chat, answer what is asked, and start."""
        self._do({"do": "begin", "who": who, "address": address, **asdict(asked)})

    def check_in(self, who: str, address: str, about: str, needs: str) -> str:
        """Take a ticket at a kiosk, about something and with a need; its number."""
        told = {"do": "check in", "who": who, "address": address, "about": about, "needs": needs}
        return str(self._do(told))

    def watch(self, who: str, address: str) -> None:
        """Hang a page where people see it."""
        self._do({"do": "watch", "who": who, "address": address})

    def say(self, who: str, text: str) -> None:
        """Write a line and press Enter."""
        self._do({"do": "say", "who": who, "text": text})

    def type(self, who: str, text: str) -> None:
        """Write without sending."""
        self._do({"do": "type", "who": who, "text": text})

    def attach(self, who: str, file: Path) -> None:
        """Send a file."""
        self._do({"do": "attach", "who": who, "file": str(file)})

    def reads(self, who: str) -> str:
        """Everything that their page says."""
        return str(self._do({"do": "read", "who": who}))

    def picture(self, who: str, path: Path) -> None:
        """Save what their page shows."""
        self._do({"do": "picture", "who": who, "path": str(path.absolute())})

    def leave(self, who: str) -> None:
        """Close the page."""
        self._do({"do": "leave", "who": who})
