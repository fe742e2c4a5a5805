"""Setting a centre up from the command line: its database and accounts to the outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import InvalidInput, NotFound
from crm_desktop.domain.social import Network
from crm_desktop.domain.texts import ACCOUNT as TEXTING
from crm_desktop.store import people, revision
from crm_desktop.store.database import Database
from crm_desktop.store.queries import accounts, catalogue

#: The login that the gateway uses on PostgreSQL.
GATEWAY_LOGIN = "gateway"
KINDS = (
    *("imap", "smtp_listener", "smtp", "web_form", "chat", "open311", TEXTING),
    *(each.value for each in Network),
)


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A mailbox, listener, relay, form site or back office to be set up."""

    kind: str
    name: str
    settings: Mapping[str, object]
    queue: str = ""
    secret_name: str = ""


def upgrade(db: Database, migrations: Path, reached: Callable[[str], None] | None = None) -> None:
    """Create or upgrade the database; its owner alone may on PostgreSQL.

    `reached` hears of each revision on the way; interrupted, none of them was reached.
    """
    from crm_desktop.store import migrate

    migrate.upgrade(db, migrations, reached=reached)


def check_revision(db: Database, migrations: Path) -> None:
    """Raise DatabaseOlder or DatabaseNewer unless the database is of this program."""
    revision.check(db, migrations)


def set_password(db: Database, login: str, group: str, password: str) -> None:
    """Give a PostgreSQL login its password; the gateway's group is `crm_gateway`."""
    with db.write() as tx:
        people.create_login(tx, login, group, password)


def named(account: NewAccount) -> NewAccount:
    """The account with the name of its secret: a network's follows from who we are, and where.

    So with another server goes another secret: none leaves for an address just entered.
    """
    if account.secret_name:
        return account
    if account.kind == TEXTING:
        return replace(account, secret_name=f"texts:{account.settings.get('template', '')}")
    if account.kind not in {each.value for each in Network}:
        return account
    given = account.settings
    who = given.get("handle") or given.get("page_id") or ""
    where = given.get("server") or given.get("service")
    at = f"@{where}" if where else ""
    return replace(account, secret_name=f"social:{account.kind}:{who}{at}")


def add_account(db: Database, entered: NewAccount) -> int:
    """Set an account up, or change the one of that name."""
    if entered.kind not in KINDS:
        words = f"The kind must be one of {', '.join(KINDS)}."
        raise InvalidInput(words, fields={"kind": words})
    with db.write() as tx:
        queues = {each.code: each.id for each in catalogue.queues(tx)}
        if entered.queue and entered.queue not in queues:
            raise NotFound(f"no such queue: {entered.queue}")
        account_id = accounts.put(
            tx,
            entered.kind,
            entered.name,
            settings=dict(entered.settings),
            queue_id=queues.get(entered.queue),
            secret_name=entered.secret_name,
        )
        tx.changed(Topic.ACCOUNT, account_id)
        return account_id


def remove_account(db: Database, name: str) -> None:
    """Use an account no more; what came through it stays."""
    with db.write() as tx:
        account_id = accounts.switch_off(tx, name)
        if account_id is None:
            raise NotFound(f"no such account: {name}")
        tx.changed(Topic.ACCOUNT, account_id)
