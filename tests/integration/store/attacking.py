"""A centre with work of everybody's to attack, and how an attack is made and judged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import psycopg
import pytest
from sqlalchemy import select, text, update

from crm_desktop.domain.huddles import Hearers, Scope
from crm_desktop.domain.reassigning import Seen, SetPriority, WorkFilter
from crm_desktop.domain.states import IdentifierKind, StaffRole
from crm_desktop.domain.views import Reply
from crm_desktop.services import (
    cases,
    contacts,
    customers,
    drafts,
    handoffs,
    huddles,
    people_now,
    presence,
    reassign,
    replies,
    staff,
)
from crm_desktop.services.cases import CaseInput
from crm_desktop.services.staff import NewStaff
from crm_desktop.store import boundary, people
from crm_desktop.store.database import Database, Target
from crm_desktop.store.models import (
    ArrivalForecast,
    Assessment,
    Attachment,
    CountedContact,
    Event,
    HalfHourStaff,
    HalfHourStat,
    Handoff,
    Looking,
    Membership,
    Message,
    OutboxItem,
    Playback,
    QueueStat,
    Recording,
    RecordingRequest,
    Service,
    Staff,
)
from crm_desktop.store.models.base import Base
from tests.call_rows import add_call, add_pbx, give_phones
from tests.centre import PASSWORD, Centre, build_template
from tests.servers.postgres import PostgresCluster

#: Each thing of somebody's, by its name in the statements.
Ids = dict[str, object]
Connection = psycopg.Connection[tuple[object, ...]]

#: No right to it; or our own functions' "not there", "not allowed", "with somebody else", "cannot"
#: and "not so".
REFUSALS = ("42501", "CRM01", "CRM02", "CRM03", "CRM04", "CRM05")
DESK, LEADER, ADMIN, REPORT, NOBODY, DISABLED, BY_HAND = (
    f"attack.{name}" for name in ("dee", "leo", "ada", "rita", "nora", "dan", "eve")
)
#: A verifier as it should be, of a password that nobody knows.
VERIFIER = "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$" + "A" * 43 + "=:" + "A" * 43 + "="


@dataclass(frozen=True)
class Attack:
    """A statement (after others that go through), and whether it fails or else touches nothing."""

    what: str
    statement: LiteralString
    fails: bool = True
    before: tuple[LiteralString, ...] = ()


def unseen(what: str, statement: LiteralString) -> Attack:
    """An attack that is not refused and finds nothing."""
    return Attack(what, statement, fails=False)


def named(attacks: tuple[Attack, ...]) -> list[object]:
    """Parameters of a test, each under its own name."""
    return [pytest.param(each, id=each.what.replace(" ", "-")) for each in attacks]


def named_by_login(attacks: Mapping[str, tuple[Attack, ...]]) -> list[object]:
    """The same for a test of several people, (login, attack)."""
    return [
        pytest.param(login, each, id=f"{login}-{each.what.replace(' ', '-')}")
        for login, theirs in attacks.items()
        for each in theirs
    ]


def refused(connection: Connection, ids: Ids, attack: Attack) -> None:
    """Make the attack, which the database must refuse, and undo it."""
    with connection.transaction(force_rollback=True):
        for each in attack.before:
            connection.execute(each, ids)
        if attack.fails:
            with pytest.raises(psycopg.Error) as refusal:
                connection.execute(attack.statement, ids)
            assert refusal.value.sqlstate in REFUSALS, refusal.value
        else:
            assert connection.execute(attack.statement, ids).rowcount == 0


def build(url: str) -> None:
    """The centre with work of everybody's, once for all files of attacks."""
    db = Database(Target(url))
    build_template(db)
    for login, role in ((DESK, StaffRole.DESK), (LEADER, StaffRole.TEAM_LEADER)):
        staff.add(db, NewStaff(login, login, role, ("general", "waste")), PASSWORD)
    staff.add(db, NewStaff(ADMIN, ADMIN, StaffRole.ADMIN, ("general",)), PASSWORD)
    for login in (DISABLED, BY_HAND):
        staff.add(db, NewStaff(login, login, StaffRole.ADVISOR, ("general",)), PASSWORD)
    with db.write() as tx:
        people.create_login(tx, REPORT, "crm_report", PASSWORD)
        people.create_login(tx, NOBODY, "crm_report", PASSWORD)
        tx.session.execute(text(f'REVOKE crm_report FROM "{NOBODY}"'))
    db.close()


def arranged(cluster: PostgresCluster, name: str) -> tuple[Centre, Ids]:
    """A copy of the centre, closed as `admin db init` closes it, with work of everybody's."""
    centre = Centre(Target(cluster.superuser_url(name)), cluster=cluster, database=name)
    boundary.prepare(centre.as_owner())
    ids = _of_people(centre) | _of_contacts(centre)
    ids |= _of_quality(centre, ids)
    ids |= _of_talk(centre, ids)
    ids |= _of_moves(centre, ids)
    ids |= _of_calls(centre)
    with centre.as_owner().write() as tx:
        tx.session.execute(text("ANALYZE"))
    return centre, ids


def _of_people(centre: Centre) -> Ids:
    with centre.as_owner().read() as tx:
        of_login = {row.login: row.id for row in tx.session.scalars(select(Staff))}
    for login in ("ben", "cora"):
        presence.begin(centre.as_person(login))
    _once_belonged(centre, of_login["cora"], "general", "waste")
    _once_belonged(centre, of_login["ben"], "care")
    known = {"ben": "ben_id", "anna": "anna_id", LEADER: "leader_id", ADMIN: "admin_id"}
    known |= {"cora": "cora_id"}
    return {
        **{name: of_login[login] for login, name in known.items()},
        "general_queue": centre.queue_id("general"),
        "care_queue": centre.queue_id("care"),
        "verifier": VERIFIER,
    }


def _once_belonged(centre: Centre, staff_id: int, *queues: str) -> None:
    """Their time in these queues is over, and no gateway has taken them away yet."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with centre.as_owner().write() as tx:
        for code in queues:
            queue_id = centre.queue_id(code)
            tx.session.add(Membership(staff_id=staff_id, queue_id=queue_id, until=yesterday))


def _of_contacts(centre: Centre) -> Ids:
    anna, ben, cora = (centre.as_person(login) for login in ("anna", "ben", "cora"))
    with centre.as_owner().read() as tx:
        services = {row.code: row.id for row in tx.session.scalars(select(Service))}
    care = centre.add_contact(queue="care", who="Hidden Person", customer="h@example.org")
    bens = centre.add_contact(customer="sam@example.org")
    own, waiting = centre.add_contact(), centre.add_contact()
    for db, contact_id in ((ben, bens), (anna, own), (cora, care)):
        contacts.take(db, contact_id)
    care_case = cases.save(cora, CaseInput(care, services["concern"], {}))
    bens_case = cases.save(ben, CaseInput(bens, services["missed_bin"], {"bin": "general"}))
    handoffs.request(ben, bens_case.case_id, bens)
    filed = cases.save(anna, CaseInput(own, services["council_tax"], {}))
    concern = CaseInput(own, services["concern"], {}, filed.case_id, filed.version)
    cases.save(anna, concern)
    sent = replies.send(ben, bens, Reply("We will come back.", "sam@example.org"))
    hidden = replies.send(cora, care, Reply("We will come.", "h@example.org"))
    drafts.save(ben, bens, "note", {"text": "not yet"})
    drafts.save(cora, care, "note", {"text": "not yet"})
    customer_id = customers.search(cora, "h@example.org")[0].id
    customers.add_identifier(cora, customer_id, IdentifierKind.PHONE, "01632 960 001")
    with cora.write() as tx:
        sha256 = tx.guard.put_blob(b"x")
    with centre.as_owner().write() as tx:
        tx.session.add(QueueStat(queue_id=centre.queue_id("care"), channel="email", waiting=1))
        tx.session.add(Looking(staff_id=_id(cora), contact_id=care))
        hour = datetime(2026, 1, 5, 10, tzinfo=UTC)
        tx.session.add(
            ArrivalForecast(
                half_hour=hour, queue_id=centre.queue_id("care"), channel="call", planned=9,
                expected=9, made_at=hour,
            )
        )  # fmt: skip
        for queue, contact_id, person in (("care", care, cora), ("general", bens, ben)):
            tx.session.add_all(_figures(centre.queue_id(queue), contact_id, _id(person)))
        incoming = select(Message.id).where(Message.direction == "inbound")
        care_message = tx.session.scalars(incoming.where(Message.contact_id == care)).one()
        own_message = tx.session.scalars(incoming.where(Message.contact_id == own)).one()
        file = Attachment(
            message_id=care_message, sha256=sha256, name="x.txt", content_type="text/plain", size=1
        )
        tx.session.add(file)
        outgoing = {
            row.message_id: row for row in tx.session.scalars(select(OutboxItem)) if row.message_id
        }
        outgoing[hidden.message_id].state = "dead"
        tx.session.flush()
        return {
            "care": care,
            "care_case": care_case.case_id,
            "care_reference": care_case.reference,
            "care_message": care_message,
            "care_reply": hidden.message_id,
            "care_outbox": outgoing[hidden.message_id].id,
            "attachment": file.id,
            "sha256": sha256,
            "customer": customer_id,
            "ben": bens,
            "ben_message": sent.message_id,
            "ben_outbox": outgoing[sent.message_id].id,
            "ben_handoff": tx.session.scalars(select(Handoff.id)).one(),
            "ben_event": tx.session.scalars(
                select(Event.id).where(Event.actor_id == _id(ben)).limit(1)
            ).one(),
            "own": own,
            "own_case": filed.case_id,
            "own_reference": filed.reference,
            "message": own_message,
            "waiting": waiting,
            "concern": services["concern"],
            "council_tax": services["council_tax"],
        }


def _figures(queue_id: int, contact_id: int, staff_id: int) -> list[Base]:
    """One contact of a queue in the figures, and one person's half hour."""
    at = datetime(2026, 1, 5, 9, tzinfo=UTC)
    return [
        HalfHourStat(
            half_hour=at,
            queue_id=queue_id,
            channel="email",
            arrivals=1,
            seconds=36_000,
            in_opening_hours=True,
            goal=80,
            short_seconds=5,
            variant="default",
        ),
        HalfHourStaff(half_hour=at, staff_id=staff_id, available_seconds=60, busy_seconds=6),
        CountedContact(
            contact_id=contact_id, what="arrived", at=at, queue_id=queue_id, channel="email"
        ),
    ]


def _of_quality(centre: Centre, ids: Ids) -> Ids:
    rose = _id(centre.as_person("rose"))
    with centre.as_person("rose").write() as tx:
        marker = tx.guard.marker_propose(int(str(ids["customer"])), "Dog at the door")
    judged = (
        # contact, who judges, who is judged, state
        ("own", rose, ids["anna_id"], "draft"),
        ("ben", rose, ids["ben_id"], "released"),
        ("care", rose, ids["leader_id"], "draft"),
        ("own", ids["leader_id"], ids["anna_id"], "released"),
    )
    with centre.as_owner().write() as tx:
        assessments = [
            Assessment(contact_id=ids[contact], author_id=author, staff_id=staff_id, state=state)
            for contact, author, staff_id, state in judged
        ]
        recording = Recording(
            contact_id=ids["care"],
            kind="call",
            name="crm-care-1",
            store="north",
            file="0123456789abcdef",
            seconds=60,
            kept_at=datetime(2026, 1, 5, tzinfo=UTC),
            keep_until=datetime(2099, 1, 5, tzinfo=UTC),
        )
        own = Recording(
            contact_id=ids["own"],
            kind="call",
            name="crm-own-1",
            store="north",
            file="fedcba9876543210",
            seconds=60,
            kept_at=datetime(2026, 1, 5, tzinfo=UTC),
            keep_until=datetime(2099, 1, 5, tzinfo=UTC),
            legal_hold=True,
            hold_reason="A claim",
        )
        tx.session.add_all([*assessments, recording, own])
        tx.session.flush()
        playback = Playback(
            recording_id=recording.id,
            staff_id=rose,
            public_key=b"k" * 32,
            state="ready",
            sound=b"sound",
            expires_at=datetime(2099, 1, 5, tzinfo=UTC),
        )
        request = RecordingRequest(
            recording_id=recording.id, asked_by="Somebody", opened_by_id=rose, transcript="Words"
        )
        tx.session.add_all([playback, request])
        tx.session.flush()
        return {
            "marker": marker,
            "own_recording": own.id,
            "playback": playback.id,
            "request": request.id,
            "key": b"k" * 32,
            "assessment": assessments[0].id,
            "released": assessments[3].id,
            "recording": recording.id,
        }


def _of_talk(centre: Centre, ids: Ids) -> Ids:
    """What a leader says to all, to another queue, and to one; and a skill."""
    rose = centre.as_person("rose")
    hour = timedelta(hours=1)
    huddles.send(rose, Hearers(Scope.ALL), "Storm tonight", hour)
    care = Hearers(Scope.QUEUE, int(str(ids["care_queue"])))
    huddles.send(rose, care, "Care only", hour)
    huddles.write_note(rose, int(str(ids["ben_id"])), "Can you stay till six?")
    to_care, to_all = huddles.sent(rose)
    (note,) = huddles.notes(rose, int(str(ids["ben_id"])))
    people_now.put_skill(centre.as_person(ADMIN), None, "Welsh")
    (skill,) = people_now.skills(rose)
    return {
        "huddle": to_all.id,
        "care_huddle": to_care.id,
        "private": note.id,
        "skill": skill.id,
    }


def _of_moves(centre: Centre, ids: Ids) -> Ids:
    """Another leader's move, and contacts as those who may see them see them."""
    rose = centre.as_person("rose")
    wanted = [int(str(ids[name])) for name in ("care", "waiting")]
    seen = {each.id: each.seen for each in reassign.rows(rose, WorkFilter(), wanted)}
    care, waiting = (seen[each] for each in wanted)
    moved = reassign.change(rose, [waiting], SetPriority(1))
    return {
        "batch": moved.undo,
        "care_seen": _told(care),
        "waiting_seen": _told(waiting),
        "cora_id": centre.person("cora").id,
    }


def _of_calls(centre: Centre) -> Ids:
    """Calls that go on in everybody's hands."""
    pbx = add_pbx(centre)
    give_phones(centre, anna="201", ben="202", cora="203")
    with centre.as_owner().write() as tx:
        tx.session.execute(update(Staff).where(Staff.login == LEADER).values(extension="204"))
    return {
        "own_call": add_call(centre, pbx, owner="anna"),
        "ben_call": add_call(centre, pbx, owner="ben"),
        "care_call": add_call(centre, pbx, owner="cora", queue="care"),
    }


def _told(seen: Seen) -> str:
    """A contact as the guarded functions are told of it."""
    return json.dumps(
        [
            {
                "id": seen.contact_id,
                "state": seen.state.value,
                "owner": seen.owner_id,
                "queue": seen.queue_id,
                "since": seen.state_since.isoformat(),
            }
        ]
    )


def _id(db: Database) -> int:
    assert db.actor is not None
    return db.actor.id
