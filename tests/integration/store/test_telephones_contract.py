"""Telephones are set up by administrators alone, alike on both dialects."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from crm_desktop.domain.states import StaffRole
from crm_desktop.domain.telephones import Choice, KnownLine, Line, Pbx
from crm_desktop.services import accounts, call_targets, staff, telephones
from crm_desktop.services.staff import NewStaff
from crm_desktop.store import migrate
from crm_desktop.store.database import Database
from crm_desktop.store.models import Event, RowAudit, Service, TelephoneLine
from crm_desktop.store.queries import telephones as queries
from tests.call_rows import add_pbx
from tests.centre import MIGRATIONS, PASSWORD, Centre

PBX = Pbx("http://127.0.0.1:8088", "crm")


@pytest.fixture
def ada(centre: Centre) -> Database:
    """An administrator of no queue."""
    login = f"admin{time.monotonic_ns()}"
    staff.add(centre.as_owner(), NewStaff(login, "Ada", StaffRole.ADMIN), PASSWORD)
    return centre.as_person(login)


def _line(centre: Centre, number: str = "01632 960 100", **other: object) -> Line:
    return Line(number, "Main line", centre.queue_id("general"), **other)  # type: ignore[arg-type]


def _added(db: Database, wanted: Line) -> KnownLine:
    telephones.add_line(db, wanted)
    return telephones.read(db).lines[-1]


def _service(centre: Centre, code: str) -> int:
    with centre.as_owner().read() as tx:
        return tx.session.scalars(select(Service.id).where(Service.code == code)).one()


def test_the_pbx_is_set_up_changed_switched_off_and_on(centre: Centre, ada: Database) -> None:
    assert telephones.read(ada).pbx is None

    changes = telephones.put_pbx(ada, None, replace(PBX, url="http://127.0.0.1:8088/"))
    first = telephones.read(ada).pbx
    assert first is not None
    assert changes.ids(Topic.ACCOUNT) == {first.id}
    assert (first.pbx, first.status, first.active) == (PBX, "unknown", True)
    assert first.secret_name == "ari:crm@http://127.0.0.1:8088"

    # The gateway finds it among its accounts, with the settings under these names.
    account = {each.kind: each for each in accounts.active(centre.as_gateway())}["asterisk"]
    assert account.settings == {
        "url": "http://127.0.0.1:8088", "user": "crm", "app": "crm",
        "outbound": "PJSIP/{number}@trunk", "advisor": "PJSIP/{extension}", "answer_by": "header",
        "recording_notice": "sound:conf-now-recording",
    }  # fmt: skip
    accounts.set_status(centre.as_gateway(), account.id, "trouble", "The password is wrong.")

    telephones.put_pbx(ada, first.seen, replace(PBX, url="https://pbx.example:8089"))
    second = telephones.read(ada).pbx
    assert second is not None
    # One and the same account; what was said of the old address is not said of the new one, and
    # the old password does not go there.
    assert (second.id, second.status, second.words) == (first.id, "unknown", "")
    assert second.secret_name == "ari:crm@https://pbx.example:8089"

    telephones.use_pbx(ada, active=False)
    off = telephones.read(ada).pbx
    assert off is not None
    assert not off.active
    assert "asterisk" not in {each.kind for each in accounts.active(centre.as_gateway())}
    telephones.use_pbx(ada, active=True)
    assert telephones.read(ada).pbx == replace(second, at=_at(ada))


def test_one_pbx_is_in_use_and_its_people_are_those_who_can_be_called(
    centre: Centre, ada: Database
) -> None:
    """An extension is one PBX's: of two nobody could say whose telephone rings."""
    telephones.put_pbx(ada, None, PBX)
    with pytest.raises(IntegrityError):
        add_pbx(centre, "Another")
    add_pbx(centre, "Another, switched off", active=False)

    assert call_targets.own_telephone(centre.as_person("anna")).system == "Telephones"
    assert [each.name for each in accounts.active(centre.as_gateway())].count("Telephones") == 1


def test_where_there_were_more_the_one_that_is_shown_stays(centre: Centre, ada: Database) -> None:
    owner = centre.as_owner()
    with owner.write() as tx:
        for each in ("DROP INDEX ix_one_pbx", "UPDATE alembic_version SET version_num = '0040'"):
            tx.session.execute(text(each))
    first, second, off = (
        add_pbx(centre),
        add_pbx(centre, "New"),
        add_pbx(centre, "Off", active=False),
    )
    assert first < second < off

    migrate.upgrade(owner, MIGRATIONS)

    shown = telephones.read(ada).pbx
    assert shown is not None
    assert (shown.id, shown.active) == (second, True)
    kept = [each.id for each in accounts.active(centre.as_gateway()) if each.kind == "asterisk"]
    assert kept == [second]


def _at(db: Database) -> datetime:
    pbx = telephones.read(db).pbx
    assert pbx is not None
    return pbx.at


def test_a_line_is_added_with_its_menu_changed_and_switched_off(
    centre: Centre, ada: Database
) -> None:
    general, waste = centre.queue_id("general"), centre.queue_id("waste")
    bins = _service(centre, "missed_bin")
    wanted = _line(
        centre,
        announce_seconds=30,
        record=False,
        most_waiting=12,
        choices=(Choice("2", "Bins", waste, bins), Choice("*", "Anything else", general)),
    )

    changes = telephones.add_line(ada, wanted)
    (known,) = telephones.read(ada).lines
    assert changes.ids(Topic.ACCOUNT) == {0}
    assert known.line == replace(wanted, number="+441632960100")

    other = replace(known.line, service_id=bins, choices=(Choice("1", "Bins", waste, bins),))
    telephones.change_line(ada, known, other)
    (changed,) = telephones.read(ada).lines
    assert changed == KnownLine(known.id, other)

    telephones.use_line(ada, changed, active=False)
    (off,) = telephones.read(ada).lines
    assert not off.line.active
    telephones.use_line(ada, off, active=True)
    assert telephones.read(ada).lines == (changed,)


def test_extensions_ring_for_one_person_each(centre: Centre, ada: Database) -> None:
    # Of this test alone: a server's logins are all its databases'.
    login = f"zed{time.monotonic_ns()}"
    staff.add(centre.as_owner(), NewStaff(login, "Zed Marsh", StaffRole.ADVISOR), PASSWORD)
    zed, ben = centre.person(login).id, centre.person("ben").id

    changes = telephones.set_extension(ada, zed, None, " 101 ")
    assert changes.ids(Topic.STAFF) == {zed}
    assert _extension(ada, login) == "101"
    with pytest.raises(InvalidInput) as refusal:
        telephones.set_extension(ada, ben, None, "101")
    assert refusal.value.params["fields"] == {"extension": "Zed Marsh has it"}
    # Who goes past the service's words meets the database's.
    with pytest.raises(Conflict), ada.write() as tx:
        queries.put_extension(tx, ben, None, "101")
    with pytest.raises(Conflict):
        telephones.set_extension(ada, zed, None, "102")

    # Of somebody who works here no more it is free.
    staff.disable(ada, zed)
    telephones.set_extension(ada, ben, None, "101")
    assert (_extension(ada, "ben"), _extension(ada, login)) == ("101", None)
    telephones.set_extension(ada, ben, "101", "")
    assert _extension(ada, "ben") is None


def _extension(db: Database, login: str) -> str | None:
    found = {each.login: each.extension for each in telephones.read(db).phones}
    return found.get(login)


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(
    centre: Centre, ada: Database
) -> None:
    owner = centre.as_owner()
    telephones.put_pbx(owner, None, PBX)
    known = _added(owner, _line(centre))
    pbx = telephones.read(ada).pbx
    assert pbx is not None
    telephones.put_pbx(owner, pbx.seen, replace(PBX, user="other"))
    telephones.use_line(owner, known, active=False)

    for late in (None, pbx.seen):
        with pytest.raises(Conflict):
            telephones.put_pbx(ada, late, PBX)
    with pytest.raises(Conflict):
        telephones.change_line(ada, known, replace(known.line, name="Ours"))

    after = telephones.read(ada)
    assert after.pbx is not None
    assert after.pbx.pbx.user == "other"
    assert [each.line.name for each in after.lines] == ["Main line"]


def test_a_number_has_one_line(centre: Centre, ada: Database) -> None:
    known = _added(ada, _line(centre))
    telephones.use_line(ada, known, active=False)

    with pytest.raises(InvalidInput) as refusal:
        telephones.add_line(ada, _line(centre, "+44 1632 960100"))
    with pytest.raises(Conflict), ada.write() as tx:
        queries.put_line(tx, None, None, known.line)

    assert refusal.value.params["fields"] == {"number": "“Main line” has it, switched off"}


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("address", {"url": "http://pbx.example:8088"}),
        ("address", {"url": "https://user:pw@pbx.example"}),
        ("address", {"url": "http://127.0.0.1:8088@evil.example"}),
        ("address", {"url": ""}),
        ("user", {"user": "a b"}),
        ("application", {"app": "crm,other"}),
        ("calls out", {"outbound": "PJSIP/trunk"}),
        ("calls out", {"outbound": "PJSIP/{number}&PJSIP/{number}"}),
        ("calls out", {"outbound": "{number}/x"}),
        ("telephones", {"advisor": "PJSIP/{extension}&PJSIP/999"}),
        ("telephones", {"advisor": ""}),
        ("answer", {"answer_by": "shout"}),
        ("recording notice", {"recording_notice": "recording:../../etc/passwd"}),
    ],
)
def test_a_pbx_that_cannot_be_is_refused_by_field_and_by_the_database(
    centre: Centre, ada: Database, field: str, changed: dict[str, str]
) -> None:
    wanted = replace(PBX, **changed)

    with pytest.raises(InvalidInput) as refusal:
        telephones.put_pbx(ada, None, wanted)
    with pytest.raises(InvalidInput), ada.write() as tx:
        queries.put_pbx(tx, None, wanted)

    assert list(refusal.value.params["fields"]) == [field]  # type: ignore[call-overload]
    assert telephones.read(ada).pbx is None


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("number", {"number": "the main one"}),
        ("name", {"name": "  "}),
        ("announcements", {"announce_seconds": 5}),
        ("waiting", {"most_waiting": -1}),
        ("choice 11", {"choices": (Choice("11", "Bins", 1),)}),
        ("choice 1", {"choices": (Choice("1", "Bins", 1), Choice("1", "Tax", 1))}),
        ("choice 1", {"choices": (Choice("1", "", 1),)}),
    ],
)
def test_a_line_that_cannot_be_is_refused_by_field_and_by_the_database(
    centre: Centre, ada: Database, field: str, changed: dict[str, object]
) -> None:
    wanted = replace(_line(centre, "+441632960100"), **changed)  # type: ignore[arg-type]

    with pytest.raises(InvalidInput) as refusal:
        telephones.add_line(ada, wanted)
    with pytest.raises(InvalidInput), ada.write() as tx:
        queries.put_line(tx, None, None, wanted)

    assert list(refusal.value.params["fields"]) == [field]  # type: ignore[call-overload]
    assert telephones.read(ada).lines == ()


def test_calls_go_where_there_is_something_and_where_their_service_may_be(
    centre: Centre, ada: Database
) -> None:
    general, care = centre.queue_id("general"), centre.queue_id("care")
    concern = _service(centre, "concern")
    line = _line(centre)

    for wanted in (
        replace(line, queue_id=99),
        replace(line, service_id=99),
        replace(line, choices=(Choice("1", "Bins", 99),)),
    ):
        with pytest.raises(NotFound):
            telephones.add_line(ada, wanted)
    for wanted in (
        replace(line, service_id=concern),
        replace(line, choices=(Choice("1", "Children", general, concern),)),
    ):
        with pytest.raises(InvalidInput):
            telephones.add_line(ada, wanted)
    telephones.add_line(ada, replace(line, choices=(Choice("1", "Children", care, concern),)))
    with pytest.raises(NotFound):
        telephones.change_line(ada, KnownLine(99, line), _line(centre, "01632 960 199"))
    with pytest.raises(NotFound):
        telephones.set_extension(ada, 99, None, "101")
    with pytest.raises(NotFound):
        telephones.use_pbx(ada, active=False)


@pytest.mark.parametrize("login", ["anna", "rose"])
def test_nobody_else_reads_or_sets_anything(centre: Centre, login: str) -> None:
    owner, db = centre.as_owner(), centre.as_person(login)
    telephones.put_pbx(owner, None, PBX)
    known = _added(owner, _line(centre))
    me = centre.person(login).id
    attempts = (
        lambda: telephones.read(db),
        lambda: telephones.put_pbx(db, PBX.to_data(), PBX),
        lambda: telephones.use_pbx(db, active=False),
        lambda: telephones.add_line(db, _line(centre, "01632 960 101")),
        lambda: telephones.use_line(db, known, active=False),
        lambda: telephones.set_extension(db, me, None, "101"),
    )

    for attempt in attempts:
        with pytest.raises(NotAllowed):
            attempt()

    assert telephones.read(owner).lines == (known,)


def test_every_change_is_an_event_with_before_and_after(centre: Centre, ada: Database) -> None:
    telephones.put_pbx(ada, None, PBX)
    known = _added(ada, _line(centre))
    telephones.use_line(ada, known, active=False)
    telephones.set_extension(ada, centre.person("anna").id, None, "101")

    with centre.as_owner().read() as tx:
        query = select(Event.kind, Event.actor_id, Event.data).where(
            Event.kind.startswith("telephones.")
        )
        told = tx.session.execute(query.order_by(Event.id)).all()
    assert ada.actor is not None
    assert {actor for _, actor, _ in told} == {ada.actor.id}
    assert [(kind, data["before"] is None) for kind, _, data in told] == [
        ("telephones.pbx", True),
        ("telephones.line", True),
        ("telephones.line", False),
        ("telephones.extension", True),
    ]
    assert Line.from_data(told[2].data["before"]) == known.line
    assert not told[2].data["after"]["active"]
    assert told[3].data["after"] == "101"


def test_on_postgresql_every_changed_row_is_audited(postgres_centre: Centre) -> None:
    login = f"admin{time.monotonic_ns()}"
    staff.add(postgres_centre.as_owner(), NewStaff(login, "Ada", StaffRole.ADMIN), PASSWORD)
    ada, general = postgres_centre.as_person(login), postgres_centre.queue_id("general")

    telephones.put_pbx(ada, None, PBX)
    telephones.add_line(ada, _line(postgres_centre, choices=(Choice("1", "Bins", general),)))
    telephones.set_extension(ada, postgres_centre.person("anna").id, None, "101")

    with postgres_centre.as_owner().read() as tx:
        rows = tx.session.execute(select(RowAudit.table_name, RowAudit.login)).all()
    tables = {table for table, by in rows if by == login}
    assert {"channel_account", "telephone_line", "line_choice", "staff"} <= tables


def test_nothing_is_half_done(centre: Centre, ada: Database) -> None:
    with pytest.raises(NotFound):
        telephones.add_line(ada, _line(centre, choices=(Choice("1", "Bins", 99),)))

    with centre.as_owner().read() as tx:
        assert not tx.session.scalars(select(TelephoneLine.id)).all()
        count = "SELECT count(*) FROM event WHERE kind LIKE 'telephones.%'"
        assert tx.session.scalar(text(count)) == 0
