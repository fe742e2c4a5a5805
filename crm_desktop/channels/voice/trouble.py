"""What can go wrong between us and a PBX, told apart, because each is mended by somebody else."""

from __future__ import annotations

import ssl


class AriTrouble(Exception):
    """The PBX did not do what was asked; the words are for logs and never hold a secret."""


class AriAway(AriTrouble):
    """Nobody answered, or not in time: whether it was done is not known."""


class AriDenied(AriTrouble):
    """The PBX is there and refuses the user name or the password."""


class AriUntrusted(AriTrouble):
    """Whoever answered has a certificate that this computer does not trust: nothing was sent."""


class AriRefused(AriTrouble):
    """The PBX answered that it will not; `status` is its HTTP status."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"{status} {words}".strip())
        self.status = status


class AriNotFound(AriRefused):
    """There is no such channel, bridge, playback or recording: mostly, not any more."""


def untrusted(trouble: BaseException) -> AriUntrusted | None:
    """What a connection failed of, when that was the PBX's certificate."""
    cause: BaseException | None = trouble
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return AriUntrusted(f"The PBX's certificate is not trusted: {cause.verify_message}")
        cause = cause.__cause__ or cause.__context__
    return None
