"""Which websites may speak with the door."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from crm_desktop.channels.web.clients import is_https
from crm_desktop.domain.chats import ChatSite

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_Networks = tuple[IPv4Network | IPv6Network, ...]


def origin_of(asked: HTTPConnection) -> str:
    """What the browser says the asking page is from, "" when it says nothing."""
    return asked.headers.get("origin", "")


def is_allowed(asked: HTTPConnection, site: ChatSite, proxies: _Networks) -> bool:
    """Whether the page is one of the site's own, or our own page of it."""
    origin = origin_of(asked)
    return bool(origin) and (origin in site.origins or origin == own_origin(asked, proxies))


def own_origin(asked: HTTPConnection, proxies: _Networks) -> str:
    """The origin of the pages that this door itself serves, "" when nothing shows it to be ours.

    Anybody's name can be made to lead here, and the page then names itself. With TLS its
    certificate says that it is ours; without, the name has to be this computer's own.
    """
    host = asked.headers.get("host", "")
    if is_https(asked, proxies):
        return f"https://{host}"
    return f"http://{host}" if _name(host) in _LOOPBACK else ""


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
