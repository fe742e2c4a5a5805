"""Sites as they are set up: on PostgreSQL guarded functions (0034_sites.sql) read and change them,
on SQLite the same rules in Python.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, text

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.sites import Busy, KnownSite, Sites, SiteSetUp
from crm_desktop.store.database import Tx
from crm_desktop.store.leading import call
from crm_desktop.store.models import Service, Staff
from crm_desktop.store.queries import sites_sqlite as by_hand
from crm_desktop.store.queries.from_json import parsed

_PUT = text("SELECT app.site_put(:site, CAST(:seen AS jsonb), CAST(:wanted AS jsonb))")


def everything(tx: Tx) -> Sites:
    """All that is set up; raises NotAllowed unless an administrator or the owner asks."""
    found = by_hand.everything(tx) if tx.dialect == "sqlite" else parsed(call(tx, "sites_set_up"))
    services = select(Service.id, Service.name, Service.restricted).where(Service.active)
    people = select(Staff.id, Staff.name, Staff.active).order_by(Staff.name, Staff.id)
    return Sites(
        tuple(_known(tx, each) for each in found),
        {
            row.id: (row.name, row.restricted)
            for row in tx.core.execute(services.order_by(Service.name))
        },
        {row.id: (row.name, bool(row.active)) for row in tx.core.execute(people)},
    )


def put(
    tx: Tx, site_id: int | None, seen: Mapping[str, Any] | None, wanted: Mapping[str, Any]
) -> int:
    """A site, new without an id; Conflict when it is not as it was `seen`, something of it is in
    use, or its name or code is another's. Raises NotFound, InvalidInput.
    """
    if tx.dialect == "sqlite":
        made = by_hand.put(tx, site_id, seen, wanted)
    else:
        given = {
            "site": site_id,
            "seen": None if seen is None else json.dumps(dict(seen)),
            "wanted": json.dumps(dict(wanted)),
        }
        made = tx.settle().execute(_PUT, given).scalar_one()
        tx.forget()
    tx.changed(Topic.SITE, made)
    return made


def renew_key(tx: Tx, site_id: int) -> str:
    """Another key for the addresses of its kiosks and screens; raises NotFound."""
    if tx.dialect == "sqlite":
        key = by_hand.renew_key(tx, site_id)
    else:
        key = str(call(tx, "site_key_renew", site=site_id))
    tx.changed(Topic.SITE, site_id)
    return key


def _known(tx: Tx, found: Mapping[str, Any]) -> KnownSite:
    places, services = found["busy"]
    site = SiteSetUp.from_data(found["site"])
    return KnownSite(
        found["id"],
        site,
        found["site"],
        found["key"],
        is_open=site.active and site.hours.is_open(tx.now),
        shares_hours=tuple(found["shares"]),
        busy_places={
            id_: Busy(tuple(people), visitors, booked) for id_, people, visitors, booked in places
        },
        busy_services={id_: Busy((), visitors, booked) for id_, visitors, booked in services},
    )
