"""A database that is older or newer than the program: both say so and write nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from sqlalchemy import text
from typer.testing import CliRunner

from crm_desktop.cli import app
from crm_desktop.commands.words import in_words
from crm_desktop.desktop.screens.sign_in.screen import SignInScreen
from crm_desktop.desktop.shell.main_window import MainWindow
from crm_desktop.domain.errors import DatabaseNewer, DatabaseOlder
from crm_desktop.gateway_root import EXIT_NEWER, EXIT_OLDER
from crm_desktop.store import migrate
from tests.centre import PASSWORD, Centre
from tests.e2e.bad_days.desk import OpenProgram, choose, sign_in, wait_said, windows
from tests.e2e.bad_days.program import StartGateway, address_of
from tests.newer_program import newer_program

Version = tuple[str | None, int, str]
OLDER: Version = (None, EXIT_OLDER, "The database is older than this program")
NEWER: Version = ("9999", EXIT_NEWER, "The database was upgraded by a newer program")


@pytest.mark.parametrize("version", [OLDER, NEWER], ids=["older", "newer"])
def test_gateway_and_desktop_say_so_and_write_nothing(
    centre: Centre,
    start_gateway: StartGateway,
    open_program: OpenProgram,
    qtbot: QtBot,
    version: Version,
) -> None:
    revision, code, words = version
    _set_revision(centre, revision)
    before = _facts(centre)

    gateway = start_gateway(centre)
    screen = open_program(address_of(centre.target))

    if centre.cluster is not None:
        sign_in(screen, "anna", PASSWORD)
    wait_said(qtbot, screen, words)
    wait_said(qtbot, screen, "Nothing was changed.")
    assert gateway.wait() == code
    assert words in gateway.words()
    assert "othing was changed" in gateway.words()
    assert _facts(centre) == before
    assert not windows(MainWindow)


@pytest.mark.parametrize("version", [OLDER, NEWER], ids=["older", "newer"])
def test_administration_and_doctor_say_so_and_write_nothing(
    centre: Centre, version: Version
) -> None:
    _set_revision(centre, version[0])
    before = _facts(centre)
    where = ("--database", centre.target.url)

    refused = [
        CliRunner().invoke(app, ["admin", *words, *where])
        for words in (
            ("account", "add", "web_form", "More forms"),
            ("account", "remove", "Web forms"),
            ("account", "list"),
            ("db", "after-restore"),
        )
    ]
    doctor = CliRunner().invoke(app, ["doctor", "--json", *where])

    for each in refused:
        assert isinstance(each.exception, DatabaseOlder | DatabaseNewer), each.output
        assert version[2] in in_words(each.exception)
        assert "Nothing was changed" in in_words(each.exception)
    found = {each["check"]: each for each in json.loads(doctor.stdout)}["revision"]
    assert doctor.exit_code == 1
    assert (found["state"], bool(found["to_do"])) == ("trouble", True)
    assert _facts(centre) == before


def test_what_is_open_ends_when_a_newer_program_upgrades_the_database(
    centre: Centre,
    start_gateway: StartGateway,
    open_program: OpenProgram,
    qtbot: QtBot,
    tmp_path: Path,
) -> None:
    gateway = start_gateway(centre).wait_ready()
    screen = open_program(address_of(centre.target))
    if centre.cluster is not None:
        sign_in(screen, "anna", PASSWORD)
    else:
        choose(qtbot, screen, "Anna Whitlock")
    qtbot.waitUntil(lambda: bool(windows(MainWindow)))

    owner = centre.as_owner()
    migrate.upgrade(owner, newer_program(tmp_path))
    owner.close()

    qtbot.waitUntil(lambda: not windows(MainWindow))
    (asking,) = windows(SignInScreen)
    wait_said(qtbot, asking, NEWER[2])
    assert gateway.wait() == EXIT_NEWER
    assert NEWER[2] in gateway.words()


def _set_revision(centre: Centre, revision: str | None) -> None:
    owner = centre.as_owner()
    with owner.write() as tx:
        tx.session.execute(text("DELETE FROM alembic_version"))
        if revision:
            insert = text("INSERT INTO alembic_version VALUES (:revision)")
            tx.session.execute(insert, {"revision": revision})
    owner.close()


def _facts(centre: Centre) -> object:
    """All bytes of the file; on PostgreSQL all rows that a stranger could have written first."""
    if centre.path is not None:
        return centre.path.read_bytes()
    tables = ("lease", "event", "channel_account", "staff")
    with centre.as_owner().read() as tx:
        return [tx.session.execute(text(f"SELECT * FROM {each}")).all() for each in tables]
