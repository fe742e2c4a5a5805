"""Mail and forms without end, each sent again until it is accepted, as their senders do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.policy import SMTP

import httpx

from tests.e2e.bad_days.program import GatewayProgram, deliver
from tests.integration.gateway.looking import citizens_mail
from tests.integration.web_form.visitor import open_form, send
from tests.servers.processes import wait_for

_PAUSE = 0.05


@dataclass
class Load:
    """What was accepted: (time, subject of the mail or name on the form), in that order."""

    gateways: Sequence[GatewayProgram]
    mails: list[tuple[float, str]] = field(default_factory=list)
    forms: list[tuple[float, str]] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    wrong: list[Exception] = field(default_factory=list)

    def start(self, senders: int = 2, visitors: int = 1) -> None:
        """Begin."""
        jobs: list[tuple[Callable[[int], None], int]] = [
            (self._mail, senders),
            (self._form, visitors),
        ]
        for work, number in jobs:
            for each in range(number):
                thread = threading.Thread(target=self._until_ended, args=(work, each), daemon=True)
                self._threads.append(thread)
                thread.start()

    def stop(self) -> None:
        """End when what is being sent has been accepted."""
        self._ended.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()
        assert not self.wrong, self.wrong

    def wait_flowing(self, *, mails: int, forms: int) -> None:
        """Return when more than so many of each were accepted."""

        def flowing() -> bool:
            assert not self.wrong, self.wrong
            return len(self.mails) > mails and len(self.forms) > forms

        try:
            wait_for(flowing, f"more than {mails} mails and {forms} forms")
        except RuntimeError as error:
            raise RuntimeError(f"{error}: {len(self.mails)} and {len(self.forms)}") from error

    def first_after(self, moment: float, of: list[tuple[float, str]]) -> float:
        """When the first was accepted after a time."""
        return next((at for at, _ in of if at > moment), float("inf"))

    def wait_after(self, moment: float, of: list[tuple[float, str]]) -> None:
        """Return when one was accepted after a time."""

        def accepted() -> bool:
            assert not self.wrong, self.wrong
            return self.first_after(moment, of) < float("inf")

        wait_for(accepted, "an acceptance")

    def _until_ended(self, work: Callable[[int], None], sender: int) -> None:
        try:
            while not self._ended.is_set():
                work(sender)
                time.sleep(_PAUSE)
        except Exception as error:  # noqa: BLE001 - told by whoever stops the load
            self.wrong.append(error)

    def _mail(self, sender: int) -> None:
        subject = f"Mail {sender}-{time.monotonic_ns():x}"
        raw = citizens_mail(subject).as_bytes(policy=SMTP)
        tries = 0
        while deliver(self.gateways[(sender + tries) % len(self.gateways)], raw) != 250:
            tries += 1
            time.sleep(_PAUSE)
        self.mails.append((time.time(), subject))

    def _form(self, visitor: int) -> None:
        name = f"Form {visitor}-{time.monotonic_ns():x}"
        texts = {
            "bin": "recycling",
            "notes": name,
            "contact-name": "Margaret Okafor",
            "contact-email": "margaret@example.org",
            "contact-way": "email",
        }
        gateway = self.gateways[visitor % len(self.gateways)]
        # Each from an address of its own, or the pages would soon ask for patience.
        number = len(self.forms)
        headers = {"x-forwarded-for": f"10.{visitor}.{number // 250}.{number % 250}"}
        with httpx.Client(base_url=gateway.web, headers=headers, timeout=60) as client:
            ticket = _ticket(client)
            while not send(client, ticket, texts, code="missed_bin").is_redirect:
                time.sleep(_PAUSE)
        self.forms.append((time.time(), name))


def _ticket(client: httpx.Client) -> str:
    while not client.get("/forms/missed_bin").is_success:
        time.sleep(_PAUSE)
    return open_form(client, "missed_bin")
