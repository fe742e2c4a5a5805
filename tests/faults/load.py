"""Citizens: mail servers and browsers that try again until they are told that it arrived."""

from __future__ import annotations

import re
import smtplib
import threading
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from random import Random

import httpx

from tests.faults.ledger import Ledger
from tests.integration.web_form.visitor import send, ticket_of

_SECONDS = 20.0
_AGAIN = 0.15
_REFERENCE = re.compile(r"\bC-\w{3}-\w{3}-\w\b")
#: Of a hundred mails so many are given up after a refusal, answer one of ours, bring a file.
_GIVEN_UP, _ANSWERS, _FILES = 5, 12, 10


class Citizens:
    """Writes mails and fills forms at both gateways while it is not paused.

    `ours` gives the Message-IDs that citizens may answer. `accepted` is set with every acceptance.
    """

    def __init__(
        self,
        folder: Path,
        rng: Random,
        *,
        smtp: tuple[int, ...],
        http: tuple[int, ...],
        ours: Callable[[], list[str]],
    ) -> None:
        self._ledger = Ledger(folder / "citizens.ledger")
        self._smtp, self._http, self._ours = smtp, http, ours
        self._seeds = rng
        self.accepted = threading.Event()
        self._going, self._over = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._number = self._under_way = 0
        jobs = (self._write_mail, self._write_mail, self._write_mail, self._fill_form)
        self._threads = [
            threading.Thread(target=self._run, args=(job, Random(rng.random())), daemon=True)
            for job in jobs
        ]

    def start(self) -> None:
        """Begin; nothing happens before `go_on`."""
        for each in self._threads:
            each.start()

    def go_on(self) -> None:
        """Write."""
        self._going.set()

    def pause(self) -> None:
        """Begin nothing new; what was begun is tried on."""
        self._going.clear()

    def idle(self) -> bool:
        """Whether nothing is under way."""
        with self._lock:
            return self._under_way == 0

    def stop(self) -> None:
        """For good; what was not accepted is given up."""
        self._over.set()
        self._going.set()
        for each in self._threads:
            each.join()
        self._ledger.close()

    def _run(self, job: Callable[[Random, int], None], rng: Random) -> None:
        while not self._over.is_set():
            self._going.wait()
            with self._lock:
                self._number += 1
                number = self._number
                self._under_way += 1
            try:
                job(rng, number)
            finally:
                with self._lock:
                    self._under_way -= 1
            self._over.wait(rng.uniform(0.02, 0.3))

    def _until_accepted(
        self, token: str, op: str, rng: Random, attempt: Callable[[int], str | None]
    ) -> None:
        """Try at one gateway and the other; `attempt` gives the reference when it is accepted."""
        first = rng.randrange(2)
        gives_up = rng.randrange(100) < _GIVEN_UP
        for at in range(1_000):
            if self._over.is_set():
                return
            self._ledger.write(op, "try", token=token)
            with suppress(OSError, smtplib.SMTPException, httpx.HTTPError):
                reference = attempt((first + at) % 2)
                if reference is not None:
                    self._ledger.write(op, "ok", token=token, reference=reference)
                    self.accepted.set()
                    return
            if gives_up:
                return
            self._over.wait(_AGAIN)

    def _write_mail(self, rng: Random, number: int) -> None:
        token = f"mail-{number}z"
        mail = EmailMessage(policy=SMTP)
        mail["From"] = f"Writer {number} <writer{number}@example.org>"
        mail["To"] = "contact@crm.test"
        mail["Subject"] = f"Missed bin {number}"
        mail["Message-ID"] = f"<{token}@example.org>"
        ours = self._ours()
        if ours and rng.randrange(100) < _ANSWERS:
            mail["In-Reply-To"] = rng.choice(ours)
        mail.set_content(f"My recycling bin was not collected on Tuesday.\n\n{token}")
        if rng.randrange(100) < _FILES:
            mail.add_attachment(rng.randbytes(60_000), maintype="image", subtype="jpeg")
        raw = mail.as_bytes()

        def attempt(at: int) -> str | None:
            with smtplib.SMTP("127.0.0.1", self._smtp[at], timeout=_SECONDS) as server:
                # Raises unless the answer is 250.
                server.sendmail(f"writer{number}@example.org", ["contact@crm.test"], raw)
                return ""

        self._until_accepted(token, "mail", rng, attempt)

    def _fill_form(self, rng: Random, number: int) -> None:
        token = f"form-{number}z"
        filled = {
            "bin": "recycling",
            "notes": f"It stood at the kerb.\n{token}",
            "contact-name": f"Visitor {number}",
            "contact-email": f"visitor{number}@example.org",
            "contact-way": "email",
        }
        # Every visitor has an address of their own, as on the internet: the gateway counts them.
        where = f"127.{1 + number // 60_000}.{number // 250 % 240}.{1 + number % 250}"
        with httpx.Client(
            transport=httpx.HTTPTransport(local_address=where), timeout=_SECONDS
        ) as client:
            ticket = ""

            def attempt(at: int) -> str | None:
                nonlocal ticket
                client.base_url = httpx.URL(f"http://127.0.0.1:{self._http[at]}")
                if not ticket:
                    page = client.get("/forms/missed_bin")
                    if page.status_code != 200:
                        return None
                    ticket = ticket_of(page.text)
                answer = send(client, ticket, filled, code="missed_bin")
                if answer.status_code != 303:
                    return None
                found = _REFERENCE.search(client.get(answer.headers["location"]).text)
                return found.group(0) if found else None

            self._until_accepted(token, "form", rng, attempt)
