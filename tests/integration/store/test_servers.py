"""Connecting: whichever server is the primary, never one that was succeeded, never a dead one."""

from __future__ import annotations

import socket

import pytest

from crm_desktop.domain.errors import DatabaseAway, ServerSucceeded
from crm_desktop.store.database import Database, Target
from tests.centre import PASSWORD, Centre


def _session(db: Database) -> int:
    with db.read() as tx:
        return int(tx.core.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def test_a_connection_that_the_server_closed_is_replaced_without_an_error(
    postgres_centre: Centre,
) -> None:
    db = postgres_centre.as_person("anna", connections=2)
    before = _session(db)

    with postgres_centre.as_owner().write() as tx:
        tx.core.exec_driver_sql(f"SELECT pg_terminate_backend({before}, 5000)")

    assert _session(db) != before


def test_servers_that_are_away_are_passed_over_and_the_one_that_answers_is_remembered(
    postgres_centre: Centre,
) -> None:
    target = _behind_a_dead_one(postgres_centre)
    db = Database(target)

    assert _session(db) > 0
    db.close()

    assert target.servers.last == 1


def test_a_primary_with_an_older_history_than_was_seen_is_refused_in_words(
    postgres_centre: Centre,
) -> None:
    target = _behind_a_dead_one(postgres_centre)
    db = Database(target)
    _session(db)
    (system,) = target.servers.history
    target.servers.history[system] += 1
    db.close()

    with pytest.raises(ServerSucceeded):
        _session(db)


def test_all_away_is_away(postgres_centre: Centre) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        db = Database(Target(f"postgresql://127.0.0.1:{port},127.0.0.1:{port}/crm", "anna", "x"))
        with pytest.raises(DatabaseAway):
            _session(db)


def test_a_silent_server_is_missed_within_seconds(postgres_centre: Centre) -> None:
    db = postgres_centre.as_person("anna")
    with db.read() as tx:
        driver = tx.core.connection.driver_connection
        assert driver is not None
        with socket.socket(fileno=socket.dup(driver.fileno())) as way:
            told = [
                way.getsockopt(socket.IPPROTO_TCP, option)
                for option in (
                    socket.TCP_KEEPIDLE,
                    socket.TCP_KEEPINTVL,
                    socket.TCP_USER_TIMEOUT,
                )
            ]

    assert told == [2, 1, 5000]


def _behind_a_dead_one(centre: Centre) -> Target:
    """The centre's address, with a server before it that nobody runs."""
    cluster = centre.cluster
    assert cluster is not None
    root = f"sslmode=verify-full&sslrootcert={cluster.sslrootcert}"
    servers = f"127.0.0.1:1,127.0.0.1:{cluster.port}"
    return Target(f"postgresql://{servers}/{centre.database}?{root}", "anna", PASSWORD)
