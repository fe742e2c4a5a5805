"""`crm-desktop admin …` as an administrator types it, on both dialects."""

from __future__ import annotations

import time

import pytest
from typer.testing import CliRunner, Result

from crm_desktop.cli import app
from crm_desktop.domain.errors import InvalidInput, NotAllowed, NotFound, SignInRefused
from crm_desktop.domain.states import StaffRole
from crm_desktop.services import (
    Database,
    Target,
    accounts,
    administration,
    chat_sites,
    session,
    staff,
)
from crm_desktop.services.staff import NewStaff
from crm_desktop.store.queries import accounts as queries
from tests.centre import MIGRATIONS, PASSWORD, Centre
from tests.servers.postgres import PostgresCluster


def _run(centre: Centre, *words: str, given: str = "") -> Result:
    return CliRunner().invoke(app, ["admin", *words, "--database", centre.target.url], input=given)


def _target(centre: Centre, login: str, password: str) -> Target:
    if centre.cluster is None:
        return Target(centre.target.url, login)
    return Target(centre.cluster.url(centre.database, login, password), login, password)


def test_an_account_is_set_up_listed_and_removed(centre: Centre) -> None:
    added = _run(
        centre, "account", "add", "open311", "Streets",
        "--set", "endpoint=https://streets.example/open311", "--set", "jurisdiction_id=123",
    )  # fmt: skip
    listed = _run(centre, "account", "list")
    removed = _run(centre, "account", "remove", "Streets")

    assert (added.exit_code, removed.exit_code) == (0, 0)
    assert "Streets (open311): unknown" in listed.stdout
    names = {each.name for each in accounts.active(centre.as_gateway())}
    assert "Streets" not in names


def test_digits_that_are_names_stay_words(centre: Centre) -> None:
    _run(
        centre, "account", "add", "open311", "Streets",
        "--set", "endpoint=https://streets.example/open311", "--set", "jurisdiction_id=123",
    )  # fmt: skip

    account = {each.name: each for each in accounts.active(centre.as_gateway())}["Streets"]

    assert account.settings["jurisdiction_id"] == "123"


def test_a_network_has_a_secret_named_after_who_we_are_there(sqlite_centre: Centre) -> None:
    for words in (
        ("facebook", "Page", "--set", "page_id=4711"),
        ("x", "X", "--set", "user_id=77", "--set", "handle=testshire", "--set", "read_seconds=60"),
        ("facebook", "Other", "--set", "page_id=4712", "--secret", "other-page"),
        ("bluesky", "Sky", "--set", "handle=testshire.example"),
        (
            *("bluesky", "Elsewhere", "--set", "handle=testshire.example"),
            *("--set", "service=https://pds.example"),
        ),
    ):
        assert _run(sqlite_centre, "account", "add", *words).exit_code == 0

    known = {each.name: each for each in accounts.active(sqlite_centre.as_gateway())}
    assert known["Page"].secret_name == "social:facebook:4711"
    assert known["X"].secret_name == "social:x:testshire"
    assert known["X"].settings["read_seconds"] == 60
    assert known["Other"].secret_name == "other-page"
    assert known["Sky"].secret_name == "social:bluesky:testshire.example"
    elsewhere = "social:bluesky:testshire.example@https://pds.example"
    assert known["Elsewhere"].secret_name == elsewhere, "no secret follows to another server"


def test_a_websites_chat_is_set_up_in_words(centre: Centre) -> None:
    added = _run(
        centre, "account", "add", "chat", "Website", "--queue", "general",
        "--set", "key=norbridge",
        "--set", "origins=https://www.norbridge.example, http://127.0.0.1:9000",
        "--set", "services=missed_bin", "--set", "questions.missed_bin=bin,due_on",
        "--set", "greeting.en=Hello, how can we help?", "--set", "greeting.cy=Helo",
        "--set", "languages=cy,en", "--set", "colour=#12324a", "--set", "gone_minutes=5",
    )  # fmt: skip
    assert added.exit_code == 0, added.output
    (site,) = chat_sites.sites(centre.as_gateway())

    assert (site.name, site.key, site.queue_id) == (
        "Website",
        "norbridge",
        centre.queue_id("general"),
    )
    assert site.origins == ("https://www.norbridge.example", "http://127.0.0.1:9000")
    assert (site.services, site.questions) == (
        ("missed_bin",),
        {"missed_bin": ("bin", "due_on")},
    )
    assert site.greeting == {"en": "Hello, how can we help?", "cy": "Helo"}
    assert (site.languages, site.colour) == (("cy", "en"), "#12324a")
    with centre.as_owner().read() as tx:
        (account,) = (each for each in queries.everyone(tx) if each.kind == chat_sites.KIND)
    assert chat_sites.gone_minutes(account) == 5


_CHAT = ("chat", "Website", "--set", "key=norbridge", "--set")


@pytest.mark.parametrize(
    "words",
    [
        (*_CHAT, "colour=#12324a"),
        (*_CHAT, "origins=http://www.norbridge.example"),
        (*_CHAT, "origins=https://www.norbridge.example/bins"),
        (*_CHAT, "origins=https://Norbridge.example"),
        (*_CHAT, "origins=https://norbridge.example", "--set", "key=Nor bridge"),
        (*_CHAT, "origins=https://norbridge.example", "--set", "languages=fr"),
        (*_CHAT, "origins=https://norbridge.example", "--set", "colour=blue"),
        (*_CHAT, "origins=https://norbridge.example", "--set", "gone_minutes=0"),
        (*_CHAT, "origins=https://norbridge.example", "--set", "greeting=Hello"),
        ("open311", "Streets", "--set", "endpoint=http://streets.example"),
        ("imap", "Inbox", "--secret", "inbox"),
        ("imap", "Inbox", "--set", "host=mail.example", "--set", "user=desk"),
        ("smtp", "Relay", "--set", "host=mail.example", "--set", "security=plain"),
        ("pigeon", "Loft"),
        ("smtp", "Relay", "--set", "host"),
        ("facebook", "Page", "--set", "page_id=our page"),
        ("x", "X", "--set", "user_id=77", "--set", "handle=a name with spaces"),
    ],
)
def test_an_account_that_could_not_work_is_refused(centre: Centre, words: tuple[str, ...]) -> None:
    refused = _run(centre, "account", "add", *words)

    assert isinstance(refused.exception, InvalidInput)
    assert refused.exception.params["fields"] or str(refused.exception)


def test_a_new_advisor_signs_in_and_sees_their_queue(centre: Centre) -> None:
    password = "a first password\na first password\n"

    added = _run(centre, "staff", "add", "dora", "Dora Novak", "--queue", "waste", given=password)
    db = session.sign_in(_target(centre, "dora", "a first password"), "dora", MIGRATIONS)

    assert added.exit_code == 0
    assert db.actor is not None
    assert db.actor.queues == {centre.queue_id("waste")}
    db.close()


def test_an_unknown_queue_adds_nobody(centre: Centre) -> None:
    with pytest.raises(NotFound):
        staff.add(
            centre.as_owner(), NewStaff("dora", "Dora", StaffRole.ADVISOR, ("nowhere",)), "x" * 12
        )

    with pytest.raises(SignInRefused):
        session.sign_in(_target(centre, "dora", "x" * 12), "dora", MIGRATIONS)


def test_the_gateway_gets_a_login_without_a_keyring_where_asked(
    own_postgres: PostgresCluster,
) -> None:
    # A server of its own: logins belong to all databases of a server.
    url = own_postgres.create_database("centre")
    owner = Database(Target(url))
    administration.upgrade(owner, MIGRATIONS)
    given = "the gateway's own\nthe gateway's own\n"

    done = CliRunner().invoke(
        app, ["admin", "staff", "gateway", "--no-keep", "--database", url], input=given
    )

    assert done.exit_code == 0
    with own_postgres.connect("centre", "gateway", "the gateway's own") as connection:
        row = connection.execute("SELECT count(*) FROM contact").fetchone()
    assert row == (0,)
    owner.close()


def test_the_database_is_upgraded_as_often_as_one_likes(centre: Centre) -> None:
    upgraded = _run(centre, "db", "upgrade")

    assert upgraded.exit_code == 0
    assert "ready" in upgraded.stdout


def test_staff_are_disabled_enabled_reset_and_listed(centre: Centre) -> None:
    login = f"erin{time.monotonic_ns()}"
    given = "a first password\na first password\n"
    _run(centre, "staff", "add", login, "Erin Roe", "--role", "team_leader", given=given)

    disabled = _run(centre, "staff", "disable", login)
    listed = _run(centre, "staff", "list")
    with pytest.raises(SignInRefused):
        session.sign_in(_target(centre, login, "a first password"), login, MIGRATIONS)
    enabled = _run(centre, "staff", "enable", login)
    reset = _run(centre, "staff", "reset", login, given="another password\nanother password\n")
    session.sign_in(_target(centre, login, "another password"), login, MIGRATIONS).close()

    assert [each.exit_code for each in (disabled, listed, enabled, reset)] == [0] * 4
    assert f"{login}: Erin Roe, team leader, no queue (disabled)" in listed.stdout
    assert "anna: Anna Whitlock, advisor, general, waste\n" in listed.stdout


def test_an_administrator_says_who_works_here_and_an_advisor_does_not(
    postgres_centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre = postgres_centre
    boss, erin = (f"{name}{time.monotonic_ns()}" for name in ("boss", "erin"))
    staff.add(centre.as_owner(), NewStaff(boss, "The Boss", StaffRole.ADMIN), PASSWORD)
    assert centre.cluster is not None
    plain = centre.cluster.url(centre.database, "", "").replace(":@", "")
    words = ("admin", "staff", "add", erin, "Erin", "--database", plain)
    given = "a first password\na first password\n"

    monkeypatch.setenv("CRM_DESKTOP_OWNER_PASSWORD", PASSWORD)
    monkeypatch.setenv("CRM_DESKTOP_OWNER", "rose")
    refused = CliRunner().invoke(app, words, input=given)
    monkeypatch.setenv("CRM_DESKTOP_OWNER", boss)
    added = CliRunner().invoke(app, words, input=given)

    assert isinstance(refused.exception, NotAllowed)
    assert added.exit_code == 0
    assert f"Erin can sign in as {erin}." in added.stdout
