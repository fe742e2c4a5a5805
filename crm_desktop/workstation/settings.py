"""What an administrator may set: a TOML file, and CRM_DESKTOP_* in the environment above it."""

import os
import re
import tomllib
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from crm_desktop.domain.errors import InvalidInput
from crm_desktop.workstation.paths import Paths

_PREFIX = "CRM_DESKTOP_"
_ADDRESS = re.compile(r"sqlite:///.+|postgresql(\+psycopg)?://[^/?]*/[^/?]+(\?.*)?")
_MEBIBYTE = 1024 * 1024

Port = Annotated[int, Field(ge=0, le=65535)]


def _split(value: object) -> object:
    """Accept `a, b` where a list is meant, as the environment has no lists."""
    if isinstance(value, str):
        return tuple(part.strip().lower() for part in value.split(",") if part.strip())
    return value


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError("must be a full path")
    return path


def _address(url: str) -> str:
    """A database's address of a kind that we know."""
    if url and not (_ADDRESS.fullmatch(url) and _port_is_number(url)):
        raise ValueError("must be postgresql://SERVER/NAME or sqlite:///FILE")
    return url


def _port_is_number(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


Network = IPv4Network | IPv6Network


class Settings(BaseSettings):
    """Every setting with its default; sizes in bytes, times in seconds."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, extra="forbid", frozen=True, validate_default=False
    )

    database_url: Annotated[str, AfterValidator(_address)] = ""
    """SQLAlchemy address without a password; empty means the embedded SQLite database."""

    council_name: Annotated[str, Field(max_length=120)] = ""
    """As the public pages say it; empty means the name that the database holds."""

    http_host: str = "127.0.0.1"
    http_port: Port = 8025
    """Where the gateway serves the public's forms; port 0 takes any free one."""

    http_proxies: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_split)] = ()
    """Reverse proxies, as addresses or networks, that may say for whom they speak."""

    smtp_host: str = "127.0.0.1"
    smtp_port: Port = 2525
    smtp_domains: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = ()
    """The domains whose mail the SMTP listener takes; empty means every domain, on loopback."""

    max_mail_bytes: Annotated[int, Field(ge=1024)] = 50 * _MEBIBYTE
    max_attachment_bytes: Annotated[int, Field(ge=1024)] = 25 * _MEBIBYTE
    max_form_bytes: Annotated[int, Field(ge=1024)] = 30 * _MEBIBYTE

    undo_seconds: Annotated[int, Field(ge=0, le=120)] = 10
    """How long a reply waits before it leaves."""

    theme: Literal["system", "light", "dark", "high_contrast"] = "system"
    font_scale: Annotated[int, Field(ge=100, le=200)] = 100
    """Per cent of the normal size."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    secrets_file: Annotated[Path, AfterValidator(_absolute)] | None = None
    """For a headless gateway without a keyring: a file that only its user can read."""


def load(paths: Paths, database_url: str = "") -> Settings:
    """Read the settings; InvalidInput names the file and line, or the variable, that is wrong.

    A missing file is no error: every setting has a default. `database_url`, when it is given,
    wins over all.
    """
    file = paths.settings_file
    text = _read(file)
    values = _parse(file, text)
    # Keyword arguments would win over the environment, which is meant to win over the file.
    from_file = {name: value for name, value in values.items() if not _variable(name)}
    try:
        settings = Settings(**from_file)
    except ValidationError as error:
        raise _explained(error, file, text) from error
    if database_url:
        try:
            return settings.model_copy(update={"database_url": _address(database_url)})
        except ValueError as error:
            raise InvalidInput(f"The address of the database {error}.") from error
    if not settings.database_url:
        return settings.model_copy(update={"database_url": f"sqlite:///{paths.database_file}"})
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
    if isinstance(url, str) and urlsplit(url).password:
        line = _line_of(text, "database_url")
        raise InvalidInput(
            f"{file}, line {line}: database_url holds a password. Take it out; the sign-in "
            "screen asks for it and the keyring keeps it.",
            file=str(file),
            line=line,
        )


def _explained(error: ValidationError, file: Path, text: str) -> InvalidInput:
    """All that is wrong at once, in words, each with its place."""
    fields: dict[str, str] = {}
    sentences = []
    first_line = None
    for problem in error.errors(include_url=False, include_input=False):
        name = str(problem["loc"][0])
        fields[name] = _words(problem["type"], problem["msg"])
        if variable := _variable(name):
            sentences.append(f"{variable} in the environment: {fields[name]}.")
        else:
            line = _line_of(text, name)
            first_line = first_line or line
            sentences.append(f"{file}, line {line}: {name}: {fields[name]}.")
    return InvalidInput("\n".join(sentences), fields=fields, file=str(file), line=first_line)


def _words(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "there is no such setting"
    return message.removeprefix("Value error, ").removeprefix("Input ").rstrip(".")


def _variable(name: str) -> str | None:
    """The environment variable that set a field, None when the file did."""
    wanted = f"{_PREFIX}{name}".upper()
    return next((key for key in os.environ if key.upper() == wanted), None)


def _line_of(text: str, name: str) -> int:
    pattern = re.compile(rf"""\s*(?:\[+\s*)?["']?{re.escape(name)}["']?\s*[.=\]]""")
    for number, line in enumerate(text.splitlines(), start=1):
        if pattern.match(line):
            return number
    return 1
