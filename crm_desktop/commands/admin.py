"""`crm-desktop admin …`: setting a centre up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import typer

from crm_desktop.backoffice.open311.settings import Open311Settings
from crm_desktop.channels.texts.settings import ANY_KEY, NotifySettings
from crm_desktop.commands.owner import opened
from crm_desktop.domain.audit_chain import new_key
from crm_desktop.domain.chat_account import chat_account
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.social import Network
from crm_desktop.domain.texts import ACCOUNT as TEXTING
from crm_desktop.gateway.accounts import (
    bluesky_settings,
    facebook_settings,
    imap_settings,
    mastodon_settings,
    smtp_settings,
    x_settings,
)
from crm_desktop.gateway.config import SecretSource
from crm_desktop.gateway.recording.jobs import MASTER_SECRET
from crm_desktop.gateway_root import DATABASE_SECRET
from crm_desktop.services import accounts, administration
from crm_desktop.services.accounts import Account
from crm_desktop.services.administration import GATEWAY_LOGIN, NewAccount
from crm_desktop.services.sealing import KEY_NAME
from crm_desktop.workstation.paths import bundled
from crm_desktop.workstation.secrets import open_secrets
from crm_desktop.workstation.settings import Settings

Say = Callable[[str], None]

#: The settings of accounts that are numbers; everything else is words, even when it is digits.
_NUMBERS = ("port", "timeout", "read_seconds")
#: How the gateway reads the settings of an account on a network.
_NETWORKS: Mapping[str, Callable[[Account, SecretSource], object]] = {
    Network.BLUESKY: bluesky_settings,
    Network.MASTODON: mastodon_settings,
    Network.FACEBOOK: facebook_settings,
    Network.X: x_settings,
}


def upgrade(settings: Settings, say: Say) -> None:
    """Create the database or bring it to this program's version."""
    say("Upgrading. Interrupting it (Ctrl+C) leaves the database as it is.")
    with opened(settings, whatever_revision=True) as db:
        administration.upgrade(
            db, bundled("migrations"), lambda revision: say(f"  revision {revision}: done")
        )
    say("The database is ready.")


def add_gateway(settings: Settings, *, keep: bool) -> None:
    """The gateway's login, its password kept in this computer's keyring where that is wanted.

    With it go a key for the audit chain, and one for recordings, unless they are there.
    """
    password = typer.prompt("Password of the gateway", hide_input=True, confirmation_prompt=True)
    secrets = open_secrets() if keep else None
    with opened(settings) as db:
        administration.set_password(db, GATEWAY_LOGIN, "crm_gateway", password)
    if secrets is not None:
        secrets.set(DATABASE_SECRET, password)
        for name in (KEY_NAME, MASTER_SECRET):
            if not secrets.get(name):
                secrets.set(name, new_key())


def add_account(settings: Settings, account: NewAccount) -> None:
    """A mailbox, relay or back office, or other settings for the one of that name.

    Raises InvalidInput when the gateway could not use it.
    """
    account = administration.named(account)
    if account.kind == "chat":
        account = replace(account, settings=chat_account(account.settings))
    _check(account)
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


def _check(account: NewAccount) -> None:
    """Read the settings as the gateway will; its password may still be missing."""
    kept = Account(0, account.kind, account.name, None, account.secret_name, dict(account.settings))
    if account.kind == "open311":
        Open311Settings.read(account.settings)
    elif account.kind == "imap":
        imap_settings(kept, _AnySecret(), 0)
    elif account.kind == "smtp":
        smtp_settings(kept, _AnySecret())
    elif account.kind == TEXTING:
        given = {name: str(value) for name, value in account.settings.items()}
        NotifySettings.read(given, ANY_KEY)
    elif account.kind in _NETWORKS:
        _NETWORKS[account.kind](kept, _AnySecret())


class _AnySecret:
    """Stands for a password, or the four keys of X, that the gateway's keyring will hold."""

    def get(self, _name: str, /) -> str | None:
        """Something."""
        names = ("consumer_key", "consumer_secret", "token", "token_secret")
        return json.dumps(dict.fromkeys(names, "*"))


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
            found[key] = int(value) if key in _NUMBERS and value.isdigit() else value
    return found
