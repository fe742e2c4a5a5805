"""A real IMAP server: Dovecot in a directory of its own, with TLS, on free loopback ports."""

import contextlib
import copy
import os
import pwd
import re
import signal
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from imapclient import IMAPClient

from tests.servers import certificates, processes

PASSWORD = "let-me-in"
USER = "desk@council.test"

_CONFIG = """
base_dir = {run}
state_dir = {run}
instance_name = {name}
log_path = {directory}/dovecot.log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login_user}
{no_chroot}
first_valid_uid = 1
mail_location = maildir:{mail}/%u
mailbox_idle_check_interval = 1 s
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={mail}/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
{more}
"""
_NO_CHROOT = "\n".join(
    f"service {name} {{\n  chroot =\n}}" for name in ("anvil", "imap-login", "stats")
)
#: What a server offers that cannot push.
WITHOUT_IDLE = "imap_capability = IMAP4rev1 UIDPLUS LITERAL+"
WITHOUT_STARTTLS = "ssl = no"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@dataclass
class Dovecot:
    """One server; `start` and `stop` may alternate, the mail and the ports stay."""

    directory: Path
    more: str = ""
    user: str = USER
    port: int = field(default_factory=_free_port)
    tls_port: int = field(default_factory=_free_port)
    _process: "processes.Program | None" = None

    def __post_init__(self) -> None:
        self.directory.mkdir(mode=0o755, parents=True)
        self.certificate, self._key = certificates.make(self.directory)
        self._write_config()

    def start(self) -> None:
        """Start, and return when it takes connections."""
        program = processes.find_program("dovecot", "dovecot-imapd")
        self._process = processes.start(
            [program, "-F", "-c", str(self.directory / "dovecot.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        processes.wait_for(self._answers, "Dovecot's first answer")

    def stop(self) -> None:
        """Stop; every connection is cut."""
        if self._process is not None:
            # Asked kindly, it would first wait for its clients.
            os.killpg(self._process.pid, signal.SIGKILL)
            processes.stop(self._process)
            self._process = None

    def mailbox_of(self, user: str) -> "Dovecot":
        """The same server, seen with the mailbox of another user; everybody has one."""
        seen = copy.copy(self)
        seen.user = user
        return seen

    @contextlib.contextmanager
    def client(self) -> Iterator[IMAPClient]:
        """A signed-in client, as any mail program would be one."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        with IMAPClient("127.0.0.1", self.tls_port, ssl=True, ssl_context=context) as client:
            client.login(self.user, PASSWORD)
            yield client

    def put(self, raw: bytes) -> None:
        """Deliver a mail into the mailbox."""
        with self.client() as client:
            client.append("INBOX", raw)

    def flags(self) -> dict[int, tuple[bytes, ...]]:
        """The flags of every mail, by UID."""
        with self.client() as client:
            client.select_folder("INBOX", readonly=True)
            return dict(client.get_flags(client.search()))

    def rebuild_mailbox(self) -> None:
        """Make the stopped server's mailboxes anew: the same mails under another UIDVALIDITY."""
        for uids in (self.directory / "mail").rglob("dovecot-uidlist"):
            head, _, rest = uids.read_text().partition("\n")
            newer = re.sub(r" V(\d+)", lambda found: f" V{int(found[1]) + 1000}", head)
            uids.write_text(f"{newer}\n{rest}")
        for index in (self.directory / "mail").rglob("dovecot.*"):
            index.unlink()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                return connection.recv(20).startswith(b"* OK")
        except OSError:
            return False

    def _write_config(self) -> None:
        as_root = os.geteuid() == 0
        me = pwd.getpwuid(os.geteuid())
        mail_user = pwd.getpwnam("dovecot") if as_root else me
        mail = self.directory / "mail"
        mail.mkdir()
        # Sockets have short names at most: the directory may have a long one.
        run = self.directory / "r"
        run.mkdir(mode=0o755)
        if as_root:
            os.chown(mail, mail_user.pw_uid, mail_user.pw_gid)
        (self.directory / "dovecot.conf").write_text(
            _CONFIG.format(
                run=run,
                name=f"crm{self.port}",
                directory=self.directory,
                user=mail_user.pw_name,
                group=_group_name(mail_user.pw_gid),
                login_user="dovenull" if as_root else me.pw_name,
                no_chroot="" if as_root else _NO_CHROOT,
                mail=mail,
                certificate=self.certificate,
                key=self._key,
                password=PASSWORD,
                uid=mail_user.pw_uid,
                gid=mail_user.pw_gid,
                port=self.port,
                tls_port=self.tls_port,
                more=self.more,
            )
        )


def _group_name(gid: int) -> str:
    import grp

    return grp.getgrgid(gid).gr_name


Starter = Callable[..., Dovecot]
