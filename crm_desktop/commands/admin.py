"""`crm-desktop admin …`: setting a centre up."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import typer

from crm_desktop.commands.owner import opened
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.services import Target, accounts, administration
from crm_desktop.services.administration import GATEWAY_LOGIN, NewAccount, NewStaff
from crm_desktop.workstation.paths import bundled
from crm_desktop.workstation.secrets import open_secrets
from crm_desktop.workstation.settings import Settings

Say = Callable[[str], None]

#: The keyring's name for the gateway's own password to the database.
DATABASE_SECRET = "database:gateway"  # noqa: S105 - the name, not the secret


def upgrade(settings: Settings, say: Say) -> None:
    """Create the database or bring it to this program's version."""
    with opened(settings) as db:
        administration.upgrade(db, bundled("migrations"))
    say("The database is ready.")


def add_staff(settings: Settings, entered: NewStaff) -> None:
    """A member of staff; their first password is asked for where the database has passwords."""
    password = ""
    if Target(settings.database_url).dialect == "postgresql":
        password = typer.prompt(
            f"First password of {entered.name}", hide_input=True, confirmation_prompt=True
        )
    with opened(settings) as db:
        administration.add_staff(db, entered, password)


def add_gateway(settings: Settings) -> None:
    """The gateway's login, its password kept in this computer's keyring."""
    password = typer.prompt("Password of the gateway", hide_input=True, confirmation_prompt=True)
    secrets = open_secrets()
    with opened(settings) as db:
        administration.set_password(db, GATEWAY_LOGIN, "crm_gateway", password)
    secrets.set(DATABASE_SECRET, password)


def add_account(settings: Settings, account: NewAccount) -> None:
    """A mailbox, relay or back office, or other settings for the one of that name."""
    with opened(settings) as db:
        administration.add_account(db, account)


def remove_account(settings: Settings, name: str) -> None:
    """Use an account no more."""
    with opened(settings) as db:
        administration.remove_account(db, name)


def list_accounts(settings: Settings, say: Say) -> None:
    """A line an account."""
    with opened(settings) as db:
        for each in accounts.statuses(db):
            say(f"{each.name} ({each.kind}): {each.status} {each.words}".rstrip())


def pairs(given: Iterable[str]) -> dict[str, str | int | bool]:
    """Settings from `key=value` words; raises InvalidInput."""
    found: dict[str, str | int | bool] = {}
    for each in given:
        key, equals, value = each.partition("=")
        if not equals:
            raise InvalidInput("settings", fields={each: "must look like key=value"})
        if value in ("true", "false"):
            found[key] = value == "true"
        else:
            found[key] = int(value) if value.isdigit() else value
    return found
