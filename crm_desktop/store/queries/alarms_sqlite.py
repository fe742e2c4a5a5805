"""Alarms and incidents on SQLite: the rules of 0031_alarms.sql in Python.

What is given and gives is in the shape of the SQL functions' JSON.
"""

from __future__ import annotations

import re
import secrets as randomness
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from crm_desktop.domain.alarms import ALARM_LETTERS, INCIDENT_LETTERS, IncidentKind
from crm_desktop.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from crm_desktop.domain.people import Person
from crm_desktop.store.database import Tx
from crm_desktop.store.guard_sqlite_reading import visible
from crm_desktop.store.leading import me
from crm_desktop.store.models import (
    Alarm,
    AlarmAnswer,
    AlarmSecret,
    AtPlace,
    Contact,
    Customer,
    Event,
    Incident,
    Place,
    Site,
    Staff,
)

_KEY = re.compile(r"[0-9a-f]{32}")
_KEPT = timedelta(days=7)
_SHOWN = timedelta(hours=12)
_AHEAD = timedelta(minutes=10)


def raise_alarm(tx: Tx, p: Mapping[str, Any]) -> int:
    """See app.alarm_raise."""
    session, own = tx.session, me(tx)
    if not _KEY.fullmatch(str(p.get("key") or "")):
        raise InvalidInput("a key of 32 digits")
    known = session.scalar(select(Alarm).where(Alarm.key == p["key"]))
    if known is not None:
        if known.raised_by_id != own.id:
            raise Conflict("that alarm is somebody else's")
        return known.id
    site = session.get(Site, p["site"]) if p.get("site") else None
    place = session.get(Place, p["place"]) if p.get("place") else _place_of(tx, own.id, site)
    contact = session.get(Contact, p["contact"]) if p.get("contact") else None
    raised = datetime.fromisoformat(p["raised"]) if p.get("raised") else tx.now
    alarm = Alarm(
        key=p["key"],
        site_id=place.site_id if place else site.id if site else None,
        place_id=place.id if place else None,
        words=str(p.get("words") or "").strip()[:ALARM_LETTERS],
        computer=str(p.get("computer") or "")[:ALARM_LETTERS],
        contact_id=contact.id if contact is not None and visible(contact, own) else None,
        raised_by_id=own.id,
        raised_at=min(max(raised, tx.now - _KEPT), tx.now),
        test=bool(p.get("test")),
    )
    session.add(alarm)
    session.flush()
    _log(tx, "alarm.raised", contact_id=alarm.contact_id, alarm=alarm.id, test=alarm.test)
    return alarm.id


def answer(tx: Tx, alarm_id: int, words: str) -> None:
    """See app.alarm_answer."""
    own, alarm = me(tx), _going(tx, alarm_id)
    if alarm.raised_by_id == own.id:
        raise NotAllowed("somebody else acknowledges an alarm")
    if len(words) > ALARM_LETTERS:
        raise InvalidInput(f"up to {ALARM_LETTERS} letters")
    known = tx.session.get(AlarmAnswer, (alarm_id, own.id), populate_existing=True)
    if known is None:
        tx.session.add(AlarmAnswer(alarm_id=alarm_id, staff_id=own.id, words=words.strip()))
    elif words.strip():
        known.words = words.strip()
    _log(tx, "alarm.acknowledged", alarm=alarm_id)


def end(tx: Tx, alarm_id: int) -> None:
    """See app.alarm_end."""
    own, alarm = me(tx), _going(tx, alarm_id)
    if alarm.raised_by_id == own.id:
        allowed = alarm.test
    else:
        allowed = own.leads or tx.session.get(AlarmAnswer, (alarm_id, own.id)) is not None
    if not allowed:
        raise NotAllowed("whoever has acknowledged it ends it, or a team leader")
    alarm.ended_at, alarm.ended_by_id = tx.now, own.id
    _log(tx, "alarm.ended", alarm=alarm_id)


def going(tx: Tx) -> list[list[Any]]:
    """See app.alarms_open."""
    own = me(tx)
    rows = tx.session.execute(
        select(Alarm, Site, Place.name, Staff.name)
        .join(Staff, Staff.id == Alarm.raised_by_id)
        .outerjoin(Site, Site.id == Alarm.site_id)
        .outerjoin(Place, Place.id == Alarm.place_id)
        .where(Alarm.ended_at.is_(None), Alarm.raised_at > tx.now - _SHOWN)
        .order_by(Alarm.raised_at, Alarm.id)
    )
    return [
        [
            alarm.id, alarm.key, site.name if site else "", place or "", alarm.words, who,
            alarm.raised_at.isoformat(), alarm.test, alarm.raised_by_id == own.id,
            _answers(tx, alarm.id, own.id),
        ]
        for alarm, site, place, who in rows.all()
        if alarm.raised_by_id == own.id or _heard(tx, site, own.id)
    ]  # fmt: skip


def secrets(tx: Tx) -> dict[int, str]:
    """See app.alarm_secrets."""
    me(tx)
    known = {
        row.site_id: row.secret for row in tx.session.scalars(select(AlarmSecret)) if row.secret
    }
    sites = tx.session.scalars(select(Site.id).where(Site.active)).all()
    for site in sites:
        if site not in known:
            known[site] = randomness.token_hex(32)
            tx.session.add(AlarmSecret(site_id=site, secret=known[site]))
    tx.session.flush()
    return {site: known[site] for site in sites}


def save_incident(tx: Tx, p: Mapping[str, Any]) -> int:
    """See app.incident_save."""
    session, own = tx.session, me(tx)
    known = None
    if p.get("id") is not None:
        known = _own_incident(tx, p["id"])
        _check_version(known, p["version"])
    _check_incident(tx, p, own)
    alarm = _alarm_of(tx, p, own, known)
    if known is None:
        known = Incident(written_by_id=own.id)
        session.add(known)
        kind = "incident.written"
    else:
        known.version += 1
        kind = "incident.changed"
    known.happened_at = datetime.fromisoformat(p["happened"])
    known.kind = p["kind"]
    for name in ("what", "done", "lessons", "police_reference"):
        setattr(known, name, str(p.get(name) or "").strip())
    for name in ("alarm", "site", "place", "customer", "contact"):
        setattr(known, f"{name}_id", p.get(name))
    if alarm is not None and known.site_id is None and known.place_id is None:
        known.site_id, known.place_id = alarm.site_id, alarm.place_id
    session.flush()
    _log(tx, kind, contact_id=known.contact_id, customer_id=known.customer_id, incident=known.id)
    return known.id


def close_incident(tx: Tx, incident_id: int, version: int) -> None:
    """See app.incident_close."""
    if not me(tx).leads:
        raise NotAllowed("a team leader does that")
    known = _own_incident(tx, incident_id)
    _check_version(known, version)
    if not known.lessons:
        raise InvalidInput("say what was learnt")
    known.closed_at = tx.now
    known.version += 1
    _log(tx, "incident.closed", customer_id=known.customer_id, incident=known.id)


def propose_marker(tx: Tx, incident_id: int, words: str) -> int:
    """See app.incident_propose."""
    known = _own_incident(tx, incident_id)
    if known.customer_id is None:
        raise Conflict("the incident names no customer")
    if known.marker_id is None:
        known.marker_id = tx.guard.marker_propose(known.customer_id, words)
        known.version += 1
        tx.session.flush()
    return known.marker_id


def incidents(tx: Tx, incident_id: int | None, limit: int) -> list[list[Any]]:
    """See app.incidents."""
    own = me(tx)
    query = (
        select(Incident, Site.name, Place.name, Customer.name, Staff.name)
        .join(Staff, Staff.id == Incident.written_by_id)
        .outerjoin(Site, Site.id == Incident.site_id)
        .outerjoin(Place, Place.id == Incident.place_id)
        .outerjoin(Customer, Customer.id == Incident.customer_id)
        .order_by(Incident.happened_at.desc(), Incident.id.desc())
        .limit(limit)
    )
    if not own.leads:
        query = query.where(Incident.written_by_id == own.id)
    if incident_id is not None:
        query = query.where(Incident.id == incident_id)
    return [
        [
            i.id, i.happened_at.isoformat(), i.kind, i.what, i.done, i.lessons, i.police_reference,
            i.alarm_id, i.site_id, i.place_id, i.customer_id, i.contact_id, i.version,
            ", ".join(each for each in (place, site) if each), customer or "", writer,
            i.written_at.isoformat(), i.marker_id, i.closed_at.isoformat() if i.closed_at else None,
        ]
        for i, site, place, customer, writer in tx.session.execute(query).all()
    ]  # fmt: skip


def _place_of(tx: Tx, staff_id: int, site: Site | None) -> Place | None:
    query = (
        select(Place)
        .join(AtPlace, AtPlace.place_id == Place.id)
        .where(AtPlace.staff_id == staff_id, AtPlace.left_at.is_(None))
    )
    if site is not None:
        query = query.where(Place.site_id == site.id)
    return tx.session.scalar(query)


def _going(tx: Tx, alarm_id: int) -> Alarm:
    alarm = tx.session.get(Alarm, alarm_id, populate_existing=True)
    if alarm is None:
        raise NotFound("no such alarm")
    if alarm.ended_at is not None:
        raise Conflict("the alarm is over")
    return alarm


def _heard(tx: Tx, site: Site | None, staff_id: int) -> bool:
    chosen = None if site is None else site.settings.get("alarm_hearers")
    if site is None or not isinstance(chosen, list) or staff_id in chosen:
        return True
    return _place_of(tx, staff_id, site) is not None


def _answers(tx: Tx, alarm_id: int, own: int) -> list[list[Any]]:
    rows = tx.session.execute(
        select(Staff.name, AlarmAnswer.at, AlarmAnswer.words, Staff.id)
        .join(Staff, Staff.id == AlarmAnswer.staff_id)
        .where(AlarmAnswer.alarm_id == alarm_id)
        .order_by(AlarmAnswer.at, Staff.id)
    )
    return [[name, at.isoformat(), words, staff_id == own] for name, at, words, staff_id in rows]


def _own_incident(tx: Tx, incident_id: int) -> Incident:
    own = me(tx)
    known = tx.session.get(Incident, incident_id, populate_existing=True)
    if known is None or not (own.leads or known.written_by_id == own.id):
        raise NotFound("no such incident")
    if known.closed_at is not None:
        raise Conflict("the incident is closed")
    return known


def _check_version(known: Incident, version: int) -> None:
    if known.version != version:
        raise Conflict("a colleague changed it meanwhile")


def _check_incident(tx: Tx, p: Mapping[str, Any], own: Person) -> None:
    long = any(len(str(p.get(n) or "")) > INCIDENT_LETTERS for n in ("what", "done", "lessons"))
    if (
        not str(p.get("what") or "").strip()
        or datetime.fromisoformat(p["happened"]) > tx.now + _AHEAD
        or p.get("kind") not in set(IncidentKind)
        or long
        or len(str(p.get("police_reference") or "")) > ALARM_LETTERS
    ):
        raise InvalidInput("say what happened, and when")
    contact = tx.session.get(Contact, p["contact"]) if p.get("contact") else None
    found = (("site", Site), ("place", Place), ("customer", Customer))
    if (p.get("contact") and (contact is None or not visible(contact, own))) or any(
        p.get(name) and tx.session.get(model, p[name]) is None for name, model in found
    ):
        raise NotFound("no such alarm, place, customer or contact")


def _alarm_of(tx: Tx, p: Mapping[str, Any], own: Person, known: Incident | None) -> Alarm | None:
    """The alarm that an incident was, of those that its writer was told of; raises NotFound."""
    if p.get("alarm") is None:
        return None
    alarm = tx.session.get(Alarm, p["alarm"])
    site = tx.session.get(Site, alarm.site_id) if alarm and alarm.site_id else None
    told = alarm is not None and (
        alarm.raised_by_id == own.id
        or own.leads
        or _heard(tx, site, own.id)
        or (known is not None and known.alarm_id == alarm.id)
    )
    if not told:
        raise NotFound("no such alarm, place, customer or contact")
    return alarm


def _log(
    tx: Tx,
    kind: str,
    *,
    contact_id: int | None = None,
    customer_id: int | None = None,
    **data: object,
) -> None:
    tx.session.add(
        Event(
            kind=kind,
            actor_id=tx.actor_id,
            contact_id=contact_id,
            customer_id=customer_id,
            data=data,
        )
    )
    tx.session.flush()
