"""One Bluesky account and where it lives; the app password never shows in a repr."""

from __future__ import annotations

from dataclasses import dataclass, field

from crm_desktop.channels.social.safety import require_protection
from crm_desktop.domain.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class BlueskySettings:
    """`chat` is the identity of the service that keeps private messages.

    Raises InvalidInput for an address that is not protected, or without handle or password.
    """

    service: str
    handle: str
    app_password: str = field(repr=False)
    chat: str = "did:web:api.bsky.chat"

    def __post_init__(self) -> None:
        object.__setattr__(self, "service", require_protection(self.service, "service"))
        object.__setattr__(self, "handle", self.handle.strip().removeprefix("@"))
        for name in ("handle", "app_password"):
            if not getattr(self, name):
                raise InvalidInput(f"The Bluesky account has no {name}.", fields={name: "Missing"})
