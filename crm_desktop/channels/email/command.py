"""`crm-desktop mail …`: look at raw mail files exactly as intake does."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from crm_desktop.channels.email.report import mail_as_json, unread_as_json


def parse_files(files: Sequence[Path], *, as_json: bool) -> int:
    """Print a line (or a summary) a file; 1 when a file could not be opened, else 0."""
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
    return 1 if missing else 0


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
