"""What the public pages need from the rest of the centre, and how they are set up."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Protocol

from crm_desktop.channels.web.limits import BodyLimits, Rate
from crm_desktop.domain.messages import InboundMessage


@dataclass(frozen=True, slots=True)
class PublicForm:
    """A service's current form; `schema` follows `domain.forms`, `version` stays with answers."""

    service_code: str
    version: int
    title: str
    intro: str
    schema: Mapping[str, object]


class FormsPort(Protocol):
    """The centre behind the pages; every call may raise DatabaseTrouble."""

    def services(self) -> Sequence[tuple[str, str, str]]:
        """(code, title, summary) of every service that has a public form."""

    def form(self, code: str) -> PublicForm | None:
        """The form of that service, None when there is none for the public."""

    def notices(self) -> Sequence[str]:
        """What everybody should know now (bin rounds a day late), the newest first."""

    def submit(self, message: InboundMessage) -> str:
        """Keep the message and return its reference, only after it is safely kept.

        The same `external_id` again returns the same reference and keeps nothing new.
        """


@dataclass(frozen=True, slots=True)
class Limits(BodyLimits):
    """Those of a submission, the time that keeping it may take, and rates per client."""

    save_seconds: float = 20.0
    pages: Rate = field(default=Rate(120, 120.0))
    submissions: Rate = field(default=Rate(30, 10.0))


@dataclass(frozen=True, slots=True)
class WebFormSettings:
    """How the pages look and whom they trust.

    `secret` signs tickets and confirmation links and must be the same in every gateway;
    `resources` is the folder `resources/web`; only peers inside `proxies` may say (by
    X-Forwarded-For and -Proto) whom they speak for. `home` is the council's own site, which
    the header links to when given.
    """

    secret: str = field(repr=False)
    resources: Path
    council: str = "The council"
    colour: str = "#12324a"
    home: str = ""
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        if len(self.secret) < 16:
            raise ValueError("the secret of the web forms needs at least 16 characters")
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", self.colour):
            raise ValueError("the colour of the web forms must look like #12324a")
