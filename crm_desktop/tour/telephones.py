"""The world of telephones around a tour: a command that plays PBX, telephones and callers.

`make tour` names one that starts a real Asterisk; the program itself brings none.
"""

from __future__ import annotations

from dataclasses import dataclass

from crm_desktop.tour.played import Played


@dataclass(frozen=True, slots=True)
class PbxPlace:
    """Where the PBX is, for the centre's settings and the gateway's keyring."""

    url: str
    user: str
    password: str


class Telephones(Played):
    """A PBX with two telephones, 101 and 102, and callers."""

    @property
    def place(self) -> PbxPlace:
        """Where the PBX is."""
        said = self._said
        return PbxPlace(said["url"], said["user"], said["password"])

    def ring(self, number: str, to: str) -> None:
        """Somebody calls."""
        self._do({"do": "ring", "number": number, "to": to})

    def hang_up(self, number: str) -> None:
        """They hang up."""
        self._do({"do": "hang up", "number": number})

    def vanish(self, number: str) -> None:
        """Their line is cut: no word, no sound."""
        self._do({"do": "vanish", "number": number})

    def phone_answers(self, extension: str) -> None:
        """Whoever sits beside a telephone picks it up."""
        self._do({"do": "phone answers", "phone": extension})

    def phone_story(self, extension: str) -> list[str]:
        """What happened to a telephone: rings, up, ended."""
        return [str(each) for each in self._do({"do": "phone story", "phone": extension})]
