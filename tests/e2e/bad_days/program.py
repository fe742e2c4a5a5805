"""The real gateway, `python -m crm_desktop gateway`, in a home of its own: what a test may kill."""

from __future__ import annotations

import json
import os
import resource
import signal
import smtplib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from email.message import Message
from email.policy import SMTP
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.engine import make_url

from crm_desktop.store.database import Target
from tests.centre import GATEWAY_LOGIN, MIGRATIONS, PASSWORD, Centre
from tests.servers import processes


class GatewayProgram:
    """One run of the program. Without `ports` it takes free ones; `prefix` runs it inside."""

    def __init__(
        self,
        home: Path,
        url: str,
        *,
        password: str | None = None,
        secrets: Mapping[str, str] | None = None,
        ports: Mapping[str, int] | None = None,
        settings: Mapping[str, object] | None = None,
        prefix: Sequence[str] = (),
    ) -> None:
        home.mkdir(mode=0o700, parents=True)
        self._words = home / "standard-error"
        wanted = {"HTTP_PORT": 0, "SMTP_PORT": 0, "DATABASE_URL": url, **(settings or {})}
        for name, port in (ports or {}).items():
            wanted[f"{name.upper()}_PORT"] = port
        known = dict(secrets or {})
        if password is not None:
            known["database:gateway"] = password
        if known:
            wanted["SECRETS_FILE"] = _secrets_file(home, known)
        with self._words.open("wb") as words:
            self._process = processes.start(
                [*prefix, sys.executable, "-m", "crm_desktop", "gateway", "--with-parent"],
                env=_environment(home, wanted),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words.fileno(),
                cwd=MIGRATIONS.parent,
            )
        self._ports: dict[str, int | None] = {}

    def wait_ready(self) -> GatewayProgram:
        """Return when it is up."""
        assert self._process.stdout is not None
        line = processes.read_line(self._process, "READY")
        assert line.startswith("READY "), f"{line!r} {self.words()}"
        self._ports = json.loads(line.removeprefix("READY "))
        return self

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def ports(self) -> dict[str, int | None]:
        """What it listens on: http and smtp, None where the port is somebody else's."""
        return self._ports

    @property
    def smtp(self) -> int:
        """Where it takes mail."""
        port = self._ports["smtp"]
        assert port is not None
        return port

    @property
    def web(self) -> str:
        """Where it serves forms."""
        assert self._ports["http"] is not None
        return f"http://127.0.0.1:{self._ports['http']}"

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def words(self) -> str:
        """What it has said on standard error."""
        return self._words.read_text(errors="replace")

    def peak_memory(self) -> int:
        """The most memory that it ever held, in bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(each for each in status.splitlines() if each.startswith("VmHWM"))
        return int(line.split()[1]) * 1024

    def limit_files(self, size: int) -> None:
        """Let no file grow beyond so many bytes, as a full disk or a quota does."""
        _, most = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (size, most))

    def give_room(self) -> None:
        """Lift the limit again."""
        _, most = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (most, most))

    def kill(self) -> None:
        """As a power cut would; one that has ended is fine."""
        self._process.send_signal(signal.SIGKILL)
        processes.stop(self._process)

    def end(self) -> int:
        """Let its parent end; the exit code."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        return self._process.wait(processes.PATIENCE)

    def wait(self) -> int:
        """The exit code, once it has ended by itself."""
        return self._process.wait(processes.PATIENCE)


class StartGateway(Protocol):
    """Starts the program on a centre's database, or on any."""

    def __call__(
        self, centre: Centre | None = None, *, url: str = "", **options: Any
    ) -> GatewayProgram:
        """The process, not yet ready; options as of GatewayProgram."""


def address_of(target: Target) -> str:
    """A database's address as an administrator would set it: with no name and no password."""
    url = make_url(target.url)
    if target.dialect == "sqlite":
        return target.url
    return url.set(drivername="postgresql", username=None, password=None).render_as_string()


def password_of(target: Target) -> str | None:
    """What the gateway's secrets hold for it."""
    return None if target.dialect == "sqlite" else PASSWORD


def deliver(gateway: GatewayProgram, mail: Message | bytes, to: str = "contact@crm.test") -> int:
    """Hand a mail to the gateway; the code that it was answered with at last."""
    raw = mail if isinstance(mail, bytes) else mail.as_bytes(policy=SMTP)
    with smtplib.SMTP("127.0.0.1", gateway.smtp, timeout=60) as server:
        try:
            server.sendmail("sender@example.org", [to], raw)
        except smtplib.SMTPRecipientsRefused as refused:
            return next(iter(refused.recipients.values()))[0]
        except smtplib.SMTPResponseException as refused:
            return refused.smtp_code
    return 250


def gateway_target(centre: Centre) -> Target:
    """How a gateway signs in to a centre, for looking."""
    return centre.target_for(GATEWAY_LOGIN) if centre.cluster else centre.target


def _environment(home: Path, settings: Mapping[str, object]) -> dict[str, str]:
    env = {key: value for key, value in os.environ.items() if not key.startswith("CRM_DESKTOP_")}
    own = {f"XDG_{each}_HOME": str(home / each.lower()) for each in ("CONFIG", "DATA", "STATE")}
    given = {f"CRM_DESKTOP_{name}": str(value) for name, value in settings.items()}
    return {**env, "HOME": str(home), **own, **given}


def _secrets_file(home: Path, secrets: Mapping[str, str]) -> Path:
    path = home / "secrets.toml"
    path.touch(mode=0o600)
    path.write_text(
        "".join(f"{json.dumps(name)} = {json.dumps(secrets[name])}\n" for name in secrets)
    )
    return path
