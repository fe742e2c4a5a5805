"""A SQLite database that is opened only where it already is: an absent one is away, not empty."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, unquote

from sqlalchemy.engine import make_url

from crm_desktop.store.database import Target

_PREFIX = "file:"


def existing(target: Target) -> Target:
    """The same database, never created by opening it; PostgreSQL's is as it was."""
    if target.dialect != "sqlite":
        return target
    url = make_url(target.url).set(database=f"{_PREFIX}{quote(str(file_of(target)))}")
    return replace(target, url=str(url.update_query_dict({"mode": "rw", "uri": "true"})))


def file_of(target: Target) -> Path:
    """The file of a SQLite database."""
    name = make_url(target.url).database or ""
    return Path(unquote(name.removeprefix(_PREFIX)) if name.startswith(_PREFIX) else name)
