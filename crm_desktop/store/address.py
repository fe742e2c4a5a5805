"""The address of a database, which may name several servers, and what is known of them so far."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy.engine import URL, make_url

_SEVERAL = re.compile(r"(?P<before>postgresql[^:]*://(?:[^@/?]*@)?)(?P<servers>[^@/?]*,[^@/?]*)")
_PORT = "5432"


def read(address: str) -> URL:
    """The address as SQLAlchemy has it; several servers become its `host` and `port` lists.

    `postgresql://one:5433,two/crm` is understood as libpq does. Raises ArgumentError or ValueError.
    """
    several = _SEVERAL.match(address)
    if several is None:
        return make_url(address)
    url = make_url(several["before"] + address[several.end() :])
    places = [_place(each) for each in several["servers"].split(",")]
    hosts, ports = (",".join(part) for part in zip(*places, strict=True))
    return url.update_query_dict({"host": hosts, "port": ports})


def _place(server: str) -> tuple[str, str]:
    """(host, port) of `host`, `host:port` or `[v6]:port`."""
    host, colon, port = server.rpartition(":")
    if not colon or server.endswith("]"):
        host, port = server, _PORT
    return host.strip("[]"), port


def hosts(url: URL) -> tuple[str, ...]:
    """Every host that an address may lead to, by name or number; without any it is this computer.

    A socket's folder counts as a host.
    """
    named = [url.host] if url.host else []
    for key in ("host", "hostaddr"):
        given = url.query.get(key, ())
        for each in (given,) if isinstance(given, str) else given:
            named += [_bare(host) for host in each.split(",")]
    return tuple(named)


def _bare(host: str) -> str:
    """A host without the port that SQLAlchemy lets stand behind it."""
    return host if host.count(":") > 1 and not host.startswith("[") else _place(host)[0]


@dataclass(slots=True)
class Known:
    """What this process knows of one database's servers; threads share it without a lock.

    `history` is the highest timeline seen by system identifier: a promotion begins a new one.
    """

    last: int = 0
    history: dict[int, int] = field(default_factory=dict)

    def order(self, number: int) -> Iterator[int]:
        """The servers by place, beginning with the one that answered last."""
        return ((self.last + each) % number for each in range(number))

    def is_behind(self, system: int, timeline: int) -> bool:
        """Whether a primary was succeeded by another that was seen before; remembers this one."""
        newest = max(timeline, self.history.get(system, 0))
        self.history[system] = newest
        return timeline < newest


def each_server(arguments: Mapping[str, object]) -> tuple[dict[str, object], ...]:
    """libpq's connection arguments, once for each server that they name."""
    lists = {
        key: str(arguments[key]).split(",")
        for key in ("host", "hostaddr", "port")
        if arguments.get(key)
    }
    number = max((len(each) for each in lists.values()), default=1)
    return tuple(
        {**arguments, **{key: each[place % len(each)] for key, each in lists.items()}}
        for place in range(number)
    )
