"""A site's figures: on PostgreSQL by guarded functions (0034_site_figures.sql), on SQLite by the
same rules in `site_figures_sqlite`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, time
from typing import Any

from sqlalchemy import func, select

from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.site_figures import (
    Appointed,
    PlaceNow,
    SiteBehind,
    SitePart,
    SiteSums,
)
from crm_desktop.domain.visits import PlaceKind
from crm_desktop.store.database import Tx
from crm_desktop.store.leading import call
from crm_desktop.store.models import AtPlace, Place, Service, Site, SiteService
from crm_desktop.store.queries import site_figures_sqlite as sqlite
from crm_desktop.store.queries.from_json import maybe_moment, moment, parsed

#: What the database calls who is behind these figures.
_SAME = {"longest": "waiting", "wait": "served"}


def figures(
    tx: Tx, site_id: int, days: Sequence[date], until: time | None
) -> tuple[tuple[SitePart, ...], dict[date, Appointed]]:
    """Who came on these days, and the days' appointments; `until`: who came before that time.

    Raises NotAllowed, NotFound.
    """
    if tx.dialect == "postgresql":
        found = parsed(call(tx, "site_figures", site=site_id, days=list(days), until=until))
    else:
        found = sqlite.figures(tx, site_id, days, until)
    parts, appointed = found
    return (
        tuple(_part(each) for each in parts),
        {date.fromisoformat(day): Appointed(*rest) for day, *rest in appointed},
    )


def behind(tx: Tx, site_id: int, day: date, what: str) -> tuple[SiteBehind, ...]:
    """Who is behind a number of a day, the newest first, 500 at most."""
    what = _SAME.get(what, what)
    if tx.dialect == "postgresql":
        found = parsed(call(tx, "site_behind", site=site_id, day=day, what=what))
    else:
        found = sqlite.behind(tx, site_id, day, what)
    return tuple(
        SiteBehind(
            contact_id, ticket, moment(at), None if seconds is None else float(seconds), service,
            place, bool(counts), bool(seen), who or "", service_id, place_id,
        )
        for (
            contact_id, ticket, at, seconds, service, place, counts, seen, who, service_id, place_id
        ) in found
    )  # fmt: skip


def name(tx: Tx, site_id: int) -> str:
    """What a site is called; raises NotFound."""
    found = tx.session.scalar(select(Site.name).where(Site.id == site_id))
    if found is None:
        raise NotFound("no such site")
    return found


def services(
    tx: Tx, site_id: int, others: Collection[int]
) -> tuple[dict[int, str], frozenset[int]]:
    """What a visit there can be about, in the order of its keys, then `others` by name; and which
    of them are restricted.
    """
    offered = tx.session.execute(
        select(Service.id, SiteService.name, Service.name, Service.restricted)
        .join(SiteService, SiteService.service_id == Service.id)
        .where(SiteService.site_id == site_id)
        .order_by(SiteService.key)
    ).all()
    known = {row[0] for row in offered}
    more = (
        tx.session.execute(
            select(Service.id, Service.name, Service.name, Service.restricted)
            .where(Service.id.in_(set(others) - known))
            .order_by(Service.name)
        ).all()
        if set(others) - known
        else ()
    )
    rows = (*offered, *more)
    return (
        {id_: own or usual for id_, own, usual, _ in rows},
        frozenset(row[0] for row in rows if row[3]),
    )


def places(tx: Tx, site_id: int) -> tuple[PlaceNow, ...]:
    """The desks and rooms in use, desks first, and how many work at each now."""
    here = (
        select(func.count())
        .where(AtPlace.place_id == Place.id, AtPlace.left_at.is_(None))
        .scalar_subquery()
    )
    rows = tx.session.execute(
        select(Place.id, Place.name, Place.kind, here)
        .where(Place.site_id == site_id, Place.active)
        .order_by(Place.kind != "desk", Place.name)
    )
    return tuple(PlaceNow(id_, said, PlaceKind(kind), staff) for id_, said, kind, staff in rows)


def _part(row: Sequence[Any]) -> SitePart:
    day, half, service, place, came, waiting, since, served, quick, left, gone, waits, within = row
    sums = SiteSums(
        came, waiting, maybe_moment(since), served, quick, left, gone, float(waits), within
    )
    return SitePart(date.fromisoformat(day), moment(half), service, place, sums)
