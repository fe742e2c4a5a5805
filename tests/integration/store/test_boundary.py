"""`admin db init` makes a PostgreSQL the boundary, tells what has drifted, and mends it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import LiteralString

import psycopg
import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from crm_desktop.cli import app
from crm_desktop.domain.states import StaffRole
from crm_desktop.services import Database, Target, boundary, staff
from crm_desktop.services.staff import NewStaff
from tests.centre import MIGRATIONS, PASSWORD
from tests.servers.postgres import PostgresCluster

RIGHT = "Roles, rights and policies are as this program makes them."
#: What somebody did, and the words that tell it.
DRIFTS: tuple[tuple[LiteralString, str], ...] = (
    ("GRANT SELECT ON read_audit TO crm_advisor", "grant SELECT on TABLE public.read_audit for"),
    ("GRANT UPDATE (kind) ON event TO anna", "grant UPDATE (kind) on TABLE public.event for anna"),
    ("REVOKE SELECT ON contact FROM crm_staff", "SELECT on TABLE public.contact for crm_staff is"),
    ("GRANT EXECUTE ON FUNCTION app.log(text, bigint, jsonb) TO PUBLIC", "FUNCTION app.log("),
    ("GRANT CREATE ON SCHEMA app TO crm_staff", "grant CREATE on SCHEMA app for crm_staff"),
    ("DROP POLICY own_queues ON contact", "policy own_queues on contact is missing"),
    ("ALTER POLICY own_queues ON cases USING (true)", "policy own_queues on cases was changed"),
    ("CREATE POLICY ajar ON message USING (true)", "policy ajar on message was added"),
    ("ALTER TABLE draft DISABLE ROW LEVEL SECURITY", "row security public.draft was changed"),
    (
        "ALTER TABLE contact DISABLE TRIGGER contact_words_added",
        "trigger contact_words_added on public.contact was changed",
    ),
    ("ALTER TABLE handoff DISABLE TRIGGER ALL", "switched off references of public.handoff"),
    (
        "CREATE OR REPLACE FUNCTION app.leads() RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "function app.leads() was changed",
    ),
    ("ALTER FUNCTION app.me() RESET search_path", "function app.me() was changed"),
    ("ALTER FUNCTION app.me() SECURITY INVOKER", "function app.me() was changed"),
    ("ALTER FUNCTION app.claim(bigint) OWNER TO other", "function app.claim(bigint) was changed"),
    ("DROP FUNCTION app.playback_read(bigint)", "function app.playback_read(bigint) is missing"),
    ("ALTER TABLE event OWNER TO other", "owner public.event was changed"),
    ("CREATE RULE quiet AS ON DELETE TO event DO INSTEAD NOTHING", "rule quiet on public.event"),
    ("ALTER VIEW report.contacts SET (security_barrier = false)", "view report.contacts was"),
    ("GRANT EXECUTE ON FUNCTION pg_advisory_lock(bigint) TO PUBLIC", "pg_advisory_lock(bigint)"),
    ("GRANT CONNECT, TEMPORARY ON DATABASE centre TO PUBLIC", "CONNECT on DATABASE this one for"),
    ("GRANT pg_read_all_data TO crm_admin", "role crm_admin belongs to pg_read_all_data"),
    ("ALTER ROLE crm_staff CREATEROLE", "role crm_staff has CREATEROLE"),
    ("ALTER ROLE crm_keeper LOGIN", "role crm_keeper can sign in"),
    ("GRANT crm_keeper TO anna", "login anna belongs to crm_keeper, and nobody should"),
)
#: What is told and left to a person: whose decision it was is not for a program to guess.
TOLD: tuple[tuple[LiteralString, LiteralString, str], ...] = (
    ("ALTER ROLE anna CREATEROLE", "ALTER ROLE anna NOCREATEROLE", "login anna has CREATEROLE"),
    ("ALTER ROLE anna BYPASSRLS", "ALTER ROLE anna NOBYPASSRLS", "login anna has BYPASSRLS"),
    ("ALTER ROLE anna SUPERUSER", "ALTER ROLE anna NOSUPERUSER", "login anna has SUPERUSER"),
    ("GRANT crm_admin TO anna", "REVOKE crm_admin FROM anna", "anna belongs to crm_admin"),
    ("GRANT crm_gateway TO other", "REVOKE crm_gateway FROM other", "other belongs to crm_gateway"),
    (
        "CREATE FUNCTION app.spy() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP FUNCTION app.spy()",
        "function app.spy() was added",
    ),
    ("CREATE TABLE public.mine (id int)", "DROP TABLE public.mine", "table public.mine was added"),
    ("UPDATE staff SET active = false", "UPDATE staff SET active = true", "but is disabled"),
)


@pytest.fixture(scope="module")
def server(postgres_cluster: PostgresCluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A server of its own, because roles are its, with a centre made by `admin db init`."""
    own = PostgresCluster.create(
        request.getfixturevalue("shared_directory") / f"boundary-{id(request)}"
    )
    url = own.create_database("centre")
    with own.connect("centre") as connection:
        connection.execute("CREATE ROLE other LOGIN")
    made = _init(url)
    assert made.exit_code == 0, made.output
    assert made.stdout.strip() == RIGHT
    owner = Database(Target(url))
    staff.add(owner, NewStaff("anna", "Anna", StaffRole.ADVISOR), PASSWORD)
    owner.close()
    yield url
    own.destroy()


def _init(url: str, *options: str) -> Result:
    return CliRunner().invoke(app, ["admin", "db", "init", "--database", url, *options])


def _as_owner(url: str, statement: LiteralString) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(statement)


def test_what_was_just_made_has_not_drifted(server: str) -> None:
    again, checked = _init(server), _init(server, "--check")

    assert (again.exit_code, again.stdout.strip()) == (0, RIGHT)
    assert (checked.exit_code, checked.stdout.strip()) == (0, RIGHT)


def test_every_drift_is_told_and_mended(server: str) -> None:
    for statement, _ in DRIFTS:
        _as_owner(server, statement)

    checked = _init(server, "--check")
    mended = _init(server)
    afterwards = _init(server, "--check")

    assert checked.exit_code == 1
    for _, words in DRIFTS:
        assert words in checked.stdout, words
        assert words in mended.stdout.replace("Not as it should be", ""), words
    assert "Not as" not in mended.stdout
    assert (mended.exit_code, afterwards.exit_code) == (0, 0)
    assert afterwards.stdout.strip() == RIGHT


def test_what_a_person_decides_is_told_until_they_do(server: str) -> None:
    for statement, _, _ in TOLD:
        _as_owner(server, statement)

    left = _init(server)
    for _, undo, _ in TOLD:
        _as_owner(server, undo)
    afterwards = _init(server, "--check")

    assert left.exit_code == 1
    for _, _, words in TOLD:
        assert words in left.stdout, words
    assert afterwards.exit_code == 0, afterwards.stdout


def test_a_check_changes_nothing(server: str) -> None:
    _as_owner(server, "GRANT SELECT ON read_audit TO crm_advisor")

    first, second = _init(server, "--check"), _init(server, "--check")

    assert first.exit_code == second.exit_code == 1
    assert _init(server).exit_code == 0


def test_whoever_watches_may_be_let_in_by_name(server: str) -> None:
    _as_owner(server, "GRANT CONNECT ON DATABASE centre TO other")

    checked = _init(server, "--check")
    _as_owner(server, "REVOKE CONNECT ON DATABASE centre FROM other")

    assert (checked.exit_code, checked.stdout.strip()) == (0, RIGHT)


def test_no_database_is_left_behind(server: str) -> None:
    _init(server, "--check")

    owner = Database(Target(server))
    with owner.read() as tx:
        names = set(tx.session.scalars(text("SELECT datname FROM pg_database")))
    owner.close()
    assert names == {"postgres", "template0", "template1", "centre"}


def test_a_login_without_a_role_does_not_get_in(server: str) -> None:
    _as_owner(server, f"ALTER ROLE other PASSWORD '{PASSWORD}'")
    plain = server.replace("+psycopg", "").replace(
        "postgres:superuser-password", f"other:{PASSWORD}"
    )

    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(plain)


def test_somebody_else_s_check_is_refused(server: str) -> None:
    url = server.replace("postgres:superuser-password", f"anna:{PASSWORD}")
    refused = _init(url, "--check")

    assert refused.exit_code == 1
    assert refused.exception is not None
    assert getattr(refused.exception, "code", "") == "not_allowed"


def test_an_owner_who_is_no_superuser_may_prepare_too(server: str) -> None:
    _as_owner(server, "CREATE ROLE keeper_of_it LOGIN CREATEROLE CREATEDB PASSWORD 'of-the-owner'")
    _as_owner(server, "CREATE DATABASE second OWNER keeper_of_it TEMPLATE template0")
    url = server.replace("postgres:superuser-password", "keeper_of_it:of-the-owner")
    url = url.replace("/centre?", "/second?")

    made = _init(url)
    owner = Database(Target(url))
    with owner.read() as tx:
        able = tx.session.scalar(text("SELECT count(*) FROM pg_auth_members m WHERE"
                                      " m.roleid = 'crm_keeper'::regrole"))  # fmt: skip
    left = boundary.check(owner, MIGRATIONS)
    staff.add(owner, NewStaff("berta", "Berta", StaffRole.ADMIN), PASSWORD)
    owner.close()

    assert made.exception is None or isinstance(made.exception, SystemExit), made.exception
    # The server's other centre has people of its own, who are nobody here.
    assert [each.words for each in left] == ["login anna belongs to crm_advisor, and should not"]
    assert able == 0
