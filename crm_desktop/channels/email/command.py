"""`crm-desktop mail …`: look at raw mail files exactly as intake does."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from crm_desktop.channels.email.report import mail_as_json, unread_as_json

mail_app = typer.Typer(no_args_is_help=True, help="Look at mail as intake does.")


@mail_app.callback()
def _mail() -> None:
    """Look at mail as intake does."""


@mail_app.command("parse")
def parse(
    files: Annotated[list[Path], typer.Argument(metavar="FILE [FILE …]", help="Raw mails (.eml).")],
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, a file.")
    ] = False,
) -> None:
    """Say what intake makes of raw mails; leaves with 1 when a file could not be opened."""
    missing = False
    for path in files:
        try:
            found = mail_as_json(path.read_bytes())
        except OSError as error:
            missing = True
            found = unread_as_json(f"The file could not be opened: {error.strerror or error}")
        line = json.dumps(found, ensure_ascii=False) if as_json else _summary(path, found)
        sys.stdout.buffer.write(f"{line}\n".encode("utf-8", "replace"))
        sys.stdout.flush()
    raise typer.Exit(1 if missing else 0)


def _summary(path: Path, found: dict[str, object]) -> str:
    lines = [str(path)]
    for key, value in found.items():
        if key == "html":
            continue
        for number, line in enumerate(_words(value).split("\n")):
            lines.append(f"  {key if not number else '':<15} {line}")
    return "\n".join(lines)


def _words(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case list():
            return "\n".join(_words(each) for each in value) or "-"
        case {"address": address, "name": name}:
            return f"{name} <{address}>".strip()
        case dict():
            return ", ".join(f"{key} {_words(each)}" for key, each in value.items())
    return str(value) or "-"
