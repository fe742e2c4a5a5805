"""A PostgreSQL whose changes are archived, and others made of its backups.

All of it as docs/OPERATIONS.md says, by PostgreSQL's own programs, as the user that runs it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.servers.ports import free_port
from tests.servers.postgres import SUPERUSER, PostgresCluster
from tests.servers.processes import wait_for


def archiving(folder: Path) -> PostgresCluster:
    """A server that copies every finished piece of its log of changes into `folder/archive`."""
    _folder(folder)
    archive = _folder(folder / "archive")
    settings = {
        "wal_level": "replica",
        "max_wal_senders": "4",
        "archive_mode": "on",
        "archive_command": f"test ! -f {archive}/%f && cp %p {archive}/%f",
        "max_connections": "60",
        "shared_buffers": "32MB",
    }
    cluster = PostgresCluster.create(folder / "first", settings=settings)
    with Path(cluster.directory, "data", "pg_hba.conf").open("a") as hba:
        hba.write("hostssl replication all 127.0.0.1/32 scram-sha-256\n")
    with cluster.connect() as connection:
        connection.execute("SELECT pg_reload_conf()")
    return cluster


def base_backup(cluster: PostgresCluster, into: Path) -> None:
    """A whole copy of the running server's files."""
    run(cluster, "pg_basebackup", "-D", str(into), "-X", "none", "-c", "fast", *_where(cluster))


def everything_archived(cluster: PostgresCluster) -> None:
    """Return when all that was committed is in the archive."""
    with cluster.connect() as connection:
        row = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()
        assert row is not None
        wanted = str(row[0])

        def archived() -> bool:
            last = connection.execute("SELECT last_archived_wal FROM pg_stat_archiver").fetchone()
            return last is not None and str(last[0] or "") >= wanted

        wait_for(archived, "archiving")


def recovered(cluster: PostgresCluster, backup: Path, folder: Path, until: str) -> PostgresCluster:
    """A new server from a base backup, brought to the moment `until` and then opened."""
    made = PostgresCluster(str(folder), cluster.bin_dir, free_port(), cluster.password)
    _folder(folder)
    for name in ("server.crt", "server.key"):
        shutil.copy2(Path(cluster.directory, name), folder / name)
        _give(folder / name)
    backup.rename(folder / "data")
    archive = Path(cluster.directory).parent / "archive"
    with (folder / "data" / "postgresql.conf").open("a") as conf:
        conf.write(
            f"port = {made.port}\n"
            f"ssl_cert_file = '{folder}/server.crt'\nssl_key_file = '{folder}/server.key'\n"
            "archive_mode = off\n"
            f"restore_command = 'cp {archive}/%f %p'\n"
            f"recovery_target_time = '{until}'\nrecovery_target_action = 'promote'\n"
        )
    (folder / "data" / "recovery.signal").touch()
    _give(folder / "data" / "recovery.signal")
    made.start()

    def opened() -> bool:
        with made.connect() as connection:
            row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
        return row == (False,)

    wait_for(opened, "the end of the recovery")
    return made


def dumped(cluster: PostgresCluster, database: str, folder: Path) -> None:
    """`roles.sql` and `centre.dump` in a folder."""
    where = _where(cluster)
    run(cluster, "pg_dumpall", "--roles-only", "-f", f"{folder}/roles.sql", *where)
    run(cluster, "pg_dump", "-Fc", "-f", f"{folder}/centre.dump", *where, database)


def loaded(cluster: PostgresCluster, database: str, folder: Path) -> None:
    """The roles and the database of a dump, in another server."""
    where = _where(cluster)
    # The superuser is there already; psql says so and goes on.
    run(cluster, "psql", "-q", "-f", f"{folder}/roles.sql", *where, "-d", "postgres")
    run(cluster, "createdb", *where, "-T", "template0", database)
    run(cluster, "pg_restore", "--exit-on-error", "-d", database, *where, f"{folder}/centre.dump")


def run(cluster: PostgresCluster, program: str, *arguments: str) -> None:
    """One of PostgreSQL's programs; what it says when it fails is in the error."""
    prefix: Sequence[str] = ["runuser", "-u", SUPERUSER, "--"] if os.geteuid() == 0 else []
    finished = subprocess.run(
        [*prefix, f"{cluster.bin_dir}/{program}", *arguments],
        cwd="/",
        env={
            **os.environ,
            "PGPASSWORD": cluster.password,
            "PGSSLMODE": "verify-full",
            "PGSSLROOTCERT": cluster.sslrootcert,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        raise RuntimeError(f"{program}: {finished.stderr}")


def open_folder(path: Path) -> Path:
    """A folder that the server's user may write into."""
    return _folder(path)


def _where(cluster: PostgresCluster) -> list[str]:
    return ["-h", "127.0.0.1", "-p", str(cluster.port), "-U", SUPERUSER]


def _folder(path: Path) -> Path:
    path.mkdir(mode=0o755)
    _give(path)
    return path


def _give(path: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(path, SUPERUSER)
