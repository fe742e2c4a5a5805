"""A real PostgreSQL of the tests' own: TLS, SCRAM, loopback, thrown away at the end."""

import contextlib
import fcntl
import ipaddress
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, Self
from urllib.parse import quote

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from psycopg import sql

from tests.servers.ports import free_port
from tests.servers.processes import is_running, wait_for

OLDEST_VERSION = 13
SUPERUSER = "postgres"
_START_SECONDS = 60

StopMode = Literal["smart", "fast", "immediate"]


class PostgresMissing(RuntimeError):
    """No PostgreSQL server program on this computer; the words say how to get one."""


@dataclass(frozen=True)
class PostgresCluster:
    """One server in one directory; any process of the suite may use it through its fields.

    Tests that stop or kill the server take a cluster of their own.
    """

    directory: str
    bin_dir: str
    port: int
    password: str

    @classmethod
    def create(
        cls, directory: Path, *, fsync: bool = False, settings: Mapping[str, str] | None = None
    ) -> Self:
        """Initialise and start a server in `directory`, which must not exist yet.

        Other users must be able to pass through its parents: see `shared_directory`.

        `settings` are further lines of postgresql.conf. As root the server runs as the user
        `postgres`, because PostgreSQL refuses to run as root.
        """
        cluster = cls(str(directory), str(find_bin_dir()), free_port(), "superuser-password")
        directory.mkdir(mode=0o755)
        give_to_server_user(directory)
        cluster._initialise(fsync, dict(settings or {}))
        cluster.start()
        return cluster

    # What a test connects with

    @property
    def sslrootcert(self) -> str:
        """Path of the certificate that verifies the server."""
        return f"{self.directory}/server.crt"

    def url(self, database: str, user: str, password: str) -> str:
        """SQLAlchemy address of `database` for one role, with verified TLS."""
        return (
            f"postgresql+psycopg://{quote(user, safe='')}:{quote(password, safe='')}"
            f"@127.0.0.1:{self.port}/{database}"
            f"?sslmode=verify-full&sslrootcert={quote(self.sslrootcert)}"
        )

    def superuser_url(self, database: str = "postgres") -> str:
        """SQLAlchemy address of `database` for the superuser."""
        return self.url(database, SUPERUSER, self.password)

    def connect(
        self, database: str = "postgres", user: str = SUPERUSER, password: str | None = None
    ) -> psycopg.Connection[tuple[object, ...]]:
        """An autocommit psycopg connection; the superuser's unless `user` is given."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            dbname=database,
            user=user,
            password=self.password if password is None else password,
            sslmode="verify-full",
            sslrootcert=self.sslrootcert,
            autocommit=True,
        )

    # Databases

    def create_database(self, name: str, template: str = "template0") -> str:
        """Make database `name` as a copy of `template`; returns the superuser's address."""
        with self.connect() as connection:
            # Since 15 a copy goes through the log, which takes twice as long where nothing is kept.
            by_file = " STRATEGY file_copy" if connection.info.server_version >= 150_000 else ""
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}{}").format(
                    sql.Identifier(name), sql.Identifier(template), sql.SQL(by_file)
                )
            )
        return self.superuser_url(name)

    def drop_database(self, name: str) -> None:
        """Remove database `name` and end the sessions that use it."""
        with self.connect() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def template(self, name: str, build: Callable[[str], None]) -> str:
        """Make database `name` once for all workers and return its name.

        `build` gets the superuser's address of the new database and fills it: tables, and the
        cluster-wide roles. It must close its connections, or the copy is refused.
        """
        with self.lock():
            if not self._database_exists(name):
                draft = f"{name}_draft"
                self.drop_database(draft)
                build(self.create_database(draft))
                with self.connect() as connection:
                    connection.execute(
                        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                            sql.Identifier(draft), sql.Identifier(name)
                        )
                    )
        return name

    @contextlib.contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """The name of a fresh copy of `template`, dropped on leaving."""
        name = f"test_{os.getpid()}_{time.monotonic_ns()}"
        self.create_database(name, template)
        try:
            yield name
        finally:
            self.drop_database(name)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold one lock for all workers, for what is cluster-wide, such as roles."""
        with exclusive(Path(f"{self.directory}.lock")):
            yield

    # The server's life

    def start(self) -> None:
        """Start the server and return when it accepts connections."""
        command = ["start", "-w", "-t", str(_START_SECONDS), "-l", f"{self.directory}/log"]
        finished = self._pg_ctl(*command)
        if finished.returncode != 0:
            raise RuntimeError(f"PostgreSQL did not start:\n{finished.stderr}\n{self.log()}")

    def stop(self, mode: StopMode = "fast") -> None:
        """Stop the server; nothing happens when it is not running."""
        if self.pid() is not None:
            self._pg_ctl("stop", "-w", "-m", mode)

    def kill9(self) -> None:
        """Kill the server and all its backends at once, as a power cut would."""
        pid = self.pid()
        if pid is None:
            return
        family = [pid, *_children(pid)]
        for member in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)
        wait_for(lambda: not any(map(is_running, family)), "the server's end")
        # Where nobody reaps orphans the dead process keeps its number, and PostgreSQL would
        # take the note as a sign of life.
        Path(self.directory, "data", "postmaster.pid").unlink(missing_ok=True)

    def change(
        self, *, rules: str | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        """Go on with another pg_hba.conf, further settings, or what was put in their place."""
        data = Path(self.directory, "data")
        if rules is not None:
            (data / "pg_hba.conf").write_text(rules)
        with (data / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{name} = '{value}'\n" for name, value in (settings or {}).items())
        self._pg_ctl("reload")

    def renew_certificate(self, *, lasts: timedelta = timedelta(days=2)) -> None:
        """Another self-signed certificate, which takes effect with `change`."""
        key = Path(self.directory, "server.key")
        write_certificate(Path(self.sslrootcert), key, lasts=lasts)

    def pid(self) -> int | None:
        """Process id of the running server, None when it is stopped."""
        try:
            note = Path(self.directory, "data", "postmaster.pid").read_text()
            pid = int(note.split("\n")[0])
        except (FileNotFoundError, ValueError):
            return None
        return pid if is_running(pid) else None

    def log(self) -> str:
        """What the server has written to its log."""
        path = Path(self.directory, "log")
        return path.read_text(errors="replace") if path.exists() else ""

    def destroy(self) -> None:
        """Stop the server and remove its directory."""
        self.stop("immediate")
        shutil.rmtree(self.directory, ignore_errors=True)
        Path(f"{self.directory}.lock").unlink(missing_ok=True)

    # How it is made

    def _initialise(self, fsync: bool, settings: dict[str, str]) -> None:
        root = Path(self.directory)
        password_file = root / "password"
        password_file.write_text(self.password)
        write_certificate(root / "server.crt", root / "server.key")
        for path in (password_file, root / "server.key"):
            path.chmod(0o600)
            give_to_server_user(path)
        finished = self._as_server_user(
            "initdb",
            *("-D", f"{root}/data", "-U", SUPERUSER, f"--pwfile={password_file}"),
            *("-A", "scram-sha-256", "--locale=C.UTF-8", "-E", "UTF8", "--no-sync"),
        )
        if finished.returncode != 0:
            raise RuntimeError(f"initdb failed:\n{finished.stderr}")
        with (root / "data" / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{k} = '{v}'\n" for k, v in (self._conf(fsync) | settings).items())
        # Only TLS, only loopback: the suite must meet what a centre's server demands.
        (root / "data" / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")

    def _conf(self, fsync: bool) -> dict[str, str]:
        durable = "on" if fsync else "off"
        return {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "password_encryption": "scram-sha-256",
            "ssl": "on",
            "ssl_cert_file": self.sslrootcert,
            "ssl_key_file": f"{self.directory}/server.key",
            "ssl_min_protocol_version": "TLSv1.3",
            "fsync": durable,
            "synchronous_commit": durable,
            "full_page_writes": durable,
            "max_connections": "200",
            "shared_buffers": "64MB",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "lc_messages": "C",
        }

    def _database_exists(self, name: str) -> bool:
        with self.connect() as connection:
            row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            return row.fetchone() is not None

    def _pg_ctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._as_server_user("pg_ctl", "-D", f"{self.directory}/data", *arguments)

    def _as_server_user(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        prefix = ["runuser", "-u", SUPERUSER, "--"] if os.geteuid() == 0 else []
        return subprocess.run(
            [*prefix, f"{self.bin_dir}/{program}", *arguments],
            cwd="/",  # the server's user may not enter ours
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )


def shared_cluster(shared: Path) -> PostgresCluster:
    """The suite's one cluster below `shared`, started by whichever worker asks first."""
    note = shared / "postgres.json"
    with exclusive(shared / "postgres.start"):
        if note.exists():
            return PostgresCluster(**json.loads(note.read_text()))
        cluster = PostgresCluster.create(shared / "postgres")
        note.write_text(json.dumps(asdict(cluster)))
        return cluster


def find_bin_dir() -> Path:
    """Where the newest usable server programs are; raises PostgresMissing with a way out."""
    candidates = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    if on_path := shutil.which("pg_ctl"):
        candidates.append(Path(on_path).resolve().parent)
    usable = [(_version(path), path) for path in candidates if (path / "initdb").exists()]
    version, newest = max(usable, default=(0, Path()))
    if version < OLDEST_VERSION:
        raise PostgresMissing(
            f"The tests need a PostgreSQL server, version {OLDEST_VERSION} or later. "
            "Install it with `make test`, or `apt-get install postgresql`."
        )
    return newest


def write_certificate(
    certificate: Path, key: Path, *, lasts: timedelta = timedelta(days=2)
) -> None:
    """Write a self-signed certificate for localhost and 127.0.0.1, and its key, as PEM."""
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names: list[x509.GeneralName] = [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + lasts)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(secret, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        secret.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file `path` alone among all processes."""
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _version(bin_dir: Path) -> int:
    shown = subprocess.run(
        [bin_dir / "initdb", "--version"], capture_output=True, text=True, check=False
    )
    found = re.search(r"\) (\d+)", shown.stdout)
    return int(found[1]) if found else 0


def give_to_server_user(path: Path) -> None:
    """Let the server read a file that nobody else may."""
    if os.geteuid() == 0:
        user = pwd.getpwnam(SUPERUSER)
        os.chown(path, user.pw_uid, user.pw_gid)


def _children(pid: int) -> list[int]:
    listing = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listing.read_text().split()] if listing.exists() else []
