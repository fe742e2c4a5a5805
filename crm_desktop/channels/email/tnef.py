"""What is inside a winmail.dat (Outlook's TNEF), as far as it can be opened safely."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from crm_desktop.channels.email.problems import Problems

MAX_SIZE = 10 * 1024 * 1024
MAX_FILES = 50
_SIGNATURE = b"\x78\x9f\x3e\x22"
_COULD_NOT = "Not everything inside winmail.dat could be opened."


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The text and the files (name, bytes) found inside; all raw and untrusted."""

    text: bytes = b""
    html: bytes = b""
    files: tuple[tuple[str, bytes], ...] = ()


def unpack(content: bytes, problems: Problems) -> Unpacked:
    """Open a winmail.dat; what cannot be opened is a problem, never an error."""
    if not content.startswith(_SIGNATURE):
        problems.add("winmail.dat is not what its name says; it was not opened.")
        return Unpacked()
    if len(content) > MAX_SIZE:
        problems.add("winmail.dat is too large to be opened here.")
        return Unpacked()
    logging.getLogger("tnefparse").setLevel(logging.CRITICAL)  # it would log personal data
    try:
        return _unpack(content, problems)
    except Exception:  # noqa: BLE001  the parser raises whatever the bytes lead it to
        problems.add(_COULD_NOT)
        return Unpacked()


def _unpack(content: bytes, problems: Problems) -> Unpacked:
    from tnefparse.tnef import TNEF

    opened = TNEF(content, do_checksum=False)
    files = [(_name(each), bytes(each.data)) for each in opened.attachments]
    if len(files) > MAX_FILES:
        problems.add(_COULD_NOT)
    return Unpacked(_bytes(opened.body), _bytes(opened.htmlbody), tuple(files[:MAX_FILES]))


def _name(file: Any) -> str:
    try:
        return str(file.long_filename() or "")
    except UnicodeDecodeError:
        return ""


def _bytes(value: object) -> bytes:
    """A body, which the parser gives as text, as bytes or not at all."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    return value.rstrip(b"\0") if isinstance(value, bytes) else b""
