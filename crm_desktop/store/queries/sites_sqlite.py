"""The rules of 0034_sites.sql in Python, for SQLite: both pass the same contract test."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select

from crm_desktop.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from crm_desktop.domain.sites import SiteSetUp, check_site
from crm_desktop.domain.states import ContactState, StaffRole
from crm_desktop.domain.visits import HERE
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Appointment,
    AtPlace,
    Contact,
    Event,
    OpeningCalendar,
    Place,
    Queue,
    Service,
    Site,
    SiteService,
    Staff,
    Visit,
)
from crm_desktop.store.queries.visit_line_sqlite import THERE, day_of


def everything(tx: Tx) -> list[dict[str, Any]]:
    """See app.sites_set_up."""
    _keeper(tx)
    sites = tx.session.scalars(select(Site).order_by(Site.name, Site.id)).all()
    return [
        {
            "id": each.id,
            "key": each.kiosk_key,
            "site": _data(tx, each),
            "busy": _busy(tx, each.id),
            "shares": _shares(tx, each),
        }
        for each in sites
    ]


def put(
    tx: Tx, site_id: int | None, seen: Mapping[str, Any] | None, wanted: Mapping[str, Any]
) -> int:
    """See app.site_put."""
    _keeper(tx)
    site = None if site_id is None else tx.session.get(Site, site_id, populate_existing=True)
    if site_id is not None and site is None:
        raise NotFound("no such site")
    before = None if site is None else _data(tx, site)
    if before != (None if seen is None else dict(seen)):
        raise Conflict("somebody else changed this site meanwhile")
    _check(tx, site, wanted)
    if site is not None and before is not None:
        _check_free(tx, site.id, before, wanted)
    _check_names(tx, site_id, wanted)
    calendar_id = _hours(tx, site, wanted)
    if site is None:
        site = Site(kiosk_key=secrets.token_hex(16), settings={})
    for name in ("code", "name", "name_cy", "address", "calls", "active"):
        value = wanted[name]
        setattr(site, name, value.strip() if isinstance(value, str) else value)
    site.calendar_id = calendar_id
    site.settings = _settings(site.settings, wanted)
    tx.session.add(site)
    tx.session.flush()
    if before is None or before["services"] != wanted["services"]:
        _put_services(tx, site.id, wanted["services"])
    _put_places(tx, site.id, wanted["places"])
    _log(tx, "site.put", site=site.id, before=before, after=_data(tx, site))
    return site.id


def renew_key(tx: Tx, site_id: int) -> str:
    """See app.site_key_renew."""
    _keeper(tx)
    site = tx.session.get(Site, site_id, populate_existing=True)
    if site is None:
        raise NotFound("no such site")
    site.kiosk_key = secrets.token_hex(16)
    _log(tx, "site.key", site=site_id)
    return site.kiosk_key


def _keeper(tx: Tx) -> None:
    """Nobody in particular is the file's owner, as `crm-desktop admin` opens it."""
    if tx.actor is not None and tx.actor.role is not StaffRole.ADMIN:
        raise NotAllowed("only an administrator may set up sites")


def _data(tx: Tx, site: Site) -> dict[str, Any]:
    """What app.site_data gives."""
    hearers = site.settings.get("alarm_hearers")
    services = tx.session.scalars(
        select(SiteService).where(SiteService.site_id == site.id).order_by(SiteService.key)
    )
    places = tx.session.scalars(select(Place).where(Place.site_id == site.id).order_by(Place.id))
    return {
        "code": site.code,
        "name": site.name,
        "name_cy": site.name_cy,
        "address": site.address,
        "calls": site.calls,
        "active": site.active,
        "hours": dict(tx.session.get_one(OpeningCalendar, site.calendar_id).hours),
        "alarm_hearers": hearers if isinstance(hearers, list) else None,
        "wall": site.settings.get("wall", ""),
        "wall_cy": site.settings.get("wall_cy", ""),
        "services": [
            {
                "service_id": each.service_id,
                "letter": each.letter,
                "key": each.key,
                "name": each.name,
                "name_cy": each.name_cy,
            }
            for each in services
        ],
        "places": [
            {
                "id": each.id,
                "kind": each.kind,
                "name": each.name,
                "name_cy": each.name_cy,
                "partner": each.partner,
                "services": list(each.service_ids),
                "step_free": each.step_free,
                "hearing_loop": each.hearing_loop,
                "active": each.active,
            }
            for each in places
        ],
    }


def _busy(tx: Tx, site_id: int) -> list[list[list[Any]]]:
    """What app.site_busy gives."""
    here = tx.session.execute(
        select(Visit.place_id, Contact.service_id, Contact.state)
        .join(Contact, Contact.id == Visit.contact_id)
        .where(
            Visit.site_id == site_id,
            Visit.day >= day_of(tx.now) - timedelta(days=1),
            Contact.state.in_(HERE),
            or_(Visit.left_at.is_(None), Contact.state == ContactState.WRAP_UP),
        )
    ).all()
    booked = tx.session.execute(
        select(Appointment.place_id, Appointment.service_id).where(
            Appointment.site_id == site_id,
            Appointment.state == "booked",
            Appointment.ends_at > tx.now,
        )
    ).all()
    at: dict[int, list[str]] = {}
    for place_id, name in tx.session.execute(
        select(AtPlace.place_id, Staff.name)
        .join(Staff, Staff.id == AtPlace.staff_id)
        .where(AtPlace.left_at.is_(None))
        .order_by(Staff.name)
    ):
        at.setdefault(place_id, []).append(name)
    places = tx.session.scalars(select(Place.id).where(Place.site_id == site_id).order_by(Place.id))
    about = {row.service_id or 0 for row in here} | {row.service_id for row in booked}
    return [
        [
            [
                id_,
                at.get(id_, []),
                sum(row.place_id == id_ and row.state in THERE for row in here),
                sum(row.place_id == id_ for row in booked),
            ]
            for id_ in places
        ],
        [
            [
                id_,
                sum((row.service_id or 0) == id_ for row in here),
                sum(row.service_id == id_ for row in booked),
            ]
            for id_ in sorted(about)
        ],
    ]


def _shares(tx: Tx, site: Site) -> list[str]:
    queues = select(Queue.name).where(Queue.calendar_id == site.calendar_id)
    others = select(Site.name).where(Site.calendar_id == site.calendar_id, Site.id != site.id)
    return sorted({*tx.session.scalars(queues), *tx.session.scalars(others)})


def _check(tx: Tx, site: Site | None, wanted: Mapping[str, Any]) -> None:
    services = {
        row.id: (row.name, row.restricted)
        for row in tx.session.execute(select(Service.id, Service.name, Service.restricted))
    }
    people = {
        row.id: (row.name, row.active)
        for row in tx.session.execute(select(Staff.id, Staff.name, Staff.active))
    }
    said = SiteSetUp.from_data(wanted)
    check_site(said, services, people)
    if not all(each.service_id in services for each in said.services):
        raise NotFound("no such service")
    if not all(each in people for each in said.alarm_hearers or ()):
        raise InvalidInput("somebody who works here hears alarms, or everybody does")
    known = set() if site is None else set(
        tx.session.scalars(select(Place.id).where(Place.site_id == site.id))
    )  # fmt: skip
    given = [each.id for each in said.places if each.id is not None]
    if not set(given) <= known:
        raise NotFound("no such desk or room")
    if len(given) != len(set(given)) or set(given) != known:
        raise InvalidInput("a place is missing")


def _check_free(tx: Tx, site_id: int, before: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    places, services = _busy(tx, site_id)
    if before["active"] and not wanted["active"] and (any(x[1] for x in places) or services):
        raise Conflict("somebody is at that site, or booked there")
    kept = {each["id"] for each in wanted["places"] if each["active"]}
    used = {each["id"] for each in before["places"] if each["active"]}
    if any(id_ in used - kept and any(busy) for id_, *busy in places):
        raise Conflict("that desk or room is in use")
    offered = {each["service_id"] for each in wanted["services"]}
    gone = {each["service_id"] for each in before["services"]} - offered
    if any(id_ in gone for id_, *_ in services):
        raise Conflict("somebody is there about that service, or booked for it")


def _check_names(tx: Tx, site_id: int | None, wanted: Mapping[str, Any]) -> None:
    same = select(Site.id).where(
        (Site.code == wanted["code"]) | (Site.name == wanted["name"].strip())
    )
    if set(tx.session.scalars(same)) - {site_id}:
        raise Conflict("another site or place has that name or code")


def _hours(tx: Tx, site: Site | None, wanted: Mapping[str, Any]) -> int:
    """See app.site_hours."""
    hours = dict(wanted["hours"])
    if site is not None:
        own = tx.session.get_one(OpeningCalendar, site.calendar_id)
        if own.hours == hours:
            return own.id
        if not _shares(tx, site):
            own.hours = hours
            tx.session.flush()
            return own.id
    said, number = f"Site {wanted['code']}", 1
    named = select(func.count()).select_from(OpeningCalendar)
    while tx.session.scalar(named.where(OpeningCalendar.name == said)):
        number += 1
        said = f"Site {wanted['code']} ({number})"
    made = OpeningCalendar(name=said, hours=hours)
    tx.session.add(made)
    tx.session.flush()
    return made.id


def _settings(known: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in known.items() if name != "alarm_hearers"}
    kept |= {"wall": wanted["wall"].strip(), "wall_cy": wanted["wall_cy"].strip()}
    if wanted["alarm_hearers"] is not None:
        kept["alarm_hearers"] = list(wanted["alarm_hearers"])
    return kept


def _put_services(tx: Tx, site_id: int, services: Sequence[Mapping[str, Any]]) -> None:
    tx.session.execute(delete(SiteService).where(SiteService.site_id == site_id))
    tx.session.add_all(
        SiteService(
            site_id=site_id,
            **{**each, "name": each["name"].strip(), "name_cy": each["name_cy"].strip()},
        )
        for each in services
    )
    tx.session.flush()


def _put_places(tx: Tx, site_id: int, places: Sequence[Mapping[str, Any]]) -> None:
    # Whoever gives a name to another lets go of it first: two desks may change names.
    wanted = {each["name"].strip(): each["id"] for each in places}
    for known in tx.session.scalars(select(Place).where(Place.site_id == site_id)):
        if wanted.get(known.name, known.id) != known.id:
            known.name = f"{known.name} ({known.id})"
    tx.session.flush()
    for each in places:
        row = (
            Place(site_id=site_id)
            if each["id"] is None
            else tx.session.get_one(Place, each["id"], populate_existing=True)
        )
        for name in ("kind", "step_free", "hearing_loop", "active"):
            setattr(row, name, each[name])
        for name in ("name", "name_cy", "partner"):
            setattr(row, name, each[name].strip())
        row.service_ids = list(each["services"])
        tx.session.add(row)
    tx.session.flush()


def _log(tx: Tx, kind: str, **data: Any) -> None:
    tx.session.flush()
    tx.session.add(Event(kind=kind, actor_id=tx.actor_id, data=data))
    tx.session.flush()
