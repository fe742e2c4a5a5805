"""How one account on X is reached."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crm_desktop.channels.social import web
from crm_desktop.channels.social.x import things
from crm_desktop.channels.social.x.oauth import OAuthKeys
from crm_desktop.domain.errors import InvalidInput

_HANDLE = re.compile(r"\w{1,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class XSettings:
    """One account: its number, its name without the @, and its keys.

    `api` is the interface's address without a version; `timeout` seconds are for each step.
    Raises InvalidInput naming what cannot be used.
    """

    user_id: str
    handle: str
    keys: OAuthKeys
    api: str = "https://api.x.com"
    timeout: float = 20.0

    def __post_init__(self) -> None:
        wrong: dict[str, str] = {}
        if not things.is_id(self.user_id):
            wrong["user_id"] = "Enter the account's number"
        if not _HANDLE.fullmatch(self.handle):
            wrong["handle"] = "Enter the account's name without the @"
        if problem := web.address_problem(self.api, "api.x.com"):
            wrong["api"] = problem
        if wrong:
            raise InvalidInput("These X settings cannot be used", fields=wrong)
