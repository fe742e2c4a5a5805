"""A social network around a tour: a command that plays it, and a resident with an account there.

`make tour` names one that starts a real server with Mastodon's API, and looks at it with a real
browser; the program itself brings neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from crm_desktop.domain.social import Network
from crm_desktop.services.administration import NewAccount, named
from crm_desktop.tour.played import Played

_QUEUE = "general"
#: The resident waits for the advisor; the network is not to be waited for.
_READ_SECONDS = 2


@dataclass(frozen=True, slots=True)
class NetworkPlace:
    """The council's account there; `token` is for the gateway's keyring."""

    server: str
    handle: str
    token: str

    @property
    def account(self) -> NewAccount:
        """As an administrator enters it."""
        where = {"server": self.server, "handle": self.handle, "read_seconds": _READ_SECONDS}
        return named(NewAccount(Network.MASTODON, "Harland Vale", where, _QUEUE))


class Residents(Played):
    """A server of Mastodon's kind, and a resident."""

    @property
    def place(self) -> NetworkPlace:
        """Where the council's account is."""
        said = self._said
        return NetworkPlace(said["server"], said["handle"], said["token"])

    @property
    def name(self) -> str:
        """What the resident is called there."""
        return str(self._said["resident"])

    def ask(self, text: str) -> None:
        """Mention the council in public."""
        self._do({"do": "ask", "text": text})

    def whisper(self, text: str) -> None:
        """Write to the council alone."""
        self._do({"do": "whisper", "text": text})

    def public(self) -> str:
        """Everything that the council has said in public there, as the resident reads it."""
        return str(self._do({"do": "public"}))

    def private(self) -> str:
        """Everything that the council has told this resident alone."""
        return str(self._do({"do": "private"}))

    def picture(self, path: Path) -> None:
        """Save what everybody sees of the council there."""
        self._do({"do": "picture", "path": str(path.absolute())})
