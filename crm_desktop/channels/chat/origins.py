"""Which websites may speak with the door."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

from starlette.requests import HTTPConnection

from crm_desktop.channels.web.clients import is_https
from crm_desktop.domain.chats import ChatSite

_Networks = tuple[IPv4Network | IPv6Network, ...]


def origin_of(asked: HTTPConnection) -> str:
    """What the browser says the asking page is from, "" when it says nothing."""
    return asked.headers.get("origin", "")


def is_allowed(asked: HTTPConnection, site: ChatSite, proxies: _Networks) -> bool:
    """Whether the page is one of the site's own, or our own page of it."""
    origin = origin_of(asked)
    return bool(origin) and (origin in site.origins or origin == own_origin(asked, proxies))


def own_origin(asked: HTTPConnection, proxies: _Networks) -> str:
    """The origin of the pages that this door itself serves."""
    scheme = "https" if is_https(asked, proxies) else "http"
    return f"{scheme}://{asked.headers.get('host', '')}"
