"""The gateway's composition root: settings become databases, channels and one running gateway."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from crm_desktop.domain.audit_chain import new_key, read_key
from crm_desktop.domain.errors import (
    AccountRefused,
    DatabaseAway,
    DatabaseBusy,
    DatabaseNewer,
    DatabaseOlder,
    DatabaseTrouble,
    InsecureConnection,
    NoKeyring,
    SignInRefused,
    SwitchedOff,
    UnsafeSignIn,
)
from crm_desktop.gateway import back_office, forecasting, sealing, texts
from crm_desktop.gateway.config import GatewayConfig, SecretSource
from crm_desktop.gateway.jobs import StartJob
from crm_desktop.gateway.recording.jobs import MASTER_SECRET, RecordingJobs, open_vault
from crm_desktop.gateway.recording.vault import Vault
from crm_desktop.gateway.social_networks import open_network
from crm_desktop.gateway.statuses import StatusBoard
from crm_desktop.gateway.supervisor import Gateway
from crm_desktop.services import Database, Target, load_named
from crm_desktop.services.administration import GATEWAY_LOGIN
from crm_desktop.services.gateway_session import open_database
from crm_desktop.services.sealing import KEY_NAME
from crm_desktop.workstation.paths import Paths, bundled
from crm_desktop.workstation.process import announce_ready, share_heaps, when_parent_ends
from crm_desktop.workstation.secrets import KeyringSecrets, open_secrets
from crm_desktop.workstation.settings import Settings

if TYPE_CHECKING:
    from crm_desktop.gateway.calls.pbx import Part

_LOG = logging.getLogger(__name__)

#: The keyring's name for the gateway's own password to the database.
DATABASE_SECRET = "database:gateway"  # noqa: S105 - the name, not the secret
#: Listeners, mailboxes, lanes, routing and the sweeper share these.
CONNECTIONS = 10
_RETRY_SECONDS = 0.5

#: Read by whoever looks at the accounts, mostly at another computer than the gateway's.
_NO_KEYRING = (
    "The gateway's computer has no keyring that can be used, so it has no password for this. "
    "Start one there, or name a private file of passwords in its setting secrets_file."
)

EXIT_OK = 0
EXIT_OLDER = 3
EXIT_NEWER = 4
EXIT_REFUSED = 5

_WORDS: Mapping[type[DatabaseTrouble], tuple[int, str]] = {
    DatabaseOlder: (
        EXIT_OLDER,
        "The database is older than this program and must be upgraded. Nothing was changed.",
    ),
    DatabaseNewer: (
        EXIT_NEWER,
        "The database was upgraded by a newer program. Update this program; nothing was changed.",
    ),
    SignInRefused: (
        EXIT_REFUSED,
        (
            "The database refused the gateway's name or password. Nothing was changed. "
            "`crm-desktop admin staff gateway` sets both anew."
        ),
    ),
    AccountRefused: (
        EXIT_REFUSED,
        (
            "The database did not take the account of this computer for the gateway's. Nothing "
            "was changed. Its ticket may be missing, or the server maps it to another login."
        ),
    ),
    SwitchedOff: (
        EXIT_REFUSED,
        "The gateway's login is switched off. `crm-desktop admin staff gateway` sets it anew.",
    ),
    UnsafeSignIn: (
        EXIT_REFUSED,
        "The database asked for the gateway's password in an unsafe way, so it was not sent.",
    ),
    InsecureConnection: (
        EXIT_REFUSED,
        "A database on another machine must be reached by TLS with a verified certificate.",
    ),
}


@dataclass(frozen=True, slots=True)
class AuditChain:
    """What sealing needs: the key, None where this gateway has none, and the anchors' folder."""

    key: bytes | None
    folder: Path


def main_gateway(settings: Settings, *, with_parent: bool = False) -> int:
    """Run the gateway of these settings until told to stop; the exit code of the process.

    With a parent it also ends when its standard input does, as an embedded gateway should.
    """
    share_heaps()
    # Here, and not by whichever of its threads is the first to use something.
    load_named()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if with_parent:
        when_parent_ends(stop.set)
    secrets = _secrets(settings)
    config = _config(settings)
    return run_gateway(
        Target(settings.database_url, *_sign_in(settings, secrets)),
        bundled("migrations"),
        config,
        secrets,
        chain=_audit_chain(settings, secrets),
        vault=open_vault(config, _own_key(settings, secrets, MASTER_SECRET)),
        stop=stop,
        ready=announce_ready,
    )


def run_gateway(
    target: Target,
    migrations: Path,
    config: GatewayConfig,
    secrets: SecretSource,
    *,
    chain: AuditChain | None = None,
    vault: Vault | None = None,
    stop: threading.Event,
    ready: Callable[[Mapping[str, object]], None],
) -> int:
    """Run one gateway until `stop`; `ready` hears {"http": port, "smtp": port} when it is up."""
    try:
        opened = _opened(target, migrations, stop)
    except DatabaseTrouble as trouble:
        otherwise = f"The database cannot be used ({trouble}). Nothing was changed."
        code, words = _WORDS.get(type(trouble), (EXIT_REFUSED, otherwise))
        _say(words)
        return code
    if opened is None:
        return EXIT_OK
    db, keeper_db = opened
    outgrown: list[DatabaseNewer] = []

    def end(trouble: DatabaseNewer) -> None:
        outgrown.append(trouble)
        stop.set()

    gateway = Gateway(
        db,
        keeper_db,
        config,
        secrets,
        more_lanes=lambda statuses: [
            back_office.lane(secrets, statuses),
            texts.lane(secrets, statuses),
        ],
        more_jobs=partial(_more_jobs, secrets, chain),
        outgrown=end,
        call_parts=_call_parts,
        recordings=RecordingJobs(db, vault, secrets) if vault else None,
        open_network=partial(open_network, secrets=secrets),
    )
    try:
        gateway.start()
        ready({"http": gateway.http_port, "smtp": gateway.smtp_port})
        stop.wait()
        gateway.stop()
    finally:
        db.close()
        keeper_db.close()
    if outgrown:
        code, words = _WORDS[DatabaseNewer]
        _say(words)
        return code
    return EXIT_OK


def _opened(
    target: Target, migrations: Path, stop: threading.Event
) -> tuple[Database, Database] | None:
    """The workers' and the leases' database, waited for; None when told to stop meanwhile."""
    said = False
    while not stop.is_set():
        try:
            db = open_database(target, migrations, connections=CONNECTIONS)
        except (DatabaseAway, DatabaseBusy) as trouble:
            if not said:
                _say(_waiting(target, trouble))
                _LOG.warning("waiting for the database: %s", trouble.code)
                said = True
            stop.wait(_RETRY_SECONDS)
        else:
            return db, Database(target, connections=1, create=False)
    return None


def _waiting(target: Target, trouble: DatabaseTrouble) -> str:
    if isinstance(trouble, DatabaseBusy):
        why = "Another program holds the database"
    elif target.dialect == "sqlite":
        why = f"There is no database that can be opened at {target.url.removeprefix('sqlite:///')}"
    else:
        why = "The database does not answer"
    return f"{why}. Nothing was changed or created; the gateway waits for it."


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


def _secrets(settings: Settings) -> SecretSource:
    """The keyring or file; an embedded centre without either still runs, without passwords."""
    try:
        return open_secrets(settings.secrets_file)
    except NoKeyring as trouble:
        if settings.secrets_file is not None:
            _say(str(trouble))
            return _NoSecrets(str(trouble))
        return _NoSecrets(_NO_KEYRING)


class _NoSecrets:
    """No keyring: whoever needs a secret is told why there is none."""

    def __init__(self, words: str) -> None:
        self._words = words

    def get(self, _name: str, /) -> str | None:
        """Always raises NoKeyring."""
        raise NoKeyring(self._words)


def _sign_in(settings: Settings, secrets: SecretSource) -> tuple[str, str]:
    """(login, password) for the database; SQLite asks for none."""
    if Target(settings.database_url).dialect == "sqlite":
        return "", ""
    if settings.computer_account:
        return GATEWAY_LOGIN, ""
    try:
        return GATEWAY_LOGIN, secrets.get(DATABASE_SECRET) or ""
    except NoKeyring as trouble:
        _say(str(trouble))
        return GATEWAY_LOGIN, ""


def _call_parts() -> Sequence[Part]:
    """What takes part in the calls of a PBX; each switchboard has its own."""
    from crm_desktop.gateway.calls.commands import Commands
    from crm_desktop.gateway.calls.waiting import Waiting
    from crm_desktop.gateway.recording.starting import RecordingPart

    return [Commands(), Waiting(), RecordingPart()]


def _more_jobs(
    secrets: SecretSource, chain: AuditChain | None, db: Database, statuses: StatusBoard
) -> Mapping[str, StartJob]:
    sealed = sealing.jobs(db, chain.key, chain.folder) if chain else {}
    asked = {**back_office.jobs(secrets, db, statuses), **texts.jobs(secrets, db, statuses)}
    return {**asked, **forecasting.jobs(db), **sealed}


def _audit_chain(settings: Settings, secrets: SecretSource) -> AuditChain:
    key = _own_key(settings, secrets, KEY_NAME)
    return AuditChain(key, settings.audit_anchor_folder or Paths.of_user().data / "audit")


def _own_key(settings: Settings, secrets: SecretSource, name: str) -> bytes | None:
    """A key of the gateway's; an embedded centre, which nobody sets up, makes it in the keyring."""
    embedded = Target(settings.database_url).dialect == "sqlite"
    with suppress(NoKeyring):
        text = secrets.get(name)
        if not text and embedded and isinstance(secrets, KeyringSecrets):
            text = new_key()
            secrets.set(name, text)
        if text:
            return _read_key(name, text)
    return None


def _read_key(name: str, text: str) -> bytes | None:
    try:
        return read_key(text)
    except ValueError:
        _LOG.error("the secret %s is no key: 64 letters and digits (0-9, a-f)", name)
        return None


def _config(settings: Settings) -> GatewayConfig:
    data = Paths.of_user().data
    return GatewayConfig(
        web_resources=bundled("resources") / "web",
        http_host=settings.http_host,
        http_port=settings.http_port,
        smtp_host=settings.smtp_host,
        smtp_port=settings.smtp_port,
        mail_domains=frozenset(settings.smtp_domains),
        largest_mail=settings.max_mail_bytes,
        largest_form=settings.max_form_bytes,
        council=settings.council_name,
        proxies=settings.http_proxies,
        recordings_dir=settings.recordings_dir or data / "recordings",
        recording_keys_dir=settings.recording_keys_dir or data / "recording-keys",
    )
