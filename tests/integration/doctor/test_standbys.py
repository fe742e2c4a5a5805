"""What `crm-desktop doctor` says of servers that may be lost: real ones, one after the other."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crm_desktop.cli import app
from crm_desktop.commands.doctor import database
from crm_desktop.commands.doctor.finding import State
from crm_desktop.services import Target
from crm_desktop.store.database import Database
from tests.centre import MIGRATIONS, PASSWORD, Centre, build_template
from tests.servers.postgres import SUPERUSER
from tests.servers.processes import wait_for
from tests.servers.standbys import Servers


@pytest.fixture
def servers(shared_directory: Path) -> Iterator[Servers]:
    """A primary and two standbys with a small centre."""
    made = Servers.create(shared_directory / f"doctor-{os.getpid()}")
    made.clusters[0].create_database("centre")
    owner = Database(_owner(made))
    build_template(owner)
    owner.close()
    yield made
    made.destroy()


def _owner(servers: Servers) -> Target:
    return Target(servers.address("centre"), SUPERUSER, servers.clusters[0].password)


def _said(target: Target, check: str) -> list[tuple[State, str]]:
    found = database.examine(target, "crm", MIGRATIONS).findings
    return [(each.state, each.words) for each in found if each.check == check]


def _await(target: Target, check: str, state: State, words: str) -> None:
    """What the servers know of each other takes a moment."""

    def said() -> bool:
        return any(each is state and words in told for each, told in _said(target, check))

    wait_for(said, f"{words!r}, instead of {_said(target, check)}")


def test_it_says_what_would_be_lost_and_who_is_the_primary(servers: Servers) -> None:
    owner, anna = _owner(servers), Target(servers.address("centre"), "anna", PASSWORD)
    one, two, three = servers.clusters

    assert _said(owner, "standby") == [
        (State.OK, "What is accepted is on a standby too: nothing is lost (three, two).")
    ]
    assert "Which of them are waited for this login may not see" in _said(anna, "standby")[0][1]
    standing_by = f"127.0.0.1:{two.port}, 127.0.0.1:{three.port}"
    assert _said(anna, "servers") == [
        (State.OK, f"127.0.0.1:{one.port} is the primary; standing by: {standing_by}.")
    ]

    three.stop("immediate")
    _await(owner, "standby", State.WARNING, "that is the only standby now")
    _await(owner, "servers", State.WARNING, f"127.0.0.1:{three.port} does not answer")

    with one.connect() as connection:
        connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
        connection.execute("SELECT pg_reload_conf()")
    _await(owner, "standby", State.WARNING, "nothing waits for them")
    assert " kB, about " in _said(owner, "standby")[0][1]
    _await(anna, "standby", State.WARNING, "How much that is this login may not see")
    with one.connect() as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (two, three)'")
        connection.execute("SELECT pg_reload_conf()")

    two.stop("immediate")
    _await(owner, "standby", State.TROUBLE, "nothing can be accepted until one is back")
    _await(anna, "standby", State.TROUBLE, "nothing can be accepted until one is back")

    two.start()
    servers.wait_follows(1)
    one.kill9()
    _await(owner, "servers", State.TROUBLE, "No server is the primary; standing by: 127.0.0.1")

    servers.control(1, "promote", "--wait")
    one.start()
    _await(anna, "servers", State.TROUBLE, f"127.0.0.1:{two.port} is the one that was promoted")
    finished = CliRunner().invoke(
        app,
        ["doctor", "--json", "--database", servers.address("centre", "anna", PASSWORD)],
    )
    assert finished.exit_code == 1
    assert json.loads(finished.stdout)


def test_one_server_without_a_standby_is_a_warning_for_everybody(postgres_centre: Centre) -> None:
    for target in (postgres_centre.target, postgres_centre.target_for("anna")):
        (standby,) = _said(target, "standby")
        assert standby[0] is State.WARNING
        assert "everything accepted since the last backup" in standby[1]
        # The suite's server is made for speed.
        assert "a power cut may lose or ruin everything" in _said(target, "disk")[0][1]
        assert "0.6 seconds" in _said(target, "commit")[0][1]
        assert _said(target, "servers") == []


def test_a_missing_extension_is_trouble_with_its_remedy(postgres_centre: Centre) -> None:
    with postgres_centre.as_owner().write() as tx:
        tx.core.exec_driver_sql("DROP EXTENSION pg_trgm CASCADE")

    ((state, words),) = _said(postgres_centre.target_for("anna"), "extensions")

    assert (state, "pg_trgm" in words) == (State.TROUBLE, True)


def test_nobody_does_the_gateways_work_is_said(postgres_centre: Centre) -> None:
    ((state, words),) = _said(postgres_centre.target_for("anna"), "gateway")

    assert (state, "No gateway runs" in words) == (State.WARNING, True)
