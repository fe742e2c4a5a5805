"""Where an address of PostgreSQL really leads, and what the way there must promise."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from typing import Any

from sqlalchemy.engine import URL, Dialect
from sqlalchemy.exc import ArgumentError

from crm_desktop.domain.errors import DatabaseTrouble, InsecureConnection
from crm_desktop.store.address import hosts as named_hosts

#: Proofs that give nothing away to whoever asks for them.
_SAFE_PROOFS = frozenset({"scram-sha-256", "gss", "sspi"})
_REMOTE_PROOFS = "scram-sha-256,gss,sspi"
#: On this computer the system may vouch for a person (peer), but nobody gets the password.
_LOCAL_PROOFS = "!password,!md5"
#: Older client libraries cannot refuse what a server asks for.
_FIRST_REQUIRING = 160_000


def secured(url: URL) -> URL:
    """The address with all that makes the way safe, whatever service files and PG... say.

    Raises InsecureConnection when it asks for less on the way to another computer.
    """
    # GSSAPI's own encryption would be taken instead of TLS wherever there is a ticket.
    asked: dict[str, Any] = dict(url.query) | {"gssencmode": "disable"}
    if leads_only_here(url):
        asked.setdefault("require_auth", _LOCAL_PROOFS)
    else:
        proofs = asked.setdefault("require_auth", _REMOTE_PROOFS)
        if asked.setdefault("sslmode", "verify-full") != "verify-full" or not _are_safe(proofs):
            raise InsecureConnection(host=", ".join(named_hosts(url)))
    if not _can_require():
        del asked["require_auth"]
    return url.set(query=asked)


def leads_only_here(url: URL) -> bool:
    """Whether every server that the client library may try is on this computer."""
    options = _options(url.set(drivername="postgresql+psycopg"))
    if options.get("service") or os.environ.get("PGSERVICE"):
        # A service's hosts are read where we do not look.
        return False
    addresses = _listed(options, "hostaddr", "PGHOSTADDR")
    hosts = _listed(options, "host", "PGHOST")
    if addresses and all(addresses):
        return all(map(_is_here, addresses))
    return all(map(_is_here, [*addresses, *hosts]))


def _options(url: URL) -> Mapping[str, Any]:
    """What the client library is given: several hosts are written in more than one way."""
    dialect: Dialect = url.get_dialect()()
    try:
        found: Mapping[str, Any] = dialect.create_connect_args(url)[1]
    except (ArgumentError, ValueError) as error:
        raise DatabaseTrouble(str(error)) from error
    return found


def _listed(options: Mapping[str, Any], name: str, variable: str) -> list[str]:
    given = options.get(name) or os.environ.get(variable) or ""
    return [each.strip() for each in str(given).split(",")] if given else []


def _is_here(host: str) -> bool:
    if not host or host == "localhost" or host.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _are_safe(proofs: object) -> bool:
    return isinstance(proofs, str) and set(proofs.split(",")) <= _SAFE_PROOFS


def _can_require() -> bool:
    from psycopg import pq

    return pq.version() >= _FIRST_REQUIRING
