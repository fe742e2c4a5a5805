"""The outside of the centre, as those live there: customers with mail and forms, a back office."""

from __future__ import annotations

import json
import re
import smtplib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid
from pathlib import Path
from typing import Any

import httpx

from crm_desktop.demo.mailbox import mails
from crm_desktop.tour.trouble import StepFailed

HOST = "127.0.0.1"
_TICKET = re.compile(r'name="form-ticket" value="([^"]+)"')
_REFERENCE = re.compile(r"\bC-[0-9A-Z]{3}-[0-9A-Z]{3}-[0-9A-Z]\b")


@dataclass(frozen=True, slots=True)
class Citizen:
    """Somebody who writes to the council."""

    name: str
    email: str
    home: str = ""


def send_mail(port: int, sender: Citizen, to: str, subject: str, text: str) -> str:
    """Send a mail by SMTP as the sender's server would; returns its Message-ID."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = formataddr((sender.name, sender.email)), to, subject
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = make_msgid(domain=sender.email.partition("@")[2])
    mail.set_content(text)
    try:
        with smtplib.SMTP(HOST, port, timeout=10) as server:
            server.send_message(mail)
    except OSError as error:
        raise StepFailed("a gateway that takes mail by SMTP", f"{HOST}:{port}: {error}") from error
    return str(mail["Message-ID"])


def send_form(port: int, code: str, answers: Iterable[tuple[str, str]]) -> str:
    """Fill in a public form in the way of a browser; returns the reference that is shown."""
    try:
        with httpx.Client(
            base_url=f"http://{HOST}:{port}", follow_redirects=True, timeout=10, trust_env=False
        ) as browser:
            page = browser.get(f"/forms/{code}")
            ticket = _TICKET.search(page.text)
            if page.status_code != httpx.codes.OK or ticket is None:
                raise StepFailed(
                    f"the public form {code}", f"a page with status {page.status_code}"
                )
            parts = [("form-ticket", ticket.group(1)), *answers]
            thanks = browser.post(
                f"/forms/{code}", files=[(name, (None, text)) for name, text in parts]
            )
    except httpx.HTTPError as error:
        raise StepFailed(
            "a gateway that serves forms by HTTP", f"{HOST}:{port}: {error}"
        ) from error
    shown = _REFERENCE.search(thanks.text)
    if shown is None or "/done/" not in str(thanks.url):
        raise StepFailed(
            "a thank-you page with a reference", f"{thanks.status_code} at {thanks.url}"
        )
    return shown.group(0)


class CustomersMailbox:
    """What arrives for the centre's customers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def mails(self) -> list[EmailMessage]:
        """Every mail so far, oldest first."""
        return mails(self._folder) if self._folder.exists() else []

    def seen(self) -> str:
        """The same in words."""
        found = [f"“{each['Subject']}” to {each['To']}" for each in self.mails()]
        return f"{len(found)} mails in the customers' mailbox: {'; '.join(found) or 'none'}"


class BackOfficeLog:
    """The back office's own access log."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def entries(self) -> list[Mapping[str, Any]]:
        """Every exchange so far, oldest first, as `demo.open311.office.Access` has it."""
        if not self._file.exists():
            return []
        lines = self._file.read_text(encoding="utf-8").split("\n")
        # The last line may still be being written; then it has no end.
        return [json.loads(line) for line in lines[:-1]]

    def requests(self) -> list[Mapping[str, Any]]:
        """The service requests that were taken."""
        return [
            each
            for each in self.entries()
            if each["method"] == "POST" and each["path"].startswith("/requests")
        ]

    def seen(self) -> str:
        """The same in words."""
        found = [f"{each['method']} {each['path']} {each['status']}" for each in self.entries()]
        return f"{len(found)} exchanges in the back office's log: {'; '.join(found) or 'none'}"
