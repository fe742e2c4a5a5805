"""The suite's own PostgreSQL behaves as a centre's would."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.servers.postgres import PostgresCluster


def test_connections_are_tls_1_3_and_verified(postgres_cluster: PostgresCluster) -> None:
    with postgres_cluster.connect() as connection:
        row = connection.execute(
            "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        ).fetchone()

    assert row == ("TLSv1.3",)


def test_a_connection_without_tls_is_refused(postgres_cluster: PostgresCluster) -> None:
    address = postgres_cluster.superuser_url().replace("+psycopg", "").split("?")[0]

    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(f"{address}?sslmode=disable")


def test_a_wrong_password_is_refused(postgres_cluster: PostgresCluster) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        postgres_cluster.connect(password="wrong")


def test_a_template_is_built_once_and_copied_apart(postgres_cluster: PostgresCluster) -> None:
    built: list[str] = []

    def build(url: str) -> None:
        built.append(url)
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            connection.execute("CREATE TABLE note (text text)")

    name = f"template_check_{id(built)}"
    postgres_cluster.template(name, build)
    template = postgres_cluster.template(name, build)
    with (
        postgres_cluster.database(template) as first,
        postgres_cluster.database(template) as second,
    ):
        with postgres_cluster.connect(first) as connection:
            connection.execute("INSERT INTO note VALUES ('only here')")
        with postgres_cluster.connect(second) as connection:
            rows = connection.execute("SELECT * FROM note").fetchall()

    assert len(built) == 1
    assert rows == []


def test_what_was_committed_survives_a_power_cut(durable_postgres: PostgresCluster) -> None:
    with durable_postgres.connect() as connection:
        connection.execute("CREATE TABLE note AS SELECT 'kept' AS text")

    durable_postgres.kill9()
    assert durable_postgres.pid() is None
    durable_postgres.start()

    with durable_postgres.connect() as connection:
        assert connection.execute("SELECT text FROM note").fetchall() == [("kept",)]


def test_a_stopped_server_refuses_and_comes_back_at_the_same_address(
    own_postgres: PostgresCluster,
) -> None:
    own_postgres.stop()
    with pytest.raises(psycopg.OperationalError):
        own_postgres.connect()

    own_postgres.start()

    with own_postgres.connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.fixture
def durable_postgres(shared_directory: Path) -> Iterator[PostgresCluster]:
    cluster = PostgresCluster.create(
        shared_directory / f"durable-{id(shared_directory)}", fsync=True
    )
    yield cluster
    cluster.destroy()
