"""What is inside a winmail.dat (Outlook's TNEF), as far as it can be opened safely."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from crm_desktop.channels.email.problems import Problems

MAX_SIZE = 10 * 1024 * 1024
MAX_FILES = 50
_SIGNATURE = b"\x78\x9f\x3e\x22"
_COULD_NOT = "Not everything inside winmail.dat could be opened."


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The text and the files (name, bytes) found inside; all raw and untrusted."""

    text: str = ""
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
    files = [(str(each.long_filename() or ""), bytes(each.data)) for each in opened.attachments]
    if len(files) > MAX_FILES:
        problems.add(_COULD_NOT)
    text = opened.body if isinstance(opened.body, str) else ""
    html = opened.htmlbody
    raw_html = html.encode("utf-8", "replace") if isinstance(html, str) else bytes(html or b"")
    return Unpacked(text, raw_html, tuple(files[:MAX_FILES]))
