"""What a browser does with a form: read its hidden ticket, fill, send."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import httpx

FILLED: Mapping[str, str] = {
    "bin": "recycling",
    "due-day": "19",
    "due-month": "11",
    "due-year": "2026",
    "out": "yes",
    "address": "14 Mill Lane\r\nNorbridge",
    "contact-name": "Margaret Okafor",
    "contact-email": "M.Okafor@example.org",
    "contact-way": "email",
}

Upload = tuple[str, tuple[str, bytes, str]]


def ticket_of(page: str) -> str:
    """The hidden ticket of a form page."""
    found = re.search(r'name="form-ticket" value="([^"]+)"', page)
    assert found is not None
    return found.group(1)


def open_form(client: httpx.Client, code: str = "missed-bin") -> str:
    """Get the form and return its ticket; the client keeps the cookie."""
    return ticket_of(client.get(f"/forms/{code}").text)


def send(
    client: httpx.Client,
    ticket: str,
    texts: Mapping[str, str] = FILLED,
    files: Sequence[Upload] = (),
    code: str = "missed-bin",
) -> httpx.Response:
    """Send a form as multipart, as the page does, with or without files."""
    parts: list[tuple[str, tuple[str | None, str | bytes, str]]] = [
        (name, (None, text, "")) for name, text in [("form-ticket", ticket), *texts.items()]
    ]
    parts += list(files)
    stripped = [
        (name, (file, data) if not kind else (file, data, kind))
        for name, (file, data, kind) in parts
    ]
    return client.post(f"/forms/{code}", files=stripped)
