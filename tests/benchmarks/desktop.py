"""The desktop's own figures: a page of the queue, a workspace, taking, replying, its memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select

from crm_desktop.services import Database
from crm_desktop.store.database import Tx
from crm_desktop.store.models import Assignment, Message, OutboxItem, Staff
from tests.benchmarks.centre import ADVISORS, ROOT, BenchCentre
from tests.benchmarks.figures import Figure, median, percentile

#: By these words the replies are found again and taken away.
REPLY = "Thank you for writing. We will look at this tomorrow and tell you what was done."
PAGE = "Queue page of 50 with counts, p95"


def at_the_desk(
    centre: BenchCentre, env: Mapping[str, str], task: str, login: str = ADVISORS[0], **orders: Any
) -> Any:
    """What a desktop process answers that does one of `tasks.TASKS` as this advisor."""
    target = centre.target(login)
    given = {"url": target.url, "login": login, "password": target.password, "task": task}
    finished = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.desk", json.dumps(given | orders)],
        env=dict(env),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(finished.stdout.splitlines()[-1])


def measure(centre: BenchCentre, env: Mapping[str, str], quick: bool) -> list[Figure]:
    """From keys until what they ask for is drawn, in one desktop's process."""
    try:
        found = at_the_desk(centre, env, "work", times=10 if quick else 40)
    finally:
        _forget_replies(centre)
    workspaces, dialect = found["workspace"], centre.dialect
    return [
        Figure(PAGE, dialect, percentile(found["queue"], 95), "ms", 10),
        Figure("Queue page of 50 with counts, median", dialect, median(found["queue"]), "ms"),
        Figure(
            "Workspace with 20 of history, median", dialect, median(workspaces["long"]), "ms", 10
        ),
        Figure(
            "Workspace with 20 of history, p95", dialect, percentile(workspaces["long"], 95), "ms"
        ),
        Figure("Workspace with less history, median", dialect, median(workspaces["short"]), "ms"),
        Figure("Take, result seen, median", dialect, median(found["take"]), "ms", 9),
        Figure("Reply, result seen, median", dialect, median(found["reply"]), "ms", 9),
    ]


def _forget_replies(centre: BenchCentre) -> None:
    """A contact with a reply of every run would soon be a very long one."""
    db = Database(centre.owner())
    ours = select(Message.id).where(Message.reply_text == REPLY, Message.direction == "outbound")
    try:
        with db.write() as tx:
            ids = tx.session.scalars(ours.where(Message.contact_id.in_(_touched(tx)))).all()
            tx.session.execute(delete(OutboxItem).where(OutboxItem.message_id.in_(ids)))
            tx.session.execute(delete(Message).where(Message.id.in_(ids)))
    finally:
        db.close()


def _touched(tx: Tx) -> Sequence[int]:
    """The contacts that the measuring advisor ever had in hand."""
    return tx.session.scalars(
        select(Assignment.contact_id)
        .join(Staff, Staff.id == Assignment.staff_id)
        .where(Staff.login == ADVISORS[0])
        .distinct()
    ).all()


def growth(small: list[Figure], large: list[Figure]) -> list[Figure]:
    """How much longer the queue's page takes in the large centre than in the small one."""
    before = {each.name: each.value for each in small}
    return [
        Figure("Queue page, times its cost at 10,000 contacts", each.dialect,
               each.value / before[each.name], "×", 1.5)
        for each in large
        if each.name == PAGE
    ]  # fmt: skip
