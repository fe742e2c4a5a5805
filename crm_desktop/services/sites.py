"""Sites are set up: an administrator says their hours, services, desks and rooms, and who hears
alarms there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from crm_desktop.domain import sites as rules
from crm_desktop.domain.calendar import Calendar
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import InvalidInput, NotFound
from crm_desktop.domain.sites import KnownSite, OfferedService, PlaceSetUp, Sites, SiteSetUp
from crm_desktop.store.database import Database
from crm_desktop.store.queries import sites as queries


def read(db: Database) -> Sites:
    """All that is set up. Raises NotAllowed unless an administrator or the owner asks."""
    with db.read() as tx:
        return queries.everything(tx)


def add(db: Database, wanted: SiteSetUp) -> Changes:
    """A new site, with a key of its own for kiosks and public screens.

    Raises InvalidInput(fields), NotAllowed.
    """
    return _put(db, None, wanted)


def change(db: Database, known: KnownSite, wanted: SiteSetUp) -> Changes:
    """Another word, hour, service or place of a site; it holds from the next visitor on.

    Hours that others share stay theirs: the site has its own from then on. Raises as `add`, also
    for what is in use at this moment, and Conflict when the site is not as it was `known`.
    """
    return _put(db, known, wanted)


def use(db: Database, known: KnownSite, *, active: bool) -> Changes:
    """Close a site for good, or open it again; what happened there stays. Raises as `change`."""
    return _put(db, known, replace(known.site, active=active))


def renew_key(db: Database, site_id: int) -> tuple[str, Changes]:
    """Another key: kiosks and screens with the old address are shut out at once. Raises NotFound,
    NotAllowed.
    """
    with db.write() as tx:
        return queries.renew_key(tx, site_id), tx.changes


def _put(db: Database, known: KnownSite | None, wanted: SiteSetUp) -> Changes:
    wanted = _tidy(wanted)
    with db.write() as tx:
        found = queries.everything(tx)
        rules.check_site(wanted, found.services, found.people)
        _check_names(found, known, wanted)
        if known is not None:
            now = next((each for each in found.sites if each.id == known.id), None)
            if now is None:
                raise NotFound(what="The site")
            rules.check_change(now, wanted, found.services)
        seen = None if known is None else known.seen
        queries.put(tx, None if known is None else known.id, seen, _data(wanted, seen))
        return tx.changes


def _data(wanted: SiteSetUp, seen: Any) -> dict[str, Any]:
    """As the database keeps it; hours that are the same ones keep their very words."""
    data = wanted.to_data()
    if seen is not None and Calendar.from_data(seen["hours"]) == wanted.hours:
        data["hours"] = seen["hours"]
    return data


def _tidy(wanted: SiteSetUp) -> SiteSetUp:
    text = ("code", "name", "name_cy", "address", "wall", "wall_cy")
    bare = {name: getattr(wanted, name).strip() for name in text}
    bare["code"] = bare["code"].lower()
    return replace(
        wanted,
        **bare,
        services=tuple(_bare_service(each) for each in wanted.services),
        places=tuple(_bare_place(each) for each in wanted.places),
    )


def _bare_service(each: OfferedService) -> OfferedService:
    return replace(
        each,
        letter=each.letter.strip().upper(),
        name=each.name.strip(),
        name_cy=each.name_cy.strip(),
    )


def _bare_place(each: PlaceSetUp) -> PlaceSetUp:
    return replace(
        each,
        name=each.name.strip(),
        name_cy=each.name_cy.strip(),
        partner=each.partner.strip(),
    )


def _check_names(found: Sites, known: KnownSite | None, wanted: SiteSetUp) -> None:
    wrong = {}
    for each in found.sites:
        if known is not None and each.id == known.id:
            continue
        closed = "" if each.site.active else ", which is closed"
        if each.site.code == wanted.code:
            wrong["code"] = f"“{each.site.name}” has it{closed}"
        if each.site.name == wanted.name:
            wrong["name"] = f"another site has it{closed}"
    if wrong:
        raise InvalidInput("a site", fields=wrong)
