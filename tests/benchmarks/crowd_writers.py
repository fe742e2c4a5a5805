"""Those who change something while the crowd looks: mail comes in, is taken, and is completed.

Three writers in one process, each with a connection of its own. The first line says that they are
signed in, the second, after so many seconds from a word on standard input, what was committed when,
the last how many changes there were a second.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from sqlalchemy import select

from crm_desktop.domain.messages import Address, InboundMessage
from crm_desktop.domain.states import Channel, Resolution
from crm_desktop.domain.views import Disposition
from crm_desktop.services import Database, Target, contacts, intake
from crm_desktop.services.gateway_session import open_database
from crm_desktop.services.session import sign_in
from crm_desktop.store.models import ChannelAccount
from tests.benchmarks.centre import MIGRATIONS

#: A contact's four commits: it comes in, is taken, is wrapped up, is completed.
_COMMITS = 4
#: So long it stands in everybody's list before somebody takes it.
_STANDS_SECONDS = 2.0
_ANSWERS = Disposition(None, Resolution.RESOLVED, avoidable=False)
Waiting = SimpleQueue[tuple[int, float] | None]


class Writers:
    """Who changes things, and what they did: (contact, whether it now waits, when)."""

    def __init__(self, orders: dict[str, Any]) -> None:
        secret = orders["secret"]
        target = Target(orders["gateway_url"], "gateway", secret)
        self._gateway = open_database(target, MIGRATIONS, connections=1)
        person = Target(orders["url"], orders["login"], orders["password"])
        self._taker, self._ender = (sign_in(person, orders["login"], MIGRATIONS) for _ in range(2))
        self._every = _COMMITS / float(orders["pace"])
        self._seconds = float(orders["seconds"])
        self.done: list[tuple[int, bool, float]] = []
        self._commits: list[float] = []

    def work(self) -> None:
        """Change things at the pace asked for; returns when all of it is through."""
        arrived: Waiting = SimpleQueue()
        taken: Waiting = SimpleQueue()
        parts = (
            lambda: self._bring(arrived),
            lambda: self._each(arrived, self._taker, contacts.take, taken),
            lambda: self._each(taken, self._ender, self._complete, None),
        )
        threads = [threading.Thread(target=part) for part in parts]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    def pace(self, begun: float) -> float:
        """Changes a second while all four kinds were made: the first is taken after a while, and
        after the last nothing more comes in.
        """
        since = begun + _STANDS_SECONDS + self._every
        until = begun + self._seconds
        return sum(since <= each < until for each in self._commits) / (until - since)

    def close(self) -> None:
        """Let go of the database."""
        for each in (self._gateway, self._taker, self._ender):
            each.close()

    def _bring(self, arrived: Waiting) -> None:
        with self._gateway.read() as tx:
            listener = select(ChannelAccount.id).where(ChannelAccount.kind == "smtp_listener")
            account_id = tx.session.scalars(listener.limit(1)).one()
        begun = due = time.monotonic()
        while due < begun + self._seconds:
            received = intake.receive(self._gateway, account_id, _mail())
            self._did(received.contact_id, True)
            arrived.put((received.contact_id, time.monotonic() + _STANDS_SECONDS))
            due += self._every
            time.sleep(max(0.0, due - time.monotonic()))
        arrived.put(None)

    def _each(
        self,
        waiting: Waiting,
        db: Database,
        move: Callable[[Database, int], object],
        onward: Waiting | None,
    ) -> None:
        while (found := waiting.get()) is not None:
            contact_id, not_before = found
            time.sleep(max(0.0, not_before - time.monotonic()))
            move(db, contact_id)
            self._did(contact_id, False)
            if onward is not None:
                onward.put((contact_id, time.monotonic() + self._every / 2))
        if onward is not None:
            onward.put(None)

    def _complete(self, db: Database, contact_id: int) -> None:
        contacts.begin_wrap_up(db, contact_id)
        self._commits.append(time.monotonic())
        time.sleep(self._every / 4)
        contacts.complete(db, contact_id, _ANSWERS)

    def _did(self, contact_id: int, waits: bool) -> None:
        self._commits.append(time.monotonic())
        # Of what is taken already nothing more can be seen in others' lists.
        if (contact_id, waits) not in {each[:2] for each in self.done[-200:]}:
            self.done.append((contact_id, waits, time.monotonic()))


def _mail() -> InboundMessage:
    number = time.monotonic_ns()
    # About nothing: a service would send it into a queue of its own.
    text = "One more. " * 20
    return InboundMessage(
        Channel.EMAIL,
        f"crowd:{number}",
        Address("Crowd Writer", f"writer{number}@example.org"),
        to=(Address("", "help@bench.example"),),
        subject=f"Number {number}",
        text=text,
        reply_text=text,
        message_id=f"<{number}@example.org>",
    )


def main() -> int:
    """Sign in, wait for the word, work, say what was done."""
    writers = Writers(json.loads(sys.argv[1]))
    _say(True)
    sys.stdin.readline()
    begun = time.monotonic()
    writers.work()
    _say(writers.done)
    sys.stdin.read()
    writers.close()
    _say(writers.pace(begun))
    return 0


def _say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
