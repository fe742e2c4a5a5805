"""What an administrator may set: a TOML file, and CRM_DESKTOP_* in the environment above it."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

from crm_desktop.domain.database_address import has_password, is_address
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.workstation.chord import DEFAULT, parse
from crm_desktop.workstation.paths import Paths

_PREFIX = "CRM_DESKTOP_"
_MEBIBYTE = 1024 * 1024
_LARGEST_PORT = 65_535

#: Makes a setting of what the file or the environment holds; ValueError says what it should be.
Reader = Callable[[Any], Any]


def _text(longest: int | None = None) -> Reader:
    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("should be a text in quotation marks")
        if longest is not None and len(value) > longest:
            raise ValueError(f"should have at most {longest} letters")
        return value

    return read


def _number(least: int, most: int | None = None) -> Reader:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError("should be a whole number")
        try:
            number = int(value)
        except ValueError:
            raise ValueError("should be a whole number") from None
        if number < least:
            raise ValueError(f"should be greater than or equal to {least}")
        if most is not None and number > most:
            raise ValueError(f"should be less than or equal to {most}")
        return number

    return read


def _yes_or_no(value: Any) -> bool:
    known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    found = value if isinstance(value, bool) else known.get(str(value).lower())
    if found is None:
        raise ValueError("should be true or false")
    return found


def _one_of(*words: str) -> Reader:
    quoted = [f"'{word}'" for word in words]

    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(f"should be {', '.join(quoted[:-1])} or {quoted[-1]}")
        return str(value)

    return read


def _words(value: Any) -> tuple[str, ...]:
    """A list; written `a, b` in the environment, which has none."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise ValueError("should be a list of texts")
    return tuple(part.strip().lower() for part in parts if part.strip())


def _networks(value: Any) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(word) for word in _words(value))
    except ValueError:
        raise ValueError("should be a list of addresses or networks") from None


def _full_path(value: Any) -> Path:
    path = Path(_text()(value))
    if not path.is_absolute():
        raise ValueError("must be a full path")
    return path


def _address(value: Any) -> str:
    """A database's address of a kind that we know."""
    url: str = _text()(value)
    if url and not is_address(url):
        raise ValueError("must be postgresql://SERVER/NAME or sqlite:///FILE")
    return url


def _chord(value: Any) -> str:
    """The keys of an alarm."""
    text: str = _text(longest=40)(value)
    parse(text)
    return text


def _network_address(value: Any) -> str:
    try:
        return str(IPv4Address(_text()(value)))
    except AddressValueError:
        raise ValueError("should be a broadcast or multicast address, as 255.255.255.255") from None


def _set(default: Any, read: Reader) -> Any:
    return field(default=default, metadata={"read": read})


_port = _number(0, _LARGEST_PORT)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting with its default; sizes in bytes, times in seconds."""

    database_url: str = _set("", _address)
    """SQLAlchemy address without a password; empty means the embedded SQLite database.

    A primary and its standbys are named together: postgresql://one,two:5433,three/crm.
    """

    computer_account: bool = _set(False, _yes_or_no)
    """Sign in with this computer's account (Kerberos, Windows) where the server takes it."""

    alarm_chord: str = _set(DEFAULT, _chord)
    """The keys of the silent alarm, which work while another program has the keyboard."""

    alarm_address: str = _set("255.255.255.255", _network_address)
    alarm_port: int = _set(47447, _port)
    """Where the desktops of a building tell each other of alarms: its network's broadcast or
    multicast address; port 0 means that they do not.
    """

    lock_minutes: int = _set(10, _number(0, 480))
    """How long a desktop may stand untouched before it locks; 0 means that it never does."""

    council_name: str = _set("", _text(longest=120))
    """As the public pages say it; empty means the name that the database holds."""

    http_host: str = _set("127.0.0.1", _text())
    http_port: int = _set(8025, _port)
    """Where the gateway serves the public's forms; port 0 takes any free one."""

    http_proxies: tuple[IPv4Network | IPv6Network, ...] = _set((), _networks)
    """Reverse proxies, as addresses or networks, that may say for whom they speak."""

    smtp_host: str = _set("127.0.0.1", _text())
    smtp_port: int = _set(2525, _port)
    smtp_domains: tuple[str, ...] = _set((), _words)
    """The domains whose mail the SMTP listener takes; empty means every domain, on loopback."""

    max_mail_bytes: int = _set(50 * _MEBIBYTE, _number(1024))
    max_attachment_bytes: int = _set(25 * _MEBIBYTE, _number(1024))
    max_form_bytes: int = _set(30 * _MEBIBYTE, _number(1024))

    undo_seconds: int = _set(10, _number(0, 120))
    """How long a reply waits before it leaves."""

    theme: str = _set("system", _one_of("system", "light", "dark", "high_contrast"))
    font_scale: int = _set(100, _number(100, 200))
    """Per cent of the normal size."""

    log_level: str = _set("INFO", _one_of("DEBUG", "INFO", "WARNING", "ERROR"))

    secrets_file: Path | None = field(default=None, metadata={"read": _full_path})
    """For a headless gateway without a keyring: a file that only its user can read."""

    recordings_dir: Path | None = field(default=None, metadata={"read": _full_path})
    """Where a gateway keeps the sound of calls, sealed. Without it: in the data folder."""

    recording_keys_dir: Path | None = field(default=None, metadata={"read": _full_path})
    """Where it keeps a key for each; never in the same backup as the sound. Without it: in the data
    folder."""

    audit_anchor_folder: Path | None = field(default=None, metadata={"read": _full_path})
    """Where a gateway writes the audit chain's head down each day; a folder of another computer is
    best. Without it: in the data folder."""


def load(paths: Paths, database_url: str = "") -> Settings:
    """Read the settings; InvalidInput names the file and line, or the variable, that is wrong.

    A missing file is no error: every setting has a default. `database_url`, when it is given,
    wins over all.
    """
    file = paths.settings_file
    text = _read(file)
    given = {**_parse(file, text), **_environment()}
    readers: dict[str, Reader] = {each.name: each.metadata["read"] for each in fields(Settings)}
    found: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    # All that is wrong at once, in the order of the settings, and then what is none.
    for name in sorted(given, key=[*readers, *given].index):
        if name not in readers:
            wrong[name] = "there is no such setting"
            continue
        try:
            found[name] = readers[name](given[name])
        except ValueError as error:
            wrong[name] = str(error)
    if wrong:
        raise _explained(wrong, file, text)
    settings = Settings(**found)
    if database_url:
        try:
            return replace(settings, database_url=_address(database_url))
        except ValueError as error:
            raise InvalidInput(f"The address of the database {error}.") from error
    if not settings.database_url:
        return replace(settings, database_url=f"sqlite:///{paths.database_file}")
    return settings


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file} is not a text file in UTF-8.", file=str(file)) from error
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}.", file=str(file)) from error


def _parse(file: Path, text: str) -> dict[str, Any]:
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+)", str(error))
        line = int(place[1]) if place else text.count("\n") + 1
        raise InvalidInput(
            f"{file}, line {line}: this is not valid TOML ({error}).", file=str(file), line=line
        ) from error
    _refuse_password(file, text, values)
    return values


def _refuse_password(file: Path, text: str, values: dict[str, Any]) -> None:
    url = values.get("database_url")
    if isinstance(url, str) and has_password(url):
        line = _line_of(text, "database_url")
        raise InvalidInput(
            f"{file}, line {line}: database_url holds a password. Take it out; the sign-in "
            "screen asks for it and the keyring keeps it.",
            file=str(file),
            line=line,
        )


def _explained(wrong: Mapping[str, str], file: Path, text: str) -> InvalidInput:
    """All that is wrong in words, each with its place."""
    sentences = []
    first_line = None
    for name, words in wrong.items():
        if variable := _variable(name):
            sentences.append(f"{variable} in the environment: {words}.")
        else:
            line = _line_of(text, name)
            first_line = first_line or line
            sentences.append(f"{file}, line {line}: {name}: {words}.")
    return InvalidInput("\n".join(sentences), fields=dict(wrong), file=str(file), line=first_line)


def _environment() -> dict[str, str]:
    names = (each.name for each in fields(Settings))
    return {name: os.environ[variable] for name in names if (variable := _variable(name))}


def _variable(name: str) -> str | None:
    """The environment variable that sets a field, None when there is none."""
    wanted = f"{_PREFIX}{name}".upper()
    return next((key for key in os.environ if key.upper() == wanted), None)


def _line_of(text: str, name: str) -> int:
    pattern = re.compile(rf"""\s*(?:\[+\s*)?["']?{re.escape(name)}["']?\s*[.=\]]""")
    for number, line in enumerate(text.splitlines(), start=1):
        if pattern.match(line):
            return number
    return 1
