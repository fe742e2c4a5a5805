"""What can go wrong between us and a PBX, told apart, because each is mended by somebody else."""

from __future__ import annotations


class AriTrouble(Exception):
    """The PBX did not do what was asked; the words are for logs and never hold a secret."""


class AriAway(AriTrouble):
    """Nobody answered, or not in time: whether it was done is not known."""


class AriDenied(AriTrouble):
    """The PBX is there and refuses the user name or the password, or ARI itself is off."""


class AriRefused(AriTrouble):
    """The PBX answered that it will not; `status` is its HTTP status."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"{status} {words}".strip())
        self.status = status


class AriNotFound(AriRefused):
    """There is no such channel, bridge, playback or recording: mostly, not any more."""
