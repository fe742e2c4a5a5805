"""An advisor without a screen, in a process of their own: `python -m tests.faults.hand ORDERS`.

Takes what waits, answers, hands off, parks, passes on and completes, by the desktop's own services,
for as long as standard input is open. After the line "finish" nothing is put aside any more. What
was confirmed goes to standard output, as a ledger. Like a careful person it looks before it
repeats.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from crm_desktop.domain.errors import CrmError, DatabaseTrouble
from crm_desktop.domain.states import IN_HAND, CaseState, ContactState, Resolution
from crm_desktop.domain.views import ContactView, Disposition, QueueFilter, QueueRow, Reply
from crm_desktop.services import Database, Target, contacts, handoffs, queue, replies
from crm_desktop.services.session import sign_in
from tests.centre import MIGRATIONS
from tests.faults.ledger import Ledger
from tests.faults.tokens import tokens

_UNDO_SECONDS = 0.2
_UNDER_WAY = (CaseState.NEW, CaseState.OPEN)


class Hand:
    """One advisor at work."""

    def __init__(self, orders: dict[str, Any]) -> None:
        self._target = Target(orders["url"], orders["login"], orders["password"])
        self._ledger = Ledger()
        self._rng = Random(orders["seed"])
        self._colleagues: list[int] = orders["colleagues"]
        self._queues: list[int] = orders["queues"]
        self._service: int = orders["service"]
        self.over, self.finishing = threading.Event(), threading.Event()
        self._db: Database | None = None

    def work(self) -> None:
        """Until told to stop, through every trouble."""
        while not self.over.is_set():
            try:
                if self._db is None:
                    self._db = sign_in(self._target, self._target.login, MIGRATIONS)
                pause = 0.01 if self._turn(self._db) else 0.1
            except DatabaseTrouble:
                pause = 0.3  # long enough for what was under way to be there when one looks again
            except CrmError:
                pause = 0.02  # somebody was faster, or has it now
            self.over.wait(pause)

    def _turn(self, db: Database) -> bool:
        """Do the next thing; False when there is nothing."""
        page = queue.page(db, QueueFilter(), limit=20)
        mine = [row for row in page.mine if row.state is not ContactState.PARKED]
        if mine:
            self._go_on(db, self._rng.choice(mine))
        elif page.waiting:
            # The first few are what everybody reaches for.
            self._take(db, self._rng.choice(page.waiting[:4]).id)
        return bool(mine or page.waiting)

    def _take(self, db: Database, contact_id: int) -> None:
        self._do("take", partial(contacts.take, db, contact_id), contact=contact_id)

    def _go_on(self, db: Database, row: QueueRow) -> None:
        if row.state is ContactState.OFFERED:
            self._take(db, row.id)
        elif not self.finishing.is_set() and self._rng.random() < 0.2:
            self._put_aside(db, row)
        elif row.state in IN_HAND:
            self._finish(db, contacts.open_contact(db, row.id))

    def _put_aside(self, db: Database, row: QueueRow) -> None:
        """Return it, park it for a moment, or pass it to a queue or a colleague."""
        soon = datetime.now(UTC) + timedelta(seconds=self._rng.uniform(0.1, 1.5))
        moves: dict[str, Callable[[], object]] = {
            "return": partial(contacts.release, db, row.id),
            "park": partial(contacts.park, db, row.id, soon),
            "pass": partial(contacts.transfer, db, row.id, queue_id=self._rng.choice(self._queues)),
            "offer": partial(
                contacts.transfer, db, row.id, staff_id=self._rng.choice(self._colleagues)
            ),
        }
        op = self._rng.choice(sorted(moves))
        self._do(op, moves[op], contact=row.id)

    def _finish(self, db: Database, contact: ContactView) -> None:
        """Answer unless that was done, hand the case off, wrap up and complete."""
        row = contact.row
        # The token names the contact and the person, so what stands there already is recognised.
        token = f"reply-{self._target.login}-{row.id}z"
        said = any(token in tokens(message.text) for message in contact.messages)
        if contact.reply_to and not said and row.state is not ContactState.WRAP_UP:
            reply = Reply(f"Thank you for writing. We look into it.\n\n{token}", contact.reply_to)
            send = partial(replies.send, db, row.id, reply, undo_seconds=_UNDO_SECONDS)
            self._do("reply", send, contact=row.id, token=token)
        for case in contact.cases:
            if case.state in _UNDER_WAY and not case.handoffs and self._rng.random() < 0.5:
                hand_off = partial(handoffs.request, db, case.id, row.id)
                self._do("handoff", hand_off, contact=row.id, case=case.id)
        if row.state is not ContactState.WRAP_UP:
            self._do("wrap_up", partial(contacts.begin_wrap_up, db, row.id), contact=row.id)
        answers = Disposition(row.service_id or self._service, Resolution.RESOLVED, False)
        self._do("complete", partial(contacts.complete, db, row.id, answers), contact=row.id)

    def _do(self, op: str, work: Callable[[], object], **facts: object) -> None:
        self._ledger.do(op, work, who=self._target.login, **facts)


def listen(over: threading.Event, finishing: threading.Event) -> None:
    """Hear on standard input what to do: "finish", "go on", and the end."""
    for line in sys.stdin:
        if line.strip() == "finish":
            finishing.set()
        else:
            finishing.clear()
    over.set()


def main() -> None:
    """Work until the parent ends."""
    hand = Hand(json.loads(sys.argv[1]))
    threading.Thread(target=listen, args=(hand.over, hand.finishing), daemon=True).start()
    hand.work()


if __name__ == "__main__":
    main()
