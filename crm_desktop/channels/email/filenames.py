"""Names of attached files that are safe to show and to write on any system."""

from __future__ import annotations

import mimetypes
import re

from crm_desktop.channels.email.decoding import clean_line
from crm_desktop.channels.email.headers import decode_words, parameters
from crm_desktop.channels.email.mime import Part

MAX_NAME = 120
_FORBIDDEN = re.compile(r'[\\/:*?"<>|]')
#: Marks that make a name read from right to left: "gpj.exe" would be shown as "exe.jpg".
_DIRECTIONS = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_USUAL = {
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "message/rfc822": ".eml",
    "message/global": ".eml",
    "message/delivery-status": ".txt",
    "text/rfc822-headers": ".txt",
    "image/jpeg": ".jpg",
}


def given_name(part: Part) -> str:
    """The file's name as the mail gives it, decoded; empty when it gives none."""
    disposition = parameters(part.headers.raw("content-disposition"))
    return decode_words(disposition.get("filename", "") or part.params.get("name", ""))


def safe_name(name: str, media_type: str, number: int) -> str:
    """A file name with no path, no control or direction marks, at most 120 characters.

    `number` tells nameless files apart: "attachment-2.pdf".
    """
    name = _DIRECTIONS.sub("", clean_line(name, 1000))
    name = re.split(r"[\\/]", name.rstrip("/\\"))[-1]
    name = _FORBIDDEN.sub("_", name).strip(". ")
    if not name:
        return f"attachment-{number}{extension(media_type)}"
    if _DEVICE.match(name):
        name = f"_{name}"
    if len(name) > MAX_NAME:
        stem, dot, last = name.rpartition(".")
        tail = f"{dot}{last}" if stem and len(last) < 20 else ""
        name = name[: MAX_NAME - len(tail)].rstrip(". ") + tail
    return name


def extension(media_type: str) -> str:
    """The usual ending for a media type, `.bin` when there is none."""
    return _USUAL.get(media_type) or mimetypes.guess_extension(media_type) or ".bin"
