"""A primary and two standbys, made by the commands of docs/OPERATIONS.md, to crash and promote."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from tests.servers.ports import free_port
from tests.servers.postgres import SUPERUSER, PostgresCluster
from tests.servers.processes import wait_for

REPLICATION_PASSWORD = "replication-password"
#: What all three have, whichever of them is the primary.
SETTINGS = {
    "wal_level": "replica",
    "max_wal_senders": "8",
    "max_replication_slots": "8",
    "hot_standby": "on",
    # Found again within moments when another becomes the primary.
    "wal_retrieve_retry_interval": "250ms",
    "wal_receiver_timeout": "5s",
    "wal_sender_timeout": "5s",
    # Nobody measures the recovery; a small buffer lets four servers live on one machine.
    "shared_buffers": "32MB",
    "max_connections": "120",
}
_NAMES = ("one", "two", "three")


@dataclass
class Servers:
    """Three servers of one database; `primary` is the place of the one that writes."""

    clusters: tuple[PostgresCluster, ...]
    primary: int = 0

    @classmethod
    def create(cls, directory: Path) -> Servers:
        """One primary that keeps its promises, and two standbys that follow it."""
        directory.mkdir(mode=0o755)
        first = PostgresCluster.create(directory / "one", fsync=True, settings=SETTINGS)
        others = [
            PostgresCluster(str(directory / name), first.bin_dir, free_port(), first.password)
            for name in _NAMES[1:]
        ]
        servers = cls((first, *others))
        servers._let_replicate()
        for place in (1, 2):
            servers.copy(place)
        names = ", ".join(_NAMES)
        # On the standbys too: it works from their promotion on.
        for each in servers.clusters:
            with each.connect() as connection:
                connection.execute(
                    f"ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 ({names})'"
                )
                connection.execute("SELECT pg_reload_conf()")
        for place in (1, 2):
            servers.wait_follows(place)
        return servers

    def address(self, database: str, user: str = "", password: str = "") -> str:
        """One address for all three."""
        who = f"{quote(user)}:{quote(password)}@" if user else ""
        places = ",".join(f"127.0.0.1:{each.port}" for each in self.clusters)
        root = quote(self.clusters[0].sslrootcert)
        return f"postgresql://{who}{places}/{database}?sslmode=verify-full&sslrootcert={root}"

    def promote(self) -> PostgresCluster:
        """Make the standby that has received most the primary; returns when it was told to."""
        standbys = [place for place in range(3) if place != self.primary]
        self.primary = max(standbys, key=self._received)
        chosen = self.clusters[self.primary]
        self.control(self.primary, "promote", "--no-wait")
        return chosen

    def copy(self, place: int) -> None:
        """Make a standby of the primary anew, in an empty directory, and start it."""
        source, made = self.clusters[self.primary], self.clusters[place]
        root = Path(made.directory)
        root.mkdir(mode=0o755)
        _as_server_user("chown", str(root), as_root=True)
        for name in ("server.crt", "server.key"):
            _as_server_user(
                "cp", "-p", f"{source.directory}/{name}", f"{root}/{name}", as_root=True
            )
        _as_server_user(
            f"{source.bin_dir}/pg_basebackup",
            *("-D", f"{root}/data", "-X", "stream", "-c", "fast", "--no-sync"),
            *("-d", self._source(place, only=self.primary)),
        )
        conf = {
            "port": str(made.port),
            "ssl_cert_file": f"{root}/server.crt",
            "ssl_key_file": f"{root}/server.key",
            "primary_conninfo": self._source(place),
            "primary_slot_name": _NAMES[place],
        }
        with (root / "data" / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in conf.items())
        (root / "data" / "standby.signal").touch()
        made.start()
        with made.connect() as connection:
            self._make_slots(connection, place)

    def wait_follows(self, place: int) -> None:
        """Return when the primary counts this one among those that a commit waits for."""

        def follows() -> bool:
            with self.clusters[self.primary].connect() as connection:
                row = connection.execute(
                    "SELECT count(*) FROM pg_stat_replication"
                    " WHERE application_name = %s AND sync_state = 'quorum'",
                    [_NAMES[place]],
                ).fetchone()
                return row == (1,)

        wait_for(follows, f"{_NAMES[place]} following")

    def control(self, place: int, *command: str) -> None:
        """pg_ctl on one of the servers."""
        cluster = self.clusters[place]
        _as_server_user(f"{cluster.bin_dir}/pg_ctl", "-D", f"{cluster.directory}/data", *command)

    def destroy(self) -> None:
        """End all three."""
        for each in self.clusters:
            each.destroy()

    def _let_replicate(self) -> None:
        first = self.clusters[0]
        with Path(first.directory, "data", "pg_hba.conf").open("a") as hba:
            hba.write("hostssl replication replication 127.0.0.1/32 scram-sha-256\n")
        with first.connect() as connection:
            connection.execute(
                f"CREATE ROLE replication LOGIN REPLICATION PASSWORD '{REPLICATION_PASSWORD}'"
            )
            connection.execute("SELECT pg_reload_conf()")
            self._make_slots(connection, 0)

    def _make_slots(self, connection: psycopg.Connection[tuple[object, ...]], place: int) -> None:
        """A slot for each of the others: also on a standby, which may be the primary one day."""
        for name in _NAMES:
            if name != _NAMES[place]:
                connection.execute("SELECT pg_create_physical_replication_slot(%s)", [name])

    def _source(self, place: int, only: int | None = None) -> str:
        """How a standby finds the primary, whichever of the others that is."""
        others = [only] if only is not None else [each for each in range(3) if each != place]
        ports = ",".join(str(self.clusters[each].port) for each in others)
        hosts = ",".join("127.0.0.1" for _ in others)
        return (
            f"host={hosts} port={ports} user=replication password={REPLICATION_PASSWORD}"
            f" application_name={_NAMES[place]} target_session_attrs=primary"
            f" sslmode=verify-full sslrootcert={self.clusters[0].directory}/server.crt"
        )

    def _received(self, place: int) -> int:
        with self.clusters[place].connect() as connection:
            row = connection.execute(
                "SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')::bigint"
            ).fetchone()
            assert row is not None
            return int(str(row[0]))


def _as_server_user(program: str, *arguments: str, as_root: bool = False) -> None:
    command: Sequence[str] = [program, *arguments]
    if as_root and program == "chown":
        command = ["chown", f"{SUPERUSER}:", *arguments]
    elif os.geteuid() == 0 and not as_root:
        command = ["runuser", "-u", SUPERUSER, "--", *command]
    elif os.geteuid() != 0 and program == "chown":
        return
    done = subprocess.run(
        command, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{program}: {done.stderr}")
