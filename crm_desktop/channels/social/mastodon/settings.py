"""One Mastodon account and its server; the access token never shows in a repr."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from crm_desktop.channels.social.safety import require_protection
from crm_desktop.domain.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class MastodonSettings:
    """`handle` is name@domain; without a domain it is the server's own name.

    Raises InvalidInput for an address that is not protected, or without a token.
    """

    server: str
    handle: str
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "server", require_protection(self.server, "server"))
        if not self.token:
            raise InvalidInput("The Mastodon account has no token.", fields={"token": "Missing"})

    @property
    def domain(self) -> str:
        """What follows the name in the handles of this server's own people."""
        _, _, domain = self.handle.strip().removeprefix("@").partition("@")
        return domain or urlsplit(self.server).netloc
