"""`crm-desktop admin telephones …`: from a bare Asterisk to the first call."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import typer

from crm_desktop.commands.doctor import telephones as checks
from crm_desktop.commands.doctor.finding import State, said
from crm_desktop.commands.owner import opened
from crm_desktop.domain.errors import InvalidInput, NotFound
from crm_desktop.domain.telephones import Choice, KnownLine, Line, Pbx, Telephones, normal_number
from crm_desktop.services import telephones
from crm_desktop.workstation.secrets import open_secrets
from crm_desktop.workstation.settings import Settings

Say = Callable[[str], None]
Named = Mapping[int, tuple[str, str, bool]]


@dataclass(frozen=True, slots=True)
class LineWords:
    """A line as it is typed: queue and service by their codes, choices as KEY=NAME:QUEUE."""

    number: str
    name: str
    queue: str
    service: str
    choices: tuple[str, ...]
    announce: int
    most: int
    record: bool
    voicemail: bool
    callback: bool


def set_pbx(settings: Settings, wanted: Pbx, say: Say, *, keep: bool) -> None:
    """Where Asterisk is, with the password of its user in this computer's keyring."""
    asks = keep and settings.secrets_file is None
    password = ""
    if asks:
        password = typer.prompt(f"Password of {wanted.user} in ari.conf", hide_input=True)
    with opened(settings) as db:
        known = telephones.read(db).pbx
        telephones.put_pbx(db, known.seen if known else None, wanted)
        kept = telephones.read(db).pbx
    secret = kept.secret_name if kept else wanted.secret_name
    if asks:
        open_secrets().set(secret, password)
        say("Kept; the gateway uses it at once. Next: crm-desktop admin telephones check")
    elif keep:
        say(f'Kept. Write its password into {settings.secrets_file}: "{secret}" = "…"')
    else:
        say(f"Kept. The gateway's keyring must hold its password under the name {secret}")


def use_pbx(settings: Settings, say: Say, *, active: bool) -> None:
    """Have the gateway rule the PBX's calls, or leave it alone."""
    with opened(settings) as db:
        telephones.use_pbx(db, active=active)
    if active:
        say("The gateway uses the PBX from now on.")
    else:
        say("The gateway leaves the PBX alone from now on. Calls that are going on are not ended.")


def put_line(settings: Settings, words: LineWords, say: Say) -> None:
    """A number that the public calls, or the one of that number otherwise."""
    with opened(settings) as db:
        known = telephones.read(db)
        wanted = _line(words, known)
        there = _of_number(known, words.number)
        if there is None:
            telephones.add_line(db, wanted)
        else:
            telephones.change_line(db, there, wanted)
    say(f"{normal_number(words.number)} is {words.name}.")


def remove_line(settings: Settings, number: str, say: Say) -> None:
    """Take its calls no more."""
    with opened(settings) as db:
        known = _of_number(telephones.read(db), number)
        if known is None:
            raise NotFound(f"There is no line of the number {number}.")
        telephones.use_line(db, known, active=False)
    say(f"{known.line.name} is removed: calls to it wait in the general queue. What came stays.")


def set_extension(settings: Settings, login: str, extension: str | None, say: Say) -> None:
    """Which telephone rings for somebody."""
    with opened(settings) as db:
        person = next((e for e in telephones.read(db).phones if e.login == login), None)
        if person is None:
            raise NotFound(f"nobody here has the login {login}")
        telephones.set_extension(db, person.staff_id, person.extension, extension)
    rings = f"{extension} rings for {person.name}" if extension else "No telephone rings for them"
    say(f"{rings} from the next call on.")


def list_everything(settings: Settings, say: Say) -> None:
    """The PBX, the lines, and who has which telephone."""
    with opened(settings) as db:
        known = telephones.read(db)
    if known.pbx is None:
        say("No PBX is set up. Begin with: crm-desktop admin telephones pbx set")
    else:
        state = f"{known.pbx.status} {known.pbx.words}".strip() if known.pbx.active else "off"
        say(f"PBX: {known.pbx.pbx.user} at {known.pbx.pbx.url}: {state}")
    _say_lines(known, say)
    for each in known.phones:
        if each.extension:
            gone = "" if each.active else " (disabled)"
            say(f"Extension {each.extension}: {each.name} ({each.login}){gone}")


def list_lines(settings: Settings, say: Say) -> None:
    """A line a line, and its menu under it."""
    with opened(settings) as db:
        _say_lines(telephones.read(db), say)


def check(settings: Settings, say: Say, *, as_json: bool) -> int:
    """What the PBX says of itself; 1 when something must be mended before calls work."""
    with opened(settings) as db:
        known = telephones.read(db)
    found = list(checks.examine(known, settings.secrets_file, asked=True))
    if as_json:
        say(json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=1))
    else:
        for each in found:
            for line in said(each):
                say(line)
    return int(any(each.state is State.TROUBLE for each in found))


def _say_lines(known: Telephones, say: Say) -> None:
    for each in known.lines:
        line = each.line
        off = "" if line.active else " (off)"
        say(f"{line.number}: {line.name}, {_to(known, line)}{off}")
        for choice in line.choices:
            say(f"  {choice.digit}: {choice.name}, {_to(known, choice)}")


def _to(known: Telephones, to: Line | Choice) -> str:
    queue = known.queues[to.queue_id][1]
    service = known.services.get(to.service_id or 0)
    return f"queue {queue}" + (f", service {service[1]}" if service else "")


def _of_number(known: Telephones, number: str) -> KnownLine | None:
    wanted = normal_number(number)
    return next((each for each in known.lines if each.line.number == wanted), None)


def _line(words: LineWords, known: Telephones) -> Line:
    return Line(
        words.number,
        words.name,
        _coded(known.queues, words.queue, "queue"),
        _coded(known.services, words.service, "service") if words.service else None,
        announce_seconds=words.announce,
        record=words.record,
        voicemail=words.voicemail,
        callback=words.callback,
        most_waiting=words.most,
        choices=tuple(_choice(each, known) for each in words.choices),
    )


def _choice(words: str, known: Telephones) -> Choice:
    digit, equals, rest = words.partition("=")
    name, *codes = rest.split(":")
    if not equals or not 1 <= len(codes) <= 2:
        raise InvalidInput("a menu", fields={words: "must look like 1=Bins:waste or with :service"})
    service = _coded(known.services, codes[1], "service") if len(codes) == 2 else None
    return Choice(digit, name, _coded(known.queues, codes[0], "queue"), service)


def _coded(named: Named, code: str, what: str) -> int:
    for id_, (_, known, _) in named.items():
        if known == code:
            return id_
    raise NotFound(f"no such {what}: {code}")
