"""Silent alarms, who comes to help, and what was learnt from incidents."""

from __future__ import annotations

from crm_desktop.domain.alarms import Incident, IncidentInput, Means, OpenAlarm, Raised
from crm_desktop.domain.card_numbers import refuse_card_numbers
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import NotFound
from crm_desktop.store.database import Database
from crm_desktop.store.queries import alarms as queries

_NEWEST = 200


def raise_alarm(db: Database, said: Raised) -> Changes:
    """Tell everybody who is to hear; once for each key, also when it is entered later.

    Nothing but a wrong key is refused: what does not fit is left out.
    """
    with db.write() as tx:
        tx.changed(Topic.ALARM, queries.raise_alarm(tx, said))
        return tx.changes


def acknowledge(db: Database, alarm_id: int, words: str = "") -> Changes:
    """This person is on the way, by name.

    Raises NotFound, Conflict when it is over, NotAllowed for whoever raised it.
    """
    with db.write() as tx:
        queries.answer(tx, alarm_id, words)
        tx.changed(Topic.ALARM, alarm_id)
        return tx.changes


def end(db: Database, alarm_id: int) -> Changes:
    """It is over, for all.

    Only who has acknowledged it or leads may say so, and nobody of an alarm of their own unless it
    was a test: NotAllowed. Raises NotFound, Conflict when it was over already.
    """
    with db.write() as tx:
        queries.end(tx, alarm_id)
        tx.changed(Topic.ALARM, alarm_id)
        return tx.changes


def open_alarms(db: Database) -> tuple[OpenAlarm, ...]:
    """What this person is told of now, and their own, oldest first."""
    with db.read_at_once() as tx:
        return queries.open_alarms(tx)


def means(db: Database) -> Means:
    """What a desktop needs to tell and to hear alarms while the database is away."""
    with db.write() as tx:
        return Means(queries.secrets(tx), queries.places(tx))


def save_incident(db: Database, said: IncidentInput) -> tuple[int, Changes]:
    """Write an incident, or change it: its id.

    Raises InvalidInput without words, NotFound for another's, Conflict for an older version.
    """
    refuse_card_numbers(what=said.what, done=said.done, lessons=said.lessons)
    with db.write() as tx:
        made = queries.save_incident(tx, said)
        tx.changed(Topic.ALARM, said.alarm_id or 0)
        return made, tx.changes


def close_incident(db: Database, incident_id: int, version: int) -> Changes:
    """A leader closes it with what was learnt; raises NotAllowed, InvalidInput, Conflict."""
    with db.write() as tx:
        queries.close_incident(tx, incident_id, version)
        tx.changed(Topic.ALARM, 0)
        return tx.changes


def propose_marker(db: Database, incident_id: int, words: str) -> int:
    """Propose a safety marker for the incident's customer, once; a team leader decides on it."""
    refuse_card_numbers(words=words)
    with db.write() as tx:
        made = queries.propose_marker(tx, incident_id, words)
        tx.changed(Topic.ALARM, 0)
        return made


def incidents(db: Database) -> tuple[Incident, ...]:
    """The newest first: a leader's all, others' what they wrote."""
    with db.read_at_once() as tx:
        return queries.incidents(tx, None, _NEWEST)


def incident(db: Database, incident_id: int) -> Incident:
    """One of them; raises NotFound."""
    with db.read_at_once() as tx:
        found = queries.incidents(tx, incident_id, 1)
    if not found:
        raise NotFound("no such incident")
    return found[0]
