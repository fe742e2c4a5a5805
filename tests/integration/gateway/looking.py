"""Waiting for what a gateway does, as a desktop would: by the change feed, never by sleeping."""

from __future__ import annotations

import smtplib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any, TypeVar

from sqlalchemy import select

from crm_desktop.domain.changes import Changes
from crm_desktop.services.feed import open_feed
from crm_desktop.store.database import Database
from crm_desktop.store.models import Base, Contact
from tests.centre import Centre
from tests.servers.processes import PATIENCE

_T = TypeVar("_T")


class Watch:
    """Asks again whenever something changed."""

    def __init__(self, centre: Centre) -> None:
        self.db = centre.as_owner()
        self._news = threading.Event()
        self.feed = open_feed(centre.target, self._heard, lambda _up, _words: self._news.set())

    def _heard(self, _changes: Changes) -> None:
        self._news.set()

    def until(self, ask: Callable[[Database], _T | None]) -> _T:
        """The first answer that is something."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self._news.clear()
            answer = ask(self.db)
            if answer:
                return answer
            # Not every write tells the desktops; half a second is for those.
            self._news.wait(0.5)
        raise AssertionError(f"did not happen in {PATIENCE} s")

    def row(self, model: type[Any], **wanted: Any) -> Any:
        """The first row with these columns, once there is one."""

        def ask(db: Database) -> Any:
            with db.read() as tx:
                return tx.session.scalars(
                    select(model)
                    .filter_by(**wanted)
                    .order_by(*model.__table__.primary_key)
                    .limit(1)
                ).first()

        return self.until(ask)

    def contact(self, **wanted: Any) -> Contact:
        """The first contact with these columns, once there is one."""
        found = self.row(Contact, **wanted)
        assert isinstance(found, Contact)
        return found


@contextmanager
def watching(centre: Centre) -> Iterator[Watch]:
    """A watch on the centre's database."""
    watch = Watch(centre)
    watch.feed.start()
    try:
        yield watch
    finally:
        watch.feed.stop()


def rows(db: Database, model: type[Base]) -> int:
    """How many rows a table has."""
    with db.read() as tx:
        return len(tx.session.scalars(select(model)).all())


def citizens_mail(subject: str = "Missed bin", **headers: str) -> EmailMessage:
    """A mail as a citizen's program writes it."""
    mail = EmailMessage()
    mail["From"] = "Margaret Okafor <margaret@example.org>"
    mail["To"] = "contact@crm.test"
    mail["Subject"] = subject
    mail["Message-ID"] = f"<{time.monotonic_ns()}@example.org>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content("My recycling bin was not collected on Tuesday.")
    return mail


def deliver(port: int, mail: EmailMessage) -> None:
    """Hand a mail to the gateway's door."""
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as server:
        server.send_message(mail)
