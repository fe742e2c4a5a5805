"""Alarms and incidents: on PostgreSQL by guarded functions (0031_alarms.sql), on SQLite by the same
rules in `alarms_sqlite`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from crm_desktop.domain.alarms import (
    Acknowledged,
    Incident,
    IncidentInput,
    IncidentKind,
    OpenAlarm,
    Raised,
)
from crm_desktop.store.database import Tx
from crm_desktop.store.leading import call, call_json
from crm_desktop.store.models import Place, Site
from crm_desktop.store.queries import alarms_sqlite as sqlite
from crm_desktop.store.queries.from_json import maybe_moment, moment, parsed


def raise_alarm(tx: Tx, said: Raised) -> int:
    """Keep an alarm, once for each key; raises InvalidInput for a key that is none, Conflict."""
    given = {
        "key": said.key,
        "site": said.site_id,
        "place": said.place_id,
        "words": said.words,
        "computer": said.computer,
        "contact": said.contact_id,
        "raised": said.raised_at.isoformat() if said.raised_at else None,
        "test": said.test,
    }
    made: int = (
        call_json(tx, "alarm_raise", given)
        if tx.dialect == "postgresql"
        else sqlite.raise_alarm(tx, given)
    )
    return made


def answer(tx: Tx, alarm_id: int, words: str) -> None:
    """This person is on the way; raises NotFound, Conflict when it is over, NotAllowed."""
    if tx.dialect == "postgresql":
        call(tx, "alarm_answer", alarm=alarm_id, words=words)
    else:
        sqlite.answer(tx, alarm_id, words)


def end(tx: Tx, alarm_id: int) -> None:
    """It is over; raises NotFound, Conflict, and NotAllowed for whoever raised it."""
    if tx.dialect == "postgresql":
        call(tx, "alarm_end", alarm=alarm_id)
    else:
        sqlite.end(tx, alarm_id)


def open_alarms(tx: Tx) -> tuple[OpenAlarm, ...]:
    """What this person is told of now, oldest first."""
    found = parsed(call(tx, "alarms_open")) if tx.dialect == "postgresql" else sqlite.going(tx)
    return tuple(_alarm(each) for each in found)


def secrets(tx: Tx) -> dict[int, str]:
    """What signs the words between desktops, by site; made when it is asked for first."""
    found = parsed(call(tx, "alarm_secrets")) if tx.dialect == "postgresql" else sqlite.secrets(tx)
    return {int(site): secret for site, secret in found.items()}


def places(tx: Tx) -> dict[int, tuple[int, str, str]]:
    """The site and the names of every place in use, by its id."""
    rows = tx.session.execute(
        select(Place.id, Place.site_id, Site.name, Place.name)
        .join(Site, Site.id == Place.site_id)
        .where(Place.active, Site.active)
    )
    return {id_: (site_id, site, place) for id_, site_id, site, place in rows}


def save_incident(tx: Tx, said: IncidentInput) -> int:
    """Write or change it; raises NotFound, InvalidInput, Conflict for an older version."""
    given = {
        "id": said.id,
        "version": said.version,
        "happened": said.happened_at.isoformat(),
        "kind": said.kind.value,
        "what": said.what,
        "done": said.done,
        "lessons": said.lessons,
        "police_reference": said.police_reference,
        "alarm": said.alarm_id,
        "site": said.site_id,
        "place": said.place_id,
        "customer": said.customer_id,
        "contact": said.contact_id,
    }
    made: int = (
        call_json(tx, "incident_save", given)
        if tx.dialect == "postgresql"
        else sqlite.save_incident(tx, given)
    )
    return made


def close_incident(tx: Tx, incident_id: int, version: int) -> None:
    """Its lessons are learnt; raises NotAllowed unless a leader says so, InvalidInput, Conflict."""
    if tx.dialect == "postgresql":
        call(tx, "incident_close", incident=incident_id, version=version)
    else:
        sqlite.close_incident(tx, incident_id, version)


def propose_marker(tx: Tx, incident_id: int, words: str) -> int:
    """Propose a safety marker for its customer, once; raises Conflict when it names none."""
    if tx.dialect == "postgresql":
        made: int = call(tx, "incident_propose", incident=incident_id, words=words)
        return made
    return sqlite.propose_marker(tx, incident_id, words)


def incidents(tx: Tx, incident_id: int | None, limit: int) -> tuple[Incident, ...]:
    """The newest first; leaders all, others what they wrote."""
    if tx.dialect == "postgresql":
        found = parsed(call(tx, "incidents", incident=incident_id, limit=limit))
    else:
        found = sqlite.incidents(tx, incident_id, limit)
    return tuple(_incident(each) for each in found)


def _alarm(each: Sequence[Any]) -> OpenAlarm:
    id_, key, site, place, words, who, raised, test, mine, answers = each
    return OpenAlarm(
        key=key,
        id=id_,
        site=site,
        place=place,
        words=words,
        who=who,
        raised_at=moment(raised),
        test=bool(test),
        mine=bool(mine),
        answered=any(own for *_, own in answers),
        answers=tuple(Acknowledged(name, moment(at), said) for name, at, said, _own in answers),
    )


def _incident(each: Sequence[Any]) -> Incident:
    (id_, happened, kind, what, done, lessons, police, alarm, site, place_id, customer_id, contact,
     version, place, customer, writer, written, marker, closed) = each  # fmt: skip
    return Incident(
        id=id_,
        said=IncidentInput(
            happened_at=moment(happened),
            kind=IncidentKind(kind),
            what=what,
            done=done,
            lessons=lessons,
            police_reference=police,
            alarm_id=alarm,
            site_id=site,
            place_id=place_id,
            customer_id=customer_id,
            contact_id=contact,
            id=id_,
            version=version,
        ),
        place=place,
        customer=customer,
        written_by=writer,
        written_at=moment(written),
        marker_id=marker,
        closed_at=maybe_moment(closed),
    )
