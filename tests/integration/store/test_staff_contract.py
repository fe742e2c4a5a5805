"""Who works here is said by administrators alone, alike on both dialects."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import select

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import (
    Conflict,
    CrmError,
    DatabaseAway,
    InvalidInput,
    NotAllowed,
    NotFound,
    SignInRefused,
)
from crm_desktop.domain.states import ContactState, StaffRole
from crm_desktop.domain.views import StaffMember
from crm_desktop.services import contacts, drafts, session, staff
from crm_desktop.services.staff import NewStaff
from crm_desktop.store.database import Database, Target
from crm_desktop.store.models import Contact, Event
from tests.centre import MIGRATIONS, PASSWORD, Centre

QUEUES = ("general", "waste")


def _login(beginning: str) -> str:
    """A login of this test's own: those of PostgreSQL belong to the whole server."""
    return f"{beginning}{time.monotonic_ns()}"


def _hired(centre: Centre, role: StaffRole, *queues: str) -> str:
    return centre.hire(role, *(queues or QUEUES))


def _member(centre: Centre, login: str) -> StaffMember:
    return next(each for each in staff.everybody(centre.as_owner()) if each.login == login)


def _events(centre: Centre, kind: str) -> list[tuple[int | None, dict[str, object]]]:
    with centre.as_owner().read() as tx:
        query = select(Event.actor_id, Event.data).where(Event.kind == kind).order_by(Event.id)
        return [(actor, data) for actor, data in tx.session.execute(query)]


def _signed_in(centre: Centre, login: str, password: str = PASSWORD) -> Database:
    target = Target(centre.target.url, login)
    if centre.cluster is not None:
        target = Target(centre.cluster.url(centre.database, login, password), login, password)
    return session.sign_in(target, login, MIGRATIONS)


@pytest.fixture
def admin(centre: Centre) -> Database:
    """An administrator, signed in."""
    return centre.as_person(_hired(centre, StaffRole.ADMIN))


def test_an_administrator_adds_somebody_who_signs_in(centre: Centre, admin: Database) -> None:
    login = _login("dora")

    changes = staff.add(admin, NewStaff(login, "Dora", StaffRole.DESK, ("waste",)), PASSWORD)
    dora = _signed_in(centre, login)

    member = _member(centre, login)
    assert changes.ids(Topic.STAFF) == {member.id}
    assert (member.name, member.role, member.queue_codes, member.active) == (
        *("Dora", StaffRole.DESK),
        *(("waste",), True),
    )
    assert dora.actor is not None
    assert dora.actor.queues == {centre.queue_id("waste")}
    assert admin.actor is not None
    assert _events(centre, "staff.added")[-1] == (
        admin.actor.id,
        {"staff": member.id, "role": "desk", "queues": [centre.queue_id("waste")]},
    )
    dora.close()


@pytest.mark.parametrize("login", ["anna", "rose"])
def test_nobody_else_says_who_works_here(centre: Centre, login: str) -> None:
    db, ben = centre.as_person(login), _member(centre, "ben")
    attempts: tuple[Callable[[], object], ...] = (
        lambda: staff.add(db, NewStaff(_login("x"), "X", StaffRole.ADMIN), PASSWORD),
        lambda: staff.change(db, ben.id, "Ben", StaffRole.ADVISOR, ("care",)),
        lambda: staff.disable(db, ben.id),
        lambda: staff.enable(db, ben.id),
        lambda: staff.reset(db, ben.id, PASSWORD),
    )

    for attempt in attempts:
        with pytest.raises(NotAllowed):
            attempt()

    assert _member(centre, "ben") == ben


@pytest.mark.parametrize(
    "entered",
    [
        NewStaff("Dora", "Dora", StaffRole.DESK),
        NewStaff("gateway", "Dora", StaffRole.DESK),
        NewStaff("crm_admin", "Dora", StaffRole.DESK),
        NewStaff("dora'; --", "Dora", StaffRole.DESK),
        NewStaff("dora", "  ", StaffRole.DESK),
        NewStaff("anna", "Dora", StaffRole.DESK),
    ],
)
def test_what_cannot_be_a_colleague_is_refused_by_field(admin: Database, entered: NewStaff) -> None:
    with pytest.raises(InvalidInput) as refusal:
        staff.add(admin, entered, PASSWORD)

    assert refusal.value.params["fields"]


def test_an_unknown_queue_adds_nobody(centre: Centre, admin: Database) -> None:
    login = _login("dora")

    with pytest.raises(NotFound):
        staff.add(admin, NewStaff(login, "Dora", StaffRole.DESK, ("nowhere",)), PASSWORD)

    assert login not in {each.login for each in staff.everybody(admin)}


def test_another_role_and_queue_hold_at_once(centre: Centre, admin: Database) -> None:
    login = _hired(centre, StaffRole.ADVISOR, "waste")
    contact_id = centre.add_contact(queue="care")
    open_before = _signed_in(centre, login)

    staff.change(admin, _member(centre, login).id, "Dora N.", StaffRole.TEAM_LEADER, ("care",))
    with open_before.read() as tx:
        seen = set(tx.session.scalars(select(Contact.queue_id)))
    again = _signed_in(centre, login)

    member = _member(centre, login)
    assert (member.name, member.role, member.queue_codes) == (
        *("Dora N.", StaffRole.TEAM_LEADER),
        ("care",),
    )
    assert again.actor is not None
    assert again.actor.leads
    if centre.dialect == "postgresql":
        assert seen == {centre.queue_id("care")}
    contacts.take(again, contact_id)
    for db in (open_before, again):
        db.close()


def test_one_s_own_name_but_not_one_s_own_rights(admin: Database) -> None:
    assert admin.actor is not None
    me = admin.actor.id

    staff.change(admin, me, "Ada", StaffRole.ADMIN, QUEUES)
    with pytest.raises(NotAllowed):
        staff.change(admin, me, "Ada", StaffRole.ADMIN, (*QUEUES, "care"))
    with pytest.raises(NotAllowed):
        staff.change(admin, me, "Ada", StaffRole.ADVISOR, QUEUES)
    with pytest.raises(NotAllowed):
        staff.disable(admin, me)


def test_somebody_disabled_is_out_and_their_contacts_wait(centre: Centre, admin: Database) -> None:
    login = _hired(centre, StaffRole.ADVISOR)
    dora = _signed_in(centre, login)
    held, parked = centre.add_contact(), centre.add_contact()
    contacts.take(dora, held)
    contacts.take(dora, parked)
    contacts.park(dora, parked, None, for_reply=True)
    drafts.save(dora, held, "reply", {"text": "half a"})
    member = _member(centre, login)

    changes = staff.disable(admin, member.id)

    assert changes.ids(Topic.CONTACT) == {held, parked}
    with centre.as_owner().read() as tx:
        query = select(Contact.state, Contact.owner_id, Contact.parked_for_reply)
        found = tx.session.execute(query.where(Contact.id.in_([held, parked]))).all()
    assert found == [(ContactState.QUEUED, None, False)] * 2
    assert not _member(centre, login).active
    assert admin.actor is not None
    assert _events(centre, "staff.disabled") == [(admin.actor.id, {"staff": member.id})]
    assert [actor for actor, _ in _events(centre, "contact.returned")] == [admin.actor.id] * 2
    with pytest.raises(SignInRefused):
        _signed_in(centre, login)
    dora.close()


def test_what_they_have_open_ends(postgres_centre: Centre) -> None:
    centre = postgres_centre
    login = _hired(centre, StaffRole.ADVISOR)
    dora = _signed_in(centre, login)

    staff.disable(centre.as_person(_hired(centre, StaffRole.ADMIN)), _member(centre, login).id)

    with pytest.raises((DatabaseAway, SignInRefused)), dora.read() as tx:
        tx.session.scalars(select(Contact.id)).all()
    dora.close()


def test_enabled_again_they_sign_in_as_before(centre: Centre, admin: Database) -> None:
    login = _hired(centre, StaffRole.ADVISOR)
    staff.disable(admin, _member(centre, login).id)

    staff.enable(admin, _member(centre, login).id)
    again = _signed_in(centre, login)

    assert again.actor is not None
    assert again.actor.queues == {centre.queue_id("general"), centre.queue_id("waste")}
    again.close()


def test_a_new_password_replaces_the_old(postgres_centre: Centre) -> None:
    centre = postgres_centre
    login = _hired(centre, StaffRole.ADVISOR)
    admin = centre.as_person(_hired(centre, StaffRole.ADMIN))

    staff.reset(admin, _member(centre, login).id, "another password")

    with pytest.raises(SignInRefused):
        _signed_in(centre, login)
    _signed_in(centre, login, "another password").close()


def test_a_short_password_is_no_password(postgres_centre: Centre) -> None:
    admin = postgres_centre.as_person(_hired(postgres_centre, StaffRole.ADMIN))

    with pytest.raises(InvalidInput) as refusal:
        staff.add(admin, NewStaff(_login("dora"), "Dora", StaffRole.DESK), "too short")

    assert "password" in str(refusal.value.params["fields"])


def test_the_last_administrator_stays(centre: Centre) -> None:
    owner = centre.as_owner()
    only = _member(centre, _hired(centre, StaffRole.ADMIN))

    with pytest.raises(Conflict):
        staff.disable(owner, only.id)
    with pytest.raises(Conflict):
        staff.change(owner, only.id, only.name, StaffRole.ADVISOR, QUEUES)

    assert _member(centre, only.login) == only


def test_of_two_who_disable_each_other_one_stays(postgres_centre: Centre) -> None:
    centre = postgres_centre
    people = [_member(centre, _hired(centre, StaffRole.ADMIN)) for _ in range(2)]
    signed_in = [centre.as_person(each.login) for each in people]

    def attempt(one: int) -> bool:
        try:
            staff.disable(signed_in[one], people[1 - one].id)
        except CrmError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(attempt, range(2)))

    assert [_member(centre, each.login).active for each in people].count(True) == 1


@pytest.mark.parametrize("login", ["postgres", "anna"])
def test_a_role_of_the_server_is_never_an_administrator_s_to_take(
    postgres_centre: Centre, login: str
) -> None:
    """A superuser, or a login that another database of the server made."""
    admin = postgres_centre.as_person(_hired(postgres_centre, StaffRole.ADMIN))
    with postgres_centre.as_owner().write() as tx:
        tx.session.connection().exec_driver_sql(
            "UPDATE staff SET login = 'anna.before' WHERE login = 'anna'"
        )

    with pytest.raises(NotAllowed):
        staff.add(admin, NewStaff(login, "Mallory", StaffRole.ADVISOR), PASSWORD)


@pytest.mark.parametrize(
    "verifier",
    [
        *("", "a password", "md5" + "0" * 32),
        "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$short=:short=",
        "SCRAM-SHA-256$0:c2FsdHNhbHRzYWx0c2FsdA==$" + "A" * 43 + "=:" + "A" * 43 + "=",
    ],
)
def test_a_password_is_never_taken_for_a_verifier(postgres_centre: Centre, verifier: str) -> None:
    admin = postgres_centre.as_person(_hired(postgres_centre, StaffRole.ADMIN))

    with pytest.raises(InvalidInput), admin.write() as tx:
        tx.guard.staff_add(_login("dora"), "Dora", StaffRole.ADVISOR, (), verifier)


def test_no_login_can_make_logins(postgres_centre: Centre) -> None:
    _hired(postgres_centre, StaffRole.ADMIN)
    cluster = postgres_centre.cluster
    assert cluster is not None

    with cluster.connect(postgres_centre.database) as connection:
        able = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolcreaterole AND NOT rolsuper"
        ).fetchall()
        keeper = connection.execute(
            "SELECT rolcanlogin, (SELECT count(*) FROM pg_auth_members WHERE roleid = r.oid)"
            " FROM pg_roles r WHERE rolname = 'crm_keeper'"
        ).fetchone()

    assert able == []
    assert keeper == (False, 0)


def test_an_administrator_cannot_call_what_makes_logins(postgres_centre: Centre) -> None:
    login = _hired(postgres_centre, StaffRole.ADMIN)
    cluster = postgres_centre.cluster
    assert cluster is not None

    with (
        cluster.connect(postgres_centre.database, login, PASSWORD) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT app.login_set('ben', 'crm_admin', NULL, false)")
