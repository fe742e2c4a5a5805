"""What the address of a database looks like; a primary and its standbys are named together."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_ADDRESS = re.compile(r"sqlite:///.+|postgresql(\+psycopg)?://[^/?]*/[^/?]+(\?.*)?")


def is_address(url: str) -> bool:
    """Whether it is sqlite:///FILE or postgresql://SERVER/NAME, as `one:5433,two` with several."""
    return bool(_ADDRESS.fullmatch(url)) and _ports_are_numbers(url)


def has_password(url: str) -> bool:
    """Whether a password stands in it, which belongs in the keyring alone."""
    user, at, _servers = urlsplit(url).netloc.rpartition("@")
    return bool(at) and bool(user.partition(":")[2])


def _ports_are_numbers(url: str) -> bool:
    try:
        servers = urlsplit(url).netloc.rpartition("@")[2].split(",")
        return all(urlsplit(f"//{each}").port != 0 for each in servers)
    except ValueError:
        return False
