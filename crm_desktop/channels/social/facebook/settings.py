"""How one Facebook Page is reached."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from crm_desktop.channels.social import web
from crm_desktop.domain.errors import InvalidInput

_ID = re.compile(r"[0-9]{1,30}")
_VERSION = re.compile(r".*/v[0-9]{1,3}\.[0-9]")


@dataclass(frozen=True, slots=True)
class FacebookSettings:
    """One page: its id, a page access token, and the secret of the app that the token is of.

    `graph` is the Graph API's address with its version; `timeout` seconds are for each step.
    Raises InvalidInput naming what cannot be used.
    """

    page_id: str
    token: str = field(repr=False)
    app_secret: str = field(repr=False)
    graph: str = "https://graph.facebook.com/v25.0"
    timeout: float = 20.0

    def __post_init__(self) -> None:
        wrong: dict[str, str] = {}
        if not _ID.fullmatch(self.page_id):
            wrong["page_id"] = "Enter the page's number"
        if problem := web.address_problem(self.graph, "graph.facebook.com"):
            wrong["graph"] = problem
        elif not _VERSION.fullmatch(self.graph):
            wrong["graph"] = "End the address with a version, such as /v25.0"
        if not self.token or not self.token.isascii():
            wrong |= {"token": "Enter the page access token"}
        if not self.app_secret:
            wrong |= {"app_secret": "Enter the app secret"}
        if wrong:
            raise InvalidInput("These Facebook settings cannot be used", fields=wrong)
