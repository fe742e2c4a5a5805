"""`crm-desktop admin staff …`: who works here, as the database's owner or as an administrator."""

from __future__ import annotations

from collections.abc import Callable

import typer

from crm_desktop.commands.owner import opened
from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.views import StaffMember
from crm_desktop.services import Database, Target, staff
from crm_desktop.services.staff import NewStaff
from crm_desktop.workstation.settings import Settings

Say = Callable[[str], None]


def add(settings: Settings, entered: NewStaff, say: Say) -> None:
    """A member of staff; their first password is asked for where the database has passwords."""
    password = _password(settings, f"First password of {entered.name}")
    with opened(settings) as db:
        staff.add(db, entered, password)
    say(f"{entered.name} can sign in as {entered.login}.")


def disable(settings: Settings, login: str, say: Say) -> None:
    """Somebody signs in no more."""
    with opened(settings) as db:
        person = _named(db, login)
        staff.disable(db, person.id)
    say(f"{person.name} cannot sign in any more. What they held waits in its queue.")


def enable(settings: Settings, login: str, say: Say) -> None:
    """Somebody disabled may sign in again."""
    with opened(settings) as db:
        person = _named(db, login)
        staff.enable(db, person.id)
    say(f"{person.name} can sign in again.")


def reset(settings: Settings, login: str, say: Say) -> None:
    """Another password, which is asked for where the database has passwords."""
    password = _password(settings, f"New password of {login}")
    with opened(settings) as db:
        person = _named(db, login)
        staff.reset(db, person.id, password)
    say(f"{person.name} has a new password.")


def list_everybody(settings: Settings, say: Say) -> None:
    """A line a person."""
    with opened(settings) as db:
        for each in staff.everybody(db):
            queues = ", ".join(each.queue_codes) or "no queue"
            ended = "" if each.active else " (disabled)"
            say(f"{each.login}: {each.name}, {each.role.replace('_', ' ')}, {queues}{ended}")


def _password(settings: Settings, words: str) -> str:
    if Target(settings.database_url).dialect == "sqlite":
        return ""
    asked: str = typer.prompt(words, hide_input=True, confirmation_prompt=True)
    return asked


def _named(db: Database, login: str) -> StaffMember:
    for each in staff.everybody(db):
        if each.login == login:
            return each
    raise NotFound(f"nobody here has the login {login}")
