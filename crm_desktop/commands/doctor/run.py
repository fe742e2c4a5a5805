"""All checks in turn; the slow ones at the same time."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from crm_desktop.commands.doctor import alarms, computer, display, telephones
from crm_desktop.commands.doctor.database import Examined
from crm_desktop.commands.doctor.database import examine as examine_database
from crm_desktop.commands.doctor.finding import Finding, State, said, trouble
from crm_desktop.commands.doctor.patience import ask_keyring
from crm_desktop.commands.doctor.refusal import of_first_start
from crm_desktop.domain.errors import CrmError, NoKeyring
from crm_desktop.services import Target
from crm_desktop.workstation.account import own_account
from crm_desktop.workstation.paths import Paths, bundled
from crm_desktop.workstation.secrets import open_secrets
from crm_desktop.workstation.settings import Settings


def doctor(
    load: Callable[[], Settings],
    paths: Paths,
    login: str,
    say: Callable[[str], None],
    *,
    as_json: bool,
) -> int:
    """Say what was found; 1 when somebody cannot work until something is mended, else 0."""
    found = examine(load, paths, login)
    if as_json:
        say(json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=1))
    else:
        for each in found:
            for line in said(each):
                say(line)
    return int(any(each.state is State.TROUBLE for each in found))


def examine(load: Callable[[], Settings], paths: Paths, login: str) -> Sequence[Finding]:
    """Every finding; settings that cannot be read are one, and the rest is looked at still."""
    with ThreadPoolExecutor(1, thread_name_prefix="doctor") as beside:
        seen = beside.submit(display.look)
        try:
            settings = load()
        except CrmError as error:
            words, to_do = str(error), "Correct it, or take it out."
            rest: Sequence[Finding] = [
                trouble("settings", words, to_do),
                *computer.of_log(paths.log),
            ]
        else:
            rest, has_sites = _of_settings(settings, paths, login)
            if has_sites:
                rest = [*rest, *alarms.findings(settings)]
                if (facts := seen.result().facts) is not None:
                    rest = [*rest, alarms.of_sound(facts)]
        return [*seen.result().findings, *rest]


def _of_settings(settings: Settings, paths: Paths, login: str) -> tuple[Sequence[Finding], bool]:
    """What was found, and whether people visit this centre."""
    target = _target(settings, login)
    where = _shown(settings.database_url)
    if where == str(paths.database_file) and not paths.data.exists():
        looked = Examined((of_first_start(where),))
    else:
        looked = examine_database(target, where, bundled("migrations"))
    places = [paths.data]
    found = [computer.of_keyring(settings.secrets_file), *looked.findings]
    if looked.telephones is not None:
        found += telephones.examine(looked.telephones, settings.secrets_file, asked=False)
    if target.dialect == "sqlite":
        places.append(Path(where).parent)
        found += computer.of_ports(settings, gateway_runs=looked.gateway_runs)
    found += [*computer.of_disks(dict.fromkeys(places)), *computer.of_log(paths.log)]
    return found, looked.has_sites


def _target(settings: Settings, login: str) -> Target:
    """Whom to look as: on PostgreSQL the login with the password that its keyring remembers, or
    with this computer's account where the settings say so.
    """
    target = Target(settings.database_url)
    if target.dialect == "sqlite":
        return target
    if settings.computer_account:
        return Target(settings.database_url, login or own_account())
    if not login:
        return target
    password = ""
    with suppress(NoKeyring):
        name = f"database:{settings.database_url}:{login}"
        password = ask_keyring(lambda: open_secrets(settings.secrets_file).get(name)) or ""
    return Target(settings.database_url, login, password)


def _shown(url: str) -> str:
    """Which database, without anybody's name or password."""
    if url.startswith("sqlite"):
        return url.removeprefix("sqlite:///")
    place, _, name = url.partition("?")[0].partition("://")[2].rpartition("/")
    return f"{name} on {place.rpartition('@')[2] or 'this computer'}"
